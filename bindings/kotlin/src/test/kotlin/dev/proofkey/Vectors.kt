package dev.proofkey

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import java.net.URLEncoder
import org.junit.jupiter.api.Assertions.assertEquals

internal const val NOW = 1_700_000_000L
internal const val REDIRECT_URI = "https://client.example/cb"
internal val JSON = listOf("content-type" to "application/json")

/** Fields for people who read the files. */
private val ABOUT = setOf("name", "note", "req", "source", "basis", "why")

internal fun load(file: String): JsonObject =
    JsonParser.parseString(File(System.getProperty("vectors"), "$file.json").readText()).asJsonObject

internal fun known(case: JsonObject, fields: Set<String>) = assertEquals(emptySet<String>(), case.keySet() - fields)

/** Runs all the cases of an array, and checks that none was left out and none has a field that is not known. */
internal fun each(file: String, array: String, fields: Set<String>, run: (JsonObject) -> Unit) {
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
    println("vectors: $file $array $ran")
}

internal fun JsonObject.text(name: String): String? = this[name]?.takeUnless { it.isJsonNull }?.asString

internal fun JsonObject.flag(name: String): Boolean = this[name]?.asBoolean ?: false

internal fun JsonObject.spaced(name: String): String? =
    this[name]?.takeUnless { it.isJsonNull }?.let { if (it.isJsonArray) it.asJsonArray.joinToString(" ") { one -> one.asString } else it.asString }

internal fun refusal(call: () -> Unit): ProofKeyException? = try {
    call()
    null
} catch (refused: ProofKeyException) {
    refused
}

internal fun outcome(good: String, refused: ProofKeyException?): String = when {
    refused == null -> good
    refused.oauth != null -> "error:${refused.oauth!!.error}"
    else -> "reject:${refused.name}"
}

/** As application/x-www-form-urlencoded writes it. */
internal fun encoded(name: String, value: String): String = listOf(name, value).joinToString("=") { URLEncoder.encode(it, "UTF-8") }

/** What the body of the request says, as it is written. */
internal fun pairs(exchange: Exchange): List<String> = String(exchange.request!!.body!!).split('&')

internal fun provider() = Provider("https://as.example/authorize", "https://as.example/token")

internal fun client() = Client(provider(), "c", REDIRECT_URI)

/** The exchange of the code of a login. */
internal fun exchange(client: Client, scope: String? = null): Exchange =
    client.authorize(scope).state("s").begin(NOW).accept("$REDIRECT_URI?code=c&state=s", NOW)
