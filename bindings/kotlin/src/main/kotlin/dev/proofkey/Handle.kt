package dev.proofkey

import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue
import java.util.Collections
import java.util.concurrent.ConcurrentHashMap

/**
 * An object of the native library. Close it when it is no longer needed: its secrets are erased then.
 *
 * A forgotten one is closed some time after the garbage collector finds it. All handles may be used by several threads,
 * and closed in any order: none needs the one that it was made from.
 */
public abstract class Handle internal constructor(private val number: Long) : AutoCloseable {
    private val net = Net(this, number)

    /** Closes the handle. Closing it again does nothing; any other use is an [IllegalStateException]. */
    override fun close(): Unit = synchronized(this) { net.free() }

    /** The name of the class alone: a handle may hold secrets. */
    override fun toString(): String = javaClass.simpleName

    /** Calls the native library. The lock keeps the garbage collector from freeing the handle during the call. */
    internal fun <T> call(body: (Long) -> T): T = synchronized(this) {
        check(!net.isFree) { "${javaClass.simpleName} is closed" }
        body(number)
    }

    internal fun text(read: (Long) -> ByteArray?): String? = call(read)?.let { String(it, Charsets.UTF_8) }

    internal fun flag(read: (Long) -> Long): Boolean = call(read) == 1L

    /** Throws if the native library refused. */
    internal fun change(body: (Long) -> Int) {
        val number = call(body)
        if (number != 0) throw failure(number)
    }

    internal fun make(body: (Long) -> Long): Long = made(call(body)) { failure(it) }

    internal fun write(body: (Long) -> ByteArray): String = written(call(body)) { failure(it) }

    /** What is thrown for the number of an error. */
    internal open fun failure(number: Int): ProofKeyException = refusal(number)
}

/** Frees the number of a handle that nobody closed. It does not refer to the handle. */
private class Net(handle: Handle, private val number: Long) : PhantomReference<Handle>(handle, collected) {
    init {
        waiting.add(this)
        while (true) {
            // Each new handle frees those that were forgotten before it, so no thread is needed.
            val net = collected.poll() as Net? ?: break
            net.free()
        }
    }

    val isFree: Boolean get() = this !in waiting

    fun free() {
        if (waiting.remove(this)) Native.free(number)
    }

    private companion object {
        val collected = ReferenceQueue<Handle>()
        val waiting: MutableSet<Net> = Collections.newSetFromMap(ConcurrentHashMap())
    }
}

/** The bytes of a text. One with half of a surrogate pair has none, and becomes what the native library refuses. */
internal fun utf8(text: String): ByteArray = try {
    val bytes = Charsets.UTF_8.newEncoder().encode(java.nio.CharBuffer.wrap(text))
    ByteArray(bytes.remaining()).also { bytes.get(it) }
} catch (_: java.nio.charset.CharacterCodingException) {
    byteArrayOf(-1)
}

/** Throws if a function without a handle refused. */
internal fun succeed(number: Int) {
    if (number != 0) throw refusal(number)
}

internal fun made(result: Long, failure: (Int) -> ProofKeyException = ::refusal): Long {
    check(result != 0L) { "a handle is closed" }
    if (result < 0) throw failure((-result).toInt())
    return result
}

/** The text after the number of an error. */
internal fun written(result: ByteArray, failure: (Int) -> ProofKeyException = ::refusal): String {
    val number = java.nio.ByteBuffer.wrap(result).int
    if (number != 0) throw failure(number)
    return String(result, 4, result.size - 4, Charsets.UTF_8)
}

internal fun now(): Long = System.currentTimeMillis() / 1000
