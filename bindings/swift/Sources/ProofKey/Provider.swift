import CProofKey
import Foundation

/// An authorization server: its endpoints, and what it supports. It never changes.
public final class Provider: @unchecked Sendable {
    // Unchecked: the library locks every handle, and nothing changes this one once it is made.
    let handle: OpaquePointer

    init(owning handle: OpaquePointer) {
        self.handle = handle
    }

    deinit { proofkey_provider_free(handle) }

    /// What metadata says about PKCE (RFC 8414 section 2).
    public enum PKCESupport: String, Sendable {
        /// It lists S256.
        case s256 = "S256"
        /// It lists methods, and S256 is none of them.
        case withoutS256 = "without_s256"
        /// It lists no methods, or there is no metadata.
        case unknown
    }

    /// A server with these endpoints (RFC 6749 section 3): https, or http on loopback.
    ///
    /// With an issuer, a callback that names another one is refused (RFC 9207 section 2.4); with
    /// `issParameterSupported`, one without it too. The scope `openid` needs `issuer` and `jwksURI`.
    ///
    /// - Throws: `endpoint_malformed`, `endpoint_insecure`, `issuer_well_known` or `quirk_unknown`.
    public init(
        authorizationEndpoint: String, tokenEndpoint: String, issuer: String? = nil,
        issParameterSupported: Bool = false, jwksURI: String? = nil, userinfoEndpoint: String? = nil,
        revocationEndpoint: String? = nil, endSessionEndpoint: String? = nil,
        deviceAuthorizationEndpoint: String? = nil, quirks: [String] = []
    ) throws(ProofKeyError) {
        handle = try made { handle in
            lend(authorizationEndpoint) { authorization, authorizationLength in
                lend(tokenEndpoint) { proofkey_provider_new(authorization, authorizationLength, $0, $1, handle) }
            }
        }
        try set(handle, issuer, proofkey_provider_set_issuer)
        try set(handle, jwksURI, proofkey_provider_set_jwks_uri)
        try set(handle, userinfoEndpoint, proofkey_provider_set_userinfo_endpoint)
        try set(handle, revocationEndpoint, proofkey_provider_set_revocation_endpoint)
        try set(handle, endSessionEndpoint, proofkey_provider_set_end_session_endpoint)
        try set(handle, deviceAuthorizationEndpoint, proofkey_provider_set_device_authorization_endpoint)
        if issParameterSupported { try check(proofkey_provider_set_iss_parameter_supported(handle)) }
        for quirk in quirks { try set(handle, quirk, proofkey_provider_add_quirk) }
    }

    /// A server described by its metadata, the JSON document found under its issuer (RFC 8414 section 3.2).
    ///
    /// - Throws: an error whose name begins with `metadata_`, or `par_required`; see `docs/errors.md`.
    public init(issuer: String, metadata: Data, quirks: [String] = []) throws(ProofKeyError) {
        handle = try made { handle in
            lend(issuer) { issuer, length in
                lend(metadata) { proofkey_provider_from_metadata(issuer, length, $0, $1, handle) }
            }
        }
        for quirk in quirks { try set(handle, quirk, proofkey_provider_add_quirk) }
    }

    /// Fetches the metadata of the server with this issuer: first where RFC 8414 puts it, then where OpenID Connect
    /// Discovery does. Keep the provider; there is no need to fetch it for each login.
    ///
    /// - Throws: an error whose name begins with `metadata_`, those of ``HTTPFailure``, and others of `docs/errors.md`.
    public static func discover(issuer: String, http: any HTTP = .urlSession) async throws(ProofKeyError) -> Provider {
        var roundtrip = try beginDiscovery(issuer: issuer)
        try await roundtrip.run(http)
        return Provider(owning: try roundtrip.result(proofkey_exchange_provider))
    }

    package static func beginDiscovery(issuer: String) throws(ProofKeyError) -> Roundtrip {
        Roundtrip(
            owning: try made { handle in lend(issuer) { proofkey_provider_discover($0, $1, handle) } }, now: systemTime)
    }

    /// GitHub.
    public static func github() throws(ProofKeyError) -> Provider {
        Provider(owning: try made(proofkey_provider_github))
    }

    /// Google. For a refresh token add the parameter `access_type=offline` by the quirk `offline_by_access_type`.
    public static func google(quirks: [String] = []) throws(ProofKeyError) -> Provider {
        try known(quirks, proofkey_provider_google)
    }

    /// Dropbox. For a refresh token add the quirk `offline_by_token_access_type`.
    public static func dropbox(quirks: [String] = []) throws(ProofKeyError) -> Provider {
        try known(quirks, proofkey_provider_dropbox)
    }

    /// Microsoft Entra ID: the id or domain of a tenant, or `common`, `organizations` or `consumers`. The scope `openid`
    /// needs the id of the tenant.
    public static func microsoft(tenant: String) throws(ProofKeyError) -> Provider {
        Provider(owning: try made { handle in lend(tenant) { proofkey_provider_microsoft($0, $1, handle) } })
    }

    /// Succeeds only if the metadata lists S256 (RFC 9700 section 2.1.1). S256 is sent to every server in any case.
    ///
    /// - Throws: `pkce_not_advertised`.
    public func requireAdvertisedPKCE() throws(ProofKeyError) {
        try check(proofkey_provider_require_advertised_pkce(handle))
    }

    /// The issuer identifier, if it is known.
    public var issuer: String? { copied { proofkey_provider_issuer(handle, $0) } }
    /// Where the browser is sent.
    public var authorizationEndpoint: String { copied { proofkey_provider_authorization_endpoint(handle, $0) } ?? "" }
    /// Where codes are exchanged.
    public var tokenEndpoint: String { copied { proofkey_provider_token_endpoint(handle, $0) } ?? "" }
    /// Where tokens are revoked (RFC 7009), if it is known.
    public var revocationEndpoint: String? { copied { proofkey_provider_revocation_endpoint(handle, $0) } }
    /// The URL of the server's keys, if it is known.
    public var jwksURI: String? { copied { proofkey_provider_jwks_uri(handle, $0) } }
    /// The userinfo endpoint, if it is known.
    public var userinfoEndpoint: String? { copied { proofkey_provider_userinfo_endpoint(handle, $0) } }
    /// Where the browser is sent to sign out, if it is known.
    public var endSessionEndpoint: String? { copied { proofkey_provider_end_session_endpoint(handle, $0) } }
    /// Where a device asks for its codes (RFC 8628), if it is known.
    public var deviceAuthorizationEndpoint: String? {
        copied { proofkey_provider_device_authorization_endpoint(handle, $0) }
    }
    /// Whether the server sends `iss` in every authorization response (RFC 9207).
    public var issParameterSupported: Bool { proofkey_provider_iss_parameter_supported(handle) != 0 }
    /// What the metadata says about PKCE.
    public var pkceSupport: PKCESupport {
        copied { proofkey_provider_pkce_support(handle, $0) }.flatMap(PKCESupport.init) ?? .unknown
    }
    /// How a client with a secret should authenticate: `client_secret_basic` or `client_secret_post`.
    public var tokenEndpointAuthMethod: String {
        copied { proofkey_provider_token_endpoint_auth_method(handle, $0) } ?? ""
    }

    private static func known(
        _ quirks: [String], _ make: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws(ProofKeyError) -> Provider {
        let provider = Provider(owning: try made(make))
        for quirk in quirks { try set(provider.handle, quirk, proofkey_provider_add_quirk) }
        return provider
    }
}

/// Seconds since the epoch.
@Sendable func systemTime() -> Int64 { Int64(Date().timeIntervalSince1970) }
