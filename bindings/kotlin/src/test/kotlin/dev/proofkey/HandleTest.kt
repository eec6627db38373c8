package dev.proofkey

import java.util.concurrent.CyclicBarrier
import kotlin.concurrent.thread
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** How long handles live. */
class HandleTest {
    private fun client(): Client = Provider.github().use { Client(it, "c", "https://client.example/cb") }

    @Test
    fun `a closed handle says so`() {
        val client = client()
        client.close()
        client.close()
        assertEquals("Client is closed", assertThrows(IllegalStateException::class.java) { client.begin() }.message)
    }

    @Test
    fun `forgotten handles are freed`() {
        val client = client()
        val before = Native.handles()
        val logins = System.getProperty("logins").toInt()
        repeat(logins) { client.begin() }
        // The net frees them when handles are made after a collection.
        for (attempt in 1..200) {
            System.gc()
            client.begin().close()
            if (Native.handles() <= before) break
            Thread.yield()
        }
        assertTrue(Native.handles() <= before) { "${Native.handles()} handles, $before before" }
        client.close()
    }

    @Test
    fun `closing races with calls`() {
        val client = client()
        repeat(3000) {
            val login = client.begin()
            val barrier = CyclicBarrier(2)
            val closing = thread {
                barrier.await()
                login.close()
            }
            barrier.await()
            try {
                assertTrue(login.url!!.startsWith("https://github.com/"))
            } catch (closed: IllegalStateException) {
                assertEquals("Login is closed", closed.message)
            }
            closing.join()
        }
        client.close()
    }

    @Test
    fun `a text without its surrogate is refused`() {
        val refused = assertThrows(ProofKeyException::class.java) { client().begin("\ud800") }
        assertEquals("text_invalid", refused.name)
    }
}
