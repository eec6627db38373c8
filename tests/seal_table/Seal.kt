// Begins and seals a login, or finishes one that was sealed: see test_seal_table.py.
import dev.proofkey.Client
import dev.proofkey.ProofKeyException
import dev.proofkey.Provider
import dev.proofkey.SealKeys
import dev.proofkey.UrlConnectionHttp
import kotlin.system.exitProcess

fun main(arguments: Array<String>) {
    try {
        Provider.discover(setting("ISSUER"), UrlConnectionHttp).use { provider ->
            Client(provider, setting("CLIENT_ID"), setting("REDIRECT_URI")).use { client ->
                SealKeys(setting("SECRET").toByteArray()).use { keys ->
                    if (arguments.single() == "begin") begin(client, keys) else finish(client, keys)
                }
            }
        }
    } catch (refused: ProofKeyException) {
        System.err.println("${refused.name}: ${refused.message}")
        exitProcess(1)
    }
}

private fun begin(client: Client, keys: SealKeys) =
    client.authorize(setting("SCOPE")).data("/photos").use { it.begin() }.use { login ->
        println(login.url)
        println(login.seal(keys, "example"))
    }

private fun finish(client: Client, keys: SealKeys) = client.resume(readln(), keys, "example").use { login ->
    login.finish(readln(), UrlConnectionHttp).use { tokens ->
        println(tokens.claims?.subject ?: tokens.scope)
        println(login.data)
    }
}

private fun setting(name: String): String = System.getenv(name)
