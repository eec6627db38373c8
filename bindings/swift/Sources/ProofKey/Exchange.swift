import CProofKey

/// The exchange of a code for tokens (RFC 6749 section 4.1.3), or the polling of a device (RFC 8628 section 3.4), with the
/// check of the ID token.
///
/// It cannot be copied, and ``finish(_:)`` consumes it. ``run(_:)`` is for programs that want to go on after an error that
/// came before the code was sent.
public struct Exchange: ~Copyable, Sendable {
    private var roundtrip: Roundtrip

    init(_ roundtrip: consuming Roundtrip) {
        self.roundtrip = roundtrip
    }

    /// Sends what is to be sent, and returns the tokens.
    ///
    /// - Throws: `token_error` with the server's words, errors whose names begin with `id_token_`, those of
    ///   ``HTTPFailure``, and others of `docs/errors.md`. ``ProofKeyError/requestSent`` says whether the code is used.
    ///   `timeout` without it also means that the task was cancelled.
    public consuming func finish(_ http: any HTTP = .urlSession) async throws(ProofKeyError) -> Tokens {
        try await run(http)
        return try tokens()
    }

    /// Sends what is to be sent. After an error, it may be called again while ``isPending``: the code was not sent yet.
    ///
    /// - Throws: what ``finish(_:)`` throws.
    public mutating func run(_ http: any HTTP = .urlSession) async throws(ProofKeyError) {
        try await roundtrip.run(http)
    }

    /// The tokens, once nothing is pending.
    ///
    /// - Throws: `result_absent` while something is, or the error that ended the exchange.
    public consuming func tokens() throws(ProofKeyError) -> Tokens {
        Tokens(owning: try roundtrip.result(proofkey_exchange_tokens))
    }

    /// Whether there is a request to send.
    public var isPending: Bool { roundtrip.isPending }

    /// The request to send, for programs that do not use ``HTTP``; `nil` once there is none.
    public var request: Request? { roundtrip.request }

    /// How long to wait before the request is sent: the server asked for a pause, or the last attempt failed.
    public var pause: Duration { roundtrip.pause }

    /// Takes the response to ``request``.
    ///
    /// - Throws: what ``finish(_:)`` throws, and `login_already_used` if no request is pending.
    public mutating func receive(_ response: Response) throws(ProofKeyError) {
        try roundtrip.receive(response)
    }

    /// Records that ``request`` got no response. If it is to be sent again, it stays pending, and ``pause`` says how long to wait first.
    ///
    /// - Throws: the error of ``HTTPFailure``, if it is not to be sent again for now; `device_code_expired`; and
    ///   `login_already_used` if no request is pending.
    public mutating func transportFailed(_ failure: HTTPFailure) throws(ProofKeyError) {
        try roundtrip.transportFailed(failure)
    }
}
