// swift-tools-version: 6.0
import PackageDescription

let products: [Target.Dependency] = [.product(name: "ProofKey", package: "proofkey")]
let package = Package(
    name: "bench",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "proofkey", path: "../../..")],
    targets: [
        .executableTarget(name: "Bench", dependencies: products + ["COpenSSL", "CRustLogin"]),
        // What the package adds to a program is the difference of these two.
        .executableTarget(name: "Login", dependencies: products),
        .executableTarget(name: "Empty"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CRustLogin"),
    ],
    swiftLanguageModes: [.v6]
)
