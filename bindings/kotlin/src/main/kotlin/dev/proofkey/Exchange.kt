package dev.proofkey

import java.io.IOException
import java.io.InterruptedIOException
import java.net.ConnectException
import java.net.NoRouteToHostException
import java.net.UnknownHostException
import javax.net.ssl.SSLHandshakeException
import javax.net.ssl.SSLPeerUnverifiedException

/** A conversation with a server: requests to send, until the result is there. */
public class Exchange internal constructor(number: Long) : Handle(number) {
    /** The request to send; null when there is none. */
    public val request: Request?
        get() = synchronized(this) {
            if (!flag(Native::exchangeIsPending)) return null
            val headers = ArrayList<Pair<String, String>>()
            while (true) {
                val at = headers.size
                val name = text { Native.exchangeHeaderName(it, at) } ?: break
                headers.add(name to text { Native.exchangeHeader(it, at) }.orEmpty())
            }
            Request(
                text(Native::exchangeMethod).orEmpty(), text(Native::exchangeUrl).orEmpty(), headers,
                call(Native::exchangeBody), call(Native::exchangeWaitSeconds).toInt(),
            )
        }

    /** Takes the response to the request. */
    public fun receive(response: Response): Unit = receive(response, now())

    internal fun receive(response: Response, now: Long): Unit =
        response.hand { received -> change { Native.exchangeReceive(it, received, now) } }

    /**
     * Records that the request got no response. Without a connection ([ConnectException], [NoRouteToHostException],
     * [UnknownHostException]), or if a GET breaks off, it stays pending and is sent again after a pause; the third failure
     * in a row throws. A timeout and a failed TLS handshake throw at once. A device that polls goes on until its codes
     * expire.
     *
     * @throws ProofKeyException with this failure as its cause: mostly a [TransportException]
     */
    public fun transportFailed(failure: IOException): Unit = transportFailed(failure, now())

    internal fun transportFailed(failure: IOException, now: Long) {
        val reason = when (failure) {
            is ConnectException, is NoRouteToHostException, is UnknownHostException -> CONNECT_FAILED
            is SSLHandshakeException, is SSLPeerUnverifiedException -> TLS_FAILED
            is InterruptedIOException -> TIMEOUT
            else -> RESPONSE_INTERRUPTED
        }
        val number = call { Native.exchangeTransportFailed(it, reason, now) }
        if (number != 0) throw failure(number).apply { initCause(failure) }
    }

    /** Sends one request after another. `send` may suspend if the caller does. See [transportFailed] for an [IOException] of it. */
    public inline fun finish(send: (Request) -> Response): Exchange {
        while (true) {
            val request = request ?: return this
            val response = try {
                send(request)
            } catch (failure: IOException) {
                transportFailed(failure)
                continue
            }
            receive(response)
        }
    }

    /** The tokens that were granted. */
    public fun tokens(): Tokens = Tokens(make(Native::exchangeTokens))

    /** The provider that was discovered. */
    public fun provider(): Provider = Provider.of(make(Native::exchangeProvider))

    /** The codes of a device, after [AuthorizeDevice.begin]. */
    public fun deviceAuthorization(): DeviceAuthorization = DeviceAuthorization(make(Native::exchangeDeviceAuthorization))

    /** The claims about the user. */
    public fun claims(): Claims = Claims(make(Native::exchangeClaims))

    /** Says that the tokens of a refresh are stored: until then they are handed out again. */
    public fun saved(): Unit = change(Native::exchangeSaved)

    override fun failure(number: Int): ProofKeyException {
        val oauth = text(Native::exchangeErrorOauthError)?.let {
            ProofKeyException.OAuthError(it, text(Native::exchangeErrorOauthDescription), text(Native::exchangeErrorOauthUri))
        }
        return ErrorDetails(
            number, text(Native::exchangeErrorMessage), text(Native::exchangeErrorRecovery),
            text(Native::exchangeErrorEndpoint), known(Native::exchangeErrorHttpStatus), oauth,
            known(Native::exchangeErrorRetryAfter), flag(Native::exchangeErrorRequestSent),
        ).exception()
    }

    private fun known(read: (Long) -> Long): Int? = call(read).toInt().takeIf { it >= 0 }

    /** The numbers of transport failures in the error table. */
    private companion object {
        const val CONNECT_FAILED = 700
        const val TLS_FAILED = 701
        const val TIMEOUT = 702
        const val RESPONSE_INTERRUPTED = 703
    }
}

/** An HTTP request. It must be sent once, without following redirects and without cookies. It contains secrets. */
public class Request internal constructor(
    /** The method, `GET` or `POST`. */
    public val method: String,
    /** The URL. */
    public val url: String,
    /** The headers. */
    public val headers: List<Pair<String, String>>,
    /** The body, if there is one. */
    public val body: ByteArray?,
    /** How many seconds to wait before it is sent: 0, unless the server asked for a pause or the last attempt failed. The transport waits. */
    public val waitSeconds: Int,
) {
    override fun toString(): String = "Request($method)"
}

/** An HTTP response: its status, its headers and its body. It contains secrets. */
public class Response(
    private val status: Int,
    private val headers: List<Pair<String, String>>,
    private val body: ByteArray,
) {
    /** Lends a native copy, which is freed afterwards. */
    internal fun hand(take: (Long) -> Unit) {
        val native = made(Native.responseNew())
        try {
            succeed(Native.responseSetStatus(native, status))
            for ((name, value) in headers) succeed(Native.responseAddHeader(native, utf8(name), utf8(value)))
            succeed(Native.responseAddBody(native, body))
            take(native)
        } finally {
            Native.free(native)
        }
    }

    override fun toString(): String = "Response($status)"

    public companion object {
        /** The largest body that is read, in bytes. */
        public const val MAX_BODY: Int = 1024 * 1024
    }
}
