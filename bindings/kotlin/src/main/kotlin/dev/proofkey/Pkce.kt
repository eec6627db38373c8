package dev.proofkey

/** A code verifier (RFC 7636 section 4.1), for programs with a flow of their own. [Client] makes its verifiers itself, and the library erases those; this one is a [String], which the JVM cannot erase. */
public class Verifier private constructor(
    private val text: String,
    /** The S256 challenge (RFC 7636 section 4.2). Not a secret. */
    public val challenge: String,
) {
    /**
     * A verifier as text. Nothing is trimmed, folded or decoded.
     *
     * @throws VerifierException `verifier_length` or `verifier_character`
     */
    public constructor(text: String) : this(text, written(Native.challengeS256(utf8(text))))

    /** The text, which goes into the body of the token request and nowhere else. */
    public fun expose(): String = text

    /** Not the text. */
    override fun toString(): String = "Verifier"

    public companion object {
        /**
         * A fresh verifier: 32 bytes of the operating system's randomness (RFC 7636 section 7.1).
         *
         * @throws ProofKeyException `entropy_unavailable`
         */
        @JvmStatic
        public fun generate(): Verifier = of(written(Native.verifierGenerate()))

        /**
         * A verifier from 32 to 96 bytes of a cryptographic generator, used once.
         *
         * @throws VerifierException `entropy_length`
         */
        @JvmStatic
        public fun fromEntropy(entropy: ByteArray): Verifier = of(written(Native.verifierFromEntropy(entropy)))

        private fun of(pair: String) = Verifier(pair.substring(CHALLENGE), pair.substring(0, CHALLENGE))

        /** The length of an S256 challenge. */
        private const val CHALLENGE = 43
    }
}

/**
 * What an authorization server does about PKCE. The default is strict: a challenge is required, and its method is S256
 * (RFC 9700 section 2.1.1).
 */
public class ServerPolicy private constructor(private val plainAllowed: Boolean, private val optional: Boolean) {
    /** The strict policy. */
    public constructor() : this(plainAllowed = false, optional = false)

    /** Relaxation: also accept the method `plain`. Anybody who sees the authorization request can then redeem the code. */
    public fun allowPlain(): ServerPolicy = ServerPolicy(plainAllowed = true, optional = optional)

    /** Relaxation: accept a request without a challenge. Only for confidential clients with another defence. */
    public fun optionalForConfidentialClient(): ServerPolicy = ServerPolicy(plainAllowed = plainAllowed, optional = true)

    /**
     * Turns `code_challenge` and `code_challenge_method` of an authorization request into the binding to store with the code
     * (RFC 7636 section 4.4). It contains no secret.
     *
     * @throws RequestException `challenge_missing`, `challenge_malformed`, `method_unsupported` or
     *   `method_without_challenge`: respond with [ProofKeyException.responseError]
     */
    public fun bind(challenge: String?, method: String?): String =
        written(Native.policyBind(challenge?.let(::utf8), method?.let(::utf8), if (plainAllowed) 1 else 0, if (optional) 1 else 0))

    override fun toString(): String = "ServerPolicy(plainAllowed=$plainAllowed, optional=$optional)"

    public companion object {
        /**
         * Verifies the `code_verifier` of a token request against the binding stored with the code (RFC 7636 section 4.6),
         * in constant time. Issue tokens only if this does not throw.
         *
         * @throws ProofKeyException `verifier_missing`, `verifier_length`, `verifier_character`, `verifier_mismatch`,
         *   `verifier_unexpected` or `binding_malformed`: respond with [ProofKeyException.responseError]
         */
        @JvmStatic
        public fun verify(binding: String?, verifier: String?): Unit =
            succeed(Native.bindingVerify(binding?.let(::utf8), verifier?.let(::utf8)))
    }
}

/** How a server compares the port of loopback redirect URIs. */
public enum class LoopbackPort {
    /** The port must be the same. For web applications. */
    EXACT,

    /** Any port for `127.0.0.1` and `[::1]`. For native applications (RFC 8252 section 7.3). */
    ANY,

    /** Relaxation: any port for `localhost` too. */
    ANY_INCLUDING_LOCALHOST,
    ;

    /** Whether the redirect URI of a request is one that the client registered (RFC 9700 section 2.1). */
    public fun matches(registered: String, requested: String): Boolean =
        Native.redirectUriMatch(utf8(registered), utf8(requested), ordinal) == 1
}
