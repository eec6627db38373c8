import Foundation
import ProofKey

func late(_ client: Client, _ keys: SealKeys, _ callback: URL) async throws -> String {
    let login = try client.begin()  // error: 'login' used after consume
    _ = try await login.finish(callback)
    return try login.seal(keys, context: "example")
}
