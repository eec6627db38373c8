import Foundation
import ProofKey
import Testing

/// `id_token.json`.
@Suite struct IDTokenVectors {
    private func part(_ value: [String: JSON]) throws -> String {
        try JSON.object(value).bytes.base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    private func jwt(_ algorithm: String, _ claims: [String: JSON]) throws -> String {
        "\(try part(["alg": .text(algorithm)])).\(try part(claims))."
    }

    private func granted(_ accessToken: String, _ idToken: String) throws -> Response {
        json(
            200,
            try JSON.object([
                "access_token": .text(accessToken), "token_type": .text("Bearer"), "id_token": .text(idToken),
            ]).bytes)
    }

    @Test func idTokens() async throws {
        let keys = try #require(document("id_token").fields["id_token_jwks"]).bytes
        for row in try cases("id_token", "id_token_cases", ["header", "claims", "signature", "ctx", "outcome", "jwt"]) {
            let ctx = try #require(row.object("ctx"))
            #expect(
                ctx.known([
                    "issuer", "client_id", "nonce", "now", "leeway", "alg", "trusted_audiences", "access_token", "code",
                    "max_age", "required_acr", "original",
                ]))
            let issuer = try #require(ctx.text("issuer"))
            let id = try #require(ctx.text("client_id"))
            let now = try #require(ctx.int("now"))
            let token = try #require(row.text("jwt"))
            let of = try Provider(
                authorizationEndpoint: issuer + "/authorize", tokenEndpoint: issuer + "/token", issuer: issuer,
                jwksURI: issuer + "/keys")
            var rules = Client.IDTokenRules()
            rules.algorithms = [try #require(ctx.text("alg"))]
            rules.leeway = UInt32(try #require(ctx.int("leeway")))
            rules.trustedAudiences = ctx.texts("trusted_audiences") ?? []
            let client = try Client(of, id: id, redirectURI: redirectURI, idToken: rules) { now }
            let tokens = try granted(ctx.text("access_token") ?? "a", token)
            let asked = Asked()
            let http = Script { request in
                if request.method == "POST" { return tokens }
                #expect(asked.add(request.url) <= 2 && request.url == issuer + "/keys")
                return json(200, keys)
            }
            do throws(ProofKeyError) {
                let tokens = try await finished(client, row, ctx, http)
                #expect(row.text("outcome") == "ok", "\(row)")
                #expect(tokens.signatureVerified, "\(row)")
                #expect(tokens.idToken?.expose() == token)
                #expect(tokens.claims?.subject == row.object("claims")?.text("sub"), "\(row)")
                #expect(tokens.claims?.issuer == issuer, "\(row)")
            } catch {
                #expect(outcome("ok", error) == row.text("outcome"), "\(row)")
                #expect(error.endpoint == "token" && error.requestSent, "\(row)")
            }
            #expect(!asked.urls.isEmpty, "\(row)")
        }
    }

    private func finished(
        _ client: Client, _ row: Case, _ ctx: Case, _ http: any HTTP
    ) async throws(ProofKeyError) -> Tokens {
        guard let nonce = ctx.text("nonce") else {
            // A refresh of tokens whose ID token had no nonce.
            let original: [String: JSON] =
                ctx.object("original")?.fields ?? [
                    "iss": ctx.fields["issuer"]!, "sub": .text("248289761001"), "aud": ctx.fields["client_id"]!,
                ]
            let stored = try! jwt("RS256", original)
            return try await client.refresh(
                Tokens(accessToken: "a", refreshToken: "r", idToken: stored), http: http)
        }
        let login = try client.begin(
            scope: "openid", maxAge: ctx.int("max_age").map { UInt32($0) }, acrValues: ctx.texts("required_acr") ?? [],
            chosen: Client.Chosen(state: "s", nonce: nonce))
        return try await login.finish(
            URL(string: "\(redirectURI)?code=\(ctx.text("code") ?? "c")&state=s")!, http: http)
    }

    @Test func hashes() async throws {
        var unsupported = 0
        for row in try cases("id_token", "id_token_hashes", ["alg", "input", "hash", "claim"]) {
            let algorithm = try #require(row.text("alg")).replacingOccurrences(of: "(Ed25519)", with: "")
            let input = try #require(row.text("input"))
            let hash = try #require(row.text("hash"))
            let claim = try #require(row.text("claim"))
            for (hash, isRight) in [(hash, true), (String(hash.reversed()), false)] {
                let of = try provider(issuer: "https://op.example")
                var rules = Client.IDTokenRules()
                rules.algorithms = [algorithm]
                rules.trustTokenEndpointTLS = true
                if algorithm == "ES512" {
                    let name = errorName { _ = try Client(of, id: "c", redirectURI: redirectURI, idToken: rules) }
                    #expect(name == "id_token_alg_unsupported")
                    unsupported += 1
                    break
                }
                let client = try Client(of, id: "c", redirectURI: redirectURI, idToken: rules) { 1000 }
                let claims: [String: JSON] = [
                    "iss": .text("https://op.example"), "sub": .text("s"), "aud": .text("c"), "exp": .int(1300),
                    "iat": .int(1000), "nonce": .text("n"), claim: .text(hash),
                ]
                let response = try granted(claim == "at_hash" ? input : "a", jwt(algorithm, claims) + "c2ln")
                let code = claim == "c_hash" ? input : "c"
                let login = try client.begin(scope: "openid", chosen: Client.Chosen(state: "s", nonce: "n"))
                do throws(ProofKeyError) {
                    _ = try await login.finish(
                        URL(string: "\(redirectURI)?code=\(code)&state=s")!, http: Script { _ in response })
                    #expect(isRight, "\(row)")
                } catch {
                    #expect(!isRight && error.name == "id_token_\(claim)", "\(row): \(error)")
                }
            }
        }
        #expect(unsupported == 1)
    }
}
