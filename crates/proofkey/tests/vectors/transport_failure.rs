use proofkey::{Conversation, Discovery, ErrorKind, Roundtrip, Secret, Tokens};
use serde::Deserialize;

use crate::support::Vectors;
use crate::{NOW, client, login, provider};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    request: String,
    steps: Vec<Failed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    failure: String,
    outcome: String,
    error: Option<String>,
    request_sent: Option<bool>,
}

#[test]
fn transport_failures() {
    Vectors::open("transport_failure", &["transport_failures"], &[]).run("transport_failures", |case: Case| {
        let client = client(provider().with_userinfo_endpoint("https://as.example/userinfo").unwrap()).unwrap();
        let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
        match case.request.as_str() {
            "metadata" => fail(Conversation::new(Discovery::new("https://as.example").unwrap()), &case.steps),
            "code" => {
                let exchange = login().accept("https://client.example/cb?code=c&state=s", NOW).unwrap();
                fail(Conversation::new(exchange), &case.steps);
            }
            "refresh" => fail(client.begin_refresh(&tokens, NOW).unwrap().into(), &case.steps),
            "userinfo" => fail(Conversation::new(client.begin_userinfo(&tokens).unwrap()), &case.steps),
            other => panic!("{other}"),
        }
    });
}

fn kind(name: &str) -> ErrorKind {
    match name {
        "connect_failed" => ErrorKind::ConnectFailed,
        "tls_failed" => ErrorKind::TlsFailed,
        "timeout" => ErrorKind::Timeout,
        "response_interrupted" => ErrorKind::ResponseInterrupted,
        "response_too_large" => ErrorKind::ResponseTooLarge,
        other => panic!("{other}"),
    }
}

fn fail<R: Roundtrip>(mut conversation: Conversation<R>, steps: &[Failed]) {
    for step in steps {
        let failed = conversation.transport_failed(kind(&step.failure), NOW);
        match step.outcome.as_str() {
            "again" => {
                failed.unwrap();
                assert_eq!((conversation.is_pending(), conversation.wait_seconds()), (true, 1));
            }
            outcome => {
                let error = failed.unwrap_err();
                assert_eq!(conversation.error(), Some(&error));
                assert_eq!(Some(error.kind().name()), step.error.as_deref());
                assert_eq!(Some(error.request_sent()), step.request_sent);
                assert!(error.endpoint().is_some());
                assert_eq!(conversation.is_pending(), outcome == "pending");
                assert_eq!(conversation.wait_seconds(), 0);
            }
        }
    }
}

#[test]
fn an_unknown_failure_may_have_sent_something() {
    let exchange = login().accept("https://client.example/cb?code=c&state=s", NOW).unwrap();
    let error = Conversation::new(exchange).transport_failed(ErrorKind::Internal, NOW).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::ResponseInterrupted, true));
}

#[test]
fn a_response_ends_the_count() {
    let mut discovery = Conversation::new(Discovery::new("https://as.example").unwrap());
    for url in [
        "https://as.example/.well-known/oauth-authorization-server",
        "https://as.example/.well-known/openid-configuration",
    ] {
        assert_eq!(discovery.request().map(proofkey::Request::url), Some(url));
        for _ in 0..2 {
            discovery.transport_failed(ErrorKind::ConnectFailed, NOW).unwrap();
        }
        let _ = discovery.receive(proofkey::Response::new(404, [], ""), NOW);
    }
}
