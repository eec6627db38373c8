// The browser of Apple's systems. Elsewhere this target is empty.
#if canImport(AuthenticationServices)
    import AuthenticationServices
    import Foundation
    import ProofKey

    /// Signs users in with `ASWebAuthenticationSession`: the system's browser, which shares its sign-in with Safari, and
    /// gives the callback to this app alone.
    @MainActor
    public final class SignIn: NSObject, ASWebAuthenticationPresentationContextProviding {
        private let client: Client
        private let http: any HTTP
        private let window: @MainActor () -> ASPresentationAnchor
        private var session: ASWebAuthenticationSession?

        /// Signs in with this client, over a window of the app.
        public init(
            _ client: Client, http: any HTTP = .urlSession, window: @escaping @MainActor () -> ASPresentationAnchor
        ) {
            self.client = client
            self.http = http
            self.window = window
        }

        /// Why a sign-in ended before there was a callback.
        public enum Failure: Error, Sendable {
            /// The user closed the browser.
            case cancelled
            /// The browser could not be shown.
            case notPresented
            /// The redirect URI of the login is neither https nor of a private scheme.
            case redirectURI
        }

        /// Opens the browser, and exchanges the code that comes back.
        ///
        /// - Parameters:
        ///   - redirectURI: the redirect URI of the client. An https one needs iOS 17.4 or macOS 14.4 and an associated
        ///     domain; a private scheme needs nothing.
        ///   - begun: stores the login, sealed, before the browser opens: see `docs/swift.md`.
        /// - Throws: ``Failure``, what `begun` throws, and `ProofKeyError`.
        public func callAsFunction(
            scope: String?, redirectURI: String, prefersEphemeralSession: Bool = false,
            begun: (borrowing Login) throws -> Void = { _ in }
        ) async throws -> Tokens {
            let login = try client.begin(scope: scope)
            try begun(login)
            guard let url = login.url, let redirect = URL(string: redirectURI) else { throw Failure.redirectURI }
            let callback = try await browse(url, redirect, prefersEphemeralSession)
            return try await login.finish(callback, http: http)
        }

        /// The window that the browser is shown over.
        public func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor {
            window()
        }

        private func browse(_ url: URL, _ redirect: URL, _ prefersEphemeralSession: Bool) async throws -> URL {
            defer { session = nil }
            return try await withCheckedThrowingContinuation { continuation in
                do {
                    let session = try makeSession(url, redirect) { callback, error in
                        if let callback {
                            continuation.resume(returning: callback)
                        } else {
                            let cancelled = (error as? ASWebAuthenticationSessionError)?.code == .canceledLogin
                            continuation.resume(throwing: cancelled ? Failure.cancelled : Failure.notPresented)
                        }
                    }
                    session.presentationContextProvider = self
                    session.prefersEphemeralWebBrowserSession = prefersEphemeralSession
                    self.session = session
                    // If it cannot start, the system calls the handler with `presentationContextInvalid` itself.
                    session.start()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }

        private func makeSession(
            _ url: URL, _ redirect: URL, completion: @escaping @Sendable (URL?, (any Error)?) -> Void
        ) throws -> ASWebAuthenticationSession {
            guard let scheme = redirect.scheme else { throw Failure.redirectURI }
            guard scheme == "https" else {
                return ASWebAuthenticationSession(url: url, callbackURLScheme: scheme, completionHandler: completion)
            }
            guard #available(iOS 17.4, macOS 14.4, *), let host = redirect.host else { throw Failure.redirectURI }
            return ASWebAuthenticationSession(
                url: url, callback: .https(host: host, path: redirect.path), completionHandler: completion)
        }
    }
#endif
