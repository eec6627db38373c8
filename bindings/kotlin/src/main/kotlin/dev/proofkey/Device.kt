package dev.proofkey

/** A device authorization request under construction (RFC 8628 section 3.1), which [begin] uses up. */
public class AuthorizeDevice internal constructor(number: Long) : Handle(number) {
    /** Adds a parameter. */
    public fun extra(name: String, value: String): AuthorizeDevice =
        apply { change { Native.authorizeDeviceAddExtra(it, utf8(name), utf8(value)) } }

    /** Adds a resource server (RFC 8707). */
    public fun resource(resource: String): AuthorizeDevice = apply { change { Native.authorizeDeviceAddResource(it, utf8(resource)) } }

    /** Sends an S256 challenge too. RFC 8628 has no PKCE: some servers ask for it, others refuse what they do not know. */
    public fun pkce(): AuthorizeDevice = apply { change(Native::authorizeDeviceSetPkce) }

    internal fun verifier(verifier: String): AuthorizeDevice = apply { change { Native.authorizeDeviceSetVerifier(it, utf8(verifier)) } }

    /** Begins to ask for the codes: for callers that drive the exchange themselves. */
    public fun begin(): Exchange = Exchange(make(Native::authorizeDeviceBegin))

    /** Asks for the codes. */
    public inline fun begin(send: (Request) -> Response): DeviceAuthorization =
        begin().use { it.finish(send).deviceAuthorization() }
}

/** The codes of a device: show the user [userCode] and [verificationUri], then [poll]. */
public class DeviceAuthorization internal constructor(number: Long) : Handle(number) {
    /** The code that the user types: at most 64 printable ASCII characters. */
    public val userCode: String get() = text(Native::deviceAuthorizationUserCode).orEmpty()

    /** Where the user signs in, on any device with a browser. */
    public val verificationUri: String get() = text(Native::deviceAuthorizationVerificationUri).orEmpty()

    /** The same with the user code in it, for a QR code; null if the server has no such thing. Show the code all the same. */
    public val verificationUriComplete: String? get() = text(Native::deviceAuthorizationVerificationUriComplete)

    /** When the codes expire, in seconds since the epoch. */
    public val expiresAt: Long get() = call(Native::deviceAuthorizationExpiresAt)

    /** How many seconds the server wants between two requests for the tokens. The exchange keeps to it. */
    public val interval: Int get() = call(Native::deviceAuthorizationInterval).toInt()

    /** Begins to ask for the tokens, once: for callers that drive the exchange themselves. */
    public fun beginPolling(): Exchange = beginPolling(now())

    internal fun beginPolling(now: Long): Exchange = Exchange(make { Native.deviceAuthorizationBeginPolling(it, now) })

    /**
     * Asks for the tokens until the user has decided or the codes expire. A network that fails meanwhile is waited for.
     *
     * @throws TokenException `token_error` with the server's `access_denied`, or `device_code_expired`
     */
    public inline fun poll(send: (Request) -> Response): Tokens = beginPolling().use { it.finish(send).tokens() }
}
