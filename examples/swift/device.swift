// The login of a device without a browser (RFC 8628): the code that the user types on another device, and the tokens.
//
//     device ISSUER CLIENT_ID SCOPE
import Foundation
import ProofKey

@main
struct Program {
    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else {
            complain("usage: device ISSUER CLIENT_ID SCOPE")
            exit(2)
        }
        do throws(ProofKeyError) {
            let provider = try await Provider.discover(issuer: arguments[1])
            let client = try Client(provider, id: arguments[2], redirectURI: nil)
            let device = try await client.authorizeDevice(scope: arguments[3])
            say("Go to \(device.verificationURI) and enter \(device.userCode)")
            let tokens = try await device.finish()  // when the user has decided
            say(tokens.claims?.subject.map { "signed in as \($0)" } ?? "granted \(tokens.scope ?? arguments[3])")
        } catch {
            complain("\(error). Next: \(error.recovery.rawValue)")
            exit(1)
        }
    }

    /// At once, also into a pipe.
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }

    static func complain(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}
