// A complete login in a terminal: discovery, a browser, tokens with an ID token, userinfo, refresh and revocation.
//
//     login ISSUER CLIENT_ID REDIRECT_URI SCOPE [NAME=VALUE...]
//
// Open the URL that it prints, and give it the URL that the browser ends at, on its standard input. Others, such as a
// forgery, leave the login pending. Further arguments are parameters of the authorization request.
//
// With the first argument `begin` it prints the URL and the sealed login, and ends; with `finish` it reads the sealed
// login and the callback: what an app does that the system ends while the browser is open. SEAL_SECRET is its secret.
import Foundation
import ProofKey

@main
struct Program {
    let client: Client
    let scope: String
    let extra: [String: String]

    static func main() async {
        var arguments = CommandLine.arguments.dropFirst()
        let command = ["begin", "finish"].contains(arguments.first) ? arguments.removeFirst() : "login"
        guard arguments.count >= 4 else {
            complain("usage: login [begin|finish] ISSUER CLIENT_ID REDIRECT_URI SCOPE [NAME=VALUE...]")
            exit(2)
        }
        do throws(ProofKeyError) {
            let program = try await Program(Array(arguments))
            switch command {
            case "begin": try program.begin()
            case "finish": try await program.finish()
            default: try await program.login()
            }
        } catch {
            complain("\(error). Next: \(error.recovery.rawValue)\(error.requestSent ? ", something was sent" : "")")
            exit(1)
        }
    }

    init(_ arguments: [String]) async throws(ProofKeyError) {
        let provider = try await Provider.discover(issuer: arguments[0])
        client = try Client(provider, id: arguments[1], redirectURI: arguments[2])
        scope = arguments[3]
        var extra: [String: String] = [:]
        for argument in arguments.dropFirst(4) {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            extra[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        self.extra = extra
    }

    func login() async throws(ProofKeyError) {
        let login = try client.begin(scope: scope, extra: extra)
        Self.say("Open \(login.url!)")
        guard let exchange = try Self.accepted(login) else { return }
        try await use(exchange.finish())
    }

    func begin() throws(ProofKeyError) {
        let login = try client.begin(scope: scope, extra: extra)
        Self.say("\(login.url!)\n\(try login.seal(Self.keys(), context: "example"))")
    }

    func finish() async throws(ProofKeyError) {
        let login = try client.resume(readLine() ?? "", keys: Self.keys(), context: "example")
        guard let exchange = try Self.accepted(login) else { return }
        try await use(exchange.finish())
    }

    /// Waits for the callback that belongs to the login; `nil` if none comes.
    static func accepted(_ login: consuming Login) throws(ProofKeyError) -> Exchange? {
        var waiting = login
        while let line = readLine() {
            switch waiting.accept(line) {
            case .accepted(let exchange): return exchange
            case .refused(let error): throw error
            case .ignored(let error, let login):
                complain("ignored: \(error.name)")
                waiting = login
            }
        }
        return nil
    }

    func use(_ granted: Tokens) async throws(ProofKeyError) {
        var tokens = granted
        if let claims = tokens.claims {
            Self.say("signed in as \(claims.subject ?? "")")
            Self.say("userinfo \(try await client.userinfo(tokens).subject ?? "")")
        } else {
            Self.say("signed in")
        }
        if tokens.refreshToken != nil {
            tokens = try await client.refresh(tokens) { _ in
                // A program that keeps its tokens stores them here.
            }
            Self.say("refreshed")
        }
        try await client.revoke(tokens)
        Self.say("revoked")
    }

    static func keys() throws(ProofKeyError) -> SealKeys {
        try SealKeys(Data((ProcessInfo.processInfo.environment["SEAL_SECRET"] ?? "").utf8))
    }

    /// At once, also into a pipe.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }

    static func complain(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}
