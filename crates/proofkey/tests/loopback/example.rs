//! The example program, which `cargo test` builds beside the tests.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::server::{Server, get, sign_in, status};

fn example(server: &Server) -> Command {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push(format!("examples/cli_login{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "cargo test builds the examples too, but not with --test or --tests");
    let mut command = Command::new(path);
    command.args([&server.issuer, "my-cli", "files.read", "files.write"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["PROOFKEY_NO_BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"] {
        command.env_remove(name);
    }
    command
}

/// Runs the program and signs in at the URL that it prints. Returns its stdout and its stderr.
fn run_example(mut command: Command) -> (String, String) {
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("waiting for") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let url = said.split_once("sign in: ").unwrap().1.split_once('\n').unwrap().0;
    assert_eq!(status(&get(&sign_in(url))), "200");
    stderr.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{said}");
    (String::from_utf8(output.stdout).unwrap(), said)
}

#[test]
fn the_example_program() {
    let server = Server::start();
    let mut command = example(&server);
    command.arg("--no-browser");
    let (printed, said) = run_example(command);
    assert_eq!(printed, "files.read\n");
    assert!(said.ends_with("\nsigned in\n") && !said.contains("the-token"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_browser_gets_the_url_as_one_argument_of_no_shell() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("loopback");
    std::fs::create_dir_all(&folder).unwrap();
    let (opener, opened) = (folder.join("xdg-open"), folder.join("opened"));
    std::fs::write(
        &opener,
        "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$@\" >\"$0.new\"; /bin/mv \"$0.new\" \"${0%/*}/opened\"\necho noise\n",
    )
    .unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();

    let with = |variables: &[(&str, &str)]| {
        let _ = std::fs::remove_file(&opened);
        let mut command = example(&server);
        command.env("PATH", &folder).envs(variables.iter().copied());
        let (printed, said) = run_example(command);
        assert_eq!(printed, "files.read\n", "what the browser prints is not the program's");
        std::thread::sleep(std::time::Duration::from_millis(200));
        let url = said.split_once("sign in: ").unwrap().1.split_once('\n').unwrap().0.to_owned();
        (std::fs::read_to_string(&opened).ok(), url, said)
    };
    let (opened, url, _) = with(&[("DISPLAY", ":99")]);
    assert!(url.contains('&'));
    assert_eq!(opened, Some(format!("1\n{url}\n")));

    let (opened, _, said) = with(&[]);
    assert!(opened.is_none() && said.contains("no browser could be opened"), "{said}");
    let (opened, _, said) = with(&[("DISPLAY", ":99"), ("PROOFKEY_NO_BROWSER", "1")]);
    assert!(opened.is_none() && !said.contains("no browser"), "{said}");
    let (opened, ..) = with(&[("DISPLAY", ":99"), ("PROOFKEY_NO_BROWSER", "")]);
    assert!(opened.is_some());
}
