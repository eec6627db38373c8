// What the sanitizers have to see: `control thread` has a race, `control address` reads what was freed.
import Foundation

final class Shared: @unchecked Sendable {
    var value = 0
}

if CommandLine.arguments[1] == "thread" {
    let shared = Shared()
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) { shared.value += 1 }
    shared.value += 1
    group.wait()
} else {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 8)
    bytes.initialize(repeating: 0, count: 8)
    bytes.deallocate()
    print(bytes[0])
}
