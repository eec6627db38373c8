package dev.proofkey

/** The keys that seal logins. */
public class SealKeys(secret: ByteArray) : Handle(made(Native.sealKeysNew(secret))) {
    /** Adds an older secret, which still opens what it sealed. */
    public fun addOlder(secret: ByteArray): Unit = change { Native.sealKeysAddOlder(it, secret) }

    /** Whether the secret looks guessable. */
    public val isWeak: Boolean get() = flag(Native::sealKeysIsWeak)
}

/** PKCE alone (RFC 7636), for applications that bring the rest of the flow. */
public object Pkce {
    /** The `code_challenge` of a verifier by S256 (section 4.2). */
    @JvmStatic
    public fun challenge(verifier: String): String = written(Native.challenge(utf8(verifier)))
}
