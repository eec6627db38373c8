// A SwiftUI view that signs a user in. It needs Apple's systems: see docs/swift.md for what was checked.
#if canImport(SwiftUI) && canImport(AuthenticationServices)
    import AuthenticationServices
    import ProofKey
    import ProofKeyBrowser
    import SwiftUI

    @MainActor @Observable
    final class Account {
        private(set) var user: String?
        private(set) var message: String?
        @ObservationIgnored private let client: Client
        @ObservationIgnored private let signIn = SignIn { ASPresentationAnchor() }
        @ObservationIgnored private let redirectURI = "com.example.app:/callback"

        init(provider: Provider) throws(ProofKeyError) {
            client = try Client(provider, id: "my-app", redirectURI: redirectURI)
        }

        func start() async {
            do {
                let login = try client.begin(scope: "openid profile")
                let tokens = try await signIn(login, redirectURI: redirectURI)
                user = tokens.claims?.subject
                message = nil
            } catch SignIn.Failure.cancelled {
                message = nil
            } catch let error as ProofKeyError where error.recovery == .retryLater {
                message = "The server cannot be reached. Try again later."
            } catch {
                message = "That did not work. Try again."
            }
        }
    }

    struct SignInView: View {
        let account: Account

        var body: some View {
            VStack {
                if let user = account.user {
                    Text("Signed in as \(user)")
                } else {
                    Button("Sign in") { Task { await account.start() } }
                }
                if let message = account.message { Text(message) }
            }
        }
    }
#endif
