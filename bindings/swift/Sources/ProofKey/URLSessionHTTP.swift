import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension HTTP where Self == URLSessionHTTP {
    /// ``URLSessionHTTP`` with ten seconds for a request.
    public static var urlSession: URLSessionHTTP { URLSessionHTTP() }
}

/// Sends requests with `URLSession`: no redirects, no cookies, no cache, at most 1 MiB of response.
///
/// Each request has a session and a connection of its own, because a system may send a request again if an old connection
/// turns out to be closed, and a code must not be sent twice. What Foundation cannot do on Linux is in `docs/swift.md`.
public struct URLSessionHTTP: HTTP {
    private let timeout: TimeInterval

    /// With a limit for a whole request, in seconds.
    public init(timeout: TimeInterval = 10) {
        self.timeout = timeout
    }

    /// Sends a request and returns the response to it.
    ///
    /// - Throws: ``HTTPFailure``.
    public func send(_ request: Request) async throws -> Response {
        guard let url = URL(string: request.url) else { throw HTTPFailure.unreachable }
        var sent = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout)
        sent.httpMethod = request.method
        sent.httpShouldHandleCookies = false
        sent.httpBody = request.body.map { Data($0.utf8) }
        for (name, value) in request.headers { sent.addValue(value, forHTTPHeaderField: name) }

        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.timeoutIntervalForRequest = timeout
        configuration.timeoutIntervalForResource = timeout

        let transfer = Transfer()
        let session = URLSession(configuration: configuration, delegate: transfer, delegateQueue: nil)
        let task = session.dataTask(with: sent)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                transfer.begin(continuation)
                task.resume()
                session.finishTasksAndInvalidate()
            }
        } onCancel: {
            task.cancel()
        }
    }
}

/// What the delegate of one request collects. The session calls it on one queue; the lock is for the first call.
private final class Transfer: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let lock = NSLock()
    private var continuation: CheckedContinuation<Response, any Error>?
    private var response: HTTPURLResponse?
    private var body = Data()
    private var isTooLarge = false

    static let limit = 1 << 20

    func begin(_ continuation: CheckedContinuation<Response, any Error>) {
        lock.withLock { self.continuation = continuation }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        lock.withLock { self.response = response }
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        lock.withLock { self.response = response as? HTTPURLResponse }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = lock.withLock {
            body.append(data)
            self.isTooLarge = body.count > Self.limit
            return self.isTooLarge
        }
        if isTooLarge { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let (continuation, result) = lock.withLock { (self.continuation, outcome(of: task, error)) }
        continuation?.resume(with: result)
    }

    private func outcome(of task: URLSessionTask, _ error: (any Error)?) -> Result<Response, any Error> {
        if isTooLarge { return .failure(HTTPFailure.tooLarge) }
        if let error { return .failure(failure(of: task, error)) }
        guard let response else { return .failure(HTTPFailure.interrupted) }
        let headers = response.allHeaderFields.compactMap { field in
            (field.key as? String).map { (name: $0, value: "\(field.value)") }
        }
        return .success(Response(status: response.statusCode, headers: headers, body: body))
    }

    /// Only what is known to come before the request was sent is `unreachable` or `untrusted`. The code alone does not say
    /// so: if one address of a host refuses, and the next one breaks off, Foundation on Linux has `cannotConnectToHost`.
    private func failure(of task: URLSessionTask, _ error: any Error) -> HTTPFailure {
        switch (error as? URLError)?.code {
        case .timedOut: .timeout
        case _ where task.countOfBytesSent > 0: .interrupted
        case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .notConnectedToInternet: .unreachable
        case .secureConnectionFailed, .serverCertificateHasBadDate, .serverCertificateUntrusted,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            .untrusted
        default: .interrupted
        }
    }
}
