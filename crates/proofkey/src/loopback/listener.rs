use std::collections::VecDeque;
use std::io::{self, ErrorKind as IoErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::http::{END_OF_HEAD, Expected, Page, target};
use crate::error::{Error, ErrorKind};
use crate::syntax::uri::Uri;

/// The sockets at the address of a redirect URI, and their connections. Nothing here blocks, so no connection holds up
/// another.
pub(super) struct Listener {
    sockets: Vec<TcpListener>,
    connections: VecDeque<Connection>,
    origin: String,
    expected: Expected,
}

impl Listener {
    /// Listens at the address of this redirect URI. Returns the URI with the port that was chosen.
    pub(super) fn open(redirect_uri: Option<&str>, progress: &mut dyn FnMut(&str)) -> Result<(Self, String), Error> {
        let bind = |address: SocketAddr| TcpListener::bind(address);
        let candidates: &[&str] = match &redirect_uri {
            Some(redirect_uri) => &[redirect_uri],
            None => &["http://127.0.0.1/callback", "http://[::1]/callback"],
        };
        Self::open_first(candidates, progress, bind)
    }

    fn open_first(
        candidates: &[&str],
        progress: &mut dyn FnMut(&str),
        bind: impl Fn(SocketAddr) -> io::Result<TcpListener>,
    ) -> Result<(Self, String), Error> {
        for candidate in candidates {
            let place = Place::parse(candidate).ok_or(ErrorKind::RedirectUriNotLoopback)?;
            match place.bind(&bind) {
                Ok((sockets, port)) => return Ok(place.listener(sockets, port)),
                Err(error) => progress(&format!("cannot listen on {candidate}: {error}")),
            }
        }
        Err(ErrorKind::ConnectFailed.into())
    }

    /// Everything that may become readable.
    #[cfg(unix)]
    pub(super) fn sources(&self) -> impl Iterator<Item = std::os::fd::BorrowedFd<'_>> {
        use std::os::fd::AsFd as _;
        let connections = self.connections.iter().map(|connection| connection.stream.as_fd());
        self.sockets.iter().map(|socket| socket.as_fd()).chain(connections)
    }

    /// The next request that may be the callback, if one has arrived. All other requests get their response here.
    pub(super) fn next(&mut self) -> Option<Arrived> {
        self.accept();
        for _ in 0..self.connections.len() {
            let mut connection = self.connections.pop_front()?;
            match connection.advance(&self.expected) {
                Progress::Waiting => self.connections.push_back(connection),
                Progress::Over => {}
                Progress::Arrived(target) => {
                    let mut url = Zeroizing::new(String::with_capacity(self.origin.len().saturating_add(target.len())));
                    url.extend([self.origin.as_str(), target.as_str()]);
                    return Some(Arrived { url, connection });
                }
            }
        }
        None
    }

    fn accept(&mut self) {
        for socket in &self.sockets {
            // Bounded, so that a flood of connections does not keep this from reading.
            for _ in 0..MAX_CONNECTIONS {
                match socket.accept() {
                    Ok((stream, _)) => self.connections.extend(Connection::new(stream)),
                    Err(error) if error.kind() == IoErrorKind::WouldBlock => break,
                    Err(_) => {
                        // There may be no file descriptors left, for example: the next attempt would fail too.
                        std::thread::sleep(PAUSE);
                        break;
                    }
                }
                // Drop the oldest connection. It has had its chance: a browser sends its request at once.
                if self.connections.len() > MAX_CONNECTIONS {
                    self.connections.pop_front();
                }
            }
        }
    }
}

/// A request that may be the callback, and the connection for the response.
pub(super) struct Arrived {
    pub(super) url: Zeroizing<String>,
    connection: Connection,
}

impl Arrived {
    pub(super) fn respond(&self, page: Page) {
        self.connection.respond(page);
    }
}

struct Connection {
    stream: TcpStream,
    received: Zeroizing<Vec<u8>>,
    deadline: Instant,
    answered: bool,
}

enum Progress {
    Waiting,
    Over,
    /// The target of the request.
    Arrived(Zeroizing<String>),
}

impl Connection {
    fn new(stream: TcpStream) -> Option<Self> {
        stream.set_nonblocking(true).ok()?;
        let deadline = Instant::now().checked_add(CONNECTION_TIMEOUT)?;
        Some(Self { stream, received: Zeroizing::new(Vec::with_capacity(CHUNK)), deadline, answered: false })
    }

    /// Reads what has arrived. A complete request that is not the callback gets its response here.
    fn advance(&mut self, expected: &Expected) -> Progress {
        let is_open = self.read();
        let head = self.received.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD.as_bytes());
        let head = head.and_then(|end| self.received.get(..end.saturating_add(END_OF_HEAD.len())));
        let page = match head.map(|head| target(head, expected)) {
            Some(Ok(target)) => return Progress::Arrived(Zeroizing::new(target.to_owned())),
            Some(Err(page)) => Some(page),
            // A TLS handshake, for example: with a response, a browser that tries https first falls back to http at
            // once.
            None if self.received.first().is_some_and(|first| !first.is_ascii_uppercase()) => Some(Page::BadRequest),
            None if self.received.len() > MAX_REQUEST => Some(Page::TooLarge),
            None => None,
        };
        if let Some(page) = page {
            self.respond(page);
            self.answered = true;
            self.received = Zeroizing::default();
        }
        if is_open && Instant::now() < self.deadline { Progress::Waiting } else { Progress::Over }
    }

    /// Reads, and returns whether more may come. After the response, input is read and discarded: closing the
    /// connection with unread input would reset it, and the browser could lose the response.
    fn read(&mut self) -> bool {
        let mut chunk = Zeroizing::new([0; CHUNK]);
        for _ in 0..CHUNKS_AT_A_TIME {
            match self.stream.read(&mut *chunk) {
                Ok(0) => return false,
                Ok(_) if self.answered => {}
                Ok(read) => self.received.extend_from_slice(chunk.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == IoErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == IoErrorKind::Interrupted => {}
                Err(_) => return false,
            }
            if self.received.len() > MAX_REQUEST {
                return true;
            }
        }
        true
    }

    /// Writes the response. It fits the send buffer of a fresh connection, so it is written completely or not at all.
    fn respond(&self, page: Page) {
        let _ = (&self.stream).write_all(page.response().as_bytes());
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

/// A loopback redirect URI, split into its parts.
struct Place<'a> {
    uri: &'a str,
    host: &'a str,
    /// The port to listen on; 0 for any free port.
    port: u16,
    path: &'a str,
}

impl<'a> Place<'a> {
    fn parse(redirect_uri: &'a str) -> Option<Self> {
        let uri = Uri::split(redirect_uri).filter(|uri| uri.scheme == "http" && uri.is_loopback())?;
        let (host, authority) = (uri.host()?, uri.authority?);
        let port = authority.strip_prefix(host)?.strip_prefix(':').map_or(Ok(0), str::parse).ok()?;
        Some(Self { uri: redirect_uri, host, port, path: if uri.path.is_empty() { "/" } else { uri.path } })
    }

    fn addresses(&self) -> &'static [IpAddr] {
        const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
        match self.host {
            "127.0.0.1" => &[V4],
            "[::1]" => &[V6],
            _ => &[V4, V6],
        }
    }

    /// Binds every address of the host that this machine has, all with one port. If another process holds this port on
    /// the host's other address, binding fails: the browser might connect there.
    fn bind(&self, bind: impl Fn(SocketAddr) -> io::Result<TcpListener>) -> io::Result<(Vec<TcpListener>, u16)> {
        let mut result = self.bind_once(&bind);
        for _ in 1..ATTEMPTS {
            match &result {
                Err(error) if self.port == 0 && error.kind() == IoErrorKind::AddrInUse => {
                    result = self.bind_once(&bind)
                }
                _ => break,
            }
        }
        result
    }

    fn bind_once(&self, bind: impl Fn(SocketAddr) -> io::Result<TcpListener>) -> io::Result<(Vec<TcpListener>, u16)> {
        let (mut sockets, mut port, mut failure) = (Vec::new(), self.port, IoErrorKind::AddrNotAvailable.into());
        for address in self.addresses() {
            match bind(SocketAddr::new(*address, port)) {
                Ok(socket) => {
                    socket.set_nonblocking(true)?;
                    port = socket.local_addr()?.port();
                    sockets.push(socket);
                }
                Err(error) if error.kind() == IoErrorKind::AddrInUse => return Err(error),
                Err(error) => failure = error,
            }
        }
        if sockets.is_empty() { Err(failure) } else { Ok((sockets, port)) }
    }

    fn listener(&self, sockets: Vec<TcpListener>, port: u16) -> (Listener, String) {
        let authority = format!("{}:{port}", self.host);
        let (before, after) = self.uri.split_once("://").unwrap_or_default();
        let rest = after.find(['/', '?']).and_then(|at| after.get(at..)).unwrap_or_default();
        // A given port is kept as it was written.
        let (redirect_uri, origin) = match self.port {
            0 => (format!("{before}://{authority}{rest}"), format!("{before}://{authority}")),
            _ => (self.uri.to_owned(), self.uri.strip_suffix(rest).unwrap_or_default().to_owned()),
        };
        let host = if port == 80 { self.host.to_owned() } else { authority };
        let expected = Expected { host, path: self.path.to_owned() };
        (Listener { sockets, connections: VecDeque::new(), origin, expected }, redirect_uri)
    }
}

/// How long a connection may take.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
/// The largest request, in bytes.
const MAX_REQUEST: usize = 64 * 1024;
/// The most connections at a time.
const MAX_CONNECTIONS: usize = 64;
/// How many free ports are tried for a name with two addresses.
const ATTEMPTS: usize = 16;
/// How long to wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(20);
const CHUNK: usize = 4096;
/// How many chunks are read before the other connections get their turn.
const CHUNKS_AT_A_TIME: usize = 16;

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::{SocketAddr, TcpListener};

    use super::{Listener, Place};
    use crate::ErrorKind;

    fn without(family: fn(&SocketAddr) -> bool) -> impl Fn(SocketAddr) -> io::Result<TcpListener> {
        move |address| {
            if family(&address) { Err(io::ErrorKind::AddrNotAvailable.into()) } else { TcpListener::bind(address) }
        }
    }

    fn opened(candidates: &[&str], bind: impl Fn(SocketAddr) -> io::Result<TcpListener>) -> Result<String, ErrorKind> {
        let opened = Listener::open_first(candidates, &mut |_| {}, bind);
        opened.map(|(_, redirect_uri)| redirect_uri).map_err(|error| error.kind())
    }

    #[test]
    fn without_ipv4_the_default_is_ipv6() {
        let candidates = ["http://127.0.0.1/callback", "http://[::1]/callback"];
        let uri = opened(&candidates, without(SocketAddr::is_ipv4)).unwrap();
        assert!(uri.starts_with("http://[::1]:") && uri.ends_with("/callback"), "{uri}");
        assert!(opened(&candidates, TcpListener::bind).unwrap().starts_with("http://127.0.0.1:"));
        assert_eq!(opened(&candidates, without(|_| true)), Err(ErrorKind::ConnectFailed));
    }

    #[test]
    fn localhost_is_every_loopback_address_that_there_is() {
        let both = Listener::open(Some("http://localhost/cb?tenant=1"), &mut |_| {}).unwrap();
        assert_eq!(both.0.sockets.len(), 2);
        assert!(both.1.starts_with("http://localhost:") && both.1.ends_with("/cb?tenant=1"), "{}", both.1);
        assert!(opened(&["http://localhost/cb"], without(SocketAddr::is_ipv6)).is_ok());
        // Another process at the other address could get the browser.
        let taken = TcpListener::bind("[::1]:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(opened(&[&format!("http://localhost:{port}/cb")], TcpListener::bind), Err(ErrorKind::ConnectFailed));
    }

    #[test]
    fn what_is_no_loopback_redirect_uri() {
        for uri in ["https://127.0.0.1/cb", "https://client.example/cb", "com.example.app:/cb"] {
            assert_eq!(opened(&[uri], TcpListener::bind), Err(ErrorKind::RedirectUriNotLoopback), "{uri}");
        }
    }

    #[test]
    fn the_redirect_uri_is_kept_but_for_a_free_port() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        for (uri, redirect_uri, host, path) in [
            ("http://127.0.0.1", format!("http://127.0.0.1:{free}"), format!("127.0.0.1:{free}"), "/"),
            (
                "http://127.0.0.1:0/a/b?c=d",
                format!("http://127.0.0.1:{free}/a/b?c=d"),
                format!("127.0.0.1:{free}"),
                "/a/b",
            ),
            ("http://[::1]?x", format!("http://[::1]:{free}?x"), format!("[::1]:{free}"), "/"),
        ] {
            let (listener, became) = Place::parse(uri).unwrap().listener(Vec::new(), free);
            assert_eq!((became, listener.expected.host, listener.expected.path.as_str()), (redirect_uri, host, path));
        }
        // Browsers leave out the default port.
        let (listener, became) = Place::parse("http://127.0.0.1:80/cb").unwrap().listener(Vec::new(), 80);
        assert_eq!((became.as_str(), listener.origin.as_str()), ("http://127.0.0.1:80/cb", "http://127.0.0.1:80"));
        assert_eq!(listener.expected.host, "127.0.0.1");
    }
}
