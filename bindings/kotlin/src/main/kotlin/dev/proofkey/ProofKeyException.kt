package dev.proofkey

import java.io.Serializable

/**
 * Why a call was refused, or what went wrong with a server. Unchecked, so that Java and Kotlin handle it where they like.
 *
 * The names, the numbers and the recoveries are the same in every language. No property but those of [oauth] holds what
 * a server sent, and none holds a secret; in the message a server's words are escaped.
 */
public open class ProofKeyException internal constructor(details: ErrorDetails) : RuntimeException(details.message) {
    /** The stable name, for example `state_mismatch`. */
    public val name: String = details.name

    /** The number of that name. It never changes. */
    public val number: Int = details.number

    /** What to do next. */
    public val recovery: Recovery = details.recovery

    /**
     * The endpoint that was asked: `metadata`, `jwks`, `token`, `device_authorization`,
     * `revocation` or `userinfo`; null if none was.
     */
    public val endpoint: String? = details.endpoint

    /** The HTTP status of the response; null without one. */
    public val httpStatus: Int? = details.httpStatus

    /** What the server itself said; null if it said nothing. */
    public val oauth: OAuthError? = details.oauth

    /** How many seconds the server asks to wait before the next attempt; null if it does not say. */
    public val retryAfter: Int? = details.retryAfter

    /** Whether a code or a token may have reached the server: it counts as used. */
    public val requestSent: Boolean = details.requestSent

    /**
     * The `error` that an authorization server responds with (RFC 6749 sections 4.1.2.1 and 5.2); null if none fits, or if
     * the error itself came from a server.
     */
    public val responseError: String? = details.responseError

    override fun toString(): String = "${javaClass.name}: $name: $message"

    /** The server's own words (RFC 6749 sections 4.1.2.1 and 5.2). Untrusted: escape them before showing them. */
    public class OAuthError internal constructor(
        /** The parameter `error`. */
        public val error: String,
        /** The parameter `error_description`. */
        public val description: String?,
        /** The parameter `error_uri`. Do not open it unasked. */
        public val uri: String?,
    ) : Serializable {
        override fun toString(): String = error

        private companion object {
            private const val serialVersionUID = 1L
        }
    }

    /** What to do about an error. */
    public enum class Recovery {
        /** The program calls this library wrongly. */
        FIX_CALL,

        /** The configuration of this program or of the server is wrong. */
        FIX_CONFIGURATION,

        /** The scope that was asked for cannot be had. */
        FIX_SCOPE,

        /** Begin a new login. */
        RESTART_LOGIN,

        /** Try again later. */
        RETRY_LATER,

        /** Trying again does not help. */
        DO_NOT_RETRY,

        /** The user decided: ask whether to try again. */
        ASK_USER,

        /** A bug in this library. */
        REPORT_BUG,
    }

    private companion object {
        private const val serialVersionUID = 1L
    }
}

/** A text that is no verifier, or entropy of the wrong length. */
public class VerifierException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** A request that an authorization server refuses: respond with [responseError]. */
public class RequestException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** A setting of the application or of the provider that cannot work or must not be used. */
public class ConfigurationException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** The redirect back from the authorization server is not the response to this login. */
public class CallbackException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** The authorization server, or the user, refused. */
public class AuthorizationException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** A sealed login that does not open here. */
public class SealException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** The token, device authorization or revocation endpoint refused, or its response cannot be used. */
public class TokenException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** An ID token that failed a check. */
public class IdTokenException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** The userinfo endpoint refused, or its response cannot be used or is about another user. */
public class UserinfoException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** The server's metadata or keys cannot be fetched or used. */
public class MetadataException internal constructor(details: ErrorDetails) : ProofKeyException(details)

/** The network failed between here and the server. */
public class TransportException internal constructor(details: ErrorDetails) : ProofKeyException(details)
