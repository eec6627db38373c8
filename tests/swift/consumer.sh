# Sourced after root.sh: a package outside this one that depends on it by git, as a user's does.

# programs: builds that package on an installed C library, into target/swift/consumer/build/debug.
programs() {
    bindings/c/install.sh "$swift_target/prefix"
    consumer "$swift_target/consumer"
    logged consumer swiftly swift build -j 2 --disable-dependency-cache --package-path "$swift_target/consumer" \
        --scratch-path "$swift_target/consumer/build"
    if grep -E 'warning: ' "$swift_target/consumer.log"; then return 1; fi
}

# consumer FOLDER: the package, with the programs of examples/swift and the seal table, and the quick start of
# docs/swift.md.
consumer() {
    # With what SwiftPM remembers of the repository: it would go on with the sources of the last run.
    rm -rf "$1"/{repository,Package.swift,Package.resolved,Sources} "$1"/build/{checkouts,repositories,workspace-state.json}
    mkdir -p "$1/repository" "$1"/Sources/{login,device,quickstart,seal}
    # What is in the tree, also what is not committed yet.
    git ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
        xargs -0 cp --parents -t "$1/repository"
    git -C "$1/repository" init -q
    git -C "$1/repository" add -A
    git -C "$1/repository" -c user.name=test -c user.email=test@localhost commit -q -m test
    git -C "$1/repository" tag 0.1.0
    cp examples/swift/login.swift "$1/Sources/login"
    cp examples/swift/device.swift "$1/Sources/device"
    cp tests/seal_table/seal.swift "$1/Sources/seal"
    # The issuer of the page is an example; that of the test is an argument.
    sed -n '/^```swift quickstart$/,/^```$/{//!p}' docs/swift.md |
        sed 's|"https://login.example.com"|CommandLine.arguments[1]|' >"$1/Sources/quickstart/main.swift"
    grep -q 'CommandLine.arguments' "$1/Sources/quickstart/main.swift"
    cat >"$1/Package.swift" <<SWIFT
// swift-tools-version: 6.0
import PackageDescription

let products: [Target.Dependency] = [.product(name: "ProofKey", package: "repository")]
let package = Package(
    name: "consumer",
    platforms: [.macOS(.v13), .iOS(.v16)],
    dependencies: [.package(url: "file://$1/repository", from: "0.1.0")],
    targets: [
        .executableTarget(name: "login", dependencies: products),
        .executableTarget(name: "device", dependencies: products),
        .executableTarget(name: "quickstart", dependencies: products),
        .executableTarget(name: "seal", dependencies: products),
    ],
    swiftLanguageModes: [.v6]
)
SWIFT
}
