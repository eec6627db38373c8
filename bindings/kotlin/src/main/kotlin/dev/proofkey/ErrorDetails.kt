package dev.proofkey

import dev.proofkey.ProofKeyException.OAuthError
import dev.proofkey.ProofKeyException.Recovery

/** What is known about an error. Its number alone gives the name, the message and the recovery; the handle may know more. */
internal class ErrorDetails(
    val number: Int,
    message: String? = null,
    recovery: String? = null,
    val endpoint: String? = null,
    val httpStatus: Int? = null,
    val oauth: OAuthError? = null,
    val retryAfter: Int? = null,
    val requestSent: Boolean = false,
) {
    val name: String
    val message: String
    val recovery: Recovery
    val responseError: String?

    init {
        check(number != CLOSED) { "a handle is closed" }
        val (name, general, response, text) =
            written(Native.errorTexts(number)) { error("the native library has no error $it") }.split('\n', limit = 4)
        this.name = name
        this.message = message ?: text
        this.recovery = Recovery.valueOf((recovery ?: general).uppercase())
        responseError = response.ifEmpty { null }
    }

    /** The exception of the class that the table names. For a TokenException, the endpoint decides: metadata and userinfo have classes of their own. */
    fun exception(): ProofKeyException = when (val made = exceptionOf(this)) {
        is TokenException -> when (endpoint) {
            "metadata", "jwks" -> MetadataException(this)
            "userinfo" -> UserinfoException(this)
            else -> made
        }
        else -> made
    }

    private companion object {
        const val CLOSED = -1
    }
}

/** What is thrown for the number of an error of which nothing else is known. */
internal fun refusal(number: Int): ProofKeyException = ErrorDetails(number).exception()
