package dev.proofkey

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import java.net.URLDecoder
import java.net.URLEncoder
import java.util.Base64
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The vectors of the flow, each case with its outcome and its values. */
class VectorsTest {
    @Test
    fun s256() = each("pkce", "s256", setOf("verifier", "challenge")) {
        assertEquals(it.text("challenge"), Pkce.challenge(it.text("verifier")!!))
    }

    @Test
    fun `invalid verifiers`() = each("pkce", "invalid_verifiers", setOf("value", "value_hex", "expected", "error_name")) { case ->
        val bytes = case.text("value")?.toByteArray() ?: java.util.HexFormat.of().parseHex(case.text("value_hex"))
        assertEquals(case.text("error_name"), refusal { written(Native.challenge(bytes)) }?.name)
    }

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
            val expected = case.getAsJsonObject("expect_query").entrySet().associate { it.key to it.value.asString }
            assertEquals(expected, form(url!!.removePrefix("$endpoint?")))
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
        exchange?.let { assertEquals(case.text("code"), form(String(it.request!!.body!!))["code"]) }
        if (refused == null) assertTrue(!login.isPending)
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
        assertEquals(expect.text("access_token"), tokens.exposeAccessToken())
        assertEquals(expect.text("refresh_token"), tokens.exposeRefreshToken())
        assertEquals(expect.spaced("scope"), tokens.scope)
        assertEquals(expect["expires_in"].takeUnless { it.isJsonNull }?.let { NOW + it.asLong }, tokens.expiresAt)
        assertEquals(case.text("flag") == "scope_changed", tokens.scopeChanged)
        if (case.text("flag") == "token_type_defaulted") assertTrue(tokens.tokenTypeDefaulted)
    }

    @Test
    fun `client secrets`() = each("token", "client_secret_basic", setOf("client_id", "client_secret", "authorization", "error_name")) { case ->
        val client = Client(provider(), case.text("client_id")!!, REDIRECT_URI)
        val refused = refusal { client.setSecretBasic(case.text("client_secret")!!) }
        assertEquals(case.text("error_name"), refused?.name)
        if (refused == null) {
            val request = exchange(client, null).request!!
            val sent = request.headers.toMap()["Authorization"]!!
            val decoded = String(Base64.getDecoder().decode(sent.removePrefix("Basic "))).split(':').map { URLDecoder.decode(it, "UTF-8") }
            assertEquals(listOf(case.text("client_id"), case.text("client_secret")), decoded)
            assertTrue("client_" !in String(request.body!!))
        }
    }

    @Test
    fun `discovery URLs`() = each("metadata", "discovery_urls", setOf("issuer", "rfc8414", "oidc", "oidc_inserted", "reject")) { case ->
        var exchange: Exchange? = null
        val refused = refusal { exchange = Provider.beginDiscovery(case.text("issuer")!!) }
        assertEquals(case.has("rfc8414"), refused == null)
        exchange?.let {
            assertEquals(case.text("rfc8414"), it.request!!.url)
            it.receive(Response(404, emptyList(), ByteArray(0)), NOW)
            assertEquals(case.text("oidc"), it.request!!.url)
            assertEquals("response_status", refusal { it.receive(Response(500, emptyList(), ByteArray(0)), NOW) }?.name)
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

    @Test
    fun sealed() = each("seal", "sealed", setOf("secrets", "context", "client", "nonce_hex", "login", "sealed")) { case ->
        val (client, keys) = opener(case)
        val context = case.text("context")!!
        val login = client.resume(case.text("sealed")!!, keys, context, NOW)
        val expected = case.getAsJsonObject("login")
        assertEquals(null, login.url)
        assertEquals(expected["expires_at"].asLong, login.expiresAt)
        assertEquals(expected.text("data") ?: "", login.data)
        val again = login.seal(keys, context)
        assertTrue(again != login.seal(keys, context))
        val resealed = client.resume(again, keys, context, NOW)
        val of = case.getAsJsonObject("client")
        val uri = of.text("redirect_uri")
        val query = "code=the-code&state=" + URLEncoder.encode(expected.text("state"), "UTF-8") +
            if (of.flag("iss_parameter_supported")) "&iss=" + of.text("issuer") else ""
        val exchange = when {
            uri == null -> resealed.acceptPastedCode("the-code", NOW)
            expected.flag("form_post") -> resealed.acceptFormPost(uri, "application/x-www-form-urlencoded", query, NOW)
            else -> resealed.accept(uri + (if ('?' in uri) "&" else "?") + query, NOW)
        }
        assertEquals(expected.text("verifier"), form(String(exchange.request!!.body!!))["code_verifier"])
    }

    @Test
    fun `refused seals`() = each("seal", "refused", setOf("secrets", "context", "client", "sealed", "error_name")) { case ->
        val (client, keys) = opener(case)
        assertEquals(case.text("error_name"), refusal { client.resume(case.text("sealed")!!, keys, case.text("context")!!, NOW) }?.name)
    }

    @Test
    fun `clocks of seals`() {
        val everything = load("seal").getAsJsonArray("sealed").first { it.asJsonObject.text("name") == "everything" }.asJsonObject
        each("seal", "clock", setOf("now", "error_name", "sealed")) { case ->
            val (client, keys) = opener(everything)
            val refused = refusal { client.resume(case.text("sealed")!!, keys, everything.text("context")!!, case["now"].asLong) }
            assertEquals(case.text("error_name"), refused?.name)
        }
    }

    @Test
    fun `keys of seals`() = each("seal", "keys", setOf("secret", "key_id", "key_hex")) { case ->
        val keys = SealKeys(case.text("secret")!!.toByteArray())
        assertTrue(client().begin().seal(keys, "").startsWith("proofkey1.${case.text("key_id")}."))
        assertEquals(case.text("secret")!!.toByteArray().size < 32, keys.isWeak)
    }

    @Test
    fun `ID tokens`() {
        val jwks = load("id_token")["id_token_jwks"].toString().toByteArray()
        each("id_token", "id_token_cases", setOf("header", "claims", "signature", "ctx", "outcome", "jwt")) { case ->
            val ctx = case.getAsJsonObject("ctx")
            known(ctx, setOf("issuer", "client_id", "nonce", "now", "leeway", "alg", "trusted_audiences", "access_token", "code", "max_age", "required_acr", "original"))
            val issuer = ctx.text("issuer")!!
            val now = ctx["now"].asLong
            val provider = Provider("$issuer/authorize", "$issuer/token")
            provider.issuer = issuer
            provider.jwksUri = "$issuer/keys"
            val client = Client(provider, ctx.text("client_id")!!, REDIRECT_URI)
            client.setIdTokenLeeway(ctx["leeway"].asInt)
            client.idTokenAlgorithms = ctx.text("alg")!!
            ctx.getAsJsonArray("trusted_audiences")?.forEach { client.addTrustedAudience(it.asString) }
            val exchange = if (ctx.text("nonce") == null) {
                val usual = """{"iss":"$issuer","sub":"248289761001","aud":"${ctx.text("client_id")}"}"""
                val stored = jwt("""{"alg":"RS256"}""") + "." + jwt(ctx["original"]?.toString() ?: usual) + "."
                client.beginRefresh(Tokens.fromParts("a", "r", stored), now)
            } else {
                val authorize = client.authorize("openid").state("s").nonce(ctx.text("nonce")!!)
                ctx.spaced("required_acr")?.let(authorize::acrValues)
                ctx["max_age"]?.let { authorize.maxAge(it.asInt) }
                authorize.begin(now).accept("$REDIRECT_URI?code=${ctx.text("code") ?: "c"}&state=s", now)
            }
            val json = listOf("content-type" to "application/json")
            val refused = refusal {
                while (true) {
                    val request = exchange.request ?: break
                    val granted = """{"access_token":"${ctx.text("access_token") ?: "a"}","token_type":"Bearer","id_token":"${case.text("jwt")}"}"""
                    exchange.receive(Response(200, json, if (request.method == "GET") jwks else granted.toByteArray()), now)
                }
            }
            assertEquals(case.text("outcome"), outcome("ok", refused))
            if (refused == null) {
                val tokens = exchange.tokens()
                assertTrue(tokens.signatureVerified)
                assertEquals(case.text("jwt"), tokens.exposeIdToken())
                assertEquals(case.getAsJsonObject("claims").text("sub"), JsonParser.parseString(tokens.claims).asJsonObject.text("sub"))
            } else {
                assertTrue(refused.requestSent)
            }
        }
    }

    @Test
    fun `every error has its texts`() {
        val known = load("errors").getAsJsonArray("errors").map { it.asJsonObject }
            .filter { it.text("layer") in setOf("core", "flow") || it.text("name") in setOf("result_absent", "quirk_unknown") }
        assertTrue(known.size > 90)
        for (error in known) {
            val made = ProofKeyException.of(error["number"].asInt)
            assertEquals(listOf("name", "message", "recovery").map { error.text(it) }, listOf(made.name, made.message, made.recovery))
        }
    }

    private fun opener(case: JsonObject): Pair<Client, SealKeys> {
        val of = case.getAsJsonObject("client")
        known(of, setOf("issuer", "authorization_endpoint", "token_endpoint", "iss_parameter_supported", "client_id", "redirect_uri"))
        val provider = Provider(of.text("authorization_endpoint")!!, of.text("token_endpoint")!!)
        of.text("issuer")?.let { provider.issuer = it }
        if (of.flag("iss_parameter_supported")) provider.requireIssParameter()
        val client = Client(provider, of.text("client_id")!!)
        client.trustTokenEndpointTls()
        of.text("redirect_uri")?.let(client::setRedirectUri)
        val secrets = case.getAsJsonArray("secrets").map { it.asString.toByteArray() }
        return client to SealKeys(secrets[0]).also { keys -> secrets.drop(1).forEach(keys::addOlder) }
    }

    private fun provider() = Provider("https://as.example/authorize", "https://as.example/token")

    private fun client() = Client(provider(), "c", REDIRECT_URI)

    private fun exchange(client: Client, scope: String?): Exchange =
        client.authorize(scope).state("s").begin(NOW).accept("$REDIRECT_URI?code=c&state=s", NOW)

    private fun jwt(part: String) = Base64.getUrlEncoder().withoutPadding().encodeToString(part.toByteArray())

    private fun refusal(call: () -> Unit): ProofKeyException? = try {
        call()
        null
    } catch (refused: ProofKeyException) {
        refused
    }

    private fun outcome(good: String, refused: ProofKeyException?): String = when {
        refused == null -> good
        refused.oauth != null -> "error:${refused.oauth!!.error}"
        else -> "reject:${refused.name}"
    }

    private fun form(query: String): Map<String, String> =
        query.split('&').associate { pair -> pair.split('=').map { URLDecoder.decode(it, "UTF-8") }.let { it[0] to it[1] } }

    private fun load(file: String): JsonObject =
        JsonParser.parseString(File(System.getProperty("vectors"), "$file.json").readText()).asJsonObject

    private fun known(case: JsonObject, fields: Set<String>) = assertEquals(emptySet<String>(), case.keySet() - fields)

    /** Runs all the cases of an array, and checks that none was left out and none has a field that is not known. */
    private fun each(file: String, array: String, fields: Set<String>, run: (JsonObject) -> Unit) {
        val document = load(file)
        var ran = 0
        for (case in document.getAsJsonArray(array).map(JsonElement::getAsJsonObject)) {
            known(case, fields + ABOUT)
            try {
                run(case)
            } catch (failed: Throwable) {
                throw AssertionError("$array: ${case.text("name") ?: case}: ${failed.message}", failed)
            }
            ran++
        }
        assertEquals(document.getAsJsonObject("counts")[array].asInt, ran)
    }

    private fun JsonObject.text(name: String): String? = this[name]?.takeUnless { it.isJsonNull }?.asString

    private fun JsonObject.flag(name: String): Boolean = this[name]?.asBoolean ?: false

    private fun JsonObject.spaced(name: String): String? =
        this[name]?.takeUnless { it.isJsonNull }?.let { if (it.isJsonArray) it.asJsonArray.joinToString(" ") { one -> one.asString } else it.asString }

    private companion object {
        const val NOW = 1_700_000_000L
        const val REDIRECT_URI = "https://client.example/cb"

        /** Fields for people who read the files. */
        val ABOUT = setOf("name", "note", "req", "source", "basis", "why")
    }
}
