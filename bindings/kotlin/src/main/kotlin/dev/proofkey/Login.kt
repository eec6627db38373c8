package dev.proofkey

/** An authorization request under construction, which [begin] uses up. */
public class Authorize internal constructor(number: Long) : Handle(number) {
    /** Adds a parameter, for example `prompt` or `login_hint`. */
    public fun extra(name: String, value: String): Authorize = apply { change { Native.authorizeAddExtra(it, utf8(name), utf8(value)) } }

    /** Adds a resource server (RFC 8707). */
    public fun resource(resource: String): Authorize = apply { change { Native.authorizeAddResource(it, utf8(resource)) } }

    /** Keeps up to 256 bytes of the application's own with the login: see [Login.data]. */
    public fun data(data: String): Authorize = apply { change { Native.authorizeSetData(it, utf8(data)) } }

    /** Asks for a sign-in that is at most so many seconds old. */
    public fun maxAge(seconds: Int): Authorize = apply {
        require(seconds >= 0) { "seconds must not be negative" }
        change { Native.authorizeSetMaxAge(it, seconds) }
    }

    /** Asks for an authentication context: values separated by spaces. */
    public fun acrValues(values: String): Authorize = apply { change { Native.authorizeSetAcrValues(it, utf8(values)) } }

    /** Asks for the response as a form that the browser posts. */
    public fun formPost(): Authorize = apply { change(Native::authorizeSetFormPost) }

    internal fun state(state: String): Authorize = apply { change { Native.authorizeSetState(it, utf8(state)) } }

    internal fun nonce(nonce: String): Authorize = apply { change { Native.authorizeSetNonce(it, utf8(nonce)) } }

    internal fun verifier(verifier: String): Authorize = apply { change { Native.authorizeSetVerifier(it, utf8(verifier)) } }

    /** Makes the login. */
    public fun begin(): Login = begin(now())

    internal fun begin(now: Long): Login = Login(make { Native.authorizeBegin(it, now) })
}

/** One pending authorization. A callback with its state uses it up; one that anybody could have sent does not. */
public class Login internal constructor(number: Long) : Handle(number) {
    /** The URL to send the browser to; null for a login that was resumed. */
    public val url: String? get() = text(Native::loginUrl)

    /** What [Authorize.data] was given; empty without it. */
    public val data: String get() = text(Native::loginData).orEmpty()

    /** When the login expires, in seconds since the epoch. */
    public val expiresAt: Long get() = call(Native::loginExpiresAt)

    /** Whether a callback can still be accepted. */
    public val isPending: Boolean get() = flag(Native::loginIsPending)

    /** Encrypts the login, so that it survives the death of the process: see [Client.resume]. */
    public fun seal(keys: SealKeys, context: String): String =
        write { login -> keys.call { Native.loginSeal(login, it, utf8(context)) } }

    /** Checks the URL that the browser was sent to: on Android `intent.dataString`, never a `Uri` made from parts. */
    public fun accept(callbackUrl: String): Exchange = accept(callbackUrl, now())

    internal fun accept(callbackUrl: String, now: Long): Exchange =
        Exchange(make { Native.loginAccept(it, utf8(callbackUrl), now) })

    /** [accept] for a form that the browser posted, after [Authorize.formPost]. */
    public fun acceptFormPost(url: String, contentType: String, body: String): Exchange =
        acceptFormPost(url, contentType, body, now())

    internal fun acceptFormPost(url: String, contentType: String, body: String, now: Long): Exchange =
        Exchange(make { Native.loginAcceptFormPost(it, utf8(url), utf8(contentType), utf8(body), now) })

    /** [accept] for a code that the user typed in: only for a client without a redirect URI. */
    public fun acceptPastedCode(code: String): Exchange = acceptPastedCode(code, now())

    internal fun acceptPastedCode(code: String, now: Long): Exchange =
        Exchange(make { Native.loginAcceptPastedCode(it, utf8(code), now) })

    /** Accepts the callback and exchanges its code for tokens. `send` may suspend if the caller does. */
    public inline fun finish(callbackUrl: String, send: (Request) -> Response): Tokens =
        accept(callbackUrl).use { it.finish(send).tokens() }

    override fun failure(number: Int): ProofKeyException {
        val oauth = text(Native::loginErrorOauthError)?.let {
            ProofKeyException.OAuthError(it, text(Native::loginErrorOauthDescription), text(Native::loginErrorOauthUri))
        }
        // The details are those of the end; a later call for a used login has none of its own.
        val general = refusal(number)
        if (general.name == "login_already_used") return general
        return ErrorDetails(number, text(Native::loginErrorMessage), text(Native::loginErrorRecovery), oauth = oauth).exception()
    }
}
