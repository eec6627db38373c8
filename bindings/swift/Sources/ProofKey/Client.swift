import CProofKey
import Foundation

/// A client of a provider: its id, how it authenticates, and its redirect URI.
///
/// Make one and keep it: it remembers the server's keys, which logins are used up, and which refreshes are under way.
/// Use it from any task.
public final class Client: @unchecked Sendable {
    // Unchecked: the library locks every handle.
    let handle: OpaquePointer
    let now: @Sendable () -> Int64

    deinit { proofkey_client_free(handle) }

    /// How a client proves who it is. An app on a user's device cannot keep a secret: it is `.none`, and PKCE protects
    /// its codes (RFC 8252 section 8.4).
    public enum Authentication: Sendable, CustomStringConvertible, CustomReflectable {
        /// A public client.
        case none
        /// Id and secret in the `Authorization` header (RFC 6749 section 2.3.1).
        case secretBasic(String)
        /// Id and secret in the body of the request (RFC 6749 section 2.3.1).
        case secretPost(String)

        /// Without the secret.
        public var description: String {
            switch self {
            case .none: "none"
            case .secretBasic: "client_secret_basic"
            case .secretPost: "client_secret_post"
            }
        }
        /// Without the secret.
        public var customMirror: Mirror { Mirror(self, children: [:]) }
    }

    /// How ID tokens are checked (OpenID Connect Core section 3.1.3.7). The default is right for most servers.
    public struct IDTokenRules: Sendable {
        /// The signatures to accept; `nil` for those that the metadata lists or, without metadata, RS256.
        public var algorithms: [String]?
        /// How far the server's clock may be ahead or behind, in seconds; `nil` for 60.
        public var leeway: UInt32?
        /// Audiences that an ID token may name besides this client.
        public var trustedAudiences: [String] = []
        /// Relaxation: relies on TLS to the token endpoint instead of the signature, for servers that publish no keys.
        public var trustTokenEndpointTLS = false

        /// The default.
        public init() {}
    }

    /// A client. The redirect URI is exactly the one that is registered: https, http on loopback, or a private scheme
    /// with a dot in it (RFC 8252 section 7). `nil` is for servers that show the user a code to type in.
    ///
    /// - Throws: `client_id_invalid`, `redirect_uri_malformed`, `redirect_uri_insecure`, `client_secret_empty`,
    ///   `id_token_alg` or `id_token_alg_unsupported`.
    public convenience init(
        _ provider: Provider, id: String, redirectURI: String?, authentication: Authentication = .none,
        idToken: IDTokenRules = IDTokenRules()
    ) throws(ProofKeyError) {
        try self.init(
            provider, id: id, redirectURI: redirectURI, authentication: authentication, idToken: idToken,
            now: systemTime)
    }

    /// A client with a clock of its own, for tests.
    package init(
        _ provider: Provider, id: String, redirectURI: String?, authentication: Authentication = .none,
        idToken: IDTokenRules = IDTokenRules(), now: @escaping @Sendable () -> Int64
    ) throws(ProofKeyError) {
        handle = try made { handle in lend(id) { proofkey_client_new(provider.handle, $0, $1, handle) } }
        self.now = now
        try set(handle, redirectURI, proofkey_client_set_redirect_uri)
        switch authentication {
        case .none: break
        case .secretBasic(let secret): try set(handle, secret, proofkey_client_set_secret_basic)
        case .secretPost(let secret): try set(handle, secret, proofkey_client_set_secret_post)
        }
        try set(handle, idToken.algorithms?.joined(separator: " "), proofkey_client_set_id_token_algorithms)
        if let leeway = idToken.leeway { try check(proofkey_client_set_id_token_leeway(handle, leeway)) }
        for audience in idToken.trustedAudiences { try set(handle, audience, proofkey_client_add_trusted_audience) }
        if idToken.trustTokenEndpointTLS { try check(proofkey_client_trust_token_endpoint_tls(handle)) }
    }

    /// The signatures that ID tokens may have.
    public var idTokenAlgorithms: [String] {
        (copied { proofkey_client_id_token_algorithms(handle, $0) } ?? "").split(separator: " ").map(String.init)
    }

    /// Begins a login: a fresh state, a fresh verifier, and the URL to send the browser to. It expires after ten minutes.
    ///
    /// - Parameters:
    ///   - scope: what to ask for, separated by single spaces. With `openid` the ID token is checked.
    ///   - data: a text of the application, at most 256 bytes, that stays with the login, also when it is sealed.
    ///   - maxAge: refuses a sign-in at the server that is older than so many seconds. Needs the scope `openid`.
    ///   - acrValues: requires one of these ways to sign in. Needs the scope `openid`.
    ///   - resources: the resource servers that the access token is for (RFC 8707).
    ///   - extra: further parameters, such as `prompt` or `login_hint`.
    ///   - formPost: asks for the response as a form that the browser posts. For servers.
    /// - Throws: `scope_invalid`, `parameter_reserved`, `data_too_large`, `resource_invalid`, `acr_values_invalid`,
    ///   `openid_scope_missing`, `issuer_missing`, `endpoint_missing` or `entropy_unavailable`.
    public func begin(
        scope: String? = nil, data: String? = nil, maxAge: UInt32? = nil, acrValues: [String] = [],
        resources: [String] = [], extra: [String: String] = [:], formPost: Bool = false
    ) throws(ProofKeyError) -> Login {
        try begin(
            scope: scope, data: data, maxAge: maxAge, acrValues: acrValues, resources: resources, extra: extra,
            formPost: formPost, chosen: Chosen())
    }

    /// What a test chooses instead of fresh random bits.
    package struct Chosen: Sendable {
        package var state: String?
        package var nonce: String?
        package var verifier: String?

        package init(state: String? = nil, nonce: String? = nil, verifier: String? = nil) {
            self.state = state
            self.nonce = nonce
            self.verifier = verifier
        }
    }

    /// ``begin(scope:data:maxAge:acrValues:resources:extra:formPost:)`` for tests.
    package func begin(
        scope: String? = nil, data: String? = nil, maxAge: UInt32? = nil, acrValues: [String] = [],
        resources: [String] = [], extra: [String: String] = [:], formPost: Bool = false, chosen: Chosen
    ) throws(ProofKeyError) -> Login {
        let authorize = try made { authorize in lend(scope) { proofkey_client_authorize(handle, $0, $1, authorize) } }
        defer { proofkey_authorize_free(authorize) }
        try set(authorize, data, proofkey_authorize_set_data)
        if let maxAge { try check(proofkey_authorize_set_max_age(authorize, maxAge)) }
        if !acrValues.isEmpty {
            try set(authorize, acrValues.joined(separator: " "), proofkey_authorize_set_acr_values)
        }
        for resource in resources { try set(authorize, resource, proofkey_authorize_add_resource) }
        try add(extra, to: authorize, proofkey_authorize_add_extra)
        if formPost { try check(proofkey_authorize_set_form_post(authorize)) }
        try set(authorize, chosen.state, proofkey_authorize_set_state)
        try set(authorize, chosen.nonce, proofkey_authorize_set_nonce)
        try set(authorize, chosen.verifier, proofkey_authorize_set_verifier)
        return Login(owning: try made { proofkey_authorize_begin(authorize, now(), $0) }, now: now)
    }

    /// Opens a login that ``Login/seal(_:context:)`` sealed, in this process or another one. This client must be the one
    /// that the login began with, or its equal.
    ///
    /// - Throws: `seal_malformed`, `seal_key_unknown`, `seal_forged`, `seal_context`, `seal_client` or `login_expired`.
    public func resume(_ sealed: String, keys: SealKeys, context: String) throws(ProofKeyError) -> Login {
        let login = try made { login in
            lend(sealed) { sealed, length in
                lend(context) {
                    proofkey_client_resume(handle, sealed, length, keys.handle, $0, $1, now(), login)
                }
            }
        }
        return Login(owning: login, now: now)
    }

    /// Gets new tokens for a refresh token (RFC 6749 section 6).
    ///
    /// A refresh token is sent once, however many tasks share this client, because a server may take the second time for
    /// theft: the others wait, and get the same new tokens. `save` stores the new tokens before anybody uses them; if it
    /// throws, the next caller gets them to store, without another request.
    ///
    /// - Throws: `refresh_token_absent`; `refresh_under_way` if the task is cancelled while it waits for another one;
    ///   `store_unavailable` if `save` throws; `token_error` with the server's words; and others of `docs/errors.md`.
    public func refresh(
        _ tokens: Tokens, http: any HTTP = .urlSession,
        save: @Sendable (Tokens) async throws -> Void = { _ in }
    ) async throws(ProofKeyError) -> Tokens {
        var roundtrip = try await beginRefreshAlone(tokens)
        try await roundtrip.run(http)
        let fresh = Tokens(owning: try roundtrip.result(proofkey_exchange_tokens))
        do {
            try await save(fresh)
        } catch {
            throw ProofKeyError(number: PROOFKEY_STATUS_STORE_UNAVAILABLE)
        }
        try roundtrip.saved()
        return fresh
    }

    package func beginRefresh(_ tokens: Tokens) throws(ProofKeyError) -> Roundtrip {
        Roundtrip(owning: try made { proofkey_client_begin_refresh(handle, tokens.handle, now(), $0) }, now: now)
    }

    /// Begins a refresh once no other task is in the middle of it.
    private func beginRefreshAlone(_ tokens: Tokens) async throws(ProofKeyError) -> Roundtrip {
        while true {
            do throws(ProofKeyError) {
                return try beginRefresh(tokens)
            } catch {
                guard error.number == PROOFKEY_STATUS_REFRESH_UNDER_WAY, await slept(.milliseconds(20)) else {
                    throw error
                }
            }
        }
    }

    /// Revokes tokens at the server (RFC 7009). After a failure call it again: revoking twice succeeds.
    ///
    /// - Throws: `endpoint_missing`, and others of `docs/errors.md`.
    public func revoke(_ tokens: Tokens, http: any HTTP = .urlSession) async throws(ProofKeyError) {
        var roundtrip = Roundtrip(
            owning: try made { proofkey_client_begin_revocation(handle, tokens.handle, $0) }, now: now)
        try await roundtrip.run(http)
    }

    /// Asks the server who the user of these tokens is (OpenID Connect Core section 5.3).
    ///
    /// - Throws: `endpoint_missing`, `userinfo_sub_mismatch`, and others of `docs/errors.md`.
    public func userinfo(_ tokens: Tokens, http: any HTTP = .urlSession) async throws(ProofKeyError) -> Claims {
        var roundtrip = try beginUserinfo(tokens)
        try await roundtrip.run(http)
        let claims = try roundtrip.result(proofkey_exchange_claims)
        defer { proofkey_claims_free(claims) }
        return Claims(claims)
    }

    package func beginUserinfo(_ tokens: Tokens) throws(ProofKeyError) -> Roundtrip {
        Roundtrip(owning: try made { proofkey_client_begin_userinfo(handle, tokens.handle, $0) }, now: now)
    }

    /// The URL that signs the user out at the provider (OpenID Connect RP-Initiated Logout section 2). It contains the ID
    /// token.
    ///
    /// - Throws: `endpoint_missing` or `parameter_reserved`.
    public func endSessionURL(
        _ tokens: Tokens, returnTo: String? = nil, state: String? = nil
    ) throws(ProofKeyError) -> String {
        func write(_ out: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ length: UnsafeMutablePointer<Int>) -> Int32 {
            lend(returnTo) { returnTo, returnToLength in
                lend(state) {
                    proofkey_client_end_session_url(
                        handle, tokens.handle, returnTo, returnToLength, $0, $1, out, capacity, length)
                }
            }
        }
        var nothing: CChar = 0
        var needed = 0
        let status = write(&nothing, 0, &needed)
        if status != PROOFKEY_STATUS_BUFFER_TOO_SMALL { try check(status) }
        return try written(capacity: needed, write)
    }

    /// Checks that the browser came back from ``endSessionURL(_:returnTo:state:)`` with the same arguments.
    ///
    /// - Throws: `redirect_uri_mismatch`, `state_missing`, `state_mismatch`, `callback_duplicate` or
    ///   `callback_malformed`.
    public func acceptEndSession(_ callback: URL, returnTo: String, state: String) throws(ProofKeyError) {
        let status = lend(callback.absoluteString) { url, length in
            lend(returnTo) { returnTo, returnToLength in
                lend(state) {
                    proofkey_client_accept_end_session(handle, url, length, returnTo, returnToLength, $0, $1)
                }
            }
        }
        try check(status)
    }
}
