package dev.proofkey

import com.google.gson.JsonObject
import java.net.URLEncoder
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** `seal.json`. */
class SealVectorsTest {
    @Test
    fun sealed() = each("seal", "sealed", setOf("secrets", "context", "client", "nonce_hex", "login", "sealed")) { case ->
        val (client, keys) = opener(case)
        val context = case.text("context")!!
        val login = client.resume(case.text("sealed")!!, keys, context, NOW)
        val expected = case.getAsJsonObject("login")
        known(expected, setOf("state", "verifier", "scope", "began_at", "expires_at", "data", "form_post", "nonce", "max_age", "acr_values", "resource"))
        assertEquals(null, login.url)
        assertEquals(expected["expires_at"].asLong, login.expiresAt)
        assertEquals(expected.text("data") ?: "", login.data)
        val again = login.seal(keys, context)
        assertTrue(again != login.seal(keys, context))
        val resealed = client.resume(again, keys, context, NOW)
        assertEquals(expected["expires_at"].asLong, resealed.expiresAt)
        val of = case.getAsJsonObject("client")
        val uri = of.text("redirect_uri")
        val query = "code=the-code&state=" + URLEncoder.encode(expected.text("state"), "UTF-8") +
            if (of.flag("iss_parameter_supported")) "&iss=" + of.text("issuer") else ""
        val exchange = when {
            uri == null -> resealed.acceptPastedCode("the-code", NOW)
            expected.flag("form_post") -> resealed.acceptFormPost(uri, "application/x-www-form-urlencoded", query, NOW)
            else -> resealed.accept(uri + (if ('?' in uri) "&" else "?") + query, NOW)
        }
        val resources = expected.text("resource")?.split(' ').orEmpty().map { encoded("resource", it) }
        val pairs = pairs(exchange)
        assertTrue(encoded("code_verifier", expected.text("verifier")!!) in pairs)
        assertEquals(resources, pairs.filter { it.startsWith("resource=") })
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
}
