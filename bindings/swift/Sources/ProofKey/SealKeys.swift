import CProofKey
import Foundation

/// The keys that seal logins, from a secret of the application: 32 random bytes that are kept, for example in the Keychain.
public final class SealKeys: @unchecked Sendable {
    // Unchecked: the library locks every handle, and nothing changes this one once it is made.
    let handle: OpaquePointer

    /// Keys from a secret, and from secrets that it replaced, which still open what they sealed.
    ///
    /// - Throws: `secret_weak`.
    public init(_ secret: Data, older: [Data] = []) throws(ProofKeyError) {
        handle = try made { handle in lend(secret) { proofkey_seal_keys_new($0, $1, handle) } }
        for secret in older {
            try check(lend(secret) { proofkey_seal_keys_add_older(handle, $0, $1) })
        }
    }

    deinit { proofkey_seal_keys_free(handle) }

    /// Whether any of the secrets has fewer than 32 bytes.
    public var isWeak: Bool { proofkey_seal_keys_is_weak(handle) != 0 }
}
