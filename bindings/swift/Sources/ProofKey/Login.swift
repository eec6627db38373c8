import CProofKey
import Foundation

/// One pending login. It contains the verifier.
///
/// It cannot be copied, and finishing it consumes it: code that finishes a login twice does not compile. iOS may end the
/// app while the browser is open, so store ``seal(_:context:)`` before opening it.
public struct Login: ~Copyable, @unchecked Sendable {
    // Unchecked: the library locks every handle.
    private let handle: OpaquePointer
    private let now: @Sendable () -> Int64

    init(owning handle: OpaquePointer, now: @escaping @Sendable () -> Int64) {
        self.handle = handle
        self.now = now
    }

    deinit { proofkey_login_free(handle) }

    /// The URL to send the browser to; `nil` for a login that was resumed: its browser was sent there already.
    public var url: URL? { copied { proofkey_login_url(handle, $0) }.flatMap(URL.init(string:)) }

    /// What ``Client/begin(scope:data:maxAge:acrValues:resources:extra:formPost:)`` was given; empty without it.
    public var data: String { copied { proofkey_login_data(handle, $0) } ?? "" }

    /// When the login expires.
    public var expiresAt: Date { Date(timeIntervalSince1970: TimeInterval(proofkey_login_expires_at(handle))) }

    /// The login as an encrypted text, which ``Client/resume(_:keys:context:)`` opens in this process or another one.
    /// Sealing does not extend its life. `context` says what the login is for; the text opens in no other context.
    ///
    /// - Throws: `seal_too_large` or `entropy_unavailable`.
    public func seal(_ keys: SealKeys, context: String) throws(ProofKeyError) -> String {
        try written(capacity: proofkey_sealed_max_len()) { out, capacity, length in
            lend(context) { proofkey_login_seal(handle, keys.handle, $0, $1, out, capacity, length) }
        }
    }

    /// Checks the redirect back from the server (RFC 6749 section 4.1.2, RFC 9207).
    ///
    /// Pass the URL as it came. Anybody can open a URL of your app: a callback that is not this login's gives the login
    /// back, and the real one may still come.
    public consuming func accept(_ callback: URL) -> Acceptance {
        let now = now()
        return turned { handle, exchange in
            lend(callback.absoluteString) { proofkey_login_accept(handle, $0, $1, now, exchange) }
        }
    }

    /// ``accept(_:)`` for a URL as text, as a server has it.
    public consuming func accept(_ callback: String) -> Acceptance {
        let now = now()
        return turned { handle, exchange in
            lend(callback) { proofkey_login_accept(handle, $0, $1, now, exchange) }
        }
    }

    /// ``accept(_:)`` for a form that the browser posted, after `formPost`.
    public consuming func accept(formPostedTo url: String, contentType: String, body: String) -> Acceptance {
        let now = now()
        return turned { handle, exchange in
            lend(url) { url, urlLength in
                lend(contentType) { type, typeLength in
                    lend(body) {
                        proofkey_login_accept_form_post(
                            handle, url, urlLength, type, typeLength, $0, $1, now, exchange)
                    }
                }
            }
        }
    }

    /// ``accept(_:)`` for a code that the server showed to the user: only for a client without a redirect URI.
    public consuming func accept(pastedCode code: String) -> Acceptance {
        let now = now()
        return turned { handle, exchange in
            lend(code) { proofkey_login_accept_pasted_code(handle, $0, $1, now, exchange) }
        }
    }

    /// Checks the redirect back, and exchanges the code for tokens: ``accept(_:)`` and ``Exchange/finish(_:)``.
    ///
    /// For a callback that came from the browser session of this very login. Where others can deliver a URL, as with
    /// `onOpenURL`, use ``accept(_:)``: this one gives the login up.
    ///
    /// - Throws: `authorization_error` with the server's words if the user or the server refused; `state_mismatch`,
    ///   `login_expired`, `iss_mismatch` and others of `docs/errors.md`.
    public consuming func finish(_ callback: URL, http: any HTTP = .urlSession) async throws(ProofKeyError) -> Tokens {
        try await accept(callback).get().finish(http)
    }

    private consuming func turned(
        _ accept: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) -> Acceptance {
        var exchange: OpaquePointer?
        let status = accept(handle, &exchange)
        if status == PROOFKEY_STATUS_OK, let exchange {
            return .accepted(Exchange(Roundtrip(owning: exchange, now: now)))
        }
        let details = proofkey_login_error(handle)
        let error = details.map(ProofKeyError.init(details:)) ?? ProofKeyError(number: status)
        return proofkey_login_is_pending(handle) != 0 ? .ignored(error, self) : .refused(error)
    }
}

/// What became of a callback.
public enum Acceptance: ~Copyable, Sendable {
    /// It is this login's, and has a code.
    case accepted(Exchange)
    /// It is not this login's. The login is still pending.
    case ignored(ProofKeyError, Login)
    /// The login is over: the user or the server refused, or it has expired.
    case refused(ProofKeyError)

    /// The exchange. An ignored callback is an error too, and its login is given up.
    ///
    /// - Throws: what ``Login/finish(_:http:)`` says about callbacks.
    public consuming func get() throws(ProofKeyError) -> Exchange {
        switch consume self {
        case .accepted(let exchange): return exchange
        case .ignored(let error, _): throw error
        case .refused(let error): throw error
        }
    }
}
