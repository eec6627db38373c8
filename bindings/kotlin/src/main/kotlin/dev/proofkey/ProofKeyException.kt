package dev.proofkey

import java.io.Serializable

/**
 * Why a call was refused. Unchecked, so that Java and Kotlin handle it where they like. The message and the properties
 * contain no secret.
 *
 * @property name the stable name, for example `state_mismatch`: the same in every language
 * @property number the number of that name
 * @property recovery what to do next: `fix_call`, `fix_configuration`, `fix_scope`, `restart_login`, `retry_later`,
 *   `do_not_retry`, `ask_user` or `report_bug`
 * @property oauth what the server said, if it said something
 * @property retryAfter how many seconds the server asks to wait, if it does
 * @property requestSent whether a code or a token may have reached the server
 */
public class ProofKeyException internal constructor(
    public val name: String,
    public val number: Int,
    message: String,
    public val recovery: String,
    public val oauth: OAuthError? = null,
    public val retryAfter: Int? = null,
    public val requestSent: Boolean = false,
) : RuntimeException(message) {
    /** The server's own words (RFC 6749 sections 4.1.2.1 and 5.2). Untrusted: escape them before showing them. */
    public class OAuthError internal constructor(
        /** The parameter `error`. */
        public val error: String,
        /** The parameter `error_description`. */
        public val description: String?,
        /** The parameter `error_uri`. */
        public val uri: String?,
    ) : Serializable {
        override fun toString(): String = error

        private companion object {
            private const val serialVersionUID = 1L
        }
    }

    override fun toString(): String = "ProofKeyException: $name: $message"

    internal companion object {
        private const val serialVersionUID = 1L

        /** What is known from the number alone. */
        fun of(number: Int): ProofKeyException = of(number, null, null, null)

        fun of(
            number: Int,
            message: String?,
            recovery: String?,
            oauth: OAuthError?,
            retryAfter: Int? = null,
            requestSent: Boolean = false,
        ): ProofKeyException {
            check(number != CLOSED) { "a handle is closed" }
            val (name, general, text) = written(Native.errorTexts(number)) { error("the native library has no error $it") }
                .split('\n', limit = 3)
            return ProofKeyException(name, number, message ?: text, recovery ?: general, oauth, retryAfter, requestSent)
        }

        private const val CLOSED = -1
    }
}
