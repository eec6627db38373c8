use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Uri, uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, RustlsConnector, TcpConnector, Transport as UreqTransport,
};

use crate::{Answer, Callback, Client, Error, ErrorKind, Login, Refusal, Request, Step, Tokens, now};

/// A blocking transport that is safe by default.
///
/// https with the roots of the operating system (plain http only to loopback, as [`Provider`](crate::Provider) allows);
/// ten seconds for the whole request; no redirects, cookies, proxies or `.netrc`; at most 1 MiB of body; every status is
/// data. Connections are pooled for one second. Share one between threads: clones use the same pool.
///
/// What the operating system and the TLS library buffer is not erased.
#[derive(Clone)]
pub struct Transport(Agent);

impl Transport {
    /// A transport with its own pool of connections.
    #[must_use]
    pub fn new() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("proofkey/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(TIMEOUT))
            .max_idle_age(MAX_IDLE)
            .build();
        let connector = ().chain(TcpConnector::default()).chain(RustlsConnector::default()).chain(MarkSent);
        Self(Agent::with_parts(config, connector, LiteralResolver(DefaultResolver::default())))
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// [`ConnectFailed`](ErrorKind::ConnectFailed) and [`TlsFailed`](ErrorKind::TlsFailed): nothing was sent, and the
    /// same request may be sent again. [`Timeout`](ErrorKind::Timeout),
    /// [`AnswerInterrupted`](ErrorKind::AnswerInterrupted), [`AnswerMalformed`](ErrorKind::AnswerMalformed) and
    /// [`AnswerTooLarge`](ErrorKind::AnswerTooLarge): it was, and its code is to be taken for used.
    /// [`request_sent`](Error::request_sent) says which it is.
    pub fn send(&self, request: &Request) -> Result<Answer, Error> {
        SENT.set(false);
        self.try_send(request).map_err(|error| {
            let sent = SENT.get();
            Error::from(kind(&error, sent)).sent(sent)
        })
    }

    fn try_send(&self, request: &Request) -> Result<Answer, ureq::Error> {
        let post = request.headers().fold(self.0.post(request.url()), |post, (name, value)| post.header(name, value));
        let mut response = post.send(request.body())?;
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = content_type.map(str::to_owned);
        let limit = Answer::MAX_BODY.try_into().unwrap_or(u64::MAX);
        let body = response.body_mut().with_config().limit(limit).read_to_vec()?;
        Ok(Answer::new(response.status().as_u16(), content_type.as_deref(), body))
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl Client {
    /// Checks the callback, exchanges its code, and returns the tokens: [`Login::accept`] and the loop of
    /// [`Exchange`](crate::Exchange), by this machine's clock.
    ///
    /// # Errors
    /// A [`Refusal`]. The login is in it as long as the code is unused: where the callback may have been anybody's, and
    /// where no byte of the request left, so that the same call may succeed later.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.redirect_uri("https://client.example/cb")?;
    /// # let login = client.authorize().begin(0)?;
    /// # let callback_url = "";
    /// let tokens = client.finish(login, callback_url, &Transport::new())?;
    /// println!("granted: {:?}", tokens.scope());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn finish(
        &self,
        login: Login,
        callback: impl Into<Callback>,
        transport: &Transport,
    ) -> Result<Tokens, Refusal> {
        let mut exchange = match login.check(&callback.into(), now()) {
            Ok(code) => login.exchange(&code),
            Err(verdict) => return Err(verdict.on(login)),
        };
        let mut unused = Some(Box::new(login));
        loop {
            let answer = transport.send(exchange.request()).map_err(|error| {
                let login = unused.take().filter(|_| !error.request_sent());
                Refusal { error, login }
            })?;
            unused = None;
            match exchange.receive(answer, now()).map_err(|error| Refusal { error, login: None })? {
                Step::Send(next) => exchange = next,
                Step::Done(tokens) => return Ok(tokens),
            }
        }
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
struct LiteralResolver(DefaultResolver);

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
            Err(_) => return self.0.resolve(uri, config, timeout),
        }
        Ok(addresses)
    }
}

thread_local! {
    /// Whether the request that this thread is sending has handed a byte to its connection.
    static SENT: Cell<bool> = const { Cell::new(false) };
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
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

/// For the whole request, from looking the host up to the last byte of the body.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that idled longer may be half closed, and a code can be sent once.
const MAX_IDLE: Duration = Duration::from_secs(1);
