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
    public fun exposeExtra(name: String): String? = try {
        write { Native.tokensExtra(it, utf8(name)) }
    } catch (absent: ProofKeyException) {
        if (absent.name == "result_absent") null else throw absent
    }

    /** The granted scope, separated by spaces; null if the server did not name it. */
    public val scope: String? get() = text(Native::tokensScope)

    /** When the access token expires, in seconds since the epoch; null if the server did not say. */
    public val expiresAt: Long? get() = call(Native::tokensExpiresAt).takeIf { it >= 0 }

    /** Whether the server granted another scope than was asked for. */
    public val scopeChanged: Boolean get() = flag(Native::tokensScopeChanged)

    /** Whether the response lacked `token_type`. */
    public val tokenTypeDefaulted: Boolean get() = flag(Native::tokensTokenTypeDefaulted)

    /** Whether the signature of the ID token was checked. */
    public val signatureVerified: Boolean get() = flag(Native::tokensSignatureVerified)

    /** What the ID token says about the user, as JSON; null without an ID token. */
    public val claims: String? get() = if (exposeIdToken() == null) null else claimsJson(make(Native::tokensClaims))

    public companion object {
        /** Tokens from storage. The scope is separated by spaces. */
        @JvmStatic
        @JvmOverloads
        public fun fromParts(
            accessToken: String,
            refreshToken: String? = null,
            idToken: String? = null,
            scope: String? = null,
            expiresAt: Long? = null,
        ): Tokens = Tokens(
            made(
                Native.tokensFromParts(
                    utf8(accessToken), refreshToken?.let(::utf8), idToken?.let(::utf8), scope?.let(::utf8), expiresAt ?: -1,
                ),
            ),
        )
    }
}

internal fun claimsJson(claims: Long): String = try {
    String(Native.claimsJson(claims) ?: ByteArray(0), Charsets.UTF_8)
} finally {
    Native.free(claims)
}
