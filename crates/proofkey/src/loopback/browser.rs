use std::process::{Command, Stdio};
use std::thread;

/// Opens the URL in the user's browser, as one argument of a program, never through a shell. Returns whether there was
/// a program to open it with.
pub(super) fn open(url: &str) -> bool {
    if !has_display() {
        return false;
    }
    let Some((program, arguments)) = OPENER.split_first() else { return false };
    // The browser must not write into this program's output, and must not read from its terminal.
    let spawned = Command::new(program)
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match spawned {
        Ok(mut child) => {
            // The child may last as long as the browser; a thread collects its exit status.
            let _ = thread::Builder::new().spawn(move || child.wait());
            true
        }
        Err(_) => false,
    }
}

#[cfg(target_os = "macos")]
const OPENER: &[&str] = &["open"];
// `start` is a command of the shell, which would interpret `&` and `%` in the URL.
#[cfg(windows)]
const OPENER: &[&str] = &["rundll32", "url.dll,FileProtocolHandler"];
#[cfg(not(any(target_os = "macos", windows)))]
const OPENER: &[&str] = &["xdg-open"];

/// Without a display, `xdg-open` would at best run a text browser in this program's terminal.
fn has_display() -> bool {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows)) || DISPLAYS.iter().any(is_set)
}

const DISPLAYS: [&str; 4] = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"];
