import CProofKey
import Foundation

/// What the token endpoint granted.
public final class Tokens: @unchecked Sendable, CustomStringConvertible {
    // Unchecked: the library locks every handle, and nothing changes this one once it is made.
    let handle: OpaquePointer

    init(owning handle: OpaquePointer) {
        self.handle = handle
    }

    deinit { proofkey_tokens_free(handle) }

    /// Tokens from storage. The ID token was checked when it came, and is not checked again.
    ///
    /// - Throws: an error whose name begins with `id_token_`.
    public init(
        accessToken: String, refreshToken: String? = nil, idToken: String? = nil, scope: String? = nil,
        expiresAt: Date? = nil, resources: [String] = []
    ) throws(ProofKeyError) {
        let seconds = expiresAt.map(secondsSinceEpoch) ?? -1
        handle = try made { handle in
            lend(accessToken) { access, accessLength in
                lend(refreshToken) { refresh, refreshLength in
                    lend(idToken) { id, idLength in
                        lend(scope) {
                            proofkey_tokens_from_parts(
                                access, accessLength, refresh, refreshLength, id, idLength, $0, $1, seconds, handle)
                        }
                    }
                }
            }
        }
        for resource in resources { try set(handle, resource, proofkey_tokens_add_resource) }
    }

    /// The access token. Send it as `Authorization: Bearer` to the resource server, and to nobody else (RFC 6750).
    public var accessToken: Secret { Secret { copied { proofkey_tokens_access_token_expose(self.handle, $0) } ?? "" } }

    /// The refresh token, if there is one.
    public var refreshToken: Secret? { secret(proofkey_tokens_refresh_token_expose) }

    /// The ID token, to store it, if there is one. It is no credential for anybody else.
    public var idToken: Secret? { secret(proofkey_tokens_id_token_expose) }

    /// The granted scope; `nil` if the server did not name it: then it is what was asked for (RFC 6749 section 5.1).
    public var scope: String? { copied { proofkey_tokens_scope(handle, $0) } }

    /// The resource servers that the tokens are for (RFC 8707).
    public var resources: [String] {
        (copied { proofkey_tokens_resource(handle, $0) } ?? "").split(separator: " ").map(String.init)
    }

    /// When the access token expires, if the server said so.
    public var expiresAt: Date? {
        let seconds = proofkey_tokens_expires_at(handle)
        return seconds < 0 ? nil : Date(timeIntervalSince1970: TimeInterval(seconds))
    }

    /// Whether it is time to refresh. Always false if the expiry is not known.
    public func expires(withinSeconds seconds: UInt32) -> Bool {
        proofkey_tokens_expires_within(handle, seconds, systemTime()) != 0
    }

    /// Whether the granted scope is another set than the requested one.
    public var scopeChanged: Bool { proofkey_tokens_scope_changed(handle) != 0 }

    /// Whether the server left out `token_type`, so that Bearer was assumed.
    public var tokenTypeDefaulted: Bool { proofkey_tokens_token_type_defaulted(handle) != 0 }

    /// Whether the signature of the ID token was verified when it came.
    public var signatureVerified: Bool { proofkey_tokens_signature_verified(handle) != 0 }

    /// What the checked ID token says about the user, if there is one.
    public var claims: Claims? { proofkey_tokens_claims(handle).map(Claims.init) }

    /// A further member of the response as JSON. Untrusted, and possibly a secret.
    public func extra(_ name: String) -> Secret? {
        let read: @Sendable () -> String? = { [self] in
            lend(name) { name, length in copied { proofkey_tokens_extra_expose(self.handle, name, length, $0) } }
        }
        return read() == nil ? nil : Secret { read() ?? "" }
    }

    /// No token.
    public var description: String { "Tokens(scope: \(scope ?? "as requested"))" }

    private func secret(
        _ read: @escaping @Sendable (OpaquePointer?, UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>?
    ) -> Secret? {
        guard read(handle, nil) != nil else { return nil }
        return Secret { copied { read(self.handle, $0) } ?? "" }
    }
}

/// What C has for a date. -1 is not known there, so no date is before the epoch.
private func secondsSinceEpoch(_ date: Date) -> Int64 {
    let seconds = date.timeIntervalSince1970
    return seconds > 0 ? Int64(exactly: seconds.rounded(.down)) ?? .max : 0
}

/// A secret text, which is shown only by ``expose()``. The library keeps it and erases it; the `String` that you get
/// cannot be erased.
public struct Secret: Sendable, CustomStringConvertible, CustomReflectable {
    private let read: @Sendable () -> String

    init(_ read: @escaping @Sendable () -> String) {
        self.read = read
    }

    /// The text.
    public func expose() -> String { read() }

    /// Not the text.
    public var description: String { "Secret" }
    /// Not the text.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What a server says about a user. Identify a user by the pair of `iss` and `sub`, never by an e-mail address (OpenID
/// Connect Core section 5.7).
public struct Claims: Sendable {
    /// All claims, as one JSON object.
    public let json: String

    /// The claims of a handle.
    init(_ claims: OpaquePointer) {
        json = copied { proofkey_claims_all_json(claims, $0) } ?? "{}"
        subject = lend("sub") { name, length in copied { proofkey_claims_text(claims, name, length, $0) } }
        issuer = lend("iss") { name, length in copied { proofkey_claims_text(claims, name, length, $0) } }
    }

    /// The user (`sub`).
    public let subject: String?
    /// Who says so (`iss`); a userinfo response may lack it.
    public let issuer: String?
}
