package dev.proofkey

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What is left of logins that are over. */
class LeakTest {
    private val client = client()
    private val keys = SealKeys(ByteArray(32) { it.toByte() })
    private val refused = Response(400, JSON, """{"error":"invalid_grant","error_description":"no"}""".toByteArray())
    private var now = NOW

    /** A login, sealed and resumed, its refresh, and a login that the server refuses. A second later than the last one. */
    private fun login() {
        now++
        val callback = "$REDIRECT_URI?code=c&state=s"
        val granted = Response(200, JSON, """{"access_token":"a","token_type":"Bearer","refresh_token":"r$now"}""".toByteArray())
        client.authorize("x").use { it.state("s").begin(now) }.use { begun ->
            client.resume(begun.seal(keys, ""), keys, "", now).use { login ->
                login.accept(callback, now).use { exchange ->
                    exchange.request
                    exchange.receive(granted, now)
                    exchange.tokens().use { tokens -> client.beginRefresh(tokens, now).use { it.receive(granted, now) } }
                }
            }
        }
        client.authorize().use { it.state("s").begin(now) }.use { login ->
            login.accept(callback, now).use { exchange -> assertEquals("token_error", refusal { exchange.receive(refused, now) }?.name) }
        }
    }

    @Test
    fun `logins that are over leave nothing behind`() {
        val logins = System.getProperty("logins").toInt()
        // For the JIT, and for what a client remembers of the last minutes.
        repeat(WARM_UP) { login() }
        val (handles, resident) = Native.handles() to resident()
        repeat(logins) { login() }
        // Those that other tests forgot may be gone meanwhile.
        assertTrue(Native.handles() <= handles) { "${Native.handles()} handles, $handles before" }
        val grown = resident() - resident
        println("$logins logins: $grown bytes more")
        assertTrue(grown < ALLOWED) { "$logins logins left $grown bytes" }
    }

    /** The memory of the process, whose heap is there from the start: see pom.xml. */
    private fun resident(): Long {
        System.gc()
        return File("/proc/self/statm").readText().split(' ')[1].toLong() * 4096
    }

    private companion object {
        const val WARM_UP = 5_000

        /** What the JVM itself takes for its compiled code, however many logins there are. */
        const val ALLOWED = 16L * 1024 * 1024
    }
}
