import COpenSSL
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What one writes by hand for CryptoKit and Foundation. On Linux OpenSSL's SHA-256 stands in for CryptoKit's. It has
/// none of the library's checks but that of the state.
enum ByHand {
    struct Granted: Decodable {
        let accessToken: String
        let tokenType: String
        let expiresIn: Int
        let refreshToken: String?
        let scope: String?

        enum CodingKeys: String, CodingKey {
            case accessToken = "access_token"
            case tokenType = "token_type"
            case expiresIn = "expires_in"
            case refreshToken = "refresh_token"
            case scope
        }
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    /// The same without Foundation's search for texts.
    static func base64URLOfBytes(_ bytes: [UInt8]) -> String {
        let standard = Data(bytes).base64EncodedData().prefix { $0 != UInt8(ascii: "=") }
        let urlSafe = standard.map { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            default: byte
            }
        }
        return String(decoding: urlSafe, as: UTF8.self)
    }

    static func digest(_ verifier: String) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var verifier = verifier
        verifier.withUTF8 { _ = SHA256($0.baseAddress, $0.count, &digest) }
        return digest
    }

    static func challenge(_ verifier: String) -> String { base64URL(digest(verifier)) }

    static func random(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return base64URL((0..<count).map { _ in .random(in: 0...255, using: &generator) })
    }

    static func login(callback: (URL) -> URL, send: (URLRequest) async throws -> Data) async throws -> Granted? {
        let verifier = random(32)
        let state = random(32)
        var url = URLComponents(string: "https://as.example/authorize")!
        url.queryItems = [
            URLQueryItem(name: "response_type", value: "code"),
            URLQueryItem(name: "client_id", value: "my-app"),
            URLQueryItem(name: "redirect_uri", value: "https://client.example/cb"),
            URLQueryItem(name: "scope", value: "files.read"),
            URLQueryItem(name: "state", value: state),
            URLQueryItem(name: "code_challenge", value: challenge(verifier)),
            URLQueryItem(name: "code_challenge_method", value: "S256"),
        ]
        let back = URLComponents(url: callback(url.url!), resolvingAgainstBaseURL: false)?.queryItems ?? []
        guard back.first(where: { $0.name == "state" })?.value == state,
            let code = back.first(where: { $0.name == "code" })?.value
        else { return nil }
        var form = URLComponents()
        form.queryItems = [
            URLQueryItem(name: "grant_type", value: "authorization_code"),
            URLQueryItem(name: "code", value: code),
            URLQueryItem(name: "redirect_uri", value: "https://client.example/cb"),
            URLQueryItem(name: "client_id", value: "my-app"),
            URLQueryItem(name: "code_verifier", value: verifier),
        ]
        var request = URLRequest(url: URL(string: "https://as.example/token")!)
        request.httpMethod = "POST"
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data((form.percentEncodedQuery ?? "").utf8)
        return try JSONDecoder().decode(Granted.self, from: await send(request))
    }
}
