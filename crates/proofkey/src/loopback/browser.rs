use std::process::{Command, Stdio};
use std::thread;

/// Opens the URL in the user's browser, as one argument of one program and never through a shell. Whether there was
/// something to open it with.
pub(super) fn open(url: &str) -> bool {
    if !has_display() {
        return false;
    }
    let Some((program, arguments)) = OPENER.split_first() else { return false };
    // What a browser prints is not this program's output, and the terminal is not its input.
    let spawned = Command::new(program)
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match spawned {
        Ok(mut child) => {
            // It may last as long as the browser; somebody has to collect its status.
            let _ = thread::Builder::new().spawn(move || child.wait());
            true
        }
        Err(_) => false,
    }
}

#[cfg(target_os = "macos")]
const OPENER: &[&str] = &["open"];
// `start` is a word of the shell, which would read the URL's `&` and `%` its own way.
#[cfg(windows)]
const OPENER: &[&str] = &["rundll32", "url.dll,FileProtocolHandler"];
#[cfg(not(any(target_os = "macos", windows)))]
const OPENER: &[&str] = &["xdg-open"];

/// Without a display `xdg-open` would run a text browser in this program's terminal, if anything.
fn has_display() -> bool {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows)) || DISPLAYS.iter().any(is_set)
}

const DISPLAYS: [&str; 4] = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"];
