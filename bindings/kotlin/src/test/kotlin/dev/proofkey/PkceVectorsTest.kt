package dev.proofkey

import com.google.gson.JsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** `pkce.json`, `errors.json` and `redirect_uri.json`. */
class PkceVectorsTest {
    @Test
    fun appendices() {
        val (a, b) = load("pkce").let { it.getAsJsonObject("rfc7636_appendix_a") to it.getAsJsonObject("rfc7636_appendix_b") }
        known(a, setOf("octets", "base64url"))
        known(b, setOf("verifier_octets", "verifier", "sha256_octets", "challenge"))
        // Appendix A's five octets, followed by zeros up to 32: the zeros only add characters.
        assertTrue(Verifier.fromEntropy(octets(a, "octets").copyOf(32)).expose().startsWith(a.text("base64url")!!))
        val verifier = Verifier.fromEntropy(octets(b, "verifier_octets"))
        assertEquals(listOf(b.text("verifier"), b.text("challenge")), listOf(verifier.expose(), verifier.challenge))
        // The digest itself, encoded as if it were entropy.
        assertEquals(b.text("challenge"), Verifier.fromEntropy(octets(b, "sha256_octets")).expose())
        assertEquals("entropy_length", refusal { Verifier.fromEntropy(ByteArray(31)) }?.name)
        assertEquals(2, List(2) { Verifier.generate().expose() }.toSet().size)
        assertEquals("Verifier", verifier.toString())
    }

    private fun octets(of: JsonObject, name: String) = of.getAsJsonArray(name).map { it.asInt.toByte() }.toByteArray()

    @Test
    fun s256() = each("pkce", "s256", setOf("verifier", "challenge")) {
        val (verifier, challenge) = it.text("verifier")!! to it.text("challenge")!!
        assertEquals(challenge, Verifier(verifier).challenge)
        assertEquals("S256:$challenge", ServerPolicy().bind(challenge, "S256"))
        ServerPolicy.verify("S256:$challenge", verifier)
    }

    @Test
    fun `invalid verifiers`() = each("pkce", "invalid_verifiers", setOf("value", "value_hex", "expected", "error_name")) { case ->
        val bytes = case.text("value")?.toByteArray() ?: java.util.HexFormat.of().parseHex(case.text("value_hex"))
        val refused = refusal { written(Native.challengeS256(bytes)) }
        assertTrue(refused is VerifierException)
        assertEquals(case.text("error_name"), refused?.name)
        case.text("value")?.let { assertEquals(case.text("error_name"), refusal { Verifier(it) }?.name) }
    }

    @Test
    fun `invalid challenges`() {
        var repeated = 0
        each("pkce", "invalid_challenges", setOf("value", "method", "policy", "expected", "error_name")) { case ->
            if (case["value"]?.isJsonArray == true) {
                // Only the framework sees a repeated parameter, and the caller refuses it.
                assertEquals("parameter_duplicate", case.text("error_name"))
                repeated++
                return@each
            }
            val refused = refusal { policy(case.text("policy")).bind(case.text("value"), case.text("method")) }
            assertEquals(listOf(case.text("error_name"), "invalid_request"), listOf(refused?.name, refused?.responseError))
        }
        assertEquals(1, repeated)
    }

    private fun policy(name: String?, plain: Boolean = false): ServerPolicy {
        val relaxed = ServerPolicy().let { if (plain) it.allowPlain() else it }
        return when (name) {
            "strict" -> relaxed
            "plain" -> ServerPolicy().allowPlain()
            "optional" -> relaxed.optionalForConfidentialClient()
            else -> error("no policy is called $name")
        }
    }

    @Test
    fun `challenge methods`() {
        val challenge = load("pkce").getAsJsonObject("rfc7636_appendix_b").text("challenge")
        fun bound(policy: ServerPolicy, method: String?): String? = try {
            policy.bind(challenge, method).substringBefore(':')
        } catch (refused: RequestException) {
            refused.responseError
        }
        each("pkce", "challenge_methods", setOf("value", "rfc7636", "default_policy")) { case ->
            assertEquals(case.text("default_policy"), bound(ServerPolicy(), case.text("value")))
            assertEquals(case.text("rfc7636"), bound(ServerPolicy().allowPlain(), case.text("value")))
        }
    }

    @Test
    fun `verify cases`() = each(
        "pkce", "verify_cases",
        setOf("verifier", "challenge", "method", "policy", "ok", "error", "error_name", "ok_if_plain_allowed", "error_name_if_plain_allowed"),
    ) { case ->
        fun verify(policy: ServerPolicy) = refusal {
            ServerPolicy.verify(policy.bind(case.text("challenge"), case.text("method")), case.text("verifier"))
        }
        val refused = verify(policy(case.text("policy")))
        assertEquals(case.flag("ok"), refused == null)
        assertEquals(listOf(case.text("error_name"), case.text("error")), listOf(refused?.name, refused?.responseError))
        if (case.has("ok_if_plain_allowed")) {
            val relaxed = verify(policy(case.text("policy"), plain = true))
            assertEquals(case.flag("ok_if_plain_allowed"), relaxed == null)
            assertEquals(case.text("error_name_if_plain_allowed"), relaxed?.name)
        }
    }

    @Test
    fun `a binding that was lost is no binding`() {
        assertEquals("binding_malformed", refusal { ServerPolicy.verify(null, "a".repeat(43)) }?.name)
    }

    @Test
    fun `redirect URIs`() = each(
        "redirect_uri", "redirect_uri_match", setOf("registered", "requested", "native", "ok", "policy_option", "ok_with_option"),
    ) { case ->
        val (registered, requested) = case.text("registered")!! to case.text("requested")!!
        val port = if (case.flag("native")) LoopbackPort.ANY else LoopbackPort.EXACT
        assertEquals(case.flag("ok"), port.matches(registered, requested))
        if (case.has("ok_with_option")) {
            assertEquals(case.flag("ok_with_option"), LoopbackPort.ANY_INCLUDING_LOCALHOST.matches(registered, requested))
        }
    }

    @Test
    fun `every error has its class and its texts`() {
        val numbers = HashSet<Int>()
        each("errors", "errors", setOf("number", "layer", "class", "oauth", "fault", "recovery", "message", "symptom", "causes")) { row ->
            val own = row.text("name") in setOf("result_absent", "quirk_unknown")
            if (row.text("layer") == "c" && !own) return@each
            val made = refusal(row["number"].asInt)
            numbers += made.number
            assertEquals(
                listOf(row.text("name"), row.text("message"), row.text("recovery"), row.text("oauth").takeUnless { it == "from_server" }),
                listOf(made.name, made.message, made.recovery.name.lowercase(), made.responseError),
            )
            // The native library knows those of storage and of logout tokens too, and returns none.
            val general = row.text("class") == "Error" || row.text("layer") in setOf("storage", "logout")
            val kind = if (general) "ProofKeyException" else row.text("class")!!.replace("Error", "Exception")
            assertEquals(kind, made.javaClass.simpleName)
        }
        // The other way: no other number has a name.
        assertEquals(numbers, (-2000..20000).filter { it != -1 && Native.errorTexts(it).take(4).all { byte -> byte == 0.toByte() } }.toSet())
    }
}
