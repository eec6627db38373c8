// Compares the Swift package with Rust behind the same C calls, and with what one writes by hand.
//
// Machines are noisy: each round runs a short slice of every candidate in turn, and only ratios within a round count.
import CRustLogin
import Foundation
import ProofKey

let granted = Data(
    #"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"files.read"}"#
        .utf8)
let text = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

struct Candidate: Sendable {
    let name: String
    var target: Double?
    /// Whether the result was right.
    let job: @Sendable () async throws -> Bool
}

@main
struct Bench {
    static func main() async throws {
        let verifier = try Verifier(text)
        try await report(
            "challenge, 43 characters",
            [
                Candidate(name: "") { try verifier.challenge == challenge },
                Candidate(name: "the same in Rust", job: rustChallenge),
                Candidate(name: "OpenSSL's SHA256 and Foundation", target: 0.25) {
                    ByHand.challenge(text) == challenge
                },
                Candidate(name: "the same, replacing bytes instead of texts") {
                    ByHand.base64URLOfBytes(ByHand.digest(text)) == challenge
                },
            ])

        let provider = try Provider(
            authorizationEndpoint: "https://as.example/authorize", tokenEndpoint: "https://as.example/token")
        let client = try Client(provider, id: "my-app", redirectURI: "https://client.example/cb")
        try await report(
            "a login without a network",
            [
                Candidate(name: "") { try await login(client) },
                Candidate(name: "the same login in Rust") { rust_login_with_its_state() == 1 },
                Candidate(name: "by hand, on OpenSSL's SHA256 and Foundation", target: 0.5, job: byHand),
            ])
    }

    @Sendable static func rustChallenge() -> Bool {
        let written = String(unsafeUninitializedCapacity: 43) { out in
            var text = text
            let status = text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    out.withMemoryRebound(to: CChar.self) {
                        rust_challenge(bytes.baseAddress, bytes.count, $0.baseAddress)
                    }
                }
            }
            return status == 1 ? 43 : 0
        }
        return written == challenge
    }

    static func login(_ client: Client) async throws -> Bool {
        let login = try client.begin(scope: "files.read")
        let back = callback(login.url!)
        let tokens = try await login.finish(back, http: Answer())
        return tokens.accessToken.expose() == "2YotnFZFEjr1zCsicMWpAA" && tokens.refreshToken != nil
            && tokens.scope == "files.read" && tokens.expiresAt != nil
    }

    @Sendable static func byHand() async throws -> Bool {
        let tokens = try await ByHand.login(callback: callback) { _ in granted }
        return tokens?.accessToken == "2YotnFZFEjr1zCsicMWpAA" && tokens?.refreshToken != nil
            && tokens?.scope == "files.read" && tokens?.expiresIn == 3600
    }

    /// The server's response to an authorization URL.
    static func callback(_ url: URL) -> URL {
        let state = url.absoluteString.utf8.split(separator: UInt8(ascii: "&")).first { $0.starts(with: "state=".utf8) }
        return URL(string: "https://client.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&\(Substring(state!))")!
    }

    struct Answer: HTTP {
        func send(_ request: Request) async throws -> Response {
            Response(status: 200, headers: [("Content-Type", "application/json")], body: granted)
        }
    }

    /// Prints a row for each candidate but the first, which is ours.
    static func report(_ row: String, _ candidates: [Candidate], rounds: Int = 201) async throws {
        var times: [Int] = []
        for candidate in candidates {
            _ = try await nanoseconds(candidate, 100)  // warms up
            times.append(max(1, Int(400_000 / (try await nanoseconds(candidate, 100)))))
        }
        var took = candidates.map { _ in [Double]() }
        for _ in 0..<rounds {
            for (at, candidate) in candidates.enumerated() {
                took[at].append(try await nanoseconds(candidate, times[at]))
            }
        }
        for (candidate, theirs) in zip(candidates, took).dropFirst() {
            let ratio = median(zip(took[0], theirs).map { $0 / $1 })
            // Compared at the two digits that are printed.
            let verdict = candidate.target.map { "≤ \($0) | \(ratio < $0 + 0.005 ? "met" : "**missed**")" } ?? "– | –"
            print(
                "| Swift | \(row) | \(shown(median(took[0]))) | \(candidate.name) | \(shown(median(theirs))) | "
                    + String(format: "%.2f", ratio) + " | \(verdict) |")
        }
    }

    static func nanoseconds(_ candidate: Candidate, _ times: Int) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        for _ in 0..<times {
            guard try await candidate.job() else { fatalError("\(candidate.name) ends otherwise: nothing to compare") }
        }
        let (seconds, attoseconds) = (clock.now - start).components
        return (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(times)
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    static func shown(_ nanoseconds: Double) -> String {
        nanoseconds < 1000 ? String(format: "%.0f ns", nanoseconds) : String(format: "%.1f µs", nanoseconds / 1000)
    }
}
