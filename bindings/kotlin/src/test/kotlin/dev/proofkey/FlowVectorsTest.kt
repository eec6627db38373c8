package dev.proofkey

import java.net.URLDecoder
import java.net.URLEncoder
import java.util.Base64
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The vectors of the flow, each case with its outcome and its values. */
class FlowVectorsTest {
    @Test
    fun `authorization URLs`() = each("authorization_url", "authorization_url", setOf("endpoint", "params", "error_name", "expect_query")) { case ->
        val params = case.getAsJsonObject("params")
        known(params, setOf("client_id", "redirect_uri", "verifier", "state", "scope", "extra"))
        var url: String? = null
        val refused = refusal {
            val provider = Provider(case.text("endpoint")!!, "https://as.example/token")
            val client = Client(provider, params.text("client_id")!!, params.text("redirect_uri")!!)
            val authorize = client.authorize(params.spaced("scope")).verifier(params.text("verifier")!!)
            params.text("state")?.let(authorize::state)
            params.getAsJsonObject("extra")?.entrySet()?.forEach { (name, value) -> authorize.extra(name, value.asString) }
            url = authorize.begin(NOW).url
        }
        assertEquals(case.text("error_name"), refused?.name)
        if (refused == null) {
            val endpoint = case.text("endpoint")!!
            assertTrue(url!!.startsWith("$endpoint?"))
            val expected = case.getAsJsonObject("expect_query").entrySet().map { encoded(it.key, it.value.asString) }
            assertEquals(expected.sorted(), url!!.removePrefix("$endpoint?").split('&').sorted())
        }
    }

    @Test
    fun `form encoding`() = each("authorization_url", "form_encoding", setOf("decoded", "encoded", "alt_encoded")) { case ->
        val received = listOf(case.text("encoded")!!) + (case.getAsJsonArray("alt_encoded")?.map { it.asString } ?: emptyList())
        for (encoded in received) {
            val login = client().authorize().state("s").extra("x", case.text("decoded")!!).begin(NOW)
            assertTrue(login.url!!.endsWith("&x=" + case.text("encoded")))
            val refused = refusal { login.accept("$REDIRECT_URI?state=s&error=e&error_description=$encoded", NOW) }
            assertEquals("authorization_error", refused?.name)
            assertEquals(case.text("decoded"), refused?.oauth?.description)
        }
    }

    @Test
    fun callbacks() = each(
        "callback", "callback_cases",
        setOf("url", "expected_state", "outcome", "code", "redirect_uri", "expected_iss", "iss_advertised", "method", "content_type", "body"),
    ) { case ->
        val provider = provider()
        case.text("expected_iss")?.let { provider.issuer = it }
        if (case.flag("iss_advertised")) provider.requireIssParameter()
        val authorize = Client(provider, "c", case.text("redirect_uri") ?: REDIRECT_URI).authorize().state(case.text("expected_state")!!)
        if (case.has("method")) authorize.formPost()
        val login = authorize.begin(NOW)
        var exchange: Exchange? = null
        val refused = refusal {
            exchange = if (case.text("method") == "POST") {
                login.acceptFormPost(case.text("url")!!, case.text("content_type")!!, case.text("body")!!, NOW)
            } else {
                login.accept(case.text("url")!!, NOW)
            }
        }
        assertEquals(case.text("outcome"), outcome("code", refused))
        exchange?.let { assertTrue(encoded("code", case.text("code")!!) in pairs(it)) }
        // It is pending, or over with an error, or an exchange.
        val over = login.text(Native::loginErrorMessage) != null
        assertEquals(1, listOf(login.isPending, over, exchange != null).count { it })
    }

    @Test
    fun `token responses`() = each(
        "token", "token_responses",
        setOf("status", "content_type", "headers", "body", "request", "quirk", "outcome", "expect", "flag"),
    ) { case ->
        val provider = provider()
        provider.issuer = "https://as.example"
        case.text("quirk")?.let(provider::addQuirk)
        val client = Client(provider, "c", REDIRECT_URI)
        client.trustTokenEndpointTls()
        val asked = case.getAsJsonObject("request")
        val exchange = if (asked?.text("grant") == "refresh_token") {
            client.beginRefresh(Tokens.fromParts("old", "kept"), NOW)
        } else {
            exchange(client, asked?.spaced("scope"))
        }
        val headers = listOfNotNull(case.text("content_type")?.let { "content-type" to it }) +
            (case.getAsJsonObject("headers")?.entrySet()?.map { it.key to it.value.asString } ?: emptyList())
        val response = Response(case["status"].asInt, headers, case.text("body")!!.toByteArray())
        val refused = refusal { exchange.receive(response, NOW) }
        assertEquals(case.text("outcome"), outcome("ok", refused))
        assertEquals(null, exchange.request)
        if (refused != null) {
            assertEquals(refused.number, refusal { exchange.tokens() }?.number)
            return@each
        }
        val tokens = exchange.tokens()
        val expect = case.getAsJsonObject("expect")
        known(expect, setOf("access_token", "token_type", "expires_in", "refresh_token", "scope"))
        assertEquals("bearer", expect.text("token_type"))
        assertEquals(expect.text("access_token"), tokens.exposeAccessToken())
        assertEquals(expect.text("refresh_token"), tokens.exposeRefreshToken())
        assertEquals(expect.spaced("scope"), tokens.scope)
        assertEquals(expect["expires_in"].takeUnless { it.isJsonNull }?.let { NOW + it.asLong }, tokens.expiresAt)
        assertEquals(case.text("flag") == "scope_changed", tokens.scopeChanged)
        assertEquals(case.text("flag") == "token_type_defaulted", tokens.tokenTypeDefaulted)
                assertTrue(case.text("flag") in setOf(null, "scope_changed", "token_type_defaulted"))
    }

    @Test
    fun `client secrets`() = each("token", "client_secret_basic", setOf("client_id", "client_secret", "authorization", "error_name")) { case ->
        val client = Client(provider(), case.text("client_id")!!, REDIRECT_URI)
        val refused = refusal { client.setSecretBasic(case.text("client_secret")!!) }
        assertEquals(case.text("error_name"), refused?.name)
        if (refused == null) {
            val request = exchange(client, null).request!!
            val both = listOf(case.text("client_id")!!, case.text("client_secret")!!)
            val meant = String(Base64.getDecoder().decode(case.text("authorization")!!.removePrefix("Basic ")))
            assertEquals(both, meant.split(':').map { URLDecoder.decode(it, "UTF-8") })
            // What means the same, with %20 for a space, as more servers read it.
            val sent = both.joinToString(":") { URLEncoder.encode(it, "UTF-8").replace("+", "%20").replace("*", "%2A").replace("%7E", "~") }
            assertEquals("Basic " + Base64.getEncoder().encodeToString(sent.toByteArray()), request.headers.toMap()["Authorization"])
            assertTrue("client_" !in String(request.body!!))
        }
    }

    @Test
    fun `discovery URLs`() = each("metadata", "discovery_urls", setOf("issuer", "rfc8414", "oidc", "oidc_inserted", "reject")) { case ->
        var exchange: Exchange? = null
        val refused = refusal { exchange = Provider.beginDiscovery(case.text("issuer")!!) }
        assertEquals(case.has("rfc8414"), refused == null)
        if (refused != null) assertTrue(refused.name.startsWith("endpoint_"))
        exchange?.let {
            val request = it.request!!
            assertEquals(listOf("GET", case.text("rfc8414"), null), listOf(request.method, request.url, request.body))
            it.receive(Response(404, emptyList(), ByteArray(0)), NOW)
            assertEquals(case.text("oidc"), it.request!!.url)
            assertEquals("response_status", refusal { it.receive(Response(500, emptyList(), ByteArray(0)), NOW) }?.name)
            assertEquals(null, it.request)
        }
    }

    @Test
    fun metadata() = each("metadata", "metadata_cases", setOf("expected_issuer", "document", "outcome", "pkce", "token_endpoint_auth_method")) { case ->
        var provider: Provider? = null
        val refused = refusal { provider = Provider.fromMetadata(case.text("expected_issuer")!!, case["document"].toString().toByteArray()) }
        assertEquals(case.text("outcome"), outcome("ok", refused))
        provider?.let {
            assertEquals(case.text("expected_issuer"), it.issuer)
            if (case.has("pkce")) assertEquals(case.text("pkce"), it.pkceSupport)
            assertEquals(case.text("token_endpoint_auth_method") ?: "client_secret_basic", it.tokenEndpointAuthMethod)
        }
    }

    @Test
    fun discovery() = each("discovery", "discovery_cases", setOf("issuer", "first", "second", "provider", "error_name")) { case ->
        val places = ArrayDeque(listOf(case["first"], case["second"]).filter { it.isJsonObject }.map { it.asJsonObject })
        var found: Provider? = null
        val refused = refusal {
            found = Provider.discover(case.text("issuer")!!) {
                val place = places.removeFirst()
                known(place, setOf("status", "content_type", "location", "document", "text", "pad_to"))
                val body = (place["document"]?.toString() ?: place.text("text")!!).toByteArray()
                val padded = body.copyOf(maxOf(body.size, place["pad_to"]?.asInt ?: 0)).also { it.fill(' '.code.toByte(), body.size) }
                val headers = listOfNotNull(place.text("content_type")?.let { "content-type" to it }, place.text("location")?.let { "location" to it })
                Response(place["status"].asInt, headers, padded)
            }
        }
        assertEquals(case.text("error_name"), refused?.name)
        assertTrue(places.isEmpty())
        found?.let {
            val facts = case.getAsJsonObject("provider")
            assertEquals(facts.text("token_endpoint"), it.tokenEndpoint)
            assertEquals(facts.text("end_session_endpoint"), it.endSessionEndpoint)
            assertEquals(facts.text("userinfo_endpoint"), it.userinfoEndpoint)
            assertEquals(facts.flag("iss_parameter_supported"), it.issParameterSupported)
            // Without a list in the metadata, a client accepts RS256.
            assertEquals(facts.spaced("id_token_algorithms")?.ifEmpty { null } ?: "RS256", Client(it, "c").idTokenAlgorithms)
        }
    }
}
