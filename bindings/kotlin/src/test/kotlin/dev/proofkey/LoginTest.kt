package dev.proofkey

import dev.proofkey.ProofKeyException.Recovery
import docs.OkHttp
import docs.sealKeys
import docs.signIn
import java.net.HttpURLConnection
import java.net.URI
import java.util.concurrent.CyclicBarrier
import javax.crypto.KeyGenerator
import kotlin.concurrent.thread
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance

/** Whole logins against the bundled server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoginTest {
    private val server = Server("auto")
    private val issuer = server.issuer
    private val provider = Provider.discover(issuer, UrlConnectionHttp)
    private val client = Client(provider, "my-app", REDIRECT_URI)

    @AfterAll
    fun stop() = server.close()

    @Test
    fun `login, refresh, userinfo, revocation`() {
        client.begin("openid profile").use { login ->
            val tokens = login.finish(browse(login), UrlConnectionHttp)
            assertTrue(tokens.signatureVerified)
            val claims = tokens.claims!!
            assertEquals(listOf("user-1", issuer, "Claims"), listOf(claims.subject, claims.issuer, claims.toString()))
            assertTrue("\"sub\":\"user-1\"" in claims.json)
            assertEquals("Tokens", tokens.toString())
            var stored: String? = null
            val refreshed = client.refresh(tokens, UrlConnectionHttp) { stored = it.exposeRefreshToken() }
            assertNotNull(stored)
            assertEquals("user-1", client.userinfo(refreshed, UrlConnectionHttp).subject)
            client.revoke(refreshed, UrlConnectionHttp)
            assertFalse(login.isPending)
            val again = assertThrows(ProofKeyException::class.java) { login.accept("$REDIRECT_URI?code=c&state=s") }
            assertEquals("login_already_used", again.name)
        }
    }

    @Test
    fun `a denied consent has the server's words`() {
        command("deny")
        client.begin("profile").use { login ->
            val denied = assertThrows(AuthorizationException::class.java) { login.finish(browse(login), UrlConnectionHttp) }
            assertEquals(listOf("authorization_error", 211, Recovery.ASK_USER), listOf(denied.name, denied.number, denied.recovery))
            assertEquals("access_denied", denied.oauth?.error)
            assertFalse(denied.requestSent)
        }
    }

    @Test
    fun `a forged callback leaves the login pending`() {
        client.begin("profile").use { login ->
            val callback = browse(login)
            val forged = assertThrows(ProofKeyException::class.java) { login.accept("$REDIRECT_URI?code=c&state=forged") }
            assertEquals("state_mismatch", forged.name)
            login.finish(callback, UrlConnectionHttp).close()
        }
    }

    @Test
    fun `a login survives the death of the process`() {
        val key = KeyGenerator.getInstance("AES").generateKey()
        lateinit var kept: ByteArray
        val begun = client.begin("openid")
        val sealed = sealKeys(key, null) { kept = it }.use { begun.seal(it, "app") }
        val callback = browse(begun)
        begun.close()
        Provider.discover(issuer, UrlConnectionHttp).use { provider ->
            Client(provider, "my-app", REDIRECT_URI).use { client ->
                sealKeys(key, kept) { error("it was kept") }.use { client.resume(sealed, it, "app") }.use { login ->
                    assertEquals(null, login.url)
                    login.finish(callback, UrlConnectionHttp).use { assertTrue(it.signatureVerified) }
                }
            }
        }
    }

    @Test
    fun `each transport signs in, and sends a code once though the connection is cut`() {
        for (http in listOf(UrlConnectionHttp, HttpClientHttp(), OkHttp())) {
            client.begin("openid").use { login -> login.finish(browse(login), http).use { assertTrue(it.signatureVerified) } }
            command("cut")
            client.begin("profile").use { login ->
                val before = command("seen").split(' ').count { it == "/token" }
                val cut = assertThrows(TransportException::class.java) { login.finish(browse(login), http) }
                assertEquals(listOf("response_interrupted", "token", true, Recovery.RESTART_LOGIN), listOf(cut.name, cut.endpoint, cut.requestSent, cut.recovery))
                assertTrue(cut.cause is java.io.IOException)
                assertEquals(before + 1, command("seen").split(' ').count { it == "/token" })
            }
        }
    }

    @Test
    fun `of 16 threads one gets the exchange`() {
        repeat(20) {
            client.begin("profile").use { login ->
                val callback = browse(login)
                val barrier = CyclicBarrier(16)
                val outcomes = java.util.Collections.synchronizedList(ArrayList<String>())
                List(16) {
                    thread {
                        barrier.await()
                        outcomes += try {
                            login.accept(callback).close()
                            "accepted"
                        } catch (refused: ProofKeyException) {
                            refused.name
                        }
                    }
                }.forEach(Thread::join)
                assertEquals(mapOf("accepted" to 1, "login_already_used" to 15), outcomes.groupingBy { it }.eachCount())
            }
        }
    }

    @Test
    fun `a login of a device`() = Server("page").use { server ->
        val client = Client(Provider.discover(server.issuer, UrlConnectionHttp), "my-tv")
        for ((decision, decided) in listOf("allow" to null, "deny" to "access_denied")) {
            client.authorizeDevice("openid profile").use { it.begin(UrlConnectionHttp) }.use { device ->
                assertTrue(device.verificationUri.startsWith(server.issuer))
                assertTrue(device.userCode in device.verificationUriComplete!!)
                var polls = 0
                val refused = refusal {
                    // The clock of the server moves instead of the test waiting.
                    val tokens = device.poll { request ->
                        server.command("advance ${request.waitSeconds}")
                        if (request.method == "POST" && ++polls == 2) server.command("$decision ${device.userCode}")
                        UrlConnectionHttp(Request(request.method, request.url, request.headers, request.body, 0))
                    }
                    assertEquals("user-1", tokens.claims!!.subject)
                }
                assertEquals(listOf(2, decided), listOf(polls, refused?.oauth?.error))
                assertEquals("login_already_used", refusal { device.beginPolling() }?.name)
            }
        }
    }

    @Test
    fun `the programs of the documentation`() {
        assertEquals("user-1", signIn(issuer) { browse(it) })
        signIn(client) { browse(it) }.use { assertTrue(it.signatureVerified) }
    }

    private fun command(line: String): String = server.command(line)

    /** A server that allows every request at once, or waits for a decision. */
    private class Server(consent: String) : AutoCloseable {
        private val process = ProcessBuilder(System.getProperty("python"), System.getProperty("server"), consent)
            .redirectError(ProcessBuilder.Redirect.INHERIT).start()
        private val commands = process.outputStream.bufferedWriter()
        private val answers = process.inputStream.bufferedReader()
        val issuer = answers.readLine()!!

        fun command(line: String): String {
            commands.write("$line\n")
            commands.flush()
            return answers.readLine()
        }

        override fun close() {
            commands.close()
            assertEquals(0, process.waitFor())
        }
    }

    /** Where the server sends the browser to. */
    private fun browse(login: Login): String = browse(login.url!!)

    private fun browse(url: String): String {
        val page = URI(url).toURL().openConnection() as HttpURLConnection
        page.instanceFollowRedirects = false
        return page.getHeaderField("Location")
    }

    private companion object {
        const val REDIRECT_URI = "http://127.0.0.1:8765/callback"
    }
}
