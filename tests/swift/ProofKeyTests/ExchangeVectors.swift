import Foundation
import ProofKey
import Testing

/// `device.json` and `transport_failure.json`.
@Suite struct ExchangeVectors {
    private let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    private func client(now: @escaping @Sendable () -> Int64 = { time }) throws -> Client {
        let of = try Provider(
            authorizationEndpoint: "https://as.example/authorize", tokenEndpoint: "https://as.example/token",
            userinfoEndpoint: "https://as.example/userinfo",
            deviceAuthorizationEndpoint: "https://as.example/device")
        #expect(of.deviceAuthorizationEndpoint == "https://as.example/device")
        return try Client(of, id: "s6BhdRkqt3", redirectURI: redirectURI, now: now)
    }

    /// As the vectors write it: codes expire by the server's `expired_token` or by the clock.
    private func outcomeOfDevice(_ error: ProofKeyError?) -> String {
        guard let error, error.name == "device_code_expired" else { return outcome("ok", error) }
        return error.oauth?.error == "expired_token" ? "expired:expired_token" : "reject:device_code_expired"
    }

    private func codes(_ client: Client, _ response: Response) async throws(ProofKeyError) -> DeviceAuthorization {
        let http = Script { request in
            #expect(request.method == "POST" && request.url == "https://as.example/device")
            #expect(
                request.body == "scope=a+b&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
                    + "&code_challenge_method=S256&client_id=s6BhdRkqt3")
            return response
        }
        return try await client.authorizeDevice(scope: "a b", http: http, chosen: Client.Chosen(verifier: verifier))
    }

    private func response(_ row: Case) throws -> Response {
        var headers = row.text("content_type").map { [(name: "Content-Type", value: $0)] } ?? []
        for (name, value) in row.object("headers")?.fields ?? [:] {
            if case .text(let text) = value { headers.append((name, text)) }
        }
        let status = Int(try #require(row.int("status")))
        return Response(status: status, headers: headers, body: Data(try #require(row.text("body")).utf8))
    }

    @Test func deviceAuthorizationResponses() async throws {
        let known: Set = ["status", "content_type", "body", "outcome", "expect"]
        for row in try cases("device", "device_authorization_responses", known) {
            let client = try client()
            let response = try response(row)
            do throws(ProofKeyError) {
                try await shown(codes(client, response), row)
                #expect(row.text("outcome") == "ok", "\(row)")
            } catch {
                #expect(outcomeOfDevice(error) == row.text("outcome"), "\(row)")
                #expect(error.endpoint == "device_authorization" && error.requestSent, "\(row)")
                #expect(error.httpStatus.map(Int64.init) == row.int("status"), "\(row)")
            }
        }
    }

    private func shown(_ device: consuming DeviceAuthorization, _ row: Case) {
        let expect = row.object("expect") ?? Case(fields: [:])
        #expect(
            Set(expect.fields.keys)
                == ["user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"], "\(row)")
        let (userCode, uri, complete) = (device.userCode, device.verificationURI, device.verificationURIComplete)
        #expect(userCode == expect.text("user_code"), "\(row)")
        #expect(uri == expect.text("verification_uri"), "\(row)")
        #expect(complete == expect.text("verification_uri_complete"), "\(row)")
        let (expiresIn, interval) = (Int64(device.expiresAt.timeIntervalSince1970) - time, device.interval)
        #expect(expiresIn == expect.int("expires_in"), "\(row)")
        #expect(interval == .seconds(expect.int("interval") ?? -1), "\(row)")
    }

    @Test func polling() async throws {
        for row in try cases("device", "polling", ["interval", "expires_in", "first", "steps"]) {
            let clock = Clock()
            let body = try JSON.object([
                "device_code": .text("d"), "user_code": .text("u"), "verification_uri": .text("https://as.example/go"),
                "expires_in": row.fields["expires_in"] ?? .null, "interval": row.fields["interval"] ?? .null,
            ]).bytes
            let device = try await codes(client { clock.now }, json(200, body))
            var exchange = try device.beginPolling()
            let first = exchange.pause
            #expect(first == .seconds(row.int("first") ?? -1), "\(row)")
            for step in try #require(row.objects("steps")) { try take(step, of: row, &exchange, clock) }
            let isPending = exchange.isPending
            #expect(!isPending, "\(row)")
        }
    }

    private func take(_ step: Case, of row: Case, _ exchange: inout Exchange, _ clock: Clock) throws {
        #expect(
            step.known(["lost", "status", "content_type", "body", "headers", "delay", "wait", "outcome"]), "\(row)")
        let request = exchange.request
        #expect(request?.url == "https://as.example/token", "\(row)")
        #expect(
            request?.body == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d"
                + "&code_verifier=\(verifier)&client_id=s6BhdRkqt3", "\(row)")
        clock.now += exchange.pause.components.seconds + (step.int("delay") ?? 0)
        let response = step.bool("lost") == true ? nil : try response(step)
        var failure: ProofKeyError?
        do throws(ProofKeyError) {
            if let response { try exchange.receive(response) } else { try exchange.transportFailed(.unreachable) }
        } catch {
            failure = error
        }
        #expect(outcomeOfDevice(failure) == step.text("outcome") ?? "ok", "\(row)")
        let (isPending, pause) = (exchange.isPending, exchange.pause)
        #expect(isPending == step.has("wait"), "\(row)")
        #expect(pause == .seconds(step.int("wait") ?? 0), "\(row)")
    }

    @Test func transportFailures() throws {
        for row in try cases("transport_failure", "transport_failures", ["request", "steps"]) {
            let client = try client()
            let tokens = try Tokens(accessToken: "a", refreshToken: "r")
            switch row.text("request") {
            case "metadata": try fail(Provider.beginDiscovery(issuer: "https://as.example"), row)
            case "refresh": try fail(client.beginRefresh(tokens), row)
            case "userinfo": try fail(client.beginUserinfo(tokens), row)
            case "code":
                let login = try client.begin(chosen: Client.Chosen(state: "s"))
                try fail(login.accept("\(redirectURI)?code=c&state=s").get(), row)
            default: Issue.record("\(row): another request")
            }
        }
    }

    private func fail<Of: Conversation & ~Copyable>(_ conversation: consuming Of, _ row: Case) throws {
        var conversation = conversation
        for step in try #require(row.objects("steps")) {
            #expect(step.known(["failure", "outcome", "error", "request_sent"]), "\(row)")
            let failure = try #require(failures[step.text("failure") ?? ""], "\(row)")
            var thrown: ProofKeyError?
            do throws(ProofKeyError) { try conversation.transportFailed(failure) } catch { thrown = error }
            #expect(thrown?.name == step.text("error"), "\(row)")
            #expect(thrown?.requestSent == step.bool("request_sent"), "\(row)")
            #expect((thrown == nil) == (thrown?.endpoint == nil), "\(row)")
            let (isPending, pause) = (conversation.isPending, conversation.pause)
            #expect(["again", "pending", "over"].contains(step.text("outcome")), "\(row)")
            #expect(isPending == (step.text("outcome") != "over"), "\(row)")
            #expect(pause == .seconds(step.text("outcome") == "again" ? 1 : 0), "\(row)")
        }
    }

    private let failures: [String: HTTPFailure] = [
        "connect_failed": .unreachable, "tls_failed": .untrusted, "timeout": .timeout,
        "response_interrupted": .interrupted, "response_too_large": .tooLarge,
    ]
}

/// What an exchange and what is behind the other calls have in common.
private protocol Conversation: ~Copyable {
    var isPending: Bool { get }
    var pause: Duration { get }
    mutating func transportFailed(_ failure: HTTPFailure) throws(ProofKeyError)
}
extension Exchange: Conversation {}
extension Roundtrip: Conversation {}

/// A clock that a test sets.
final class Clock: @unchecked Sendable {
    private let lock = NSLock()
    private var seconds = time

    var now: Int64 {
        get { lock.withLock { seconds } }
        set { lock.withLock { seconds = newValue } }
    }
}
