// The login of a device without a browser (RFC 8628): discovery, the code that the user types elsewhere, and the tokens.
//
//     java … example.DeviceKt ISSUER CLIENT_ID SCOPE
package example

import dev.proofkey.Client
import dev.proofkey.ProofKeyException
import dev.proofkey.Provider
import dev.proofkey.UrlConnectionHttp
import kotlin.system.exitProcess

fun main(arguments: Array<String>) {
    if (arguments.size != 3) {
        System.err.println("usage: DeviceKt ISSUER CLIENT_ID SCOPE")
        exitProcess(2)
    }
    val (issuer, clientId, scope) = arguments
    try {
        val client = Provider.discover(issuer, UrlConnectionHttp).use { Client(it, clientId) }
        client.authorizeDevice(scope).use { it.begin(UrlConnectionHttp) }.use { device ->
            println("Go to ${device.verificationUri} and enter ${device.userCode}")
            device.poll(UrlConnectionHttp).use { println("signed in as ${it.claims?.subject}") }
        }
    } catch (refused: ProofKeyException) {
        System.err.println("${refused.name}: ${refused.message}. Next: ${refused.recovery.name.lowercase()}")
        exitProcess(1)
    }
}
