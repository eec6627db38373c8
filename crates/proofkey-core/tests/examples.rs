//! The example program prints what its documentation says.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Runs the example, which `cargo test` builds beside the tests.
fn server(file: &str) -> Output {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push(format!("examples/server{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "cargo test builds the examples too, but not with --test or --tests");
    Command::new(path).arg(file).output().unwrap()
}

#[test]
fn the_server_prints_what_its_documentation_says() {
    let source = include_str!("../examples/server.rs");
    let text = source.split_once("//! ```text\n").unwrap().1.split_once("//! ```\n").unwrap().0;
    let expected: String = text.lines().map(|line| line.strip_prefix("//! ").unwrap().to_owned() + "\n").collect();
    assert_eq!(expected.lines().count(), 9);

    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("server-codes.txt");
    let output = server(file.to_str().unwrap());
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    let stored = "code-1 S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\ncode-3 none\ncode-4 S256:E9Melhoa2OwvFrEM\n";
    assert_eq!(fs::read_to_string(file).unwrap(), stored);
}

#[test]
fn the_server_fails_without_its_table() {
    assert!(!server("/no/such/folder/codes.txt").status.success());
}
