import Foundation
import ProofKey

let provider = try await Provider.discover(issuer: "https://as.example")
let client = try Client(provider, id: "my-app", redirectURI: "com.example.app:/callback")
let keys = try SealKeys(Data(readLine()!.utf8))
print(try client.begin(scope: "openid").seal(keys, context: "size"))
let tokens = try await client.resume(readLine()!, keys: keys, context: "size").finish(URL(string: readLine()!)!)
print(tokens.claims?.subject ?? "")
