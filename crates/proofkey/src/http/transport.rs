use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Uri, uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport as UreqTransport,
};

use crate::http::public_address::is_public;
use crate::{Answer, Error, ErrorKind, Exchange, Request, Step, Tokens};

/// A blocking transport that is safe by default.
///
/// https with the roots of the operating system (plain http only to loopback, as [`Provider`](crate::Provider) allows);
/// ten seconds for the whole request; no redirects, cookies, proxies or `.netrc`; at most 1 MiB of body; every status is
/// data. Connections are pooled for one second. Share one between threads: clones use the same pool.
///
/// What the operating system and the TLS library buffer is not erased.
#[derive(Clone)]
pub struct Transport {
    agent: Agent,
    settings: Settings,
}

#[derive(Clone)]
struct Settings {
    roots: RootCerts,
    public_only: bool,
    timeout: Duration,
}

impl Transport {
    /// A transport with its own pool of connections.
    #[must_use]
    pub fn new() -> Self {
        Self::build(Settings { roots: RootCerts::PlatformVerifier, public_only: false, timeout: TIMEOUT })
    }

    /// A transport that trusts the certificates of this PEM text, and nobody else.
    ///
    /// # Errors
    /// [`TlsFailed`](ErrorKind::TlsFailed) if there is no certificate in it, or one that cannot be read.
    ///
    /// ```
    /// use proofkey::{ErrorKind, Transport};
    /// assert_eq!(Transport::with_roots(b"").unwrap_err().kind(), ErrorKind::TlsFailed);
    /// ```
    pub fn with_roots(pem: &[u8]) -> Result<Self, Error> {
        let certificates: Result<Vec<_>, _> = parse_pem(pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            })
            .collect();
        // What is in the armour is looked at when it is used: a file of garbage would trust nobody, and say so late.
        let is_certificate = |certificate: &Certificate<'static>| {
            rustls::RootCertStore::empty().add(certificate.der().to_vec().into()).is_ok()
        };
        match certificates {
            Ok(certificates) if !certificates.is_empty() && certificates.iter().all(is_certificate) => {
                let roots = RootCerts::from(certificates);
                Ok(Self::build(Settings { roots, public_only: false, timeout: TIMEOUT }))
            }
            _ => Err(ErrorKind::TlsFailed.into()),
        }
    }

    /// The same transport, but it connects to public addresses only: for hosts that a user names, for example an issuer.
    /// Checked when the host is looked up, so that a name that leads inside does not help.
    #[must_use]
    pub fn public_only(self) -> Self {
        Self::build(Settings { public_only: true, ..self.settings })
    }

    /// The same transport with another limit than ten seconds for the whole request; a day at most.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self::build(Settings { timeout: timeout.min(MAX_TIMEOUT), ..self.settings })
    }

    fn build(settings: Settings) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(settings.roots.clone())
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("proofkey/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(settings.timeout))
            .max_idle_age(MAX_IDLE)
            .max_idle_connections(MAX_IDLE_CONNECTIONS)
            .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS)
            .build();
        let connector = ().chain(TcpConnector::default()).chain(RustlsConnector::default()).chain(MarkSent);
        let resolver = LiteralResolver { names: DefaultResolver::default(), public_only: settings.public_only };
        Self { agent: Agent::with_parts(config, connector, resolver), settings }
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// [`ConnectFailed`](ErrorKind::ConnectFailed) and [`TlsFailed`](ErrorKind::TlsFailed): nothing was sent, and the
    /// same request may be sent again. [`Timeout`](ErrorKind::Timeout),
    /// [`AnswerInterrupted`](ErrorKind::AnswerInterrupted), [`AnswerMalformed`](ErrorKind::AnswerMalformed) and
    /// [`AnswerTooLarge`](ErrorKind::AnswerTooLarge): it was, and its code is to be taken for used.
    /// [`AddressForbidden`](ErrorKind::AddressForbidden) if it is [`public_only`](Self::public_only).
    /// [`request_sent`](Error::request_sent) says which it is.
    pub fn send(&self, request: &Request) -> Result<Answer, Error> {
        SENT.set(false);
        BROKEN.set(false);
        let answer = self.try_send(request).map_err(|error| {
            let sent = SENT.get();
            Error::from(kind(&error, sent)).sent(sent)
        })?;
        // A body without a length ends with its connection. If that broke, the body may be half a token.
        if BROKEN.get() { Err(Error::from(ErrorKind::AnswerInterrupted).sent(true)) } else { Ok(answer) }
    }

    fn try_send(&self, request: &Request) -> Result<Answer, ureq::Error> {
        let mut response = if request.method() == "GET" {
            let get = self.agent.get(request.url());
            request.headers().fold(get, |get, (name, value)| get.header(name, value)).call()?
        } else {
            let post = self.agent.post(request.url());
            request.headers().fold(post, |post, (name, value)| post.header(name, value)).send(request.body())?
        };
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (content_type, retry_after) = (header("content-type"), header("retry-after"));
        // One byte more than is accepted: a body that just fits must not look like one that was cut.
        let limit = u64::try_from(Answer::MAX_BODY).unwrap_or(u64::MAX).saturating_add(1);
        let body = response.body_mut().with_config().limit(limit).read_to_vec()?;
        let answer = Answer::new(response.status().as_u16(), content_type.as_deref(), body);
        Ok(answer.retry_after(retry_after.as_deref()))
    }

    /// The loop: sends what is to be sent until there is a result.
    pub(crate) fn run<Next, Done>(
        &self,
        mut next: Next,
        request: fn(&Next) -> &Request,
        receive: fn(Next, Answer) -> Result<Step<Next, Done>, Error>,
    ) -> Result<Done, Error> {
        let mut earlier_sent = false;
        loop {
            let answer = self.send(request(&next)).map_err(|error| {
                let sent = earlier_sent || error.request_sent();
                error.sent(sent)
            })?;
            earlier_sent = true;
            match receive(next, answer)? {
                Step::Send(then) => next = then,
                Step::Done(result) => return Ok(result),
            }
        }
    }

    pub(crate) fn exchange(&self, mut exchange: Exchange) -> Result<Tokens, Error> {
        loop {
            match exchange.step(|request| self.send(request))? {
                Step::Send(next) => exchange = next,
                Step::Done(tokens) => return Ok(tokens),
            }
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

/// What an error of ureq means, by whether a byte of the request had left.
fn kind(error: &ureq::Error, sent: bool) -> ErrorKind {
    use ureq::Error as E;
    match error {
        E::BodyExceedsLimit(_) | E::LargeResponseHeader(..) => ErrorKind::AnswerTooLarge,
        E::Io(error) if over_limit(error) => ErrorKind::AnswerTooLarge,
        E::Timeout(_) if sent => ErrorKind::Timeout,
        E::Protocol(_) if sent => ErrorKind::AnswerMalformed,
        _ if sent => ErrorKind::AnswerInterrupted,
        E::Other(error) if error.is::<AddressForbidden>() => ErrorKind::AddressForbidden,
        E::Rustls(_) | E::Tls(_) | E::TlsRequired => ErrorKind::TlsFailed,
        E::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => ErrorKind::TlsFailed,
        E::BadUri(_) | E::Http(_) => ErrorKind::EndpointMalformed,
        _ => ErrorKind::ConnectFailed,
    }
}

/// ureq hides its own error in one of io while a body is read.
fn over_limit(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
    matches!(inner, Some(ureq::Error::BodyExceedsLimit(_)))
}

/// Addresses that are written as such need no look-up, hence no thread; `localhost` is loopback without asking anybody.
#[derive(Debug)]
struct LiteralResolver {
    names: DefaultResolver,
    public_only: bool,
}

/// An address that is not public, where only public ones may be reached.
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
    /// Whether the request that this thread is sending has handed a byte to its connection.
    static SENT: Cell<bool> = const { Cell::new(false) };
    /// Whether the connection that this thread reads from has failed.
    static BROKEN: Cell<bool> = const { Cell::new(false) };
}

/// The last link of the chain of connectors: sees the request's own bytes, after TLS is there.
#[derive(Debug)]
struct MarkSent;

impl<In: UreqTransport> Connector<In> for MarkSent {
    type Out = Marked<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Marked<In>>, ureq::Error> {
        Ok(chained.map(Marked))
    }
}

#[derive(Debug)]
struct Marked<In>(In);

impl<In: UreqTransport> UreqTransport for Marked<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        SENT.set(true);
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.0.await_input(timeout).inspect_err(|_| BROKEN.set(true))
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

/// For the whole request, from looking the host up to the last byte of the body, unless the caller sets another.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longer ones overflow the clocks of some systems.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// A connection that idled longer may be half closed, and a code can be sent once.
const MAX_IDLE: Duration = Duration::from_secs(1);
/// A client talks to one host from all its threads: with fewer than there are threads, they close each other's.
const MAX_IDLE_CONNECTIONS: usize = 64;
