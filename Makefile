# The jobs of this project; `make help` lists them. `make demo` and `make test` set up all that they need below target/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.NOTPARALLEL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PREFIX ?= /usr/local
CBINDGEN_VERSION := 0.29.4
CARGO_C_VERSION := 0.10.24+cargo-0.98.0
CARGO_FUZZ_VERSION := 0.13.2
CARGO_MUTANTS_VERSION := 27.0.0
CARGO_ABOUT_VERSION := 0.9.3
CARGO_CYCLONEDX_VERSION := 0.5.9
CARGO_DENY_VERSION := 0.20.2
CARGO_SEMVER_CHECKS_VERSION := 0.51.0
# Where tools that cargo installs are kept, by version. A folder outside the tree lets several clones share them.
TOOLS ?= $(CURDIR)/target/tools
cbindgen := $(TOOLS)/cbindgen-$(CBINDGEN_VERSION)
cargo_c := $(TOOLS)/cargo-c-$(CARGO_C_VERSION)
cargo_fuzz := $(TOOLS)/cargo-fuzz-$(CARGO_FUZZ_VERSION)
cargo_mutants := $(TOOLS)/cargo-mutants-$(CARGO_MUTANTS_VERSION)
cargo_about := $(TOOLS)/cargo-about-$(CARGO_ABOUT_VERSION)
cargo_cyclonedx := $(TOOLS)/cargo-cyclonedx-$(CARGO_CYCLONEDX_VERSION)
cargo_deny := $(TOOLS)/cargo-deny-$(CARGO_DENY_VERSION)
cargo_semver_checks := $(TOOLS)/cargo-semver-checks-$(CARGO_SEMVER_CHECKS_VERSION)
release_tools := $(cargo_about)/bin/cargo-about $(cargo_cyclonedx)/bin/cargo-cyclonedx
export PATH := $(cbindgen)/bin:$(cargo_c)/bin:$(cargo_fuzz)/bin:$(cargo_mutants)/bin:$(PATH)
export PATH := $(cargo_about)/bin:$(cargo_cyclonedx)/bin:$(cargo_deny)/bin:$(cargo_semver_checks)/bin:$(PATH)
# What was left out because a tool is missing; tests/lib.sh writes it.
export MISSING := $(CURDIR)/target/missing

.PHONY: help
help: ## List the jobs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

.PHONY: demo
demo: needs target/demo/installed ## Sign in to a Flask app on this machine, and try to steal that sign-in
	@target/demo/bin/python examples/python/demo.py

.PHONY: demo-serve
demo-serve: needs target/demo/installed ## Keep that app running for a person, and draw the last sign-in
	@target/demo/bin/python examples/python/demo_serve.py

.PHONY: test
test: needs ## Run every check and test that this machine has the tools for
	@mkdir -p target && : >$(MISSING)
	$(MAKE) lint test-vectors test-rust test-no-std test-c test-python test-web test-swift test-kotlin test-seal-table
	if [ -s $(MISSING) ]; then
	    printf '\nPassed, except for what needs tools that are missing here:\n'
	    sort -u $(MISSING) | sed 's/^/  /'
	else
	    printf '\nPassed.\n'
	fi

.PHONY: test-long
test-long: $(cargo_c)/bin/cargo-cinstall $(cargo_fuzz)/bin/cargo-fuzz ## Run what takes too long for every change
	$(MAKE) test-install
	tests/c/tsan.sh
	LOGINS=100000 tests/kotlin/run.sh
	tests/swift/run.sh --long
	tests/servers/run.sh --keycloak
	tests/load/run.sh --all
	PROOFKEY_TEST_LONG=1 tests/python/run.sh -k refresh_once
	tests/fuzz/run.sh 600

# Says in one line what is missing, before a build fails somewhere in the middle.
.PHONY: needs
needs:
	@PYTHON=$(PYTHON) tests/needs.sh

.PHONY: lint
lint: ## Check formatting, lints, generated files, and that no modules form a circle
	@. tests/lib.sh
	if need cargo-fmt "the formatting of Rust"; then cargo fmt --all --check; fi
	if need cargo-clippy "the lints of Rust"; then
	    cargo clippy -q --workspace --all-targets -- -D warnings
	    cargo clippy -q -p proofkey --features token-store --all-targets -- -D warnings
	    cargo clippy -q -p proofkey-core -p proofkey --no-default-features --all-targets -- -D warnings
	    cargo clippy -q -p proofkey-c --no-default-features --profile embedded --lib -- -D warnings
	fi
	$(PYTHON) tests/vectors/make_errors.py --check
	$(PYTHON) release/version.py check
	$(PYTHON) tests/structure/modules.py crates/proofkey-core/src crates/proofkey/src bindings/handles/src bindings/c/src bindings/kotlin/src bindings/python/src
	RUSTDOCFLAGS='-D warnings' cargo doc -q --no-deps -p proofkey-core -p proofkey --all-features

.PHONY: test-vectors
test-vectors: ## Run the vectors in JavaScript, as a project in another language would
	@tests/vectors/run.sh

.PHONY: test-rust
test-rust: ## Test the crates: units, vectors, properties, examples in the documentation
	@cargo test -q -p proofkey-core -p proofkey -p proofkey-handles -p proofkey-c
	cargo test -q -p proofkey --features token-store
	cargo test -q -p proofkey --no-default-features

.PHONY: test-no-std
test-no-std: ## Prove that the core links without std and alloc
	@tests/no_std/run.sh

.PHONY: test-c
test-c: ## Test the C library and its header
	@tests/c/run.sh

.PHONY: test-swift
test-swift: ## Test the Swift package, with Swift or in a Debian root that has it
	@PYTHON=$(PYTHON) tests/swift/run.sh

.PHONY: test-python
test-python: ## Test the wheel, on every Python of this machine
	@PYTHON=$(PYTHON) tests/python/run.sh
	tests/python/run-all.sh

.PHONY: test-web
test-web: ## Test signing in with Flask, FastAPI and Django (after test-python)
	@PYTHON=$(PYTHON) tests/web/run.sh

.PHONY: test-kotlin
test-kotlin: ## Test the package for Kotlin and Java (after test-python)
	@tests/kotlin/run.sh

.PHONY: test-seal-table
test-seal-table: ## Test logins that begin in one language and finish in another (after the tests of the packages)
	@tests/seal_table/run.sh

.PHONY: test-servers
test-servers: ## Test against real authorization servers, installed below target/ and run on loopback
	@tests/servers/run.sh

.PHONY: test-adapters
test-adapters: ## Test the adapters for server frameworks, installed below target/ and run on loopback
	@tests/adapters/run.sh

.PHONY: test-migrating
test-migrating: ## Test the programs of docs/migrating.md with the libraries that they come from (after test-python)
	@PYTHON=$(PYTHON) tests/migrating/run.sh

.PHONY: test-load
test-load: ## Sign 200 users in at once, while workers and stores die
	@tests/load/run.sh

.PHONY: test-browser
test-browser: ## Test sign-ins with Chromium, and take screenshots of the pages (target/browser/pages)
	@tests/browser/run.sh

.PHONY: test-sdist
test-sdist: ## Build the source distribution in isolation (minutes; after test-python)
	@tests/python/test-sdist.sh

.PHONY: install
install: ## Install the C library below PREFIX (/usr/local)
	@bindings/c/install.sh $(PREFIX)

.PHONY: test-install
test-install: $(cargo_c)/bin/cargo-cinstall ## Install the C library as a system does, and build against it
	@bindings/c/install-check.sh

.PHONY: test-mutants
test-mutants: $(cargo_mutants)/bin/cargo-mutants ## Check that the tests of the domain crates notice every change of their code (hours)
	@tests/mutants/run.sh

.PHONY: fuzz
fuzz: $(cargo_fuzz)/bin/cargo-fuzz ## Fuzz each parser for SECONDS (30)
	@tests/fuzz/run.sh $(SECONDS)

.PHONY: dist
dist: needs licences $(release_tools) ## Build what a release consists of, for every platform that can be built here, and audit it
	@PYTHON=$(PYTHON) release/build.sh $(PARTS)

.PHONY: dist-here
dist-here: $(release_tools) ## Build a wheel for this system alone, and sign in with it: for macOS and Windows
	@release/here.sh

.PHONY: licences
licences: $(cargo_deny)/bin/cargo-deny ## Check the licences of dependencies, their sources, and that nothing brings in other crypto
	@cargo deny --locked --config release/deny.toml check licenses bans sources

.PHONY: test-dist
test-dist: ## Test the audit of artefacts and the versions (after test-python)
	@PYTHON=$(PYTHON) tests/dist/run.sh

.PHONY: test-dist-runs
test-dist-runs: ## Install and use what `make dist` built: in bare environments, with musl, on an emulated arm64
	@PYTHON=$(PYTHON) tests/dist/runs.sh

.PHONY: test-dist-again
test-dist-again: $(release_tools) ## Build it all a second time, in another folder, and compare every byte
	@PYTHON=$(PYTHON) tests/dist/again.sh $(PARTS)

.PHONY: test-msrv
test-msrv: ## Compile with the oldest Rust that is promised
	@tests/dist/msrv.sh

.PHONY: test-cross
test-cross: ## Type-check every crate for Windows, macOS, iOS and Android
	@PYTHON=$(PYTHON) tests/dist/cross.sh

.PHONY: test-semver
test-semver: $(cargo_semver_checks)/bin/cargo-semver-checks ## Compare the crates' interfaces with those of the last tag
	@cargo semver-checks -p proofkey-core -p proofkey --baseline-rev "$$(git describe --tags --abbrev=0 HEAD^)"

.PHONY: advisories
advisories: $(cargo_deny)/bin/cargo-deny ## Ask RustSec's database about the dependencies (needs the internet)
	@cargo deny --locked --config release/deny.toml check advisories

.PHONY: errors
errors: ## Generate everything that is derived from tests/vectors/errors.json
	@$(PYTHON) tests/vectors/make_errors.py

.PHONY: header
header: $(cbindgen)/bin/cbindgen ## Generate include/proofkey.h
	@bindings/c/header.sh

.PHONY: bench
bench: ## Compare with other libraries, as ratios within one run
	@tests/bench/run.sh

.PHONY: tools
tools: $(cbindgen)/bin/cbindgen ## Install the tools that the tests need from cargo (into TOOLS)

$(cbindgen)/bin/cbindgen:
	@cargo install -q --locked --root $(cbindgen) --version $(CBINDGEN_VERSION) cbindgen

$(cargo_fuzz)/bin/cargo-fuzz:
	@cargo install -q --locked --root $(cargo_fuzz) --version $(CARGO_FUZZ_VERSION) cargo-fuzz

$(cargo_mutants)/bin/cargo-mutants:
	@cargo install -q --locked --root $(cargo_mutants) --version $(CARGO_MUTANTS_VERSION) cargo-mutants

$(cargo_about)/bin/cargo-about:
	@cargo install -q --locked --root $(cargo_about) --version $(CARGO_ABOUT_VERSION) --features cli cargo-about

$(cargo_cyclonedx)/bin/cargo-cyclonedx:
	@cargo install -q --locked --root $(cargo_cyclonedx) --version $(CARGO_CYCLONEDX_VERSION) cargo-cyclonedx

$(cargo_deny)/bin/cargo-deny:
	@cargo install -q --locked --root $(cargo_deny) --version $(CARGO_DENY_VERSION) cargo-deny

$(cargo_semver_checks)/bin/cargo-semver-checks:
	@cargo install -q --locked --root $(cargo_semver_checks) --version $(CARGO_SEMVER_CHECKS_VERSION) cargo-semver-checks

$(cargo_c)/bin/cargo-cinstall:
	@cargo install -q --locked --root $(cargo_c) --version $(CARGO_C_VERSION) cargo-c

# The package as a user installs it, in an environment of its own.
target/demo/installed: $(shell git ls-files crates bindings/python python Cargo.toml Cargo.lock pyproject.toml 2>/dev/null)
	@mkdir -p target
	$(PYTHON) -m venv target/demo
	echo 'building proofkey (a minute or two the first time)' >&2
	target/demo/bin/python -m pip install -q --disable-pip-version-check '.[flask,testing]'
	touch $@
