package dev.proofkey

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.ConnectException
import java.net.HttpURLConnection
import java.net.SocketTimeoutException
import java.net.URL

/** Sends requests with [HttpURLConnection]: on Android and on the JVM. Blocks; do not call it on the main thread. */
public object UrlConnectionHttp : (Request) -> Response {
    /** @throws IOException if there is no response: see [Exchange.transportFailed] */
    override fun invoke(request: Request): Response {
        pause(request)
        val connection = URL(request.url).openConnection() as HttpURLConnection
        try {
            connection.requestMethod = request.method
            connection.instanceFollowRedirects = false
            connection.useCaches = false
            connection.connectTimeout = TIMEOUT_MILLIS
            connection.readTimeout = TIMEOUT_MILLIS
            for ((name, value) in request.headers) connection.setRequestProperty(name, value)
            request.body?.let { body ->
                connection.doOutput = true
                // Also stops the connection from sending a POST again by itself.
                connection.setFixedLengthStreamingMode(body.size)
            }
            try {
                connection.connect()
            } catch (slow: SocketTimeoutException) {
                // What it throws after something was sent has the same class.
                throw ConnectException(slow.message).apply { initCause(slow) }
            }
            request.body?.let { body -> connection.outputStream.use { it.write(body) } }
            val status = connection.responseCode
            val headers = connection.headerFields.entries.filter { it.key != null }
                .flatMap { (name, values) -> values.map { name to it } }
            val stream: InputStream? = if (status >= 400) connection.errorStream else connection.inputStream
            return Response(status, headers, stream?.use { read(it, TIMEOUT_MILLIS) } ?: ByteArray(0))
        } finally {
            connection.disconnect()
        }
    }

    private const val TIMEOUT_MILLIS = 10_000
}

/** Waits as long as the request says. */
internal fun pause(request: Request) {
    if (request.waitSeconds > 0) Thread.sleep(request.waitSeconds * 1000L)
}

/**
 * One byte more than the limit at most: then the native library refuses the response. A server that sends single bytes is
 * not read for longer than `millis`.
 */
internal fun read(stream: InputStream, millis: Int = Int.MAX_VALUE): ByteArray {
    val end = System.nanoTime() + millis * 1_000_000L
    val body = ByteArrayOutputStream()
    val buffer = ByteArray(8192)
    while (body.size() <= Response.MAX_BODY) {
        val count = stream.read(buffer)
        if (count < 0) break
        if (System.nanoTime() - end > 0) throw SocketTimeoutException("the response was not there in time")
        body.write(buffer, 0, count)
    }
    return body.toByteArray()
}
