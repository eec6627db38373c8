package dev.proofkey

/**
 * An authorization server. Configure it before it is given to a [Client], which copies it.
 *
 * Every setter throws a [ProofKeyException] for a value that is not allowed, and leaves the provider as it was.
 */
public class Provider private constructor(number: Long) : Handle(number) {
    /** A server known by its endpoints (RFC 6749 section 3). */
    public constructor(authorizationEndpoint: String, tokenEndpoint: String) :
        this(made(Native.providerNew(utf8(authorizationEndpoint), utf8(tokenEndpoint))))

    /** The issuer, if it is known (RFC 9207). */
    public var issuer: String?
        get() = text(Native::providerIssuer)
        set(value) = set(value, Native::providerSetIssuer)

    /** The URL of the server's keys (RFC 7517). */
    public var jwksUri: String?
        get() = text(Native::providerJwksUri)
        set(value) = set(value, Native::providerSetJwksUri)

    /** The revocation endpoint (RFC 7009). */
    public var revocationEndpoint: String?
        get() = text(Native::providerRevocationEndpoint)
        set(value) = set(value, Native::providerSetRevocationEndpoint)

    /** The userinfo endpoint (OpenID Connect Core section 5.3). */
    public var userinfoEndpoint: String?
        get() = text(Native::providerUserinfoEndpoint)
        set(value) = set(value, Native::providerSetUserinfoEndpoint)

    /** The end-session endpoint (OpenID Connect RP-Initiated Logout). */
    public var endSessionEndpoint: String?
        get() = text(Native::providerEndSessionEndpoint)
        set(value) = set(value, Native::providerSetEndSessionEndpoint)

    /** The device authorization endpoint (RFC 8628 section 3.1). */
    public var deviceAuthorizationEndpoint: String?
        get() = text(Native::providerDeviceAuthorizationEndpoint)
        set(value) = set(value, Native::providerSetDeviceAuthorizationEndpoint)

    /** The authorization endpoint. */
    public val authorizationEndpoint: String get() = text(Native::providerAuthorizationEndpoint).orEmpty()

    /** The token endpoint. */
    public val tokenEndpoint: String get() = text(Native::providerTokenEndpoint).orEmpty()

    /** What the metadata says about PKCE. */
    public val pkceSupport: String get() = text(Native::providerPkceSupport).orEmpty()

    /** How a client with a secret authenticates at the token endpoint. */
    public val tokenEndpointAuthMethod: String get() = text(Native::providerTokenEndpointAuthMethod).orEmpty()

    /** Whether the server sends `iss` in every authorization response (RFC 9207 section 3). */
    public val issParameterSupported: Boolean get() = flag(Native::providerIssParameterSupported)

    /** Says that the server sends `iss` in every authorization response. */
    public fun requireIssParameter(): Unit = change(Native::providerSetIssParameterSupported)

    /**
     * Insists on a server that says it supports PKCE by S256 (RFC 9700 section 2.1.1).
     *
     * @throws ConfigurationException `pkce_not_advertised`
     */
    public fun requireAdvertisedPkce(): Unit = change(Native::providerRequireAdvertisedPkce)

    /** Enables the quirk with this name. */
    public fun addQuirk(name: String): Unit = change { Native.providerAddQuirk(it, utf8(name)) }

    private fun set(value: String?, setter: (Long, ByteArray) -> Int) {
        val bytes = utf8(requireNotNull(value) { "an endpoint cannot be taken back" })
        change { setter(it, bytes) }
    }

    public companion object {
        /** A server known by its metadata (RFC 8414 section 3). */
        @JvmStatic
        public fun fromMetadata(issuer: String, document: ByteArray): Provider =
            Provider(made(Native.providerFromMetadata(utf8(issuer), document)))

        /** GitHub. */
        @JvmStatic
        public fun github(): Provider = Provider(made(Native.providerGithub()))

        /** Google. */
        @JvmStatic
        public fun google(): Provider = Provider(made(Native.providerGoogle()))

        /** Dropbox. */
        @JvmStatic
        public fun dropbox(): Provider = Provider(made(Native.providerDropbox()))

        /** Microsoft Entra ID. */
        @JvmStatic
        public fun microsoft(tenant: String): Provider = Provider(made(Native.providerMicrosoft(utf8(tenant))))

        /** Begins to look for the metadata of a server: for callers that drive the exchange themselves. */
        @JvmStatic
        public fun beginDiscovery(issuer: String): Exchange = Exchange(made(Native.providerDiscover(utf8(issuer))))

        /** Asks a server for its metadata (RFC 8414, OpenID Connect Discovery). */
        @JvmStatic
        public inline fun discover(issuer: String, send: (Request) -> Response): Provider =
            beginDiscovery(issuer).use { it.finish(send).provider() }

        internal fun of(number: Long) = Provider(number)
    }
}
