//! A token endpoint on loopback for the comparison of exchanges. It sends every request the same tokens without delay,
//! so that only the client is measured.
//!
//! `token-server [CERTIFICATE KEY]` prints its http port and, with the two PEM files, its https port. It ends when its
//! standard input ends.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::{env, thread};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const TOKENS: &str = r#"{"access_token":"mF_9.B5f-4.1JqM","token_type":"Bearer","expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"files.read files.write"}"#;

fn main() -> io::Result<()> {
    serve(|connection| respond(BufReader::new(connection)))?;
    let files: Vec<String> = env::args().skip(1).collect();
    if let [certificate, key] = &files[..] {
        let config = config(certificate, key);
        serve(move |connection| {
            let session = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            respond(BufReader::new(StreamOwned::new(session, connection)))
        })?;
    }
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

/// Listens, prints the port, and runs a thread for each connection.
fn serve(connection: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    let connection = Arc::new(connection);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = Arc::clone(&connection);
            // A client that disconnects ends only its own thread.
            thread::spawn(move || stream.set_nodelay(true).and_then(|()| connection(stream)));
        }
    });
    Ok(())
}

/// Responds to one request after the other, until the client closes the connection.
fn respond<Stream: Read + Write>(mut stream: BufReader<Stream>) -> io::Result<()> {
    let length = TOKENS.len();
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: {length}\r\n\r\n{TOKENS}"
    );
    let mut line = String::new();
    loop {
        let mut body = 0;
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    body = value.trim().parse().map_err(io::Error::other)?;
                }
                _ if line == "\r\n" => break,
                _ => {}
            }
        }
        io::copy(&mut stream.by_ref().take(body), &mut io::sink())?;
        stream.get_mut().write_all(response.as_bytes())?;
        stream.get_mut().flush()?;
    }
}

fn config(certificate: &str, key: &str) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap().collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    Arc::new(config.unwrap())
}
