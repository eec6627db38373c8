import Foundation
import ProofKey

func twice(_ client: Client, _ callback: URL) async throws -> Tokens {
    let login = try client.begin()  // error: 'login' consumed more than once
    _ = try await login.finish(callback)
    return try await login.finish(callback)
}
