import CProofKey

/// A code verifier (RFC 7636 section 4.1), for programs with a flow of their own. ``Client`` makes its verifiers itself.
public struct Verifier: Sendable, CustomStringConvertible, CustomReflectable {
    private let text: String

    /// A fresh verifier: 32 bytes of the operating system's randomness (RFC 7636 section 7.1).
    ///
    /// - Throws: `entropy_unavailable`.
    public init() throws(ProofKeyError) {
        text = try written(capacity: proofkey_verifier_generated_len(), proofkey_verifier_generate)
    }

    /// A verifier from 32 to 96 bytes of a cryptographic generator, used once.
    ///
    /// - Throws: `entropy_length`.
    public init(entropy: some Sequence<UInt8>) throws(ProofKeyError) {
        text = try written(capacity: proofkey_verifier_max_len()) { out, capacity, length in
            lend(entropy) { proofkey_verifier_from_entropy($0, $1, out, capacity, length) }
        }
    }

    /// A verifier as text. Nothing is trimmed, folded or decoded.
    ///
    /// - Throws: `verifier_length` or `verifier_character`.
    public init(_ text: String) throws(ProofKeyError) {
        try self.init(bytes: text.utf8)
    }

    /// A verifier as the bytes that came, which need not be UTF-8.
    ///
    /// - Throws: `verifier_length` or `verifier_character`.
    public init(bytes: some Sequence<UInt8>) throws(ProofKeyError) {
        let bytes = Array(bytes)
        let status = lend(bytes) { start, count in
            start!.withMemoryRebound(to: CChar.self, capacity: count) { proofkey_verifier_check($0, count) }
        }
        try check(status)
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The S256 challenge (RFC 7636 section 4.2). Not a secret.
    public var challenge: String {
        get throws(ProofKeyError) {
            try written(capacity: proofkey_challenge_len()) { out, capacity, length in
                lend(text) { proofkey_challenge_s256($0, $1, out, capacity, length) }
            }
        }
    }

    /// The text, which goes into the body of the token request and nowhere else.
    public func expose() -> String { text }

    /// Not the text.
    public var description: String { "Verifier" }
    /// Not the text.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What an authorization server does about PKCE. The default is strict: a challenge is required, and its method is S256
/// (RFC 9700 section 2.1.1).
public struct ServerPolicy: OptionSet, Sendable {
    /// The bits of the relaxations.
    public let rawValue: UInt32

    /// A policy with these bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Relaxation: also accept the method `plain`. Anybody who sees the authorization request can then redeem the code.
    public static let allowPlain = Self(rawValue: PROOFKEY_POLICY_ALLOW_PLAIN)
    /// Relaxation: accept a request without a challenge. Only for confidential clients with another defence.
    public static let optionalForConfidentialClient =
        Self(rawValue: PROOFKEY_POLICY_OPTIONAL_FOR_CONFIDENTIAL_CLIENT)

    /// Turns `code_challenge` and `code_challenge_method` of an authorization request into the binding to store with the
    /// code (RFC 7636 section 4.4). It contains no secret.
    ///
    /// - Throws: `challenge_missing`, `challenge_malformed`, `method_unsupported` or `method_without_challenge`:
    ///   respond with ``ProofKeyError/responseError``.
    public func bind(challenge: String?, method: String?) throws(ProofKeyError) -> String {
        try written(capacity: proofkey_binding_max_len()) { out, capacity, length in
            lend(challenge) { challenge, challengeLength in
                lend(method) {
                    proofkey_policy_bind(challenge, challengeLength, $0, $1, rawValue, out, capacity, length)
                }
            }
        }
    }

    /// Verifies the `code_verifier` of a token request against the binding stored with the code (RFC 7636 section 4.6), in
    /// constant time. Issue tokens only if this does not throw.
    ///
    /// - Throws: `verifier_missing`, `verifier_length`, `verifier_character`, `verifier_mismatch`, `verifier_unexpected`
    ///   or `binding_malformed`: respond with ``ProofKeyError/responseError``.
    public static func verify(binding: String?, verifier: String?) throws(ProofKeyError) {
        let status = lend(binding) { binding, bindingLength in
            lend(verifier) { proofkey_binding_verify(binding, bindingLength, $0, $1) }
        }
        try check(status)
    }
}

/// How a server compares the port of loopback redirect URIs.
public enum LoopbackPort: Sendable {
    /// The port must be the same. For web applications.
    case exact
    /// Any port for 127.0.0.1 and [::1]. For native applications (RFC 8252 section 7.3).
    case any
    /// Relaxation: any port for `localhost` too.
    case anyIncludingLocalhost
}

/// For authorization servers: whether the redirect URI of a request is one that the client registered (RFC 9700
/// section 2.1).
public func redirectURIMatches(registered: String, requested: String, loopbackPort: LoopbackPort = .exact) -> Bool {
    let port =
        switch loopbackPort {
        case .exact: PROOFKEY_LOOPBACK_PORT_EXACT
        case .any: PROOFKEY_LOOPBACK_PORT_ANY
        case .anyIncludingLocalhost: PROOFKEY_LOOPBACK_PORT_ANY_INCLUDING_LOCALHOST
        }
    return lend(registered) { registered, length in
        lend(requested) { proofkey_redirect_uri_matches(registered, length, $0, $1, port) }
    } != 0
}
