# Sourced after tests/lib.sh, at the root of the work tree: builds the natives and the classes for Kotlin.

kotlin_release=$(realpath -m "${CARGO_TARGET_DIR:-target}/release")
kotlin_build=$PWD/target/kotlin
kotlin_native=$kotlin_release/libproofkey_jni.so

kotlin_tools() {
    need javac "the Kotlin package" && need mvn "the Kotlin package"
}

# kotlin PHASE [ARGUMENTS]: builds the natives, and runs Maven up to a phase. Afterwards `java @$kotlin_build/java.arguments`
# runs a class of the package, of its tests or of examples/kotlin.
kotlin() {
    mkdir -p "$kotlin_build/docs"
    cargo build -q --release --locked -p proofkey-kotlin
    # Not the classes and results of sources that are gone.
    rm -rf "$kotlin_build"/{classes,test-classes,surefire-reports}
    kotlin_program ../README.md kotlin Readme.kt 'fun signIn'
    kotlin_program kotlin.md kotlin QuickStart.kt 'fun signIn'
    kotlin_program kotlin.md 'kotlin okhttp' OkHttp.kt 'class OkHttp'
    kotlin_program kotlin.md 'kotlin keystore' Keystore.kt 'fun sealKeys'
    kotlin_program migrating.md kotlin Migrating.kt 'fun onResult'
    kotlin_maven "$@"
    printf '%s\n' "-Dproofkey.native=$kotlin_native" -cp "$kotlin_build/test-classes:$kotlin_build/classes:$(kotlin_stdlib)" \
        >"$kotlin_build/java.arguments"
}

# kotlin_maven GOAL [ARGUMENTS]: runs Maven, quietly unless it fails.
kotlin_maven() {
    mvn -B -q -f bindings/kotlin/pom.xml "$@" -Dbuild="$kotlin_build" -Dnative="$kotlin_native" \
        -Dpython="$PWD/target/venv/bin/python" >"$kotlin_build.log" 2>&1 || { cat "$kotlin_build.log"; return 1; }
}

# kotlin_program PAGE KIND FILE WHAT: takes the first program of a kind, with WHAT in it, out of a page.
kotlin_program() {
    { echo 'package docs'; sed -n "/^\`\`\`$2\$/,/^\`\`\`\$/{//!p;/^\`\`\`\$/q}" "docs/$1"; } >"$kotlin_build/docs/$3"
    grep -q "$4" "$kotlin_build/docs/$3"
}

# Where Maven has put the library of Kotlin.
kotlin_stdlib() {
    version=$(sed -n 's|.*<kotlin.version>\(.*\)</kotlin.version>.*|\1|p' bindings/kotlin/pom.xml)
    echo "${HOME}/.m2/repository/org/jetbrains/kotlin/kotlin-stdlib/$version/kotlin-stdlib-$version.jar"
}
