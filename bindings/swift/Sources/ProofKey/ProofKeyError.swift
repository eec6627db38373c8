import CProofKey
import Foundation

/// Why a call was refused, or what went wrong with a server. The only error that this package throws.
///
/// Names, numbers and recoveries are those of the table in `docs/errors.md`, the same in every language. No property but
/// those of ``oauth`` holds what a server sent, and none holds a secret.
public struct ProofKeyError: LocalizedError, Sendable, Equatable, CustomStringConvertible {
    /// The stable name, for example `state_mismatch`.
    public let name: String
    /// The number of that name. It never changes.
    public let number: Int32
    /// What went wrong, in one line for a log; the words of a server in it are escaped.
    public let message: String
    /// What to do next.
    public let recovery: Recovery
    /// What the server itself said (RFC 6749 sections 4.1.2.1 and 5.2), if it said anything. Untrusted.
    public let oauth: OAuthError?
    /// The endpoint that was asked: `metadata`, `jwks`, `token`, `revocation`, `userinfo` or `device_authorization`.
    public let endpoint: String?
    /// The HTTP status of the response, if there was one.
    public let httpStatus: Int?
    /// How long the server asks to wait before the next attempt (RFC 9110 section 10.2.3).
    public let retryAfter: Duration?
    /// Whether a code or a token reached the server, or may have: it counts as used. If not, the same may be tried again.
    public let requestSent: Bool

    /// The `error` that an authorization server responds with (RFC 6749 sections 4.1.2.1 and 5.2); `nil` if none fits, or
    /// if the error itself came from a server.
    public var responseError: String? { proofkey_status_oauth_error(number).map { String(cString: $0) } }

    /// The name and the message.
    public var description: String { "\(name): \(message)" }
    /// The message, which is for logs: in English, whatever the user's language is.
    public var errorDescription: String? { message }

    /// What to do about an error.
    public enum Recovery: String, Sendable {
        /// The program calls this library wrongly.
        case fixCall = "fix_call"
        /// The configuration of this program or of the server is wrong.
        case fixConfiguration = "fix_configuration"
        /// The scope that was asked for cannot be had.
        case fixScope = "fix_scope"
        /// Begin a new login.
        case restartLogin = "restart_login"
        /// Try again later.
        case retryLater = "retry_later"
        /// Trying again does not help.
        case doNotRetry = "do_not_retry"
        /// The user decided: ask whether to try again.
        case askUser = "ask_user"
        /// A bug in this library.
        case reportBug = "report_bug"
        /// A word that this version of the package does not know.
        case unknown
    }

    /// The server's own words. Do not put them into a page as they are.
    public struct OAuthError: Sendable, Equatable {
        /// The `error`, for example `access_denied`.
        public let error: String
        /// The `error_description`.
        public let description: String?
        /// The `error_uri`. Do not open it unasked.
        public let uri: String?
    }
}

extension ProofKeyError {
    /// What the table says about a status.
    package init(number: Int32) {
        let recovery = String(cString: proofkey_status_recovery(number))
        self.init(
            name: String(cString: proofkey_status_name(number)), number: number,
            message: String(cString: proofkey_status_message(number)),
            recovery: Recovery(rawValue: recovery) ?? .unknown,
            oauth: nil, endpoint: nil, httpStatus: nil, retryAfter: nil, requestSent: false)
    }

    /// What a handle knows about the error that ended it.
    init(details: OpaquePointer) {
        let said = copied { proofkey_error_oauth_error(details, $0) }
        let oauth = said.map { error in
            OAuthError(
                error: error, description: copied { proofkey_error_oauth_description(details, $0) },
                uri: copied { proofkey_error_oauth_uri(details, $0) })
        }
        let retryAfter = proofkey_error_retry_after(details)
        let httpStatus = proofkey_error_http_status(details)
        self.init(
            name: String(cString: proofkey_error_name(details)), number: proofkey_error_status(details),
            message: copied { proofkey_error_message(details, $0) } ?? "",
            recovery: Recovery(rawValue: copied { proofkey_error_recovery(details, $0) } ?? "") ?? .unknown,
            oauth: oauth,
            endpoint: copied { proofkey_error_endpoint(details, $0) },
            httpStatus: httpStatus < 0 ? nil : Int(httpStatus),
            retryAfter: retryAfter < 0 ? nil : .seconds(retryAfter),
            requestSent: proofkey_error_request_sent(details) != 0)
    }
}

/// Throws unless a call succeeded.
func check(_ status: Int32, details: OpaquePointer? = nil) throws(ProofKeyError) {
    if status == PROOFKEY_STATUS_OK { return }
    if let details { throw ProofKeyError(details: details) }
    throw ProofKeyError(number: status)
}
