# Sourced by run.sh: what must not compile, and what only Apple's systems can run.

modules() { echo -swift-version 6 -I "$swift_target/debug/debug/Modules" -I "$swift_target/prefix/include" -Xcc "-fmodule-map-file=$PWD/bindings/swift/Sources/CProofKey/module.modulemap"; }

# Each program has the compiler's error at the line that expects it, and no other error.
misuse() {
    for program in tests/swift/misuse/*.swift; do
        log=$swift_target/$(basename "$program" .swift).log
        if swiftly swiftc $(modules) -emit-sil -o /dev/null "$program" >"$log" 2>&1; then
            echo "$program compiles" >&2
            return 1
        fi
        diff <(sed -n '/error: /{=;s|.*// ||p}' "$program" | paste -d: - - ) \
            <(sed -n "s|^.*$(basename "$program"):\([0-9]*\):[0-9]*: error: |\1:error: |p" "$log") >&2 || return 1
        sed -n 's|^[^ ].*\(error: .*\)|\1|p' "$log" | head -1
    done
}

# The browser layer is empty on Linux. Its types are checked with a stub of Apple's module; the view is only parsed.
apple() {
    stub=$swift_target/stub
    mkdir -p "$stub"
    swiftly swiftc -swift-version 6 -parse-as-library -emit-module -module-name AuthenticationServices \
        -emit-module-path "$stub/AuthenticationServices.swiftmodule" tests/swift/stubs/AuthenticationServices.swift
    swiftly swiftc $(modules) -warnings-as-errors -parse-as-library -I "$stub" -emit-sil -o /dev/null \
        -module-name ProofKeyBrowser bindings/swift/Sources/ProofKeyBrowser/*.swift
    swiftly swiftc -swift-version 6 -parse examples/swift/SignInView.swift
}

# The blocks of the pages: `check` has its types checked; `apple` and `before` are parsed. The quick start runs.
pages() {
    rm -rf "$swift_target/page"
    mkdir -p "$swift_target/page"
    awk -v to="$swift_target/page" '/^```swift/ { kind = $2; out = to "/" kind "-" ++n ".swift"; next }
        /^```$/ { out = ""; next } out != "" { print > out }' docs/swift.md README.md
    for block in "$swift_target"/page/*.swift; do
        case $(basename "$block") in
        manifest-*) ;;
        check-* | quickstart-*) swiftly swiftc $(modules) -warnings-as-errors -emit-sil -o /dev/null "$block" ;;
        apple-* | before-*) swiftly swiftc -swift-version 6 -parse "$block" ;;
        *) echo "$block: what is to be done with it?" >&2; return 1 ;;
        esac
    done
    ls "$swift_target/page" | sed 's/-.*//' | sort | uniq -c
}
