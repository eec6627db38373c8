import ProofKey

final class Shared: Sendable {
    let exchange: Exchange
    init(_ exchange: consuming Exchange) { self.exchange = exchange }

    func run() async throws {
        try await exchange.run()  // error: cannot use mutating member on immutable value: 'exchange' is a 'let' constant
    }
}
