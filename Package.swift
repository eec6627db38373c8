// swift-tools-version: 6.0
// Here and not in bindings/swift, because SwiftPM reads the manifest of a git dependency at the root of its repository.
import PackageDescription

// Linux finds the C library by pkg-config: `make install` installs it. Apple's systems take it from the XCFramework that
// bindings/swift/xcframework.sh makes.
#if os(Linux)
    let library = Target.systemLibrary(
        name: "CProofKey", path: "bindings/swift/Sources/CProofKey", pkgConfig: "proofkey")
#else
    let library = Target.binaryTarget(name: "CProofKey", path: "target/swift/CProofKey.xcframework")
#endif

let package = Package(
    name: "ProofKey",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [
        .library(name: "ProofKey", targets: ["ProofKey"]),
        .library(name: "ProofKeyBrowser", targets: ["ProofKeyBrowser"]),
    ],
    targets: [
        library,
        .target(
            name: "ProofKey", dependencies: ["CProofKey"], path: "bindings/swift/Sources/ProofKey",
            resources: [.copy("PrivacyInfo.xcprivacy")]),
        .target(name: "ProofKeyBrowser", dependencies: ["ProofKey"], path: "bindings/swift/Sources/ProofKeyBrowser"),
        .testTarget(name: "ProofKeyTests", dependencies: ["ProofKey"], path: "tests/swift/ProofKeyTests"),
    ],
    swiftLanguageModes: [.v6]
)
