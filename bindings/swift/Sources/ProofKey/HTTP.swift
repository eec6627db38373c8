import CProofKey
import Foundation

/// Sends HTTP requests. ``URLSessionHTTP`` is the implementation that comes with the package.
///
/// An implementation sends the request once, follows no redirect, sends no cookie, and limits time and size. Every status
/// is a response. It throws an ``HTTPFailure``; any other error counts as ``HTTPFailure/interrupted``, because the request
/// may have been sent.
public protocol HTTP: Sendable {
    /// Sends a request and returns the response to it.
    func send(_ request: Request) async throws -> Response
}

/// An HTTP request as data. It may contain a code, a token or a secret: do not log it.
public struct Request: Sendable, CustomStringConvertible, CustomReflectable {
    /// `GET` or `POST`.
    public let method: String
    /// The URL. It contains no secret.
    public let url: String
    /// The headers; a value may be a secret.
    public let headers: [(name: String, value: String)]
    /// The body, which is a secret; `nil` if there is none.
    public let body: String?

    /// Method and URL alone.
    public var description: String { "\(method) \(url)" }
    /// Method and URL alone: `dump` shows no secret either.
    public var customMirror: Mirror { Mirror(self, children: ["method": method, "url": url]) }
}

/// An HTTP response as data. Its body may contain tokens: do not log it.
public struct Response: Sendable, CustomStringConvertible, CustomReflectable {
    /// The status.
    public let status: Int
    /// The headers. If one appears twice, the first one counts.
    public let headers: [(name: String, value: String)]
    /// The body; more than 1 MiB is refused.
    public let body: Data

    /// A response.
    public init(status: Int, headers: [(name: String, value: String)], body: Data) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The status alone.
    public var description: String { "\(status)" }
    /// The status alone: `dump` shows no token either.
    public var customMirror: Mirror { Mirror(self, children: ["status": status]) }
}

/// Why a request got no response.
public enum HTTPFailure: Error, Sendable {
    /// There was no connection, so nothing was sent: `connect_failed`.
    case unreachable
    /// There was no trusted TLS connection, so nothing was sent: `tls_failed`.
    case untrusted
    /// The time was up. The request may have been sent: `timeout`.
    case timeout
    /// The connection broke after the request was sent, or may have been: `response_interrupted`.
    case interrupted
    /// The response is too large: `response_too_large`.
    case tooLarge
}

extension HTTPFailure {
    /// Its number in the table.
    var number: Int32 {
        switch self {
        case .unreachable: PROOFKEY_STATUS_CONNECT_FAILED
        case .untrusted: PROOFKEY_STATUS_TLS_FAILED
        case .timeout: PROOFKEY_STATUS_TIMEOUT
        case .interrupted: PROOFKEY_STATUS_RESPONSE_INTERRUPTED
        case .tooLarge: PROOFKEY_STATUS_RESPONSE_TOO_LARGE
        }
    }
}
