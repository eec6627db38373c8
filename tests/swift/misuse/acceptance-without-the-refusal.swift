import Foundation
import ProofKey

func careless(_ login: consuming Login, _ callback: URL) throws -> Exchange {
    switch login.accept(callback) {  // error: switch must be exhaustive
    case .accepted(let exchange): return exchange
    case .ignored(let error, _): throw error
    }
}
