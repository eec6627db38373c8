use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::{Uri, uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector,
    Transport as UreqTransport,
};
use ureq::{Agent, Proxy, ProxyBuilder, ProxyProtocol};

use super::{Failure, Request, Response, Roundtrip, Step};
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use crate::per_process::PerProcess;
use crate::syntax::address::is_public;

/// A blocking transport that is safe by default.
///
/// It uses https with the root certificates of the operating system, and plain http only to loopback, as
/// [`Provider`](crate::Provider) allows. A whole request may take ten seconds, and a response body may have 1 MiB. It
/// follows no redirects and uses no cookies, no `.netrc`, and no proxy unless it is given one. Every status is a response, not an error. Connections
/// are pooled for one second. Share one transport between threads: clones use the same pool.
///
/// Copies in the buffers of the operating system and of the TLS library are not erased.
#[derive(Clone)]
pub struct Transport {
    agent: Arc<PerProcess<Agent>>,
    /// For requests that may go to public addresses only; `None` if this transport is one for all.
    public: Option<Arc<PerProcess<Agent>>>,
    settings: Settings,
}

#[derive(Clone)]
struct Settings {
    roots: RootCerts,
    public_only: bool,
    timeout: Duration,
    proxy: Option<Proxy>,
}

impl Transport {
    /// A transport with its own pool of connections.
    #[must_use]
    pub fn new() -> Self {
        Self::build(Settings::new(RootCerts::PlatformVerifier))
    }

    /// A transport that trusts only the certificates in this PEM text.
    ///
    /// # Errors
    /// [`CaFileInvalid`](ErrorKind::CaFileInvalid) if it has no certificate, or one that cannot be read.
    ///
    /// ```
    /// use proofkey::{ErrorKind, Transport};
    /// assert_eq!(Transport::with_roots(b"").unwrap_err().kind(), ErrorKind::CaFileInvalid);
    /// ```
    pub fn with_roots(pem: &[u8]) -> Result<Self, Error> {
        let certificates: Result<Vec<_>, _> = parse_pem(pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            })
            .collect();
        // Certificates would only be parsed on first use; parse them now, so that a bad file fails here.
        let is_certificate = |certificate: &Certificate<'static>| {
            rustls::RootCertStore::empty().add(certificate.der().to_vec().into()).is_ok()
        };
        match certificates {
            Ok(certificates) if !certificates.is_empty() && certificates.iter().all(is_certificate) => {
                Ok(Self::build(Settings::new(RootCerts::from(certificates))))
            }
            _ => Err(ErrorKind::CaFileInvalid.into()),
        }
    }

    /// The same transport, but it connects to public addresses only: for hosts that a user names, for example an
    /// issuer. The addresses are checked after the look-up, so a name that leads to an internal address is refused too.
    #[must_use]
    pub fn public_only(self) -> Self {
        Self::build(Settings { public_only: true, ..self.settings })
    }

    /// The same transport with this limit for the whole request instead of ten seconds; at most a day.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self::build(Settings { timeout: timeout.min(MAX_TIMEOUT), ..self.settings })
    }

    /// The same transport, but it asks this proxy to connect (`CONNECT`): `http://` or `https://`, a host, and perhaps a
    /// port, a user and a password. What goes to loopback does not go through it. TLS ends at the server, so the proxy
    /// sees only its name.
    ///
    /// The variables of the environment (`HTTPS_PROXY`) are never read. The proxy resolves names by itself, so requests
    /// that may go to public addresses only are refused: [`AddressForbidden`](ErrorKind::AddressForbidden).
    ///
    /// # Errors
    /// [`ProxyInvalid`](ErrorKind::ProxyInvalid) for another URL.
    ///
    /// ```
    /// use proofkey::{ErrorKind, Transport};
    /// let transport = Transport::new().with_proxy("http://proxy.example:3128")?;
    /// assert_eq!(transport.with_proxy("socks5://proxy.example").unwrap_err().kind(), ErrorKind::ProxyInvalid);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn with_proxy(self, url: &str) -> Result<Self, Error> {
        let proxy = parse_proxy(url).ok_or(ErrorKind::ProxyInvalid)?;
        Ok(Self::build(Settings { proxy: Some(proxy), ..self.settings }))
    }

    /// Whether this connects to public addresses only.
    #[must_use]
    pub const fn is_public_only(&self) -> bool {
        self.settings.public_only
    }

    /// The limit for the whole request.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    fn build(settings: Settings) -> Self {
        let agent = |settings: &Settings| Arc::new(PerProcess::new(settings.agent()));
        let public = (!settings.public_only).then(|| agent(&settings.public()));
        Self { agent: agent(&settings), public, settings }
    }
}

impl Settings {
    const fn new(roots: RootCerts) -> Self {
        Self { roots, public_only: false, timeout: TIMEOUT, proxy: None }
    }

    fn public(&self) -> Self {
        Self { public_only: true, ..self.clone() }
    }

    fn agent(&self) -> Agent {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            TlsConfig::builder().root_certs(self.roots.clone()).unversioned_rustls_crypto_provider(provider).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(self.proxy.clone())
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("proofkey/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(self.timeout))
            .max_idle_age(MAX_IDLE)
            .max_idle_connections(MAX_IDLE_CONNECTIONS)
            .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS)
            .build();
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(RustlsConnector::default())
                .chain(MarkSent { has_proxy: self.proxy.is_some() });
        let resolver = LiteralResolver { names: DefaultResolver::default(), public_only: self.public_only };
        Agent::with_parts(config, connector, resolver)
    }
}

impl Transport {
    /// Sends a request once.
    ///
    /// # Errors
    /// [`ConnectFailed`](ErrorKind::ConnectFailed) and [`TlsFailed`](ErrorKind::TlsFailed): nothing was sent, and the
    /// same request may be sent again. [`Timeout`](ErrorKind::Timeout),
    /// [`ResponseInterrupted`](ErrorKind::ResponseInterrupted), [`ResponseMalformed`](ErrorKind::ResponseMalformed) and
    /// [`ResponseTooLarge`](ErrorKind::ResponseTooLarge): something was sent, so treat the code in the request as used.
    /// [`AddressForbidden`](ErrorKind::AddressForbidden) if the transport is [`public_only`](Self::public_only) and the
    /// address is not public. [`request_sent`](Error::request_sent) says whether anything was sent.
    pub fn send(&self, request: &Request) -> Result<Response, Error> {
        self.send_within(self.timeout(), request)
    }

    fn send_within(&self, timeout: Duration, request: &Request) -> Result<Response, Error> {
        if timeout.is_zero() {
            return Err(Error::from(ErrorKind::Timeout).at(request.endpoint()).sent(false));
        }
        SENT.set(false);
        BROKEN.set(false);
        let response = self.try_send(request, timeout).map_err(|error| {
            let sent = SENT.get();
            Error::from(kind(&error, sent)).at(request.endpoint()).sent(sent)
        })?;
        // A body without a length ends when the connection closes. If the connection broke, the body may be cut short.
        if BROKEN.get() {
            return Err(Error::from(ErrorKind::ResponseInterrupted).at(request.endpoint()).sent(true));
        }
        Ok(response)
    }

    fn try_send(&self, request: &Request, timeout: Duration) -> Result<Response, ureq::Error> {
        // The proxy would look the name up, and nobody would check the address.
        if self.settings.proxy.is_some() && (self.settings.public_only || request.is_public_only()) {
            return Err(ureq::Error::Other(Box::new(AddressForbidden)));
        }
        // A pool of its own, because a pooled connection may lead to an address that is not public.
        let agent = match &self.public {
            Some(public) if request.is_public_only() => public.get_or(|| self.settings.public().agent()),
            _ => self.agent.get_or(|| self.settings.agent()),
        };
        let mut response = if request.method() == "GET" {
            let get = agent.get(request.url()).config().timeout_global(Some(timeout)).build();
            request.headers().fold(get, |get, (name, value)| get.header(name, value)).call()?
        } else {
            let post = agent.post(request.url()).config().timeout_global(Some(timeout)).build();
            request.headers().fold(post, |post, (name, value)| post.header(name, value)).send(request.body())?
        };
        // One byte more than is accepted, so that a body that just fits is not taken for one that is too large.
        let limit = u64::try_from(Response::MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
        let body = response.body_mut().with_config().limit(limit).read_to_vec()?;
        let headers = response.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        Ok(Response::new(response.status().as_u16(), headers, body))
    }

    /// Runs a [`Roundtrip`]: sends its requests until there is a result. The time limit is for all of them together, and
    /// for the pauses between them.
    ///
    /// # Errors
    /// Those of [`send`](Self::send), which leave the roundtrip pending if nothing was sent, and those of the
    /// [`Roundtrip`].
    ///
    /// ```no_run
    /// use proofkey::{Discovery, Transport};
    /// let provider = Transport::new().run(Discovery::new("https://login.example.com")?)?;
    /// # let _ = provider;
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn run<R: Roundtrip>(&self, mut roundtrip: R) -> Result<R::Output, Failure<R>> {
        let started = Instant::now();
        let mut pause = Duration::ZERO;
        loop {
            // Without time for the pause, the request is too late already, and says so.
            let remaining = self.timeout().saturating_sub(started.elapsed()).saturating_sub(pause);
            if !remaining.is_zero() {
                thread::sleep(pause);
            }
            (pause, roundtrip) = match roundtrip.send(|request| self.send_within(remaining, request), now)? {
                Step::Send(next) => (Duration::ZERO, next),
                Step::Wait(seconds, next) => (Duration::from_secs(seconds.into()), next),
                Step::Done(output) => return Ok(output),
            };
        }
    }
}

impl Transport {
    /// Runs a roundtrip that waits for a user: the time limit is for each request.
    pub(crate) fn run_from<R: Roundtrip>(&self, mut step: Step<R, R::Output>) -> Result<R::Output, Failure<R>> {
        loop {
            let roundtrip = match step {
                Step::Send(next) => next,
                Step::Wait(seconds, next) => {
                    thread::sleep(Duration::from_secs(seconds.into()));
                    next
                }
                Step::Done(output) => return Ok(output),
            };
            step = roundtrip.send(|request| self.send(request), now)?;
        }
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("public_only", &self.settings.public_only).finish_non_exhaustive()
    }
}

fn parse_proxy(url: &str) -> Option<Proxy> {
    let uri = url.parse::<Uri>().ok()?;
    let (scheme, authority) = (uri.scheme()?, uri.authority()?);
    let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !url.contains('#');
    // A port that is no number would be taken for none.
    let address = authority.as_str().rsplit('@').next()?;
    let has_port = address.len() > authority.host().len();
    if !is_bare || has_port && authority.port_u16().is_none() {
        return None;
    }
    let protocol = ProxyProtocol::try_from(scheme.as_str()).ok()?;
    if !matches!(protocol, ProxyProtocol::Http | ProxyProtocol::Https) {
        return None;
    }
    let given = Proxy::new(url).ok()?;
    let mut proxy = Proxy::builder(protocol).host(given.host()).port(given.port());
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        proxy = proxy.no_proxy(host);
    }
    proxy = given.username().into_iter().fold(proxy, ProxyBuilder::username);
    proxy = given.password().into_iter().fold(proxy, ProxyBuilder::password);
    proxy.build().ok()
}

/// Maps an error of ureq, depending on whether a byte of the request had been sent.
fn kind(error: &ureq::Error, sent: bool) -> ErrorKind {
    use ureq::Error as E;
    match error {
        E::BodyExceedsLimit(_) | E::LargeResponseHeader(..) => ErrorKind::ResponseTooLarge,
        E::Io(error) if over_limit(error) => ErrorKind::ResponseTooLarge,
        E::Timeout(_) if sent => ErrorKind::Timeout,
        E::Protocol(_) if sent => ErrorKind::ResponseMalformed,
        _ if sent => ErrorKind::ResponseInterrupted,
        E::Other(error) if error.is::<AddressForbidden>() => ErrorKind::AddressForbidden,
        E::Rustls(_) | E::Tls(_) | E::TlsRequired => ErrorKind::TlsFailed,
        E::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => ErrorKind::TlsFailed,
        E::BadUri(_) | E::Http(_) => ErrorKind::EndpointMalformed,
        _ => ErrorKind::ConnectFailed,
    }
}

/// While a body is read, ureq wraps its own error in an `io::Error`.
fn over_limit(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
    matches!(inner, Some(ureq::Error::BodyExceedsLimit(_)))
}

/// Resolves IP addresses and `localhost` without a look-up, and so without a thread; `localhost` is always loopback.
#[derive(Debug)]
struct LiteralResolver {
    names: DefaultResolver,
    public_only: bool,
}

/// An address is not public, and the transport is `public_only`.
#[derive(Debug)]
struct AddressForbidden;

impl fmt::Display for AddressForbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ErrorKind::AddressForbidden.message())
    }
}

impl std::error::Error for AddressForbidden {}

impl Resolver for LiteralResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let default_port = if uri.scheme() == Some(&uri::Scheme::HTTP) { 80 } else { 443 };
        let port = uri.port_u16().unwrap_or(default_port);
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let mut addresses = self.empty();
        match literal.parse::<IpAddr>() {
            Ok(address) => addresses.push(SocketAddr::new(address, port)),
            Err(_) if literal == "localhost" => {
                addresses.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
                addresses.push(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port));
            }
            Err(_) => addresses = self.names.resolve(uri, config, timeout)?,
        }
        if self.public_only && !addresses.iter().all(|address| is_public(address.ip())) {
            return Err(ureq::Error::Other(Box::new(AddressForbidden)));
        }
        Ok(addresses)
    }
}

thread_local! {
    /// Whether this thread has passed a byte of its current request to the connection.
    static SENT: Cell<bool> = const { Cell::new(false) };
    /// Whether the connection that this thread reads from has failed.
    static BROKEN: Cell<bool> = const { Cell::new(false) };
}

/// The last connector of the chain. It sees the bytes of the request itself, after the TLS handshake.
#[derive(Debug)]
struct MarkSent {
    /// The chain also makes the connection to the proxy, where a CONNECT is sent, and nothing of the request.
    has_proxy: bool,
}

impl<In: UreqTransport> Connector<In> for MarkSent {
    type Out = Marked<In>;

    fn connect(&self, to: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Marked<In>>, ureq::Error> {
        let is_to_proxy = self.has_proxy && to.config.proxy().is_none();
        Ok(chained.map(|inner| Marked { inner, is_to_proxy }))
    }
}

#[derive(Debug)]
struct Marked<In> {
    inner: In,
    is_to_proxy: bool,
}

impl<In: UreqTransport> UreqTransport for Marked<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if !self.is_to_proxy {
            SENT.set(true);
        }
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.inner.await_input(timeout).inspect_err(|_| BROKEN.set(true))
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// The default limit for the whole request, from the look-up of the host to the last byte of the body.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longer limits overflow the clocks of some systems.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// A connection that was idle for longer may be half closed, and a code cannot be sent again.
const MAX_IDLE: Duration = Duration::from_secs(1);
/// All threads of a client talk to one host. If there were fewer connections than threads, the threads would close each
/// other's.
const MAX_IDLE_CONNECTIONS: usize = 64;
