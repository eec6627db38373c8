import Foundation
import ProofKey
import Testing

/// `pkce.json`, `errors.json` and `redirect_uri.json`.
@Suite struct PKCEVectors {
    @Test func appendices() throws {
        let pkce = try document("pkce")
        let a = try #require(pkce.object("rfc7636_appendix_a"))
        let b = try #require(pkce.object("rfc7636_appendix_b"))
        // Appendix A's five octets, followed by zeros up to 32: the zeros only add characters.
        let padded = try octets(a, "octets") + [UInt8](repeating: 0, count: 27)
        #expect(try Verifier(entropy: padded).expose().hasPrefix(try #require(a.text("base64url"))))
        let verifier = try Verifier(entropy: try octets(b, "verifier_octets"))
        #expect(verifier.expose() == b.text("verifier"))
        #expect(try verifier.challenge == b.text("challenge"))
        #expect(try Verifier(entropy: try octets(b, "sha256_octets")).expose() == b.text("challenge"))
        #expect(errorName { _ = try Verifier(entropy: [1, 2, 3]) } == "entropy_length")
        #expect(try Verifier().expose() != Verifier().expose())
    }

    private func octets(_ of: Case, _ name: String) throws -> [UInt8] {
        guard case .array(let array)? = of.fields[name] else { throw Missing(what: name) }
        return array.compactMap { if case .int(let int) = $0 { UInt8(int) } else { nil } }
    }

    @Test func s256() throws {
        for row in try cases("pkce", "s256", ["verifier", "challenge"]) {
            let verifier = try Verifier(try #require(row.text("verifier")))
            #expect(try verifier.challenge == row.text("challenge"), "\(row)")
            let binding = try ServerPolicy().bind(challenge: row.text("challenge"), method: "S256")
            #expect(binding == "S256:" + (row.text("challenge") ?? ""))
            try ServerPolicy.verify(binding: binding, verifier: verifier.expose())
        }
    }

    @Test func invalidVerifiers() throws {
        for row in try cases("pkce", "invalid_verifiers", ["value", "value_hex", "expected", "error_name"]) {
            let bytes = try row.text("value").map { Array($0.utf8) } ?? bytes(hex: #require(row.text("value_hex")))
            #expect(errorName { _ = try Verifier(bytes: bytes) } == row.text("error_name"), "\(row)")
        }
    }

    private func bytes(hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }

    private func policy(_ name: String?, plain: Bool = false) throws -> ServerPolicy {
        let relaxed: ServerPolicy = plain ? .allowPlain : []
        return switch name {
        case "strict": relaxed
        case "plain": .allowPlain
        case "optional": relaxed.union(.optionalForConfidentialClient)
        default: throw Missing(what: "policy \(name ?? "")")
        }
    }

    @Test func invalidChallenges() throws {
        var repeated = 0
        for row in try cases("pkce", "invalid_challenges", ["value", "method", "policy", "expected", "error_name"]) {
            if row.texts("value") != nil {
                // Only the framework sees a repeated parameter, and the caller refuses it.
                #expect(row.text("error_name") == "parameter_duplicate")
                repeated += 1
                continue
            }
            do {
                _ = try policy(row.text("policy")).bind(challenge: row.text("value"), method: row.text("method"))
                Issue.record("accepted: \(row)")
            } catch let error as ProofKeyError {
                #expect(error.name == row.text("error_name"), "\(row)")
                #expect(error.responseError == "invalid_request")
            }
        }
        #expect(repeated == 1)
    }

    @Test func challengeMethods() throws {
        let challenge = try document("pkce").object("rfc7636_appendix_b")?.text("challenge")
        func bound(_ policy: ServerPolicy, _ method: String?) -> String? {
            do throws(ProofKeyError) {
                return try policy.bind(challenge: challenge, method: method).split(separator: ":").first.map(
                    String.init)
            } catch {
                return error.responseError
            }
        }
        for row in try cases("pkce", "challenge_methods", ["value", "rfc7636", "default_policy"]) {
            #expect(bound([], row.text("value")) == row.text("default_policy"), "\(row)")
            #expect(bound(.allowPlain, row.text("value")) == row.text("rfc7636"), "\(row)")
        }
    }

    @Test func verifyCases() throws {
        let known: Set = [
            "verifier", "challenge", "method", "policy", "ok", "error", "error_name", "ok_if_plain_allowed",
            "error_name_if_plain_allowed",
        ]
        func verify(_ row: Case, _ policy: ServerPolicy) -> ProofKeyError? {
            do throws(ProofKeyError) {
                let binding = try policy.bind(challenge: row.text("challenge"), method: row.text("method"))
                try ServerPolicy.verify(binding: binding, verifier: row.text("verifier"))
                return nil
            } catch { return error }
        }
        for row in try cases("pkce", "verify_cases", known) {
            let error = verify(row, try policy(row.text("policy")))
            #expect((error == nil) == row.bool("ok"), "\(row)")
            #expect(error?.name == row.text("error_name"), "\(row)")
            #expect(error?.responseError == row.text("error"), "\(row)")
            if let ok = row.bool("ok_if_plain_allowed") {
                let error = verify(row, try policy(row.text("policy"), plain: true))
                #expect((error == nil) == ok, "\(row)")
                #expect(error?.name == row.text("error_name_if_plain_allowed"), "\(row)")
            }
        }
    }

    @Test func errors() throws {
        let known: Set = ["number", "layer", "class", "oauth", "fault", "recovery", "message", "symptom", "causes"]
        // Only Rust and Python have token stores and logout tokens.
        for row in try cases("errors", "errors", known) where !["storage", "logout"].contains(row.text("layer")) {
            let error = ProofKeyError(number: Int32(try #require(row.int("number"))))
            #expect(error.name == row.text("name"))
            #expect(error.message == row.text("message"), "\(row)")
            #expect(error.recovery.rawValue == row.text("recovery"), "\(row)")
            #expect(error.responseError == (row.text("oauth") == "from_server" ? nil : row.text("oauth")), "\(row)")
        }
    }

    @Test func redirectURIMatch() throws {
        let known: Set = ["registered", "requested", "native", "ok", "policy_option", "ok_with_option"]
        for row in try cases("redirect_uri", "redirect_uri_match", known) {
            let registered = try #require(row.text("registered"))
            let requested = try #require(row.text("requested"))
            let port: LoopbackPort = row.bool("native") == true ? .any : .exact
            let matches = redirectURIMatches(registered: registered, requested: requested, loopbackPort: port)
            #expect(matches == row.bool("ok"), "\(row)")
            if let ok = row.bool("ok_with_option") {
                #expect(
                    redirectURIMatches(
                        registered: registered, requested: requested, loopbackPort: .anyIncludingLocalhost) == ok,
                    "\(row)")
            }
        }
    }
}
