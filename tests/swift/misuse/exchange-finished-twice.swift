import Foundation
import ProofKey

func twice(_ client: Client, _ callback: URL) async throws -> Tokens {
    let exchange = try client.begin().accept(callback).get()  // error: 'exchange' consumed more than once
    _ = try await exchange.finish()
    return try await exchange.finish()
}
