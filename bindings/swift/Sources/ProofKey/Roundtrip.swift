import CProofKey

/// A `proofkey_exchange`: what is still to be sent and received until there is a result, whatever it is about.
package struct Roundtrip: ~Copyable, @unchecked Sendable {
    // Unchecked: the library locks every handle, and what ends the life of a lent text is `mutating`.
    private let handle: OpaquePointer
    private let now: @Sendable () -> Int64

    init(owning handle: OpaquePointer, now: @escaping @Sendable () -> Int64) {
        self.handle = handle
        self.now = now
    }

    deinit { proofkey_exchange_free(handle) }

    package var isPending: Bool { proofkey_exchange_is_pending(handle) != 0 }

    package var pause: Duration { .seconds(max(0, proofkey_exchange_wait_seconds(handle))) }

    var request: Request? {
        guard let method = copied({ proofkey_exchange_method(handle, $0) }),
            let url = copied({ proofkey_exchange_url(handle, $0) })
        else { return nil }
        var headers: [(name: String, value: String)] = []
        while let name = copied({ proofkey_exchange_header_name(handle, headers.count, $0) }) {
            headers.append((name, copied { proofkey_exchange_header_expose(handle, headers.count, $0) } ?? ""))
        }
        return Request(
            method: method, url: url, headers: headers, body: copied { proofkey_exchange_body_expose(handle, $0) })
    }

    mutating func receive(_ response: Response) throws(ProofKeyError) {
        let received = try made(proofkey_response_new)
        defer { proofkey_response_free(received) }
        try check(proofkey_response_set_status(received, Int32(clamping: response.status)))
        for (name, value) in response.headers {
            let status = lend(name) { name, length in
                lend(value) { proofkey_response_add_header(received, name, length, $0, $1) }
            }
            try check(status)
        }
        try check(lend(response.body) { proofkey_response_add_body(received, $0, $1) })
        let status = proofkey_exchange_receive(handle, received, now())
        try check(status, details: proofkey_exchange_error(handle))
    }

    package mutating func transportFailed(_ failure: HTTPFailure) throws(ProofKeyError) {
        let status = proofkey_exchange_transport_failed(handle, failure.number, now())
        try check(status, details: proofkey_exchange_error(handle))
    }

    /// The loop of every exchange.
    mutating func run(_ http: any HTTP) async throws(ProofKeyError) {
        while let request {
            guard await slept(pause) else { throw ProofKeyError(number: PROOFKEY_STATUS_TIMEOUT) }
            let response: Response
            do {
                response = try await http.send(request)
            } catch {
                try transportFailed(error as? HTTPFailure ?? .interrupted)
                continue
            }
            try receive(response)
        }
    }

    /// The result, as a handle that the caller owns.
    borrowing func result(
        _ read: (OpaquePointer?, UnsafeMutablePointer<OpaquePointer?>?) -> Int32
    ) throws(ProofKeyError) -> OpaquePointer {
        var result: OpaquePointer?
        try check(read(handle, &result), details: proofkey_exchange_error(handle))
        guard let result else { throw ProofKeyError(number: PROOFKEY_STATUS_INTERNAL) }
        return result
    }

    borrowing func saved() throws(ProofKeyError) {
        try check(proofkey_exchange_saved(handle))
    }
}

/// Waits; false if the task is cancelled.
func slept(_ duration: Duration) async -> Bool {
    if duration == .zero { return !Task.isCancelled }
    do {
        try await Task.sleep(for: duration)
        return true
    } catch {
        return false
    }
}
