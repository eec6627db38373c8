package dev.proofkey

/** An OAuth client. Logins begin with the settings of that moment. */
public class Client private constructor(number: Long) : Handle(number) {
    /** A public client of this provider, which is copied. */
    public constructor(provider: Provider, id: String) : this(made(provider.call { Native.clientNew(it, utf8(id)) }))

    /** A public client with a redirect URI (RFC 8252 section 7). */
    public constructor(provider: Provider, id: String, redirectUri: String) : this(provider, id) {
        setRedirectUri(redirectUri)
    }

    /** Sets where the server sends the browser back to. */
    public fun setRedirectUri(uri: String): Unit = change { Native.clientSetRedirectUri(it, utf8(uri)) }

    /** Authenticates by `client_secret_basic` (RFC 6749 section 2.3.1). An app cannot keep such a secret. */
    public fun setSecretBasic(secret: String): Unit = change { Native.clientSetSecretBasic(it, utf8(secret)) }

    /** Authenticates by `client_secret_post`. */
    public fun setSecretPost(secret: String): Unit = change { Native.clientSetSecretPost(it, utf8(secret)) }

    /** The signatures that ID tokens may have: names of RFC 7518, separated by spaces. */
    public var idTokenAlgorithms: String
        get() = text(Native::clientIdTokenAlgorithms).orEmpty()
        set(names) = change { Native.clientSetIdTokenAlgorithms(it, utf8(names)) }

    /** How far the clocks may be apart, in seconds. */
    public fun setIdTokenLeeway(seconds: Int) {
        require(seconds >= 0) { "seconds must not be negative" }
        change { Native.clientSetIdTokenLeeway(it, seconds) }
    }

    /** Trusts a further audience of ID tokens (OpenID Connect Core section 3.1.3.7). */
    public fun addTrustedAudience(audience: String): Unit = change { Native.clientAddTrustedAudience(it, utf8(audience)) }

    /** Accepts an ID token from the token endpoint on the strength of TLS alone, without its signature. */
    public fun trustTokenEndpointTls(): Unit = change(Native::clientTrustTokenEndpointTls)

    /** Starts an authorization request that needs more than [begin]. */
    @JvmOverloads
    public fun authorize(scope: String? = null): Authorize =
        Authorize(make { Native.clientAuthorize(it, scope?.let(::utf8)) })

    /** Begins a login (RFC 6749 section 4.1.1, RFC 7636): send the browser to its [Login.url]. */
    @JvmOverloads
    public fun begin(scope: String? = null): Login = authorize(scope).use { it.begin() }

    /** Starts a login of a device without a browser (RFC 8628). It needs no redirect URI. */
    @JvmOverloads
    public fun authorizeDevice(scope: String? = null): AuthorizeDevice =
        AuthorizeDevice(make { Native.clientAuthorizeDevice(it, scope?.let(::utf8)) })

    /** Opens a login that [Login.seal] sealed. */
    public fun resume(sealed: String, keys: SealKeys, context: String): Login = resume(sealed, keys, context, now())

    internal fun resume(sealed: String, keys: SealKeys, context: String, now: Long): Login =
        Login(make { client -> keys.call { Native.clientResume(client, it, utf8(sealed), utf8(context), now) } })

    /** Begins a refresh (RFC 6749 section 6): for callers that drive the exchange themselves. */
    public fun beginRefresh(tokens: Tokens): Exchange = beginRefresh(tokens, now())

    internal fun beginRefresh(tokens: Tokens, now: Long): Exchange =
        Exchange(make { client -> tokens.call { Native.clientBeginRefresh(client, it, now) } })

    /** Begins a revocation (RFC 7009). */
    public fun beginRevocation(tokens: Tokens): Exchange =
        Exchange(make { client -> tokens.call { Native.clientBeginRevocation(client, it) } })

    /** Begins a request for the claims about the user. */
    public fun beginUserinfo(tokens: Tokens): Exchange =
        Exchange(make { client -> tokens.call { Native.clientBeginUserinfo(client, it) } })

    /** Refreshes tokens. `store` runs before anything else: a used refresh token may never work again. */
    public inline fun refresh(tokens: Tokens, send: (Request) -> Response, store: (Tokens) -> Unit = {}): Tokens =
        beginRefresh(tokens).use {
            val refreshed = it.finish(send).tokens()
            store(refreshed)
            it.saved()
            refreshed
        }

    /** Revokes tokens. */
    public inline fun revoke(tokens: Tokens, send: (Request) -> Response) {
        beginRevocation(tokens).use { it.finish(send) }
    }

    /** Asks for the claims about the user (OpenID Connect Core section 5.3). */
    public inline fun userinfo(tokens: Tokens, send: (Request) -> Response): Claims =
        beginUserinfo(tokens).use { it.finish(send).claims() }

    /** The URL that ends the user's session at the server. It contains the ID token. */
    @JvmOverloads
    public fun endSessionUrl(tokens: Tokens, returnTo: String? = null, state: String? = null): String =
        write { client ->
            tokens.call { Native.clientEndSessionUrl(client, it, returnTo?.let(::utf8), state?.let(::utf8)) }
        }

    /**
     * Checks the URL that the browser was sent to after [endSessionUrl] (RP-Initiated Logout section 3).
     *
     * @throws CallbackException `redirect_uri_mismatch`, or one about the state: it answers another request
     */
    public fun acceptEndSession(callbackUrl: String, returnTo: String, state: String): Unit =
        change { Native.clientAcceptEndSession(it, utf8(callbackUrl), utf8(returnTo), utf8(state)) }
}
