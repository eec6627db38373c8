package dev.proofkey

/** What the token endpoint granted. Its secrets leave it only by `expose…`. */
public class Tokens internal constructor(number: Long) : Handle(number) {
    /** The access token. */
    public fun exposeAccessToken(): String = text(Native::tokensAccessToken).orEmpty()

    /** The refresh token, if there is one. */
    public fun exposeRefreshToken(): String? = text(Native::tokensRefreshToken)

    /** The ID token, if there is one. */
    public fun exposeIdToken(): String? = text(Native::tokensIdToken)

    /** A further member of the response, as JSON; null if there is none. Untrusted. */
    public fun exposeExtra(name: String): String? = present { write { Native.tokensExtra(it, utf8(name)) } }

    /** The granted scope, separated by spaces; null if the server did not name it. */
    public val scope: String? get() = text(Native::tokensScope)

    /** The resource servers that the tokens are for (RFC 8707). */
    public val resources: List<String> get() = text(Native::tokensResource)?.split(' ').orEmpty()

    /** When the access token expires, in seconds since the epoch; null if the server did not say. */
    public val expiresAt: Long? get() = call(Native::tokensExpiresAt).takeIf { it >= 0 }

    /** Whether it is time to refresh. Always false if the expiry is not known. */
    public fun expiresWithin(seconds: Int): Boolean = expiresWithin(seconds, now())

    internal fun expiresWithin(seconds: Int, now: Long): Boolean {
        require(seconds >= 0) { "seconds must not be negative" }
        return flag { Native.tokensExpiresWithin(it, seconds, now) }
    }

    /** Whether the server granted another scope than was asked for. */
    public val scopeChanged: Boolean get() = flag(Native::tokensScopeChanged)

    /** Whether the response lacked `token_type`. */
    public val tokenTypeDefaulted: Boolean get() = flag(Native::tokensTokenTypeDefaulted)

    /** Whether the signature of the ID token was checked. */
    public val signatureVerified: Boolean get() = flag(Native::tokensSignatureVerified)

    /** What the checked ID token says about the user; null without an ID token. */
    public val claims: Claims? get() = present { Claims(make(Native::tokensClaims)) }

    public companion object {
        /**
         * Tokens from storage. The ID token was checked when it came, and is not checked again.
         *
         * @param scope separated by spaces
         * @param expiresAt in seconds since the epoch
         * @param resources see [Tokens.resources]
         * @throws IdTokenException for an ID token that cannot be read
         */
        @JvmStatic
        @JvmOverloads
        public fun fromParts(
            accessToken: String,
            refreshToken: String? = null,
            idToken: String? = null,
            scope: String? = null,
            expiresAt: Long? = null,
            resources: List<String> = emptyList(),
        ): Tokens {
            val number = Native.tokensFromParts(
                utf8(accessToken), refreshToken?.let(::utf8), idToken?.let(::utf8), scope?.let(::utf8), expiresAt ?: -1,
            )
            val tokens = Tokens(made(number))
            for (resource in resources) tokens.change { Native.tokensAddResource(it, utf8(resource)) }
            return tokens
        }
    }
}

/** What a server says about a user. */
public class Claims internal constructor(number: Long) {
    /** All claims, as one JSON object. */
    public val json: String

    /** The user (`sub`). */
    public val subject: String?

    /** Who says so (`iss`); a userinfo response may lack it. */
    public val issuer: String?

    init {
        try {
            json = String(Native.claimsJson(number)!!, Charsets.UTF_8)
            subject = present { written(Native.claimsText(number, utf8("sub"))) }
            issuer = present { written(Native.claimsText(number, utf8("iss"))) }
        } finally {
            Native.free(number)
        }
    }

    /** The name of the class alone: claims are about a person. */
    override fun toString(): String = "Claims"
}

private fun <T> present(read: () -> T): T? = try {
    read()
} catch (absent: ProofKeyException) {
    if (absent.name == "result_absent") null else throw absent
}
