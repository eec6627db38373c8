import Foundation
import ProofKey
import Testing

private let granted = json(
    200, Data(#"{"access_token":"a-secret","token_type":"Bearer","refresh_token":"r-secret"}"#.utf8))

private let codes = json(
    200, Data(#"{"device_code":"d","user_code":"u","verification_uri":"https://as.example/go","expires_in":600}"#.utf8))

private func client() throws(ProofKeyError) -> Client {
    try Client(
        Provider(
            authorizationEndpoint: "https://as.example/authorize", tokenEndpoint: "https://as.example/token",
            revocationEndpoint: "https://as.example/revoke", deviceAuthorizationEndpoint: "https://as.example/device"),
        id: "c", redirectURI: redirectURI)
}

/// A login with the state `s`, and its callback.
private func begun(_ client: Client, scope: String? = nil) throws(ProofKeyError) -> Login {
    try client.begin(scope: scope, chosen: Client.Chosen(state: "s", nonce: scope.map { _ in "n" }))
}
private let callback = URL(string: "\(redirectURI)?code=c&state=s")!

@Suite struct Behaviour {
    @Test func aForgeryLeavesTheLoginPending() async throws {
        let login = try begun(client())
        switch login.accept("\(redirectURI)?code=stolen&state=forged") {
        case .ignored(let error, let login):
            #expect(error.name == "state_mismatch")
            let tokens = try await login.finish(callback, http: Script { _ in granted })
            #expect(tokens.accessToken.expose() == "a-secret")
        case .accepted: Issue.record("accepted")
        case .refused(let error): Issue.record("refused: \(error)")
        }
    }

    @Test func aRefusalHasTheServersWords() async throws {
        let login = try begun(client())
        let refused = URL(
            string:
                "\(redirectURI)?state=s&error=access_denied&error_description=No&error_uri=https%3A%2F%2Fas.example%2Fwhy"
        )!
        do throws(ProofKeyError) {
            _ = try await login.finish(refused, http: Script { _ in granted })
            Issue.record("not refused")
        } catch {
            #expect(error.name == "authorization_error")
            #expect(error.oauth?.error == "access_denied" && error.oauth?.description == "No")
            #expect(error.oauth?.uri == "https://as.example/why")
            #expect(error.recovery == .askUser && !error.requestSent)
        }
    }

    @Test func theServersPauseIsInTheError() async throws {
        let busy = Response(status: 503, headers: [("Retry-After", "7")], body: Data())
        do throws(ProofKeyError) {
            _ = try await begun(client()).finish(callback, http: Script { _ in busy })
            Issue.record("not refused")
        } catch {
            #expect(error.httpStatus == 503 && error.endpoint == "token" && error.requestSent)
            #expect(error.retryAfter == .seconds(7) && error.recovery == .retryLater)
        }
    }

    @Test func whatWasNotSentIsSentAgain() async throws {
        let asked = Asked()
        let http = Script { request in
            if asked.add(request.url) < 2 { throw HTTPFailure.unreachable }
            return granted
        }
        _ = try await begun(client()).finish(callback, http: http)
        #expect(asked.urls.count == 2)
    }

    @Test func aTaskThatIsCancelledSendsNothing() async throws {
        let asked = Asked()
        let http = Script { request in
            _ = asked.add(request.url)
            return granted
        }
        let client = try client()
        let error = await Task { () -> ProofKeyError? in
            withUnsafeCurrentTask { $0?.cancel() }
            do throws(ProofKeyError) {
                _ = try await begun(client).finish(callback, http: http)
                return nil
            } catch {
                return error
            }
        }.value
        #expect(error?.name == "timeout" && error?.requestSent == false)
        #expect(asked.urls.isEmpty)
    }

    @Test(arguments: [HTTPFailure.timeout, .interrupted, .tooLarge, nil])
    func whatMayHaveBeenSentIsNotSentAgain(failure: HTTPFailure?) async throws {
        struct Unknown: Error {}
        let asked = Asked()
        let http = Script { request in
            _ = asked.add(request.url)
            throw failure ?? Unknown() as any Error
        }
        do throws(ProofKeyError) {
            _ = try await begun(client()).finish(callback, http: http)
            Issue.record("finished")
        } catch {
            #expect(error.requestSent)
            if failure == nil { #expect(error.name == "response_interrupted") }
        }
        #expect(asked.urls.count == 1)
    }

    @Test func nobodyListens() async throws {
        // Only root can listen on this port, and nothing does.
        let of = try Provider(
            authorizationEndpoint: "https://as.example/authorize", tokenEndpoint: "http://127.0.0.1:1/token")
        let exchange = try begun(Client(of, id: "c", redirectURI: redirectURI)).accept(callback).get()
        let pending = exchange.request
        let request = try #require(pending)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await #expect(throws: HTTPFailure.unreachable) { _ = try await URLSessionHTTP().send(request) }
                }
            }
        }
    }

    @Test func keysThatCannotBeFetchedEndNothing() async throws {
        let of = try Provider(
            authorizationEndpoint: "https://op.example/authorize", tokenEndpoint: "https://op.example/token",
            issuer: "https://op.example", jwksURI: "https://op.example/keys")
        let client = try Client(of, id: "c", redirectURI: redirectURI)
        var exchange = try begun(client, scope: "openid").accept(callback).get()
        do throws(ProofKeyError) {
            try await exchange.run(Script { _ in json(500, Data()) })
            Issue.record("not refused")
        } catch {
            #expect(error.name == "keys_unavailable" && !error.requestSent)
        }
        let url = exchange.request?.url
        #expect(url == "https://op.example/keys")
    }

    @Test func oneRefreshForManyTasks() async throws {
        let client = try client()
        let asked = Asked()
        let saved = Asked()
        let tokens = try Tokens(accessToken: "old", refreshToken: "once")
        let http = Script { request in
            _ = asked.add(request.body ?? "")
            return granted
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await client.refresh(tokens, http: http) { _ in _ = saved.add("saved") }.accessToken.expose()
                }
            }
            for try await token in group { #expect(token == "a-secret") }
        }
        #expect(asked.urls.count == 1)
        #expect(!saved.urls.isEmpty)
    }

    @Test func tokensThatWereNotSavedAreNotLost() async throws {
        struct Full: Error {}
        let client = try client()
        let asked = Asked()
        let tokens = try Tokens(accessToken: "old", refreshToken: "once")
        let http = Script { request in
            _ = asked.add(request.url)
            return granted
        }
        await #expect(throws: ProofKeyError.self) {
            _ = try await client.refresh(tokens, http: http) { _ in throw Full() }
        }
        #expect(try await client.refresh(tokens, http: http).accessToken.expose() == "a-secret")
        #expect(asked.urls.count == 1)
    }

    @Test func aWaitThatIsCancelledEnds() async throws {
        let client = try client()
        let tokens = try Tokens(accessToken: "old", refreshToken: "once")
        let first = Task {
            try await client.refresh(tokens, http: Script { _ in granted }) { _ in
                let second = Task { try await client.refresh(tokens, http: Script { _ in granted }) }
                second.cancel()
                await #expect(throws: ProofKeyError.self) { _ = try await second.value }
            }
        }
        _ = try await first.value
    }

    @Test func nothingShowsASecret() async throws {
        let tokens = try await begun(client()).finish(callback, http: Script { _ in granted })
        var shown = "\(tokens) \(tokens.accessToken) \(String(reflecting: tokens.accessToken))"
        dump(tokens, to: &shown)
        dump(granted, to: &shown)
        dump(Client.Authentication.secretBasic("c-secret"), to: &shown)
        dump(Client.Authentication.secretPost("c-secret"), to: &shown)
        let exchange = try begun(client()).accept(callback).get()
        let pending = exchange.request
        let request = try #require(pending)
        dump(request, to: &shown)
        shown += "\(request) \(granted) \(String(reflecting: granted))"
        let verifier = try Verifier()
        dump(verifier, to: &shown)
        for secret in ["secret\"", "a-secret", "r-secret", "c-secret", "code_verifier=", verifier.expose()] {
            #expect(!shown.contains(secret), "\(secret)")
        }
    }

    @Test func aPackageWithAnotherContextOrClientOpensNothing() throws {
        let keys = try SealKeys(Data(repeating: 7, count: 32))
        let sealed = try begun(client()).seal(keys, context: "one")
        #expect(errorName { _ = try client().resume(sealed, keys: keys, context: "two") } == "seal_context")
        let other = try Client(provider(), id: "other", redirectURI: redirectURI)
        #expect(errorName { _ = try other.resume(sealed, keys: keys, context: "one") } == "seal_client")
        #expect(errorName { _ = try SealKeys(Data()) } == "secret_weak")
    }

    @Test func aResumedLoginIsFinishedOnce() async throws {
        let client = try client()
        let keys = try SealKeys(Data(repeating: 7, count: 32))
        let asked = Asked()
        let sealed = try begun(client).seal(keys, context: "one")
        let http = Script { request in
            _ = asked.add(request.url)
            return granted
        }
        _ = try await client.resume(sealed, keys: keys, context: "one").finish(callback, http: http)
        await #expect(throws: ProofKeyError.self) {
            _ = try await client.resume(sealed, keys: keys, context: "one").finish(callback, http: http)
        }
        #expect(asked.urls.count == 1)
    }

    @Test func theEndOfASession() throws {
        let of = try Provider(
            authorizationEndpoint: "https://op.example/authorize", tokenEndpoint: "https://op.example/token",
            endSessionEndpoint: "https://op.example/logout")
        let client = try Client(of, id: "c", redirectURI: redirectURI)
        let tokens = try Tokens(accessToken: "a")
        let home = "https://client.example/bye"
        let url = try client.endSessionURL(tokens, returnTo: home, state: "s")
        #expect(url.hasPrefix("https://op.example/logout?") && url.contains("state=s"))
        #expect(url.contains(pair("post_logout_redirect_uri", home)))
        try client.acceptEndSession(#require(URL(string: "\(home)?state=s")), returnTo: home, state: "s")
        #expect(
            errorName {
                try client.acceptEndSession(#require(URL(string: "\(home)?state=t")), returnTo: home, state: "s")
            } == "state_mismatch")
        let without = try Client(provider(), id: "c", redirectURI: redirectURI)
        #expect(errorName { _ = try without.endSessionURL(tokens) } == "endpoint_missing")
    }

    @Test func tokensFromStorage() throws {
        let expiry = Date(timeIntervalSince1970: 1_700_000_000)
        let tokens = try Tokens(
            accessToken: "a", refreshToken: "r", scope: "x y", expiresAt: expiry, resources: ["https://api.example"])
        #expect(tokens.refreshToken?.expose() == "r" && tokens.scope == "x y" && tokens.expiresAt == expiry)
        #expect(tokens.resources == ["https://api.example"] && tokens.idToken == nil && tokens.claims == nil)
        #expect(tokens.expires(withinSeconds: 60) && tokens.extra("account_id") == nil)
        #expect(errorName { _ = try Tokens(accessToken: "a", idToken: "no token") } == "id_token_malformed")
    }

    /// C has -1 for a time that is not known, and no fractions.
    @Test(arguments: [Date.distantPast, Date(timeIntervalSince1970: -1), Date(timeIntervalSince1970: -.infinity)])
    func tokensThatExpiredLongAgo(expiry: Date) throws {
        let tokens = try Tokens(accessToken: "a", expiresAt: expiry)
        #expect(tokens.expires(withinSeconds: 0) && tokens.expiresAt == Date(timeIntervalSince1970: 0))
    }

    @Test(arguments: [Date.distantFuture, Date(timeIntervalSince1970: .infinity), Date(timeIntervalSince1970: 1e300)])
    func tokensThatNeverExpire(expiry: Date) throws {
        let tokens = try Tokens(accessToken: "a", expiresAt: expiry)
        #expect(!tokens.expires(withinSeconds: 60) && tokens.expiresAt != nil)
    }

    @Test func anErrorSaysWhatItIsEverywhere() {
        let error: any Error = ProofKeyError(number: 212)
        #expect("\(error)" == "login_already_used: this login was already used")
        #expect(error.localizedDescription == "this login was already used")
    }

    /// Logins in parallel, and what is left of their memory. PROOFKEY_LOGINS is how many; 10,000 is the default.
    @Test func memoryDoesNotGrow() async throws {
        let logins = ProcessInfo.processInfo.environment["PROOFKEY_LOGINS"].flatMap(Int.init) ?? 10_000
        let client = try client()
        let keys = try SealKeys(Data(repeating: 7, count: 32))
        @Sendable func begin() throws -> (sealed: String, callback: URL) {
            let login = try client.begin(scope: "files.read", data: "/photos")
            let url = URLComponents(string: login.url?.absoluteString ?? "")
            let state = url?.queryItems?.first { $0.name == "state" }?.value ?? ""
            let sealed = try login.seal(keys, context: "x")
            return (sealed, try #require(URL(string: "\(redirectURI)?code=c&state=\(state)")))
        }
        @Sendable func poll(_ device: consuming DeviceAuthorization) throws {
            var exchange = try device.beginPolling()
            try exchange.receive(granted)
            _ = try exchange.tokens()
        }
        @Sendable func one() async throws {
            let (sealed, callback) = try begin()
            let http = Script { _ in granted }
            let tokens = try await client.resume(sealed, keys: keys, context: "x").finish(callback, http: http)
            // A refresh token of its own, because the client shares refreshes of the same one.
            let stored = try Tokens(accessToken: tokens.accessToken.expose(), refreshToken: sealed)
            let fresh = try await client.refresh(stored, http: http)
            try await client.revoke(fresh, http: http)
            try poll(await client.authorizeDevice(http: Script { _ in codes }))
        }
        func many(_ count: Int) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { for _ in 0..<(count / 8) { try await one() } } }
                try await group.waitForAll()
            }
        }
        // What the client remembers of its logins has a limit, which is reached first.
        try await many(logins / 2)
        let before = try residentBytes()
        try await many(logins / 2)
        let after = try residentBytes()
        #expect(after - before < 2 << 20, "\(before) bytes grew to \(after)")
    }

    private func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(pages[1]) ?? 0) * 4096
    }
}
