import Foundation
import ProofKey
import Testing

/// `seal.json`.
@Suite struct SealVectors {
    private func keys(_ row: Case) throws -> SealKeys {
        let secrets = try #require(row.texts("secrets")).map { Data($0.utf8) }
        return try SealKeys(secrets[0], older: Array(secrets.dropFirst()))
    }

    private func client(_ row: Case, now: Int64 = time) throws -> Client {
        let of = try #require(row.object("client"))
        #expect(
            of.known([
                "issuer", "authorization_endpoint", "token_endpoint", "iss_parameter_supported", "client_id",
                "redirect_uri",
            ]))
        let provider = try Provider(
            authorizationEndpoint: #require(of.text("authorization_endpoint")),
            tokenEndpoint: #require(of.text("token_endpoint")), issuer: of.text("issuer"),
            issParameterSupported: of.bool("iss_parameter_supported") ?? false)
        var rules = Client.IDTokenRules()
        rules.trustTokenEndpointTLS = true
        return try Client(
            provider, id: #require(of.text("client_id")), redirectURI: of.text("redirect_uri"), idToken: rules
        ) { now }
    }

    @Test func sealed() throws {
        for row in try cases("seal", "sealed", ["secrets", "context", "client", "nonce_hex", "login", "sealed"]) {
            let client = try client(row)
            let keys = try keys(row)
            let context = try #require(row.text("context"))
            let expected = try #require(row.object("login"))
            #expect(
                expected.known([
                    "state", "verifier", "scope", "began_at", "expires_at", "data", "form_post", "nonce", "max_age",
                    "acr_values", "resource",
                ]))
            let login = try client.resume(#require(row.text("sealed")), keys: keys, context: context)
            let (url, data, expiresAt) = (login.url, login.data, Int64(login.expiresAt.timeIntervalSince1970))
            #expect(url == nil, "\(row)")
            #expect(data == expected.text("data") ?? "", "\(row)")
            #expect(expiresAt == expected.int("expires_at"), "\(row)")
            // Sealed again it is another text, which opens.
            let again = try login.seal(keys, context: context)
            #expect(try login.seal(keys, context: context) != again)
            let request = try exchange(client.resume(again, keys: keys, context: context), row, expected).request
            let body = request?.body?.split(separator: "&").map(String.init) ?? []
            #expect(body.contains(pair("code_verifier", expected.text("verifier") ?? "")), "\(row)")
            for resource in expected.text("resource")?.split(separator: " ") ?? [] {
                #expect(body.contains(pair("resource", String(resource))), "\(row)")
            }
        }
    }

    private func exchange(_ login: consuming Login, _ row: Case, _ expected: Case) throws -> Exchange {
        let of = try #require(row.object("client"))
        guard let redirectURI = of.text("redirect_uri") else {
            return try login.accept(pastedCode: "the-code").get()
        }
        let iss = of.bool("iss_parameter_supported") == true ? "&" + pair("iss", of.text("issuer") ?? "") : ""
        let form = "code=the-code&\(pair("state", try #require(expected.text("state"))))\(iss)"
        guard expected.bool("form_post") == true else {
            return try login.accept("\(redirectURI)\(redirectURI.contains("?") ? "&" : "?")\(form)").get()
        }
        let type = "application/x-www-form-urlencoded"
        return try login.accept(formPostedTo: redirectURI, contentType: type, body: form).get()
    }

    @Test func refused() throws {
        for row in try cases("seal", "refused", ["secrets", "context", "client", "sealed", "error_name"]) {
            let client = try client(row)
            let keys = try keys(row)
            let name = errorName {
                _ = try client.resume(row.text("sealed") ?? "", keys: keys, context: row.text("context") ?? "")
            }
            #expect(name == row.text("error_name"), "\(row)")
        }
    }

    @Test func clock() throws {
        let everything = try #require(
            cases("seal", "sealed", ["secrets", "context", "client", "nonce_hex", "login", "sealed"])
                .first { $0.text("name") == "everything" })
        for row in try cases("seal", "clock", ["now", "error_name", "sealed"]) {
            let client = try client(everything, now: #require(row.int("now")))
            let name = errorName {
                _ = try client.resume(
                    row.text("sealed") ?? "", keys: keys(everything), context: everything.text("context") ?? "")
            }
            #expect(name == row.text("error_name"), "\(row)")
        }
    }

    @Test func keys() throws {
        for row in try cases("seal", "keys", ["secret", "key_id", "key_hex"]) {
            let secret = Data(try #require(row.text("secret")).utf8)
            let id = try #require(row.text("key_id"))
            let keys = try SealKeys(secret)
            let client = try Client(provider(), id: "c", redirectURI: redirectURI)
            #expect(try client.begin().seal(keys, context: "").hasPrefix("proofkey1.\(id)."))
            #expect(keys.isWeak == (secret.count < 32))
        }
    }
}
