import Foundation
import ProofKey
import Testing

/// A value of a vector.
enum JSON: Codable, Equatable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case text(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let int = try? value.decode(Int64.self) {
            self = .int(int)
        } else if let double = try? value.decode(Double.self) {
            self = .double(double)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let array = try? value.decode([JSON].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let bool): try value.encode(bool)
        case .int(let int): try value.encode(int)
        case .double(let double): try value.encode(double)
        case .text(let text): try value.encode(text)
        case .array(let array): try value.encode(array)
        case .object(let object): try value.encode(object)
        }
    }

    var bytes: Data { get throws { try JSONEncoder().encode(self) } }
}

/// A case, or an object in one.
struct Case: Sendable, CustomStringConvertible {
    let fields: [String: JSON]

    var description: String { text("name") ?? text("why") ?? "\(fields)" }

    func text(_ name: String) -> String? {
        if case .text(let text)? = fields[name] { text } else { nil }
    }
    func int(_ name: String) -> Int64? {
        if case .int(let int)? = fields[name] { int } else { nil }
    }
    func bool(_ name: String) -> Bool? {
        if case .bool(let bool)? = fields[name] { bool } else { nil }
    }
    func texts(_ name: String) -> [String]? {
        guard case .array(let array)? = fields[name] else { return nil }
        return array.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }
    func object(_ name: String) -> Case? {
        if case .object(let object)? = fields[name] { Case(fields: object) } else { nil }
    }
    func objects(_ name: String) -> [Case]? {
        guard case .array(let array)? = fields[name] else { return nil }
        return array.compactMap { if case .object(let object) = $0 { Case(fields: object) } else { nil } }
    }
    func has(_ name: String) -> Bool { fields[name] != nil }

    /// Whether it has no other field.
    func known(_ names: Set<String>) -> Bool { Set(fields.keys).isSubset(of: names) }
}

/// Fields for people who read the files.
private let about: Set = ["name", "note", "req", "source", "basis", "why"]

func document(_ file: String) throws -> Case {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let path = tests.deletingLastPathComponent().appendingPathComponent("vectors/\(file).json")
    return Case(fields: try JSONDecoder().decode([String: JSON].self, from: Data(contentsOf: path)))
}

/// All cases of an array: as many as the file says, and none with a field that is not known.
func cases(_ file: String, _ array: String, _ known: Set<String>) throws -> [Case] {
    let document = try document(file)
    guard case .array(let rows)? = document.fields[array] else { throw Missing(what: array) }
    let cases = try rows.map { row in
        guard case .object(let fields) = row else { throw Missing(what: "an object") }
        return Case(fields: fields)
    }
    #expect(Int64(cases.count) == document.object("counts")?.int(array))
    #expect(!cases.isEmpty)
    print("vectors: \(file) \(array) \(cases.count)")
    for row in cases where !row.known(known.union(about)) { Issue.record("unknown fields: \(row.fields.keys)") }
    return cases
}

struct Missing: Error { let what: String }

/// The name of the error that a call throws; `nil` if it succeeds.
func errorName(_ call: () throws -> Void) -> String? {
    do { try call() } catch { return (error as? ProofKeyError)?.name ?? "\(error)" }
    return nil
}

/// As the vectors write it: `good`, `error:` with the server's word, or `reject:` with a name.
func outcome(_ good: String, _ error: ProofKeyError?) -> String {
    guard let error else { return good }
    return error.oauth.map { "error:\($0.error)" } ?? "reject:\(error.name)"
}

/// As application/x-www-form-urlencoded writes it.
func formEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            String(UnicodeScalar(byte))
        case UInt8(ascii: " "): "+"
        default: String(format: "%%%02X", byte)
        }
    }.joined()
}

func pair(_ name: String, _ value: String) -> String { "\(formEncoded(name))=\(formEncoded(value))" }

let time: Int64 = 1_700_000_000
let redirectURI = "https://client.example/cb"

func provider(issuer: String? = nil, issParameterSupported: Bool = false, quirks: [String] = []) throws -> Provider {
    try Provider(
        authorizationEndpoint: "https://as.example/authorize", tokenEndpoint: "https://as.example/token",
        issuer: issuer,
        issParameterSupported: issParameterSupported, quirks: quirks)
}

func json(_ status: Int, _ body: Data) -> Response {
    Response(status: status, headers: [("Content-Type", "application/json")], body: body)
}

/// Responds from a script instead of a network.
struct Script: HTTP {
    let respond: @Sendable (Request) throws -> Response
    func send(_ request: Request) async throws -> Response { try respond(request) }
}
