import CProofKey
import Foundation

/// What the user of a device without a browser is shown, and what it takes to get the tokens (RFC 8628 section 3.2). It
/// contains the device code, a secret.
///
/// It cannot be copied, and polling consumes it: two that poll are too fast for a server.
public struct DeviceAuthorization: ~Copyable, @unchecked Sendable {
    // Unchecked: the library locks every handle.
    private let handle: OpaquePointer
    private let now: @Sendable () -> Int64

    init(owning handle: OpaquePointer, now: @escaping @Sendable () -> Int64) {
        self.handle = handle
        self.now = now
    }

    deinit { proofkey_device_authorization_free(handle) }

    /// The code that the user types: at most 64 printable ASCII characters.
    public var userCode: String { copied { proofkey_device_authorization_user_code(handle, $0) } ?? "" }

    /// Where the user signs in, on any device with a browser: an https URL, or one on loopback.
    public var verificationURI: String { copied { proofkey_device_authorization_verification_uri(handle, $0) } ?? "" }

    /// The same with the user code in it, for a QR code; `nil` if the server has no such thing. Show the user code all the
    /// same, to be compared with the one in the browser (RFC 8628 section 3.3.1).
    public var verificationURIComplete: String? {
        copied { proofkey_device_authorization_verification_uri_complete(handle, $0) }
    }

    /// When the codes expire.
    public var expiresAt: Date {
        Date(timeIntervalSince1970: TimeInterval(proofkey_device_authorization_expires_at(handle)))
    }

    /// How long the server wants a device to wait between two requests, which polling does.
    public var interval: Duration { .seconds(proofkey_device_authorization_interval(handle)) }

    /// Waits until the user has decided, and returns the tokens. Cancel the task to give up.
    ///
    /// - Throws: `token_error` with the server's `access_denied` if the user refused, `device_code_expired`, and what
    ///   ``Exchange/finish(_:)`` throws.
    public consuming func finish(_ http: any HTTP = .urlSession) async throws(ProofKeyError) -> Tokens {
        try await beginPolling().finish(http)
    }

    /// Begins to ask for the tokens (RFC 8628 sections 3.4 and 3.5). Its ``Exchange/pause`` says when to ask: that the user
    /// has not decided is no error.
    ///
    /// - Throws: `device_code_expired`.
    public consuming func beginPolling() throws(ProofKeyError) -> Exchange {
        Exchange(
            Roundtrip(owning: try made { proofkey_device_authorization_begin_polling(handle, now(), $0) }, now: now))
    }
}

extension Client {
    /// Asks for the codes of a device without a browser (RFC 8628 section 3.1): show them, and then finish. The client
    /// needs no redirect URI.
    ///
    /// - Parameters:
    ///   - scope: what to ask for, separated by single spaces. With `openid` the ID token is checked; there is no nonce.
    ///   - resources: the resource servers that the access token is for (RFC 8707).
    ///   - extra: further parameters.
    ///   - pkce: sends a challenge, and its verifier with each request for the tokens. RFC 8628 has no PKCE: some servers
    ///     ask for it, others refuse parameters that they do not know.
    /// - Throws: `endpoint_missing`, `scope_invalid`, `resource_invalid`, `parameter_reserved`, `issuer_missing`,
    ///   `entropy_unavailable`, those of ``HTTPFailure``, and others of `docs/errors.md`.
    public func authorizeDevice(
        scope: String? = nil, resources: [String] = [], extra: [String: String] = [:], pkce: Bool = false,
        http: any HTTP = .urlSession
    ) async throws(ProofKeyError) -> DeviceAuthorization {
        try await authorizeDevice(
            scope: scope, resources: resources, extra: extra, pkce: pkce, http: http, chosen: Chosen())
    }

    /// ``authorizeDevice(scope:resources:extra:pkce:http:)`` for tests.
    package func authorizeDevice(
        scope: String? = nil, resources: [String] = [], extra: [String: String] = [:], pkce: Bool = false,
        http: any HTTP, chosen: Chosen
    ) async throws(ProofKeyError) -> DeviceAuthorization {
        let request = try made { request in lend(scope) { proofkey_client_authorize_device(handle, $0, $1, request) } }
        defer { proofkey_authorize_device_free(request) }
        for resource in resources { try set(request, resource, proofkey_authorize_device_add_resource) }
        try add(extra, to: request, proofkey_authorize_device_add_extra)
        if pkce { try check(proofkey_authorize_device_set_pkce(request)) }
        try set(request, chosen.verifier, proofkey_authorize_device_set_verifier)
        var roundtrip = Roundtrip(owning: try made { proofkey_authorize_device_begin(request, $0) }, now: now)
        try await roundtrip.run(http)
        return DeviceAuthorization(owning: try roundtrip.result(proofkey_exchange_device_authorization), now: now)
    }
}
