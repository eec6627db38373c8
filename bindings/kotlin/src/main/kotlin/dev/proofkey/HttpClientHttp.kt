package dev.proofkey

import java.io.IOException
import java.net.ConnectException
import java.net.SocketTimeoutException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpConnectTimeoutException
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.net.http.HttpTimeoutException
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException

/** Sends requests with `java.net.http`: on the JVM from 11 on. Android does not have it: see [UrlConnectionHttp]. */
public class HttpClientHttp internal constructor(private val timeout: Duration) : (Request) -> Response {
    private val client = HttpClient.newBuilder().connectTimeout(timeout).followRedirects(HttpClient.Redirect.NEVER).build()

    /** With ten seconds for the head of a response, and as many for its body. */
    public constructor() : this(Duration.ofSeconds(10))

    /** @throws IOException if there is no response: see [Exchange.transportFailed] */
    override fun invoke(request: Request): Response {
        pause(request)
        val body = request.body?.let(BodyPublishers::ofByteArray) ?: BodyPublishers.noBody()
        val built = HttpRequest.newBuilder(URI(request.url)).timeout(timeout).method(request.method, body)
        for ((name, value) in request.headers) built.header(name, value)
        val response = try {
            client.send(built.build(), BodyHandlers.ofInputStream())
        } catch (slow: HttpTimeoutException) {
            // Exchange knows only the exceptions that Android has too.
            val same = if (slow is HttpConnectTimeoutException) ConnectException(slow.message) else SocketTimeoutException(slow.message)
            throw same.apply { initCause(slow) }
        }
        val headers = response.headers().map().flatMap { (name, values) -> values.map { name to it } }
        return Response(response.statusCode(), headers, response.body().use(::readInTime))
    }

    /** The time limit of a request ends with the head of its response, so the body needs one of its own. */
    private fun readInTime(stream: java.io.InputStream): ByteArray {
        val body = CompletableFuture.supplyAsync { read(stream) }
        try {
            return body.get(timeout.toMillis(), TimeUnit.MILLISECONDS)
        } catch (_: TimeoutException) {
            throw SocketTimeoutException("the response was not there in time")
        } catch (failed: ExecutionException) {
            throw IOException(failed.cause)
        }
    }
}
