import Foundation
import ProofKey
import Testing

/// `authorization_url.json`, `callback.json`, `token.json`, `metadata.json` and `discovery.json`.
@Suite struct FlowVectors {
    private func client(_ of: Provider, _ authentication: Client.Authentication = .none) throws -> Client {
        try Client(of, id: "c", redirectURI: redirectURI, authentication: authentication) { time }
    }

    @Test func authorizationURL() throws {
        for row in try cases(
            "authorization_url", "authorization_url", ["endpoint", "params", "error_name", "expect_query"])
        {
            let params = try #require(row.object("params"))
            #expect(params.known(["client_id", "redirect_uri", "verifier", "state", "scope", "extra"]))
            let endpoint = try #require(row.text("endpoint"))
            let extra = params.object("extra")
            var url: String?
            let name = errorName {
                let known = try Provider(authorizationEndpoint: endpoint, tokenEndpoint: "https://as.example/token")
                let client = try Client(
                    known, id: params.text("client_id") ?? "", redirectURI: params.text("redirect_uri"))
                let login = try client.begin(
                    scope: params.texts("scope")?.joined(separator: " ") ?? params.text("scope"),
                    extra: (extra?.fields ?? [:]).compactMapValues {
                        if case .text(let text) = $0 { text } else { nil }
                    },
                    chosen: Client.Chosen(state: params.text("state"), verifier: params.text("verifier")))
                url = login.url?.absoluteString
            }
            #expect(name == row.text("error_name"), "\(row)")
            guard let expected = row.object("expect_query") else { continue }
            let sent = try #require(url)
            #expect(sent.hasPrefix(endpoint + "?"), "\(row)")
            let pairs = sent.dropFirst(endpoint.count + 1).split(separator: "&").map(String.init)
            #expect(pairs.sorted() == expected.fields.keys.map { pair($0, expected.text($0) ?? "") }.sorted(), "\(row)")
        }
    }

    @Test func formEncoding() throws {
        for row in try cases("authorization_url", "form_encoding", ["decoded", "encoded", "alt_encoded"]) {
            let decoded = try #require(row.text("decoded"))
            let encoded = try #require(row.text("encoded"))
            for received in [encoded] + (row.texts("alt_encoded") ?? []) {
                let login = try client(provider()).begin(extra: ["x": decoded], chosen: Client.Chosen(state: "s"))
                let url = login.url?.absoluteString ?? ""
                #expect(url.hasSuffix("&x=" + encoded), "\(row)")
                do throws(ProofKeyError) {
                    _ = try login.accept("\(redirectURI)?state=s&error=e&error_description=\(received)").get()
                    Issue.record("accepted: \(row)")
                } catch {
                    #expect(error.oauth?.description == decoded, "\(row)")
                }
            }
        }
    }

    @Test func callbacks() throws {
        let known: Set = [
            "url", "expected_state", "outcome", "code", "redirect_uri", "expected_iss", "iss_advertised", "method",
            "content_type", "body",
        ]
        for row in try cases("callback", "callback_cases", known) {
            let of = try provider(
                issuer: row.text("expected_iss"), issParameterSupported: row.bool("iss_advertised") ?? false)
            let client = try Client(of, id: "c", redirectURI: row.text("redirect_uri") ?? redirectURI) { time }
            let login = try client.begin(
                formPost: row.has("method"), chosen: Client.Chosen(state: row.text("expected_state")))
            let url = try #require(row.text("url"))
            let acceptance =
                if row.text("method") == "POST" {
                    login.accept(
                        formPostedTo: url, contentType: row.text("content_type") ?? "", body: row.text("body") ?? "")
                } else {
                    login.accept(url)
                }
            do throws(ProofKeyError) {
                let exchange = try acceptance.get()
                #expect(row.text("outcome") == "code", "\(row)")
                let body = exchange.request?.body?.split(separator: "&").map(String.init) ?? []
                #expect(body.contains(pair("code", row.text("code") ?? "")), "\(row)")
            } catch {
                #expect(outcome("code", error) == row.text("outcome"), "\(row)")
            }
        }
    }

    @Test func tokenResponses() async throws {
        let known: Set = [
            "status", "content_type", "headers", "body", "request", "quirk", "outcome", "expect", "flag",
        ]
        for row in try cases("token", "token_responses", known) {
            let asked = row.object("request")
            let of = try provider(issuer: "https://as.example", quirks: row.text("quirk").map { [$0] } ?? [])
            var rules = Client.IDTokenRules()
            rules.trustTokenEndpointTLS = true
            let client = try Client(of, id: "c", redirectURI: redirectURI, idToken: rules) { time }
            var headers = row.text("content_type").map { [(name: "Content-Type", value: $0)] } ?? []
            for (name, value) in row.object("headers")?.fields ?? [:] {
                if case .text(let text) = value { headers.append((name, text)) }
            }
            let response = Response(
                status: Int(try #require(row.int("status"))), headers: headers,
                body: Data((row.text("body") ?? "").utf8))
            let http = Script { _ in response }
            var tokens: Tokens?
            var failure: ProofKeyError?
            do throws(ProofKeyError) {
                if asked?.text("grant") == "refresh_token" {
                    tokens = try await client.refresh(Tokens(accessToken: "old", refreshToken: "kept"), http: http)
                } else {
                    let scope = asked?.texts("scope")?.joined(separator: " ")
                    let login = try client.begin(scope: scope, chosen: Client.Chosen(state: "s"))
                    tokens = try await login.accept("\(redirectURI)?code=c&state=s").get().finish(http)
                }
            } catch {
                failure = error
            }
            #expect(outcome("ok", failure) == row.text("outcome"), "\(row)")
            guard let tokens, let expect = row.object("expect") else {
                #expect(tokens == nil && !row.has("expect"), "\(row)")
                continue
            }
            #expect(expect.known(["access_token", "token_type", "expires_in", "refresh_token", "scope"]))
            #expect(expect.text("token_type") == "bearer")
            #expect(tokens.accessToken.expose() == expect.text("access_token"), "\(row)")
            #expect(tokens.refreshToken?.expose() == expect.text("refresh_token"), "\(row)")
            #expect(tokens.scope == expect.texts("scope")?.joined(separator: " "), "\(row)")
            #expect(
                tokens.expiresAt.map { Int64($0.timeIntervalSince1970) - time } == expect.int("expires_in"), "\(row)")
            #expect(tokens.scopeChanged == (row.text("flag") == "scope_changed"), "\(row)")
            #expect(tokens.tokenTypeDefaulted == (row.text("flag") == "token_type_defaulted"), "\(row)")
            #expect(["scope_changed", "token_type_defaulted", nil].contains(row.text("flag")), "\(row)")
        }
    }

    @Test func clientSecretBasic() throws {
        for row in try cases(
            "token", "client_secret_basic", ["client_id", "client_secret", "authorization", "error_name"])
        {
            let id = try #require(row.text("client_id"))
            let secret = try #require(row.text("client_secret"))
            let name = errorName {
                let client = try Client(
                    provider(), id: id, redirectURI: redirectURI, authentication: .secretBasic(secret))
                let exchange = try client.begin(chosen: Client.Chosen(state: "s")).accept(
                    "\(redirectURI)?code=c&state=s"
                ).get()
                let pending = exchange.request
                let request = try #require(pending)
                let header = request.headers.first { $0.name == "Authorization" }?.value ?? ""
                let sent = try #require(Data(base64Encoded: String(header.dropFirst("Basic ".count))))
                let parts = String(decoding: sent, as: UTF8.self).split(
                    separator: ":", omittingEmptySubsequences: false)
                #expect(parts.map { $0.removingPercentEncoding } == [id, secret], "\(row)")
                #expect(request.body?.contains("client_") == false)
            }
            #expect(name == row.text("error_name"), "\(row)")
        }
    }

    @Test func discoveryURLs() async throws {
        for row in try cases("metadata", "discovery_urls", ["issuer", "rfc8414", "oidc", "oidc_inserted", "reject"]) {
            let asked = Asked()
            let http = Script { request in
                #expect(request.method == "GET" && request.body == nil)
                return Response(status: asked.add(request.url) == 1 ? 404 : 500, headers: [], body: Data())
            }
            do {
                _ = try await Provider.discover(issuer: #require(row.text("issuer")), http: http)
                Issue.record("found: \(row)")
            } catch let error as ProofKeyError {
                if row.has("reject") {
                    #expect(error.name.hasPrefix("endpoint_"), "\(row)")
                    #expect(asked.urls.isEmpty)
                } else {
                    #expect(error.name == "response_status", "\(row)")
                    #expect(asked.urls == [row.text("rfc8414"), row.text("oidc")], "\(row)")
                }
            }
        }
    }

    @Test func metadata() throws {
        let known: Set = ["expected_issuer", "document", "outcome", "pkce", "token_endpoint_auth_method"]
        for row in try cases("metadata", "metadata_cases", known) {
            let issuer = try #require(row.text("expected_issuer"))
            let name = errorName {
                let of = try Provider(issuer: issuer, metadata: #require(row.fields["document"]).bytes)
                #expect(of.issuer == issuer)
                if let pkce = row.text("pkce") { #expect(of.pkceSupport.rawValue == pkce, "\(row)") }
                #expect(of.tokenEndpointAuthMethod == row.text("token_endpoint_auth_method") ?? "client_secret_basic")
            }
            #expect((name.map { "reject:" + $0 } ?? "ok") == row.text("outcome"), "\(row)")
        }
    }

    @Test func discovery() async throws {
        for row in try cases("discovery", "discovery_cases", ["issuer", "first", "second", "provider", "error_name"]) {
            let asked = Asked()
            let places = ["first", "second"]
            let http = Script { request in
                let place = try #require(row.object(places[min(asked.add(request.url), 2) - 1]), "\(row): asked")
                return try served(place)
            }
            do {
                let found = try await Provider.discover(issuer: #require(row.text("issuer")), http: http)
                let facts = try #require(row.object("provider"), "\(row): found")
                #expect(found.tokenEndpoint == facts.text("token_endpoint"), "\(row)")
                #expect(found.issParameterSupported == facts.bool("iss_parameter_supported"), "\(row)")
                #expect(found.endSessionEndpoint == facts.text("end_session_endpoint"), "\(row)")
                #expect(found.userinfoEndpoint == facts.text("userinfo_endpoint"), "\(row)")
                // Without a list in the metadata, a client accepts RS256.
                #expect(
                    try client(found).idTokenAlgorithms == facts.texts("id_token_algorithms") ?? ["RS256"], "\(row)")
            } catch let error as ProofKeyError {
                #expect(error.name == row.text("error_name"), "\(row)")
            }
            #expect(asked.urls.count == places.filter { row.object($0) != nil }.count, "\(row)")
        }
    }
}

/// A response of `discovery.json`.
private func served(_ place: Case) throws -> Response {
    #expect(place.known(["status", "content_type", "location", "document", "text", "pad_to"]))
    var body = try place.fields["document"]?.bytes ?? Data(#require(place.text("text")).utf8)
    let padding = Int(place.int("pad_to") ?? 0) - body.count
    if padding > 0 { body.append(Data(repeating: UInt8(ascii: " "), count: padding)) }
    var headers: [(name: String, value: String)] = []
    if let type = place.text("content_type") { headers.append(("Content-Type", type)) }
    if let location = place.text("location") { headers.append(("Location", location)) }
    return Response(status: Int(try #require(place.int("status"))), headers: headers, body: body)
}

/// What a script was asked for.
final class Asked: @unchecked Sendable {
    private let lock = NSLock()
    private var seen: [String] = []

    var urls: [String] { lock.withLock { seen } }

    /// Returns how many there are now.
    func add(_ url: String) -> Int {
        lock.withLock {
            seen.append(url)
            return seen.count
        }
    }
}
