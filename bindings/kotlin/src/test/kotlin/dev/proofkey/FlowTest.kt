package dev.proofkey

import dev.proofkey.ProofKeyException.Recovery
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What calls do that belong to no vector, without a network. */
class FlowTest {
    private fun json(status: Int, body: String, vararg headers: Pair<String, String>) =
        Response(status, JSON + headers, body.toByteArray())

    @Test
    fun `an error says where it came from`() {
        val exchange = exchange(client())
        val body = """{"error":"invalid_grant","error_description":"too \nlate","error_uri":"https://as.example/e"}"""
        val refused = assertThrows(TokenException::class.java) { exchange.receive(json(400, body), NOW) }
        assertEquals(listOf("token_error", "token", 400, Recovery.RESTART_LOGIN), listOf(refused.name, refused.endpoint, refused.httpStatus, refused.recovery))
        assertEquals("the server refused the request (token endpoint, HTTP 400): invalid_grant (too \\nlate)", refused.message)
        assertEquals(listOf("invalid_grant", "too \nlate", "https://as.example/e"), refused.oauth!!.let { listOf(it.error, it.description, it.uri) })
        assertEquals(listOf(null, true, null), listOf(refused.retryAfter, refused.requestSent, refused.responseError))
        assertEquals("dev.proofkey.TokenException: token_error: ${refused.message}", refused.toString())
        // Asked again, it says so again.
        assertEquals(refused.message, assertThrows(TokenException::class.java) { exchange.tokens() }.message)
    }

    @Test
    fun `a response that cannot be used is the fault of its endpoint`() {
        val discovery = Provider.beginDiscovery("https://as.example")
        val metadata = assertThrows(MetadataException::class.java) { discovery.receive(json(500, ""), NOW) }
        assertEquals(listOf("response_status", "metadata", 500), listOf(metadata.name, metadata.endpoint, metadata.httpStatus))
        val provider = provider().apply { userinfoEndpoint = "https://as.example/userinfo" }
        val asking = Client(provider, "c", REDIRECT_URI).beginUserinfo(Tokens.fromParts("a", idToken = ID_TOKEN))
        assertThrows(UserinfoException::class.java) { asking.receive(json(503, "", "Retry-After" to "90"), NOW) }
            .let { assertEquals(listOf("userinfo", 503, 90), listOf(it.endpoint, it.httpStatus, it.retryAfter)) }
    }

    @Test
    fun `a refusal of the library is of its class`() {
        assertThrows(ConfigurationException::class.java) { Provider("http://as.example/a", "https://as.example/t") }
        assertThrows(CallbackException::class.java) { client().begin().accept("https://elsewhere.example/") }
        assertThrows(SealException::class.java) { client().resume("x", SealKeys(ByteArray(32)), "") }
        assertThrows(VerifierException::class.java) { Verifier("short") }
        assertThrows(RequestException::class.java) { ServerPolicy().bind(null, null) }
    }

    @Test
    fun `a server that does not say that it supports PKCE`() {
        assertEquals("pkce_not_advertised", assertThrows(ConfigurationException::class.java) { provider().requireAdvertisedPkce() }.name)
        for (known in listOf(Provider.github(), Provider.google(), Provider.dropbox(), Provider.microsoft("common"))) {
            assertEquals("S256", known.pkceSupport)
            known.requireAdvertisedPkce()
        }
        assertThrows(ConfigurationException::class.java) { Provider.microsoft("a/b") }
    }

    @Test
    fun `the end of a session`() {
        val provider = provider().apply { endSessionEndpoint = "https://as.example/bye" }
        val client = Client(provider, "c", REDIRECT_URI)
        val (returnTo, tokens) = "https://client.example/bye" to Tokens.fromParts("a")
        assertEquals(
            "https://as.example/bye?client_id=c&post_logout_redirect_uri=https%3A%2F%2Fclient.example%2Fbye&state=z",
            client.endSessionUrl(tokens, returnTo, "z"),
        )
        client.acceptEndSession("$returnTo?state=z", returnTo, "z")
        val mismatch = assertThrows(CallbackException::class.java) { client.acceptEndSession("$returnTo?state=y", returnTo, "z") }
        assertEquals("state_mismatch", mismatch.name)
    }

    @Test
    fun `tokens from storage`() {
        val resources = listOf("https://a.example", "https://b.example")
        val tokens = Tokens.fromParts("a", "r", scope = "x y", expiresAt = NOW + 60, resources = resources)
        assertEquals(listOf("a", "r", "x y", resources), listOf(tokens.exposeAccessToken(), tokens.exposeRefreshToken(), tokens.scope, tokens.resources))
        assertTrue(tokens.expiresWithin(60, NOW))
        assertFalse(tokens.expiresWithin(59, NOW))
        val plain = Tokens.fromParts("a")
        assertEquals(emptyList<String>(), plain.resources)
        assertNull(plain.expiresAt)
        assertFalse(plain.expiresWithin(Int.MAX_VALUE, NOW))
        val refresh = pairs(client().beginRefresh(tokens, NOW))
        assertEquals(resources.map { encoded("resource", it) }, refresh.filter { it.startsWith("resource=") })
    }

    @Test
    fun `a refresh token is sent once, and its tokens are handed out until they are stored`() {
        val client = client()
        val tokens = Tokens.fromParts("a", "r")
        client.beginRefresh(tokens, NOW).close()
        // Closed, it is no longer under way.
        val first = client.beginRefresh(tokens, NOW)
        assertEquals("refresh_under_way", refusal { client.beginRefresh(tokens, NOW) }?.name)
        assertEquals("result_absent", refusal { first.saved() }?.name)
        first.receive(json(200, """{"access_token":"b","token_type":"Bearer","refresh_token":"q"}"""), NOW)
        assertEquals("refresh_under_way", refusal { client.beginRefresh(tokens, NOW) }?.name)
        first.saved()
        val second = client.beginRefresh(tokens, NOW)
        assertNull(second.request)
        assertEquals("q", second.tokens().exposeRefreshToken())
    }

    @Test
    fun `a login that was resumed twice sends its code once`() {
        val client = client()
        val keys = SealKeys(ByteArray(32) { it.toByte() })
        val sealed = client.authorize().state("s").begin(NOW).seal(keys, "")
        val (first, second) = List(2) { client.resume(sealed, keys, "", NOW) }
        val callback = "$REDIRECT_URI?code=c&state=s"
        first.accept(callback, NOW)
        assertEquals("login_already_used", refusal { second.accept(callback, NOW) }?.name)
    }

    private companion object {
        /** `{"alg":"RS256"}` and `{"iss":"https://as.example","sub":"s","aud":"c"}`, unsigned. */
        const val ID_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUiLCJzdWIiOiJzIiwiYXVkIjoiYyJ9."
    }
}
