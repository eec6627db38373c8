// The browser of Apple's systems. Elsewhere this target is empty.
#if canImport(AuthenticationServices)
    import AuthenticationServices
    import Foundation
    import ProofKey

    /// Signs users in with `ASWebAuthenticationSession`: the system's browser, which shares its sign-in with Safari, and
    /// gives the callback to this app alone.
    @MainActor
    public final class SignIn: NSObject, ASWebAuthenticationPresentationContextProviding {
        private let http: any HTTP
        private let window: @MainActor () -> ASPresentationAnchor
        private var session: ASWebAuthenticationSession?
        private var waiting: CheckedContinuation<URL, any Error>?
        private var attempt = 0

        /// Signs in over a window of the app.
        public init(http: any HTTP = .urlSession, window: @escaping @MainActor () -> ASPresentationAnchor) {
            self.http = http
            self.window = window
        }

        /// Why a sign-in ended before there was a callback.
        public enum Failure: Error, Sendable {
            /// The user closed the browser, or the task was cancelled.
            case cancelled
            /// The browser could not be shown, or it is open already.
            case notPresented
            /// The browser cannot come back to the redirect URI: it needs a private scheme, or https on iOS 17.4 or macOS
            /// 14.4 and later. Also thrown for a resumed login, which has no URL to open.
            case redirectURI
        }

        /// Opens the browser, and exchanges the code that comes back.
        ///
        /// - Parameters:
        ///   - login: a login that has just begun. Seal it first: see `docs/swift.md`.
        ///   - redirectURI: the redirect URI of the client. An https one needs iOS 17.4 or macOS 14.4 and an associated
        ///     domain; a private scheme needs nothing.
        ///   - prefersEphemeralSession: does not use, or leave behind, a sign-in of the browser.
        /// - Throws: ``Failure``, and `ProofKeyError` as `Login.finish` does.
        public func callAsFunction(
            _ login: consuming Login, redirectURI: String, prefersEphemeralSession: Bool = false
        ) async throws -> Tokens {
            guard let url = login.url, let redirect = URL(string: redirectURI) else { throw Failure.redirectURI }
            let callback = try await browse(url, redirect, prefersEphemeralSession)
            return try await login.finish(callback, http: http)
        }

        /// The window that the browser is shown over.
        public func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor {
            window()
        }

        private func browse(_ url: URL, _ redirect: URL, _ prefersEphemeralSession: Bool) async throws -> URL {
            guard waiting == nil else { throw Failure.notPresented }
            attempt += 1
            let attempt = attempt
            let session = try makeSession(url, redirect) { callback, error in
                let isCancelled = (error as? ASWebAuthenticationSessionError)?.code == .canceledLogin
                let failure = isCancelled ? Failure.cancelled : .notPresented
                Task { @MainActor in self.end(attempt, callback.map(Result.success) ?? .failure(failure)) }
            }
            session.presentationContextProvider = self
            session.prefersEphemeralWebBrowserSession = prefersEphemeralSession
            self.session = session
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    waiting = continuation
                    if !session.start() { end(attempt, .failure(.notPresented)) }
                }
            } onCancel: {
                Task { @MainActor in
                    if self.attempt == attempt { self.session?.cancel() }
                    self.end(attempt, .failure(.cancelled))
                }
            }
        }

        /// What comes first counts, since the system may report an error in more than one way; and it counts for its own
        /// attempt.
        private func end(_ attempt: Int, _ result: Result<URL, Failure>) {
            guard attempt == self.attempt else { return }
            waiting?.resume(with: result)
            waiting = nil
            session = nil
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
