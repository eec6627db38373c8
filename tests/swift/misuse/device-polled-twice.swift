import ProofKey

func twice(_ client: Client) async throws -> Tokens {
    let device = try await client.authorizeDevice()  // error: 'device' consumed more than once
    _ = try await device.finish()
    return try await device.finish()
}
