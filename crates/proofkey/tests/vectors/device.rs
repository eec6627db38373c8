use std::collections::BTreeMap;

use proofkey::{
    Conversation, DeviceAuthorization, DevicePolling, Endpoint, Error, ErrorKind, Response, Roundtrip, Step, Verifier,
};
use serde::Deserialize;

use crate::support::Vectors;
use crate::{NOW, client, provider};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    status: u16,
    content_type: Option<String>,
    body: String,
    outcome: String,
    expect: Option<Expect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: i64,
    interval: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Polling {
    interval: u32,
    expires_in: u32,
    first: u32,
    steps: Vec<PollingStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PollingStep {
    #[serde(default)]
    lost: bool,
    status: Option<u16>,
    content_type: Option<String>,
    body: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    delay: i64,
    wait: Option<u32>,
    outcome: Option<String>,
}

fn vectors() -> Vectors {
    Vectors::open("device", &["device_authorization_responses", "polling"], &[])
}

fn authorize(response: Response) -> Result<DeviceAuthorization, Error> {
    let provider = provider().with_device_authorization_endpoint("https://as.example/device").unwrap();
    let verifier = Verifier::parse(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
    let request = client(provider).unwrap().authorize_device().scope("a b").verifier(verifier).begin()?;
    assert_eq!(request.request().url(), "https://as.example/device");
    assert_eq!(
        request.request().body(),
        "scope=a+b&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
         &client_id=s6BhdRkqt3"
    );
    match request.receive(response, NOW)? {
        Step::Done(device) => Ok(device),
        other => panic!("{other:?}"),
    }
}

fn outcome<T>(received: Result<T, Error>) -> String {
    match received {
        Ok(_) => "ok".to_owned(),
        Err(error) => match (error.kind(), error.oauth()) {
            (ErrorKind::DeviceCodeExpired, Some(oauth)) if oauth.error() == "expired_token" => {
                format!("expired:{}", oauth.error())
            }
            (ErrorKind::TokenError, Some(oauth)) => format!("error:{}", oauth.error()),
            (kind, _) => format!("reject:{}", kind.name()),
        },
    }
}

#[test]
fn device_authorization_responses() {
    vectors().run("device_authorization_responses", |case: Case| {
        let content_type = case.content_type.iter().map(|content_type| ("Content-Type", content_type.as_str()));
        let received = authorize(Response::new(case.status, content_type, case.body));
        if let Ok(device) = &received {
            let expect = case.expect.unwrap();
            assert_eq!(device.user_code(), expect.user_code);
            assert_eq!(device.verification_uri(), expect.verification_uri);
            assert_eq!(device.verification_uri_complete(), expect.verification_uri_complete.as_deref());
            assert_eq!((device.expires_at(), device.interval()), (NOW + expect.expires_in, expect.interval));
        }
        if let Err(error) = &received {
            assert_eq!((error.endpoint(), error.request_sent()), (Some(Endpoint::DeviceAuthorization), true));
            assert_eq!(error.status(), Some(case.status));
        }
        assert_eq!(outcome(received), case.outcome);
    });
}

#[test]
fn polling() {
    vectors().run("polling", |case: Polling| {
        let body = format!(
            r#"{{"device_code":"d","user_code":"u","verification_uri":"https://as.example/go","expires_in":{},"interval":{}}}"#,
            case.expires_in, case.interval
        );
        let mut now = NOW;
        let device = authorize(Response::new(200, [], body)).unwrap();
        let mut polling: Conversation<DevicePolling> = device.begin_polling(now).unwrap().into();
        assert_eq!(polling.wait_seconds(), case.first);
        for step in &case.steps {
            let request = polling.request().unwrap();
            assert_eq!(request.url(), "https://as.example/token");
            assert_eq!(
                request.body(),
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d\
                 &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&client_id=s6BhdRkqt3"
            );
            now += i64::from(polling.wait_seconds()) + step.delay;
            let received = match step.lost {
                true => polling.transport_failed(ErrorKind::ConnectFailed, now),
                false => polling.receive(response(step), now),
            };
            match step.wait {
                Some(seconds) => {
                    received.unwrap();
                    assert_eq!(polling.wait_seconds(), seconds);
                }
                None => {
                    assert_eq!(Some(outcome(received)), step.outcome);
                    assert!(!polling.is_pending());
                }
            }
        }
        assert!(!polling.is_pending(), "every case ends");
    });
}

fn response(step: &PollingStep) -> Response {
    let content_type = step.content_type.iter().map(|content_type| ("Content-Type", content_type.as_str()));
    let headers = step.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Response::new(step.status.unwrap(), content_type.chain(headers), step.body.as_deref().unwrap())
}
