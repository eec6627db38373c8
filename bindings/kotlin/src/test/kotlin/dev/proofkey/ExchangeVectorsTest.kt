package dev.proofkey

import com.google.gson.JsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** `device.json` and `transport_failure.json`. */
class ExchangeVectorsTest {
    private fun client(): Client {
        val provider = provider()
        provider.deviceAuthorizationEndpoint = "https://as.example/device"
        provider.userinfoEndpoint = "https://as.example/userinfo"
        return Client(provider, "s6BhdRkqt3", REDIRECT_URI)
    }

    /** The exchange for the codes. */
    private fun authorizeDevice(): Exchange {
        val exchange = client().authorizeDevice("a b").verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").begin()
        assertEquals("https://as.example/device", exchange.request!!.url)
        val challenge = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        assertEquals(listOf("scope=a+b", challenge, "code_challenge_method=S256", "client_id=s6BhdRkqt3"), pairs(exchange))
        return exchange
    }

    /** As the vectors write it: codes expire by the server's `expired_token` or by the clock. */
    private fun deviceOutcome(refused: ProofKeyException?): String = when {
        refused?.name != "device_code_expired" -> outcome("ok", refused)
        refused.oauth?.error == "expired_token" -> "expired:expired_token"
        else -> "reject:device_code_expired"
    }

    private fun response(of: JsonObject): Response {
        val headers = of.getAsJsonObject("headers")?.entrySet()?.map { it.key to it.value.asString }.orEmpty()
        val type = listOfNotNull(of.text("content_type")?.let { "content-type" to it })
        return Response(of["status"].asInt, type + headers, of.text("body")!!.toByteArray())
    }

    @Test
    fun `codes of devices`() = each(
        "device", "device_authorization_responses", setOf("status", "content_type", "body", "outcome", "expect"),
    ) { case ->
        val exchange = authorizeDevice()
        val refused = refusal { exchange.receive(response(case), NOW) }
        assertEquals(case.text("outcome"), deviceOutcome(refused))
        if (refused != null) {
            assertEquals(refused.name, refusal { exchange.deviceAuthorization() }?.name)
            assertEquals(listOf("device_authorization", case["status"].asInt, true), listOf(refused.endpoint, refused.httpStatus, refused.requestSent))
            return@each
        }
        val (device, expect) = exchange.deviceAuthorization() to case.getAsJsonObject("expect")
        known(expect, setOf("user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"))
        assertEquals(
            listOf("user_code", "verification_uri", "verification_uri_complete").map(expect::text),
            listOf(device.userCode, device.verificationUri, device.verificationUriComplete),
        )
        assertEquals(listOf(NOW + expect["expires_in"].asLong, expect["interval"].asInt), listOf(device.expiresAt, device.interval))
    }

    @Test
    fun polling() = each("device", "polling", setOf("interval", "expires_in", "first", "steps")) { case ->
        val codes = authorizeDevice()
        val body = """{"device_code":"d","user_code":"u","verification_uri":"https://as.example/go",""" +
            """"expires_in":${case["expires_in"]},"interval":${case["interval"]}}"""
        codes.receive(Response(200, JSON, body.toByteArray()), NOW)
        val exchange = codes.deviceAuthorization().beginPolling(NOW)
        assertEquals(case["first"].asInt, exchange.request!!.waitSeconds)
        var now = NOW
        for (step in case.getAsJsonArray("steps").map { it.asJsonObject }) {
            known(step, setOf("lost", "status", "content_type", "body", "headers", "delay", "wait", "outcome"))
            val request = exchange.request!!
            assertEquals("https://as.example/token", request.url)
            assertEquals(
                listOf(
                    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code", "device_code=d",
                    "code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "client_id=s6BhdRkqt3",
                ),
                pairs(exchange),
            )
            now += request.waitSeconds + (step["delay"]?.asLong ?: 0)
            val refused = refusal {
                if (step.flag("lost")) exchange.transportFailed(java.net.ConnectException(), now) else exchange.receive(response(step), now)
            }
            assertEquals(step.text("outcome") ?: "ok", deviceOutcome(refused))
            assertEquals(step["wait"]?.asInt, exchange.request?.waitSeconds)
            if (refused == null && !step.has("wait")) assertEquals("2YotnFZFEjr1zCsicMWpAA", exchange.tokens().exposeAccessToken())
        }
        assertEquals(null, exchange.request)
    }

    @Test
    fun `requests without a response`() {
        val numbers = load("errors").getAsJsonArray("errors").map { it.asJsonObject }.associate { it.text("name") to it["number"].asInt }
        each("transport_failure", "transport_failures", setOf("request", "steps")) { case ->
            val exchange = when (case.text("request")) {
                "metadata" -> Provider.beginDiscovery("https://as.example")
                "refresh" -> client().beginRefresh(Tokens.fromParts("a", "r"), NOW)
                "userinfo" -> client().beginUserinfo(Tokens.fromParts("a", "r"))
                "code" -> exchange(client())
                else -> error("no such request")
            }
            for (step in case.getAsJsonArray("steps").map { it.asJsonObject }) {
                known(step, setOf("failure", "outcome", "error", "request_sent"))
                val reason = numbers.getValue(step.text("failure"))
                val refused = refusal { exchange.change { Native.exchangeTransportFailed(it, reason, NOW) } }
                val again = step.text("outcome") == "again"
                assertEquals(again, refused == null)
                assertEquals(step.text("outcome") != "over", exchange.request != null)
                assertEquals(if (again) 1 else 0, exchange.request?.waitSeconds ?: 0)
                if (refused != null) {
                    assertTrue(refused is TransportException)
                    assertEquals(listOf(step.text("error"), step.flag("request_sent")), listOf(refused.name, refused.requestSent))
                    assertNotNull(refused.endpoint)
                }
            }
        }
    }
}
