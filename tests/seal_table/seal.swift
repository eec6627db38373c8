// Begins and seals a login, or finishes one that was sealed: see test_seal_table.py.
import Foundation
import ProofKey

let settings = ProcessInfo.processInfo.environment

@main
struct Seal {
    static func main() async {
        do throws(ProofKeyError) {
            let provider = try await Provider.discover(issuer: settings["ISSUER"]!)
            let client = try Client(provider, id: settings["CLIENT_ID"]!, redirectURI: settings["REDIRECT_URI"]!)
            let keys = try SealKeys(Data(settings["SECRET"]!.utf8))
            if CommandLine.arguments[1] == "begin" {
                try begin(client, keys)
            } else {
                try await finish(client, keys)
            }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    static func begin(_ client: Client, _ keys: SealKeys) throws(ProofKeyError) {
        let login = try client.begin(scope: settings["SCOPE"]!, data: "/photos")
        print(login.url!)
        print(try login.seal(keys, context: "example"))
    }

    static func finish(_ client: Client, _ keys: SealKeys) async throws(ProofKeyError) {
        let login = try client.resume(readLine()!, keys: keys, context: "example")
        let data = login.data
        let tokens = try await login.finish(URL(string: readLine()!)!)
        print(tokens.claims?.subject ?? tokens.scope ?? "")
        print(data)
    }
}
