import CProofKey

/// Calls C with the bytes of a text; with NULL if it is absent, and never with NULL if it is empty.
func lend<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?, Int) -> Result) -> Result {
    guard var text else { return body(nil, 0) }
    return text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { chars in
            guard let start = chars.baseAddress else { return "".withCString { body($0, 0) } }
            return body(start, chars.count)
        }
    }
}

/// Calls C with bytes. The pointer is never NULL.
func lend<Result>(_ bytes: some Sequence<UInt8>, _ body: (UnsafePointer<UInt8>?, Int) -> Result) -> Result {
    var copy = ContiguousArray<UInt8>()
    // At once, so that no copy is left behind when it grows.
    copy.reserveCapacity(bytes.underestimatedCount + 1)
    copy.append(contentsOf: bytes)
    let count = copy.count
    copy.append(0)
    defer { copy.withUnsafeMutableBytes { proofkey_memzero($0.baseAddress, $0.count) } }
    return copy.withUnsafeBufferPointer { body($0.baseAddress, count) }
}

/// A text that a handle lends, as a copy; `nil` if it is absent.
func copied(_ read: (UnsafeMutablePointer<Int>) -> UnsafePointer<CChar>?) -> String? {
    var length = 0
    guard let start = read(&length) else { return nil }
    return String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
}

/// A text that C writes into a buffer, which is erased.
func written(
    capacity: Int, _ write: (UnsafeMutablePointer<CChar>?, Int, UnsafeMutablePointer<Int>) -> Int32
) throws(ProofKeyError) -> String {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 1), alignment: 1)
    defer {
        proofkey_memzero(buffer.baseAddress, buffer.count)
        buffer.deallocate()
    }
    var length = 0
    try check(write(buffer.bindMemory(to: CChar.self).baseAddress, capacity, &length))
    return String(decoding: buffer.prefix(length), as: UTF8.self)
}

/// A handle that C makes. The caller frees it.
func made(_ make: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws(ProofKeyError) -> OpaquePointer {
    var handle: OpaquePointer?
    try check(make(&handle))
    guard let handle else { throw ProofKeyError(number: PROOFKEY_STATUS_INTERNAL) }
    return handle
}

/// Calls a setter of a handle with a text, if there is one.
func set(
    _ handle: OpaquePointer, _ value: String?, _ setter: (OpaquePointer?, UnsafePointer<CChar>?, Int) -> Int32
) throws(ProofKeyError) {
    guard let value else { return }
    try check(lend(value) { setter(handle, $0, $1) })
}

/// Adds parameters to a request in the order of their names.
func add(
    _ extra: [String: String], to handle: OpaquePointer,
    _ adder: (OpaquePointer?, UnsafePointer<CChar>?, Int, UnsafePointer<CChar>?, Int) -> Int32
) throws(ProofKeyError) {
    for (name, value) in extra.sorted(by: <) {
        try check(lend(name) { name, length in lend(value) { adder(handle, name, length, $0, $1) } })
    }
}
