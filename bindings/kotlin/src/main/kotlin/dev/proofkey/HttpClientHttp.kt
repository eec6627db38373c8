package dev.proofkey

import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.time.Duration

/** Sends requests with `java.net.http`: on the JVM from 11 on. Android does not have it: see [UrlConnectionHttp]. */
public class HttpClientHttp : (Request) -> Response {
    private val client = HttpClient.newBuilder().connectTimeout(TIMEOUT).followRedirects(HttpClient.Redirect.NEVER).build()

    /** @throws IOException if there is no response. A code or a token may have been sent. */
    override fun invoke(request: Request): Response {
        val body = request.body?.let(BodyPublishers::ofByteArray) ?: BodyPublishers.noBody()
        val built = HttpRequest.newBuilder(URI(request.url)).timeout(TIMEOUT).method(request.method, body)
        for ((name, value) in request.headers) built.header(name, value)
        val response = client.send(built.build(), BodyHandlers.ofInputStream())
        val headers = response.headers().map().flatMap { (name, values) -> values.map { name to it } }
        return Response(response.statusCode(), headers, response.body().use(::read))
    }

    private companion object {
        val TIMEOUT: Duration = Duration.ofSeconds(10)
    }
}
