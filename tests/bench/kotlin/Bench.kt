package dev.proofkey

import java.security.MessageDigest
import java.security.SecureRandom
import java.util.Base64

/** The same in Rust, in `tests/bench/login`, so often in one call that the way in does not count. */
internal object InRust {
    init {
        System.load(System.getProperty("rust"))
    }

    /** How many of the logins ended in the right tokens. */
    @JvmStatic external fun logins(times: Int): Int

    /** How many of the challenges were right. */
    @JvmStatic external fun challenges(times: Int): Int
}

private const val VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
private const val CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
private const val TOKENS = """{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,""" +
    """"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"files.read"}"""
private const val BEGUN_AT = 1_700_000_000L

private val client = Client(Provider("https://as.example/authorize", "https://as.example/token"), "my-app", "https://client.example/cb")
private val granted = Response(200, listOf("Content-Type" to "application/json"), TOKENS.toByteArray())
private val random = SecureRandom()

private fun login(): Boolean =
    client.authorize("files.read").use { it.state("af0ifjsldkj").begin(BEGUN_AT) }.use { login ->
        val callback = "https://client.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj"
        login.url!!.isNotEmpty() && login.accept(callback, BEGUN_AT).use { exchange ->
            exchange.request!!.body!!.isNotEmpty() && exchange.apply { receive(granted, BEGUN_AT) }.tokens().use {
                it.exposeAccessToken() == "2YotnFZFEjr1zCsicMWpAA" && it.exposeRefreshToken() != null &&
                    it.scope == "files.read" && it.expiresAt == BEGUN_AT + 3600
            }
        }
    }

private fun byHand(verifier: String): String {
    val digest = MessageDigest.getInstance("SHA-256").digest(verifier.toByteArray(Charsets.US_ASCII))
    return Base64.getUrlEncoder().withoutPadding().encodeToString(digest)
}

private fun pairByHand(): Boolean {
    val verifier = Base64.getUrlEncoder().withoutPadding().encodeToString(ByteArray(32).also(random::nextBytes))
    return byHand(verifier).length == 43
}

/** Does something so often; how often it was right. */
private class Candidate(val name: String, val run: (Int) -> Int)

private fun each(name: String, job: () -> Boolean) = Candidate(name) { times -> (1..times).count { job() } }

/** Nanoseconds for one. */
private fun measure(candidate: Candidate, times: Int): Double {
    val begun = System.nanoTime()
    val right = candidate.run(times)
    val took = System.nanoTime() - begun
    check(right == times) { "${candidate.name}: another value, so there is nothing to compare" }
    return took.toDouble() / times
}

private fun median(values: List<Double>) = values.sorted()[values.size / 2]

private fun row(what: String, own: Candidate, vararg others: Candidate) {
    val all = listOf(own, *others)
    // Until the JIT has compiled them.
    for (candidate in all) repeat(30) { measure(candidate, 1000) }
    val times = all.map { maxOf(1, (2e6 / measure(it, 1000)).toInt()) }
    // Machines are noisy: only ratios within a round count.
    val rounds = List(101) { all.mapIndexed { at, candidate -> measure(candidate, times[at]) } }
    for (at in 1..others.size) {
        val (mine, theirs) = median(rounds.map { it[0] }) to median(rounds.map { it[at] })
        val ratio = median(rounds.map { it[0] / it[at] })
        println("| Kotlin | %s | %.2f µs | %s | %.2f µs | %.2f | – | – |".format(java.util.Locale.ROOT, what, mine / 1e3, all[at].name, theirs / 1e3, ratio))
    }
}

fun main() {
    row(
        "S256", each("") { Verifier(VERIFIER).challenge == CHALLENGE },
        each("`MessageDigest` by hand") { byHand(VERIFIER) == CHALLENGE }, Candidate("the same in Rust", InRust::challenges),
    )
    row("a verifier and its challenge", each("") { Verifier.generate().challenge.length == 43 }, each("`SecureRandom`, `MessageDigest` by hand", ::pairByHand))
    row("a login without a network", each("", ::login), Candidate("the same login in Rust", InRust::logins))
}
