package dev.proofkey

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.util.Base64
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** `id_token.json`. */
class IdTokenVectorsTest {
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
                val tokens = Tokens.fromParts("a", "r", stored)
                assertFalse(tokens.signatureVerified)
                client.beginRefresh(tokens, now)
            } else {
                val authorize = client.authorize("openid").state("s").nonce(ctx.text("nonce")!!)
                ctx.spaced("required_acr")?.let(authorize::acrValues)
                ctx["max_age"]?.let { authorize.maxAge(it.asInt) }
                authorize.begin(now).accept("$REDIRECT_URI?code=${ctx.text("code") ?: "c"}&state=s", now)
            }
            var asked = 0
            val refused = refusal {
                while (true) {
                    val request = exchange.request ?: break
                    if (request.method == "GET") {
                        asked++
                        exchange.receive(Response(200, JSON, jwks), now)
                    } else {
                        exchange.receive(granted(ctx.text("access_token") ?: "a", case.text("jwt")!!), now)
                    }
                }
            }
            assertTrue(asked in 1..2)
            assertEquals(case.text("outcome"), outcome("ok", refused))
            if (refused == null) {
                val tokens = exchange.tokens()
                assertTrue(tokens.signatureVerified)
                assertEquals(case.text("jwt"), tokens.exposeIdToken())
                val claims = tokens.claims!!
                assertEquals(listOf(case.getAsJsonObject("claims").text("sub"), issuer), listOf(claims.subject, claims.issuer))
                assertEquals(claims.subject, JsonParser.parseString(claims.json).asJsonObject.text("sub"))
            } else {
                assertEquals(listOf("token", true), listOf(refused.endpoint, refused.requestSent))
            }
        }
    }

    @Test
    fun `hashes in ID tokens`() {
        var unsupported = 0
        each("id_token", "id_token_hashes", setOf("alg", "input", "hash", "claim")) { case ->
            val hash = case.text("hash")!!
            if (case.text("alg") == "ES512") { // a token with this algorithm is refused
                assertEquals("id_token_alg_unsupported", hashed(case, hash)?.name)
                unsupported++
            } else {
                assertEquals(null, hashed(case, hash))
                assertEquals("id_token_${case.text("claim")}", hashed(case, hash.reversed())?.name)
            }
        }
        assertEquals(1, unsupported)
    }

    /** How a login ends whose ID token has this hash; nobody checks its signature. */
    private fun hashed(case: JsonObject, hash: String): ProofKeyException? = refusal {
        val algorithm = case.text("alg")!!.removeSuffix("(Ed25519)")
        val (code, accessToken) = if (case.text("claim") == "c_hash") case.text("input")!! to "a" else "c" to case.text("input")!!
        val provider = Provider("https://op.example/authorize", "https://op.example/token")
        provider.issuer = "https://op.example"
        val client = Client(provider, "c", REDIRECT_URI)
        client.trustTokenEndpointTls()
        client.idTokenAlgorithms = algorithm
        val login = client.authorize("openid").state("s").nonce("n").begin(1000)
        val claims = """{"iss":"https://op.example","sub":"s","aud":"c","exp":1300,"iat":1000,"nonce":"n","${case.text("claim")}":"$hash"}"""
        val token = jwt("""{"alg":"$algorithm"}""") + "." + jwt(claims) + ".c2ln"
        login.accept("$REDIRECT_URI?code=$code&state=s", 1000).receive(granted(accessToken, token), 1000)
    }

    private fun granted(accessToken: String, idToken: String) =
        Response(200, JSON, """{"access_token":"$accessToken","token_type":"Bearer","id_token":"$idToken"}""".toByteArray())

    private fun jwt(part: String) = Base64.getUrlEncoder().withoutPadding().encodeToString(part.toByteArray())
}
