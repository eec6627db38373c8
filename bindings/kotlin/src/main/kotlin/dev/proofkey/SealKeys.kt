package dev.proofkey

/** The keys that seal logins. */
public class SealKeys(secret: ByteArray) : Handle(made(Native.sealKeysNew(secret))) {
    /** Adds an older secret, which still opens what it sealed. */
    public fun addOlder(secret: ByteArray): Unit = change { Native.sealKeysAddOlder(it, secret) }

    /** Whether the secret looks guessable. */
    public val isWeak: Boolean get() = flag(Native::sealKeysIsWeak)
}
