// A complete login in a terminal: discovery, a browser, tokens with an ID token, userinfo, refresh and revocation.
//
//     java … example.LoginKt ISSUER CLIENT_ID REDIRECT_URI SCOPE [NAME=VALUE...]
//
// Open the URL that it prints, and give it the URL that the browser ends at, on its standard input. Others, such as a
// forgery, leave the login pending. Further arguments are parameters of the authorization request.
//
// With the first argument `begin` it prints the URL and the sealed login, and ends; with `finish` it reads the sealed
// login and the callback: what an app does that the system ends while the browser is open. SEAL_SECRET is its secret.
package example

import dev.proofkey.CallbackException
import dev.proofkey.Client
import dev.proofkey.Exchange
import dev.proofkey.Login
import dev.proofkey.ProofKeyException
import dev.proofkey.Provider
import dev.proofkey.SealKeys
import dev.proofkey.Tokens
import dev.proofkey.UrlConnectionHttp
import kotlin.system.exitProcess

fun main(arguments: Array<String>) {
    val commands = setOf("begin", "finish")
    val rest = arguments.dropWhile { it in commands }
    if (rest.size < 4) {
        System.err.println("usage: LoginKt [begin|finish] ISSUER CLIENT_ID REDIRECT_URI SCOPE [NAME=VALUE...]")
        exitProcess(2)
    }
    try {
        Provider.discover(rest[0], UrlConnectionHttp).use { provider ->
            Client(provider, rest[1], rest[2]).use { client ->
                when (arguments[0]) {
                    "begin" -> begin(client, rest).use { println("${it.url}\n${it.seal(keys(), CONTEXT)}") }
                    "finish" -> client.resume(readln(), keys(), CONTEXT).use { finish(client, it) }
                    else -> begin(client, rest).use {
                        println("Open ${it.url}")
                        finish(client, it)
                    }
                }
            }
        }
    } catch (refused: ProofKeyException) {
        val sent = if (refused.requestSent) ", something was sent" else ""
        System.err.println("${refused.name}: ${refused.message}. Next: ${refused.recovery.name.lowercase()}$sent")
        exitProcess(1)
    }
}

private fun begin(client: Client, arguments: List<String>): Login = client.authorize(arguments[3]).use { authorize ->
    for (argument in arguments.drop(4)) authorize.extra(argument.substringBefore('='), argument.substringAfter('=', ""))
    authorize.begin()
}

private fun finish(client: Client, login: Login) {
    val exchange = accepted(login) ?: return
    val tokens = exchange.use { it.finish(UrlConnectionHttp).tokens() }
    tokens.use { use(client, it) }
}

/** Waits for the callback that belongs to the login; null if none comes. */
private fun accepted(login: Login): Exchange? {
    for (callbackUrl in generateSequence(::readlnOrNull)) {
        try {
            return login.accept(callbackUrl)
        } catch (refused: CallbackException) {
            if (!login.isPending) throw refused
            System.err.println("ignored: ${refused.name}")
        }
    }
    return null
}

private fun use(client: Client, granted: Tokens) {
    val claims = granted.claims
    if (claims == null) {
        println("signed in")
    } else {
        println("signed in as ${claims.subject}")
        println("userinfo ${client.userinfo(granted, UrlConnectionHttp).subject}")
    }
    var tokens = granted
    if (granted.exposeRefreshToken() != null) {
        tokens = client.refresh(granted, UrlConnectionHttp) { /* A program that keeps its tokens stores them here. */ }
        println("refreshed")
    }
    client.revoke(tokens, UrlConnectionHttp)
    println("revoked")
}

private fun keys() = SealKeys(System.getenv("SEAL_SECRET").orEmpty().toByteArray())

private const val CONTEXT = "example"
