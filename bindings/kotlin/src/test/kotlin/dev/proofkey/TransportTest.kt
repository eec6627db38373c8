package dev.proofkey

import dev.proofkey.ProofKeyException.Recovery
import docs.OkHttp
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.io.ObjectInputStream
import java.io.ObjectOutputStream
import java.net.ConnectException
import java.net.InetAddress
import java.net.NoRouteToHostException
import java.net.ServerSocket
import java.net.SocketTimeoutException
import java.net.UnknownHostException
import java.time.Duration
import java.util.concurrent.CancellationException
import javax.net.ssl.SSLException
import javax.net.ssl.SSLHandshakeException
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

/** Servers that are slow, and what is left of an error elsewhere. */
class TransportTest {
    @Test
    fun `a body that does not come is not waited for`() {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { server ->
            val serving = thread {
                server.accept().use { connection ->
                    connection.getInputStream().bufferedReader().readLine()
                    connection.getOutputStream().write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".toByteArray())
                    while (connection.getInputStream().read() >= 0) continue
                }
            }
            val request = Request("GET", "http://127.0.0.1:${server.localPort}/", emptyList(), null, 0)
            assertThrows(SocketTimeoutException::class.java) { HttpClientHttp(Duration.ofMillis(300))(request) }
            serving.join()
        }
    }

    @Test
    fun `a body of single bytes is not read for ever`() {
        val endless = object : InputStream() {
            override fun read(): Int = 'a'.code
            override fun read(buffer: ByteArray): Int = 1
        }
        assertThrows(SocketTimeoutException::class.java) { read(endless, 0) }
        assertEquals(Response.MAX_BODY + 1, read(endless).size)
    }

    @Test
    fun `a pause that the server asks for is in the request`() {
        val provider = Provider("https://op.example/a", "https://op.example/t").apply {
            issuer = "https://op.example"
            jwksUri = "https://op.example/keys"
        }
        val client = Client(provider, "c", "https://client.example/cb")
        client.authorize("openid").state("s").begin().accept("https://client.example/cb?code=c&state=s").use { exchange ->
            assertEquals(0, exchange.request!!.waitSeconds)
            exchange.receive(Response(503, listOf("Retry-After" to "3"), ByteArray(0)))
            assertEquals(listOf("https://op.example/keys", 3), exchange.request!!.let { listOf(it.url, it.waitSeconds) })
        }
    }

    private fun failing(failures: List<IOException>): Pair<Int, TransportException> {
        var sent = 0
        val refused = assertThrows(TransportException::class.java) {
            exchange(client()).finish { throw failures[sent++] }
        }
        return sent to refused
    }

    @Test
    fun `a code that was not sent is sent again`() {
        for (unreachable in listOf(ConnectException(), UnknownHostException(), NoRouteToHostException())) {
            val (attempts, refused) = failing(List(4) { unreachable })
            assertEquals(listOf(3, "connect_failed", false, Recovery.RETRY_LATER), listOf(attempts, refused.name, refused.requestSent, refused.recovery))
            assertEquals(unreachable, refused.cause)
        }
        val (attempts, refused) = failing(listOf(ConnectException(), SocketTimeoutException()))
        assertEquals(listOf(2, "timeout", true), listOf(attempts, refused.name, refused.requestSent))
        assertEquals("tls_failed", failing(listOf(SSLHandshakeException(""))).second.name)
        assertEquals("response_interrupted", failing(listOf(SSLException("the connection was closed"))).second.name)
    }

    @Test
    fun `no connection, so that nothing is sent`() {
        val port = ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { it.localPort }
        val request = Request("POST", "http://127.0.0.1:$port/", emptyList(), "code=c".toByteArray(), 0)
        for (http in listOf(UrlConnectionHttp, HttpClientHttp(), OkHttp())) assertThrows(ConnectException::class.java) { http(request) }
    }

    @Test
    fun `what is no failure of the network is passed on`() {
        assertThrows(CancellationException::class.java) { exchange(client()).finish { throw CancellationException() } }
    }

    @Test
    fun `an error can be serialized`() {
        val oauth = ProofKeyException.OAuthError("access_denied", null, null)
        val bytes = ByteArrayOutputStream()
        ObjectOutputStream(bytes).writeObject(ErrorDetails(211, oauth = oauth).exception())
        val read = ObjectInputStream(ByteArrayInputStream(bytes.toByteArray())).readObject() as AuthorizationException
        assertEquals(listOf("authorization_error", "access_denied"), listOf(read.name, read.oauth?.error))
    }
}
