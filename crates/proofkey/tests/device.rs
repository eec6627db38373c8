//! The device authorization grant (RFC 8628), beyond what the vectors have.

use proofkey::{
    Client, Conversation, DeviceAuthorization, DevicePolling, Error, ErrorKind, KnownProvider, Provider, Quirk,
    Recovery, Response, Roundtrip as _, Secret, Step, Tokens,
};
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000;
const TOKENS: &str = r#"{"access_token":"a","token_type":"Bearer"}"#;

fn client() -> Client {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
    Client::new(provider.with_device_authorization_endpoint("https://as.example/device").unwrap(), "my-tv").unwrap()
}

fn codes(interval: u32, expires_in: u32) -> Response {
    let body = format!(
        r#"{{"device_code":"the-device-code","user_code":"WDJB-MJHT","verification_uri":"https://as.example/go",
            "expires_in":{expires_in},"interval":{interval}}}"#
    );
    Response::new(200, [], body)
}

fn device(client: &Client, scope: &str, codes: Response) -> DeviceAuthorization {
    match client.authorize_device().scope(scope).begin().unwrap().receive(codes, NOW) {
        Ok(Step::Done(device)) => device,
        other => panic!("{other:?}"),
    }
}

fn polling(device: DeviceAuthorization) -> DevicePolling {
    match device.begin_polling(NOW) {
        Ok(Step::Wait(_, polling)) => polling,
        other => panic!("{other:?}"),
    }
}

fn error(code: &str) -> Response {
    Response::new(400, [], format!(r#"{{"error":"{code}"}}"#))
}

#[test]
fn what_is_wrong_with_a_request_is_found_before_it_is_sent() {
    let kind = |error: Error| error.kind();
    let none = Client::new(Provider::new("https://as.example/a", "https://as.example/t").unwrap(), "c").unwrap();
    assert_eq!(none.authorize_device().begin().unwrap_err().kind(), ErrorKind::EndpointMissing);
    let begin = |request: proofkey::AuthorizeDevice| request.begin().map(drop).map_err(kind);
    let client = client();
    assert_eq!(begin(client.authorize_device().scope("a  b")), Err(ErrorKind::ScopeInvalid));
    assert_eq!(begin(client.authorize_device().resource("x")), Err(ErrorKind::ResourceInvalid));
    for name in ["", "scope", "client_id", "client_secret", "code_challenge", "code_verifier", "nonce", "state"] {
        assert_eq!(begin(client.authorize_device().extra(name, "x")), Err(ErrorKind::ParameterReserved), "{name}");
    }
    assert_eq!(begin(client.authorize_device().extra("a", "1").extra("a", "2")), Err(ErrorKind::ParameterReserved));
    let openid = if cfg!(feature = "id-token") { ErrorKind::IssuerMissing } else { ErrorKind::OpenidUnsupported };
    assert_eq!(begin(client.authorize_device().scope("openid")), Err(openid));
    assert_eq!(
        begin(client.authorize_device().scope("a").extra("audience", "x").resource("https://api.example")),
        Ok(())
    );
}

#[test]
fn both_requests_are_authenticated_and_name_the_resource() {
    let secret = proofkey::ClientAuthentication::ClientSecretPost(Secret::new("s"));
    let client = client().with_authentication(secret).unwrap();
    let request = client.authorize_device().resource("https://api.example").begin().unwrap();
    let end = "resource=https%3A%2F%2Fapi.example&client_id=my-tv&client_secret=s";
    assert_eq!(request.request().body(), end);
    let Ok(Step::Done(device)) = request.receive(codes(5, 600), NOW) else { panic!("no codes") };
    let polling = polling(device);
    assert_eq!(
        polling.request().body(),
        format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=the-device-code&{end}")
    );
    let Ok(Step::Done(tokens)) = polling.receive(Response::new(200, [], TOKENS), NOW) else { panic!("no tokens") };
    assert_eq!(tokens.resource(), ["https://api.example"]);
}

#[test]
fn the_resource_can_be_kept_from_the_token_endpoint() {
    let provider = client().provider().clone().with_quirk(Quirk::ResourceOnlyAtAuthorization);
    let request = Client::new(provider, "c").unwrap().authorize_device().resource("https://api.example").begin();
    let Ok(Step::Done(device)) = request.unwrap().receive(codes(5, 600), NOW) else { panic!("no codes") };
    assert!(!polling(device).request().body().contains("resource"));
}

#[test]
fn the_endpoint_comes_from_metadata_and_from_what_is_known() {
    let metadata = |endpoint: &str| {
        let document = format!(
            r#"{{"issuer":"https://as.example","authorization_endpoint":"https://as.example/a",
                "token_endpoint":"https://as.example/t","device_authorization_endpoint":"{endpoint}"}}"#
        );
        Provider::from_metadata("https://as.example", document.as_bytes())
    };
    let provider = metadata("https://as.example/device").unwrap();
    assert_eq!(provider.device_authorization_endpoint(), Some("https://as.example/device"));
    assert_eq!(metadata("http://as.example/d").unwrap_err().kind(), ErrorKind::MetadataEndpointInsecure);
    assert_eq!(metadata("https://127.0.0.1/d").unwrap_err().kind(), ErrorKind::MetadataEndpointInsecure);
    let known = |known| Provider::known(known).unwrap().device_authorization_endpoint().map(str::to_owned);
    assert_eq!(known(KnownProvider::Dropbox), None);
    assert_eq!(known(KnownProvider::GitHub).as_deref(), Some("https://github.com/login/device/code"));
    let common = known(KnownProvider::Microsoft { tenant: "common" });
    assert_eq!(common.as_deref(), Some("https://login.microsoftonline.com/common/oauth2/v2.0/devicecode"));
}

#[test]
fn nothing_shows_the_codes() {
    let device = device(&client(), "", codes(5, 600));
    assert_eq!(
        format!("{device:?}"),
        format!(
            r#"DeviceAuthorization {{ verification_uri: "https://as.example/go", expires_at: {}, interval: 5, .. }}"#,
            NOW + 600
        )
    );
    assert_eq!(
        format!("{:?}", polling(device)),
        format!("DevicePolling {{ schedule: Schedule {{ expires_at: {}, interval: 5, backoff: 0 }}, .. }}", NOW + 600)
    );
    let authorize = client().authorize_device().scope("films").extra("x", "y").pkce();
    let shown = format!("{authorize:?}");
    assert!(shown.starts_with("AuthorizeDevice { client: Client") && shown.contains("films"), "{shown}");
    let shown = format!("{:?}", authorize.begin().unwrap());
    assert!(shown.starts_with("DeviceRequest { request: Request"), "{shown}");
    assert!(!shown.contains("code_challenge"), "{shown}");
}

#[test]
fn a_refusal_is_the_users() {
    let polling = polling(device(&client(), "", codes(5, 600)));
    let failure = polling.receive(error("access_denied"), NOW).unwrap_err();
    assert!(failure.pending.is_none());
    assert_eq!(failure.error.recovery(), Recovery::AskUser);
}

#[test]
fn codes_that_are_over_are_not_asked_for() {
    let device = device(&client(), "", codes(5, 600));
    for late in [595, 600, 601, 1 << 40] {
        let refused = device.clone().begin_polling(NOW + late).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::DeviceCodeExpired, "{late}");
    }
    // A clock that is set back by more than any code lives only makes the device ask.
    for early in [594, 0, -(1 << 40)] {
        assert!(matches!(device.clone().begin_polling(NOW + early), Ok(Step::Wait(5, _))), "{early}");
    }
}

#[test]
fn a_polling_says_how_long_and_how_often() {
    let polling = polling(device(&client(), "", codes(7, 600)));
    assert_eq!((polling.expires_at(), polling.interval()), (NOW + 600, 7));
    let Ok(Step::Wait(12, polling)) = polling.receive(error("slow_down"), NOW + 7) else { panic!("no pause") };
    assert_eq!((polling.expires_at(), polling.interval()), (NOW + 600, 12));
}

#[test]
fn a_machine_that_woke_in_time_sends() {
    let polling = polling(device(&client(), "", codes(5, 600)));
    let sent = polling.send(|_| Ok(Response::new(200, [], TOKENS)), || NOW + 599);
    assert!(matches!(sent, Ok(Step::Done(_))), "{sent:?}");
}

#[test]
fn a_machine_that_slept_sends_nothing() {
    let polling = polling(device(&client(), "", codes(5, 600)));
    let failure = polling.send(|_| panic!("sent"), || NOW + 600).unwrap_err();
    assert_eq!((failure.error.kind(), failure.error.request_sent()), (ErrorKind::DeviceCodeExpired, false));
}

#[test]
fn a_conversation_says_why_it_is_over() {
    let mut polling: Conversation<DevicePolling> =
        device(&client(), "", codes(5, 600)).begin_polling(NOW).unwrap().into();
    polling.transport_failed(ErrorKind::ConnectFailed, NOW + 10).unwrap();
    assert_eq!(polling.wait_seconds(), 10);
    for _ in 0..2 {
        assert_eq!(
            polling.transport_failed(ErrorKind::ConnectFailed, NOW + 600).unwrap_err().kind(),
            ErrorKind::DeviceCodeExpired
        );
        assert!(!polling.is_pending());
    }
}

/// What the transport says, of a token endpoint at this URL.
#[cfg(feature = "http")]
mod network {
    use std::net::TcpListener;
    use std::thread;

    use proofkey::{Endpoint, Failure, Transport};

    use super::*;

    fn send(token_endpoint: String) -> Result<Step<DevicePolling, Tokens>, Failure<DevicePolling>> {
        let provider = Provider::new("https://as.example/authorize", token_endpoint).unwrap();
        let provider = provider.with_device_authorization_endpoint("https://as.example/device").unwrap();
        let device = device(&Client::new(provider, "my-tv").unwrap(), "", codes(5, 600));
        polling(device).send(|request| Transport::new().send(request), || NOW)
    }

    #[test]
    fn a_network_that_is_lost_is_waited_for() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let sent = send(format!("http://{free}/token"));
        assert!(matches!(sent, Ok(Step::Wait(10, _))), "{sent:?}");
    }

    #[test]
    fn a_certificate_is_not_waited_for_but_the_polling_is_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            stream
        });
        let failure = send(format!("https://{address}/token")).unwrap_err();
        assert_eq!((failure.error.kind(), failure.error.endpoint()), (ErrorKind::TlsFailed, Some(Endpoint::Token)));
        let polling = failure.pending.expect("the polling");
        assert_eq!((polling.request().endpoint(), polling.interval()), (Endpoint::Token, 5));
        server.join().unwrap();
    }
}

#[cfg(feature = "id-token")]
mod id_token {
    use super::*;

    fn openid(client: Client) -> Client {
        let provider = client.provider().clone().with_issuer("https://as.example").unwrap();
        Client::new(provider.with_jwks_uri("https://as.example/keys").unwrap(), "my-tv").unwrap()
    }

    #[test]
    fn an_id_token_is_required() {
        let client = openid(client()).trust_token_endpoint_tls();
        let polling = polling(device(&client, "openid", codes(5, 600)));
        let failure = polling.receive(Response::new(200, [], TOKENS), NOW).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::IdTokenMissing);
    }

    #[test]
    fn an_id_token_with_a_nonce_is_not_of_this_device() {
        // The payload is checked after the header and before nothing else: TLS stands for the signature.
        let token = |claims: &str| {
            use base64::Engine as _;
            let encode = |part: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(part);
            format!("{}.{}.{}", encode(r#"{"alg":"RS256"}"#), encode(claims), encode("signature"))
        };
        let client = openid(client()).trust_token_endpoint_tls();
        let claims = |more: &str| {
            format!(r#"{{"iss":"https://as.example","aud":"my-tv","sub":"s","iat":{NOW},"exp":{}{more}}}"#, NOW + 60)
        };
        let receive = |claims: &str| {
            let body = format!(r#"{{"access_token":"a","token_type":"Bearer","id_token":"{}"}}"#, token(claims));
            polling(device(&client, "openid", codes(5, 600))).receive(Response::new(200, [], body), NOW)
        };
        let Ok(Step::Done(tokens)) = receive(&claims("")) else { panic!("no tokens") };
        assert_eq!(tokens.claims().and_then(|claims| claims.get("sub")?.as_str()), Some("s"));
        let failure = receive(&claims(r#","nonce":"n""#)).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::IdTokenNonce);
    }

    #[test]
    fn keys_that_do_not_come_leave_the_polling_usable() {
        let device = device(&openid(client()), "openid", codes(5, 600));
        let polling = polling(device);
        assert_eq!(polling.request().url(), "https://as.example/keys");
        let failure = polling.receive(Response::new(500, [], ""), NOW).unwrap_err();
        assert_eq!(failure.error.kind(), ErrorKind::KeysUnavailable);
        let polling = failure.pending.expect("the polling");
        let Ok(Step::Wait(10, polling)) = polling.connection_lost(NOW + 700) else { panic!("keys do not expire") };
        assert_eq!(polling.request().url(), "https://as.example/keys");
        let mut asked = false;
        let failure = polling.send(
            |_| {
                asked = true;
                Ok(Response::new(500, [], ""))
            },
            || NOW + 700,
        );
        assert_eq!((asked, failure.unwrap_err().error.kind()), (true, ErrorKind::KeysUnavailable));
    }

    #[test]
    fn keys_are_waited_for_while_the_network_is_away() {
        let device = device(&openid(client()), "openid", codes(5, 600));
        let mut polling: Conversation<DevicePolling> = device.begin_polling(NOW).unwrap().into();
        for pause in [5, 10, 20, 40, 60, 60] {
            assert_eq!(polling.wait_seconds(), pause);
            assert_eq!(polling.request().unwrap().url(), "https://as.example/keys");
            polling.transport_failed(ErrorKind::ConnectFailed, NOW).unwrap();
        }
        let error = polling.transport_failed(ErrorKind::TlsFailed, NOW).unwrap_err();
        assert_eq!((error.kind(), polling.is_pending()), (ErrorKind::TlsFailed, true));
    }
}

/// What happens to one request.
#[derive(Clone, Copy, Debug)]
enum Event {
    Pending,
    SlowDown,
    Lost,
    Busy,
}

proptest! {
    #[test]
    fn never_earlier_than_the_interval_and_never_after_the_end(
        interval in 1_u32..60,
        expires_in in 61_u32..4_000,
        events in proptest::collection::vec((0_usize..4, 0_i64..20), 0..60),
    ) {
        let (mut now, mut pause) = (NOW, interval);
        let end = NOW + i64::from(expires_in);
        let mut step: Result<Step<DevicePolling, Tokens>, Error> =
            device(&client(), "", codes(interval, expires_in)).begin_polling(NOW);
        for (event, latency) in events {
            let (seconds, polling) = match step {
                Ok(Step::Wait(seconds, polling)) => (seconds, polling),
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::DeviceCodeExpired);
                    prop_assert!(now + i64::from(pause) >= end, "gave up too early");
                    return Ok(());
                }
            };
            prop_assert!(seconds >= pause, "too early");
            now += i64::from(seconds);
            prop_assert!(now < end, "too late");
            now += latency;
            let event = [Event::Pending, Event::SlowDown, Event::Lost, Event::Busy][event];
            step = match event {
                Event::Pending => polling.receive(error("authorization_pending"), now).map_err(Into::into),
                Event::SlowDown => {
                    pause += 5;
                    polling.receive(error("slow_down"), now).map_err(Into::into)
                }
                Event::Lost => polling.connection_lost(now),
                Event::Busy => polling.receive(Response::new(503, [], ""), now).map_err(Into::into),
            };
        }
    }

    #[test]
    fn no_response_panics_or_is_taken_for_codes(body in proptest::collection::vec(any::<u8>(), 0..200), status: u16) {
        let received = client().authorize_device().begin().unwrap().receive(Response::new(status, [], body), NOW);
        prop_assert!(received.is_err());
    }
}
