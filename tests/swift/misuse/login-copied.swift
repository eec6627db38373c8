import ProofKey

func two(_ client: Client) throws -> [Login] {  // error: type 'Login' does not conform to protocol 'Copyable'
    [try client.begin()]
}
