//! Logins of programs on the user's own machine (RFC 8252 section 7.3).

mod browser;
mod http;
mod listener;
#[cfg_attr(not(unix), path = "no_terminal.rs")]
mod terminal;

use std::fmt;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use self::http::Page;
use self::listener::Listener;
use self::terminal::{Input, Terminal, wait};
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use crate::http::Transport;
use crate::login::{Authorize, Callback, Login, Verdict};
use crate::tokens::{Exchange, Tokens};

/// A login of a program on the user's own machine, from [`Authorize::login_with_browser`]: it opens the browser, and
/// listens on loopback for the redirect back (RFC 8252 section 7.3).
///
/// It listens only while the login lasts, and only at the address of the redirect URI. It accepts GET of the exact path
/// with the exact `Host`; a request that is not the response to this login is refused and changes nothing.
///
/// If stdin is a terminal (on Unix), the user may also paste the URL that the browser was sent to, for example if the
/// browser runs on another machine. Input is read line by line, never past the end of a line, and not at all once the
/// login is over.
#[must_use]
pub struct LoopbackLogin<'a> {
    request: Authorize,
    transport: &'a Transport,
    timeout: Duration,
    browser: Option<Browser<'a>>,
    progress: Progress<'a>,
    while_waiting: WhileWaiting<'a>,
}

type Browser<'a> = Box<dyn FnOnce(&str) -> bool + 'a>;
type Progress<'a> = Box<dyn FnMut(&str) + 'a>;
type WhileWaiting<'a> = Box<dyn FnMut() -> Result<(), Error> + 'a>;

impl Authorize {
    /// Signs in the user of this machine, for command-line and desktop programs. [`run`](LoopbackLogin::run) does all
    /// of it.
    ///
    /// The client's redirect URI is `http://127.0.0.1/path` or `http://[::1]/path`. If it has a port, that one is used;
    /// without a port, or with port 0, a free one is chosen, as authorization servers allow for these addresses. A
    /// client without a redirect URI gets `http://127.0.0.1:port/callback`, or `[::1]` on a machine without IPv4.
    /// `localhost` works too, at both addresses; prefer an address, which no resolver can point elsewhere (RFC 8252
    /// section 8.3).
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let client = Client::new(provider, "my-cli")?.with_redirect_uri("http://127.0.0.1/callback")?;
    /// let tokens = client.authorize().scope("files.read").login_with_browser(&Transport::new()).run()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn login_with_browser(self, transport: &Transport) -> LoopbackLogin<'_> {
        LoopbackLogin {
            request: self,
            transport,
            timeout: TIMEOUT,
            browser: Some(Box::new(browser::open)),
            progress: Box::new(|line| drop(writeln!(io::stderr(), "{line}"))),
            while_waiting: Box::new(|| Ok(())),
        }
    }
}

impl<'a> LoopbackLogin<'a> {
    /// Opens no browser: the user opens the URL that is printed. `PROOFKEY_NO_BROWSER` in the environment does the
    /// same, unless it is empty.
    pub fn no_browser(self) -> Self {
        Self { browser: None, ..self }
    }

    /// Opens the browser with this function instead of the system's default. It gets the URL, must not wait for the
    /// browser to exit, and returns whether it could open one.
    pub fn browser(self, open: impl FnOnce(&str) -> bool + 'a) -> Self {
        Self { browser: Some(Box::new(open)), ..self }
    }

    /// Sets how long the user may take: five minutes by default, and never more than the ten minutes of every login.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Passes the messages for the user to this function, line by line, instead of writing them to stderr: the URL to
    /// sign in at, where the program waits for the browser, and that it worked. They contain no secret.
    pub fn progress(self, tell: impl FnMut(&str) + 'a) -> Self {
        Self { progress: Box::new(tell), ..self }
    }

    /// Calls this function at least five times a second while waiting. If it fails, the login ends with its error.
    pub fn while_waiting(self, hook: impl FnMut() -> Result<(), Error> + 'a) -> Self {
        Self { while_waiting: Box::new(hook), ..self }
    }

    /// Listens, opens the browser, waits for the response to this login, and exchanges its code, once.
    ///
    /// # Errors
    /// Those of [`Authorize::begin`] and [`Client::finish`](crate::Client::finish). Before the browser is opened:
    /// [`RedirectUriNotLoopback`](ErrorKind::RedirectUriNotLoopback) for a redirect URI that is not http to loopback,
    /// and [`ConnectFailed`](ErrorKind::ConnectFailed) if it cannot listen there, usually because another program uses
    /// the port; a line of the progress says why. Afterwards: [`LoginExpired`](ErrorKind::LoginExpired) if no response
    /// came in time, and [`AuthorizationError`](ErrorKind::AuthorizationError) if the user or the server refused.
    pub fn run(self) -> Result<Tokens, Error> {
        let Self { mut request, transport, timeout, browser, mut progress, while_waiting } = self;
        let (listener, redirect_uri) = Listener::open(request.client.redirect_uri(), &mut progress)?;
        request.client = request.client.with_redirect_uri(redirect_uri.as_str())?;
        let login = request.begin(now())?;
        let terminal = Terminal::open();

        progress(&format!("Open this URL to sign in: {}", login.url()));
        let is_off = std::env::var_os("PROOFKEY_NO_BROWSER").is_some_and(|value| !value.is_empty());
        if browser.filter(|_| !is_off).is_some_and(|open| !open(login.url())) {
            progress("no browser could be opened here");
        }
        let or_paste = if terminal.is_some() { "; you can also paste the URL that it was sent to" } else { "" };
        progress(&format!("waiting for the browser on {redirect_uri}{or_paste}"));

        let deadline = Instant::now().checked_add(timeout);
        let mut waiting =
            Waiting { login: &login, listener, terminal, deadline, progress: &mut progress, while_waiting };
        let exchange = waiting.exchange()?;
        // The port is closed, and the browser has its page.
        drop(waiting);
        let tokens = transport.run(exchange)?;
        progress("signed in");
        Ok(tokens)
    }
}

/// Redacted: the request may hold a verifier.
impl fmt::Debug for LoopbackLogin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopbackLogin").field("request", &self.request).finish_non_exhaustive()
    }
}

struct Waiting<'a, 'b> {
    login: &'b Login,
    listener: Listener,
    terminal: Option<Terminal>,
    deadline: Option<Instant>,
    progress: &'b mut Progress<'a>,
    while_waiting: WhileWaiting<'a>,
}

impl Waiting<'_, '_> {
    /// Waits for the response to this login, and returns the exchange of its code. A callback that anybody could have
    /// sent is refused, and the wait goes on.
    fn exchange(&mut self) -> Result<Exchange, Error> {
        loop {
            (self.while_waiting)()?;
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) || now() > self.login.expires_at() {
                return Err(ErrorKind::LoginExpired.into());
            }
            let typed = wait(&self.listener, self.terminal.as_ref());
            while let Some(arrived) = self.listener.next() {
                let checked = self.check(&arrived.url);
                arrived.respond(Page::about(checked.as_ref().err()));
                match checked {
                    Ok(exchange) => return Ok(exchange),
                    Err(Verdict::Over(error)) => return Err(error),
                    Err(Verdict::Usable(_)) => {}
                }
            }
            if let Some(url) = typed.then(|| self.pasted()).flatten() {
                match self.check(&url) {
                    Ok(exchange) => return Ok(exchange),
                    Err(Verdict::Over(error)) => return Err(error),
                    Err(Verdict::Usable(kind)) => (self.progress)(&format!(
                        "that did not work ({}): paste the whole URL that the browser shows after you sign in",
                        kind.message()
                    )),
                }
            }
        }
    }

    fn check(&self, url: &str) -> Result<Exchange, Verdict> {
        let now = now();
        let code = self.login.code(&Callback::url(url), now)?;
        self.login.exchange(&code, now)
    }

    /// A line from the terminal, if one is complete. It is trimmed, because a person may have copied a space with it.
    fn pasted(&mut self) -> Option<Zeroizing<String>> {
        match self.terminal.as_mut()?.read() {
            Input::Line(line) => {
                let line = Zeroizing::new(line.trim().to_owned());
                (!line.is_empty()).then_some(line)
            }
            Input::Incomplete => None,
            Input::Closed => {
                self.terminal = None;
                None
            }
        }
    }
}

/// How long the user may take, unless the caller says otherwise.
const TIMEOUT: Duration = Duration::from_secs(300);
