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
use crate::login::Verdict;
use crate::{Authorize, Callback, Client, Error, ErrorKind, Login, Tokens, Transport, now};

/// A login of a program on the user's own machine, from [`Client::login`]: it opens the browser, and listens on loopback
/// for the redirect back (RFC 8252 section 7.3).
///
/// The listener is there while the login lasts, and only at the address of the redirect URI. It answers GET of the exact
/// path with the exact `Host`; a request that is not the answer to this login is refused and changes nothing.
///
/// If stdin is a terminal (on Unix), the user may also paste the URL that the browser was sent to: for browsers on
/// another machine. One line at a time is read, no further than its end, and none once the login is over.
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

impl Client {
    /// Signs a user of this machine in: for command lines and desktop programs. [`run`](LoopbackLogin::run) does it all.
    ///
    /// The client's redirect URI is `http://127.0.0.1/path` or `http://[::1]/path`. A port in it is taken; without one, or
    /// with port 0, a free one is, as authorization servers allow for these addresses. A client without redirect URI gets
    /// `http://127.0.0.1:port/callback`, or `[::1]` on a machine without IPv4. `localhost` works too, at both addresses;
    /// prefer an address, which no resolver can point elsewhere (RFC 8252 section 8.3).
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let client = Client::new(provider, "my-cli")?.redirect_uri("http://127.0.0.1/callback")?;
    /// let tokens = client.login(&Transport::new()).scope("files.read").run()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn login<'a>(&self, transport: &'a Transport) -> LoopbackLogin<'a> {
        LoopbackLogin {
            request: self.authorize(),
            transport,
            timeout: TIMEOUT,
            browser: Some(Box::new(browser::open)),
            progress: Box::new(|line| drop(writeln!(io::stderr(), "{line}"))),
            while_waiting: Box::new(|| Ok(())),
        }
    }
}

impl<'a> LoopbackLogin<'a> {
    /// What is asked for, as [`Authorize::scope`].
    pub fn scope(self, scope: impl Into<String>) -> Self {
        Self { request: self.request.scope(scope), ..self }
    }

    /// A further parameter of the authorization request, as [`Authorize::extra`].
    pub fn extra(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { request: self.request.extra(name, value), ..self }
    }

    /// How the server may ask the user, as [`Authorize::prompt`].
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        Self { request: self.request.prompt(prompt), ..self }
    }

    /// Who is about to sign in, as [`Authorize::login_hint`].
    pub fn login_hint(self, login_hint: impl Into<String>) -> Self {
        Self { request: self.request.login_hint(login_hint), ..self }
    }

    /// Where the access token is to be used, as [`Authorize::resource`].
    pub fn resource(self, resource: impl Into<String>) -> Self {
        Self { request: self.request.resource(resource), ..self }
    }

    /// Opens no browser: the user does, with the URL that is printed. `PROOFKEY_NO_BROWSER` in the environment, with any
    /// value but an empty one, means the same.
    pub fn no_browser(self) -> Self {
        Self { browser: None, ..self }
    }

    /// Opens the browser with this instead of the system's own way. It gets the URL, must not wait for the browser to
    /// end, and returns whether there was one to open.
    pub fn browser(self, open: impl FnOnce(&str) -> bool + 'a) -> Self {
        Self { browser: Some(Box::new(open)), ..self }
    }

    /// How long the user may take: five minutes unless this is called, and never more than the ten of every login.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Gives what the user should know to this, line by line, instead of writing it to stderr. There is no secret in it:
    /// the URL to sign in at, where the browser is waited for, and that it worked.
    pub fn progress(self, tell: impl FnMut(&str) + 'a) -> Self {
        Self { progress: Box::new(tell), ..self }
    }

    /// Calls this at least five times a second while it waits; an error ends the login with that error.
    pub fn while_waiting(self, hook: impl FnMut() -> Result<(), Error> + 'a) -> Self {
        Self { while_waiting: Box::new(hook), ..self }
    }

    /// Listens, opens the browser, waits for the answer to this login, and exchanges its code, once.
    ///
    /// # Errors
    /// Those of [`Authorize::begin`] and [`Client::finish`], and before the browser is opened
    /// [`RedirectUriNotLoopback`](ErrorKind::RedirectUriNotLoopback) for a redirect URI that is not http to loopback, and
    /// [`ConnectFailed`](ErrorKind::ConnectFailed) if nothing can listen there, mostly because another program has the
    /// port: a line of the progress says why. [`LoginExpired`](ErrorKind::LoginExpired) if nothing came in time;
    /// [`AuthorizationError`](ErrorKind::AuthorizationError) if the user or the server said no.
    pub fn run(self) -> Result<Tokens, Error> {
        let Self { mut request, transport, timeout, browser, mut progress, while_waiting } = self;
        let (listener, redirect_uri) = Listener::open(request.client.redirect_uri_text(), &mut progress)?;
        request.client = request.client.redirect_uri(redirect_uri.as_str())?;
        let client = request.client.clone();
        let login = request.begin(now())?;
        let terminal = Terminal::open();

        progress(&format!("Open this URL to sign in: {}", login.url()));
        let is_off = std::env::var_os("PROOFKEY_NO_BROWSER").is_some_and(|value| !value.is_empty());
        if browser.filter(|_| !is_off).is_some_and(|open| !open(login.url())) {
            progress("no browser could be opened here");
        }
        let or_paste = if terminal.is_some() { "; or paste the URL you were sent to here" } else { "" };
        progress(&format!("waiting for the browser on {redirect_uri}{or_paste}"));

        let deadline = Instant::now().checked_add(timeout);
        let mut waiting =
            Waiting { login: &login, listener, terminal, deadline, progress: &mut progress, while_waiting };
        let callback = waiting.callback()?;
        // The port is closed, and the browser has its page.
        drop(waiting);
        let tokens = client.finish(login, callback.as_str(), transport)?;
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
    /// The callback with the code for this login. Whatever anybody could have sent is refused and waited past.
    fn callback(&mut self) -> Result<Zeroizing<String>, Error> {
        loop {
            (self.while_waiting)()?;
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) || now() > self.login.expires_at() {
                return Err(ErrorKind::LoginExpired.into());
            }
            let typed = wait(&self.listener, self.terminal.as_ref());
            while let Some(arrived) = self.listener.next() {
                let verdict = self.verdict(&arrived.url);
                arrived.answer(Page::about(&verdict));
                match verdict {
                    Ok(()) => return Ok(arrived.url),
                    Err(Verdict::Spent(error)) => return Err(error),
                    Err(Verdict::Anybodys(_)) => {}
                }
            }
            if let Some(url) = typed.then(|| self.pasted()).flatten() {
                match self.verdict(&url) {
                    Ok(()) => return Ok(url),
                    Err(Verdict::Spent(error)) => return Err(error),
                    Err(Verdict::Anybodys(kind)) => (self.progress)(&format!(
                        "that is not it ({}): paste the whole URL that the browser shows after you signed in",
                        kind.message()
                    )),
                }
            }
        }
    }

    fn verdict(&self, url: &str) -> Result<(), Verdict> {
        self.login.check(&Callback::url(url), now()).map(drop)
    }

    /// A line from the terminal, if one is complete. A person typed it, who may have caught a space with it.
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
