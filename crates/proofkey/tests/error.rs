//! What an error says beside its kind: the endpoint, the HTTP status, the server's words, and what to do next.

use proofkey::{
    Client, Discovery, Endpoint, Error, ErrorKind, Exchange, Provider, Recovery, Response, Revocation, Roundtrip,
    Secret, Step, Tokens,
};

const CALLBACK: &str = "https://client.example/cb?code=c&state=s";

fn client() -> Client {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
    let provider = provider.with_revocation_endpoint("https://as.example/revoke").unwrap();
    Client::new(provider, "app").unwrap().with_redirect_uri("https://client.example/cb").unwrap()
}

fn exchange() -> Exchange {
    client().authorize().state("s").begin(0).unwrap().accept(CALLBACK, 0).unwrap()
}

fn revocation() -> Revocation {
    client().begin_revocation(&Tokens::from_parts(Secret::new("a"), None, None, None)).unwrap()
}

fn discovery() -> Discovery {
    Discovery::new("https://as.example").unwrap()
}

fn json(status: u16, body: &str) -> Response {
    Response::new(status, [("Content-Type", "application/json")], body)
}

fn error(roundtrip: impl Roundtrip, response: Response) -> Error {
    match roundtrip.receive(response, 0) {
        Err(failure) => failure.error,
        Ok(_) => panic!("a response that is no error"),
    }
}

/// Kind, endpoint, status, and whether a request was sent.
fn facts(error: &Error) -> (ErrorKind, Option<Endpoint>, Option<u16>, bool) {
    (error.kind(), error.endpoint(), error.status(), error.request_sent())
}

/// The error of a search that gets the same response at both places.
fn discovery_error(response: impl Fn() -> Response) -> Error {
    match discovery().receive(response(), 0) {
        Ok(Step::Send(second)) => error(second, response()),
        Ok(_) => panic!("metadata, and no error"),
        Err(failure) => failure.error,
    }
}

#[test]
fn errors_of_discovery() {
    for (status, body, kind) in [
        (503, "", ErrorKind::ResponseStatus),
        (302, "", ErrorKind::MetadataNotFound),
        (404, "{}", ErrorKind::MetadataNotFound),
        (200, "<html>", ErrorKind::MetadataNotFound),
        (200, "{}", ErrorKind::MetadataNotFound),
        (200, r#"{"issuer":"https://other.example"}"#, ErrorKind::MetadataIssuerMismatch),
        (200, r#"{"issuer":"https://as.example"}"#, ErrorKind::MetadataEndpointMissing),
    ] {
        let error = discovery_error(|| json(status, body));
        assert_eq!(facts(&error), (kind, Some(Endpoint::Metadata), Some(status), true), "{status} {body}");
    }
}

#[test]
fn errors_of_the_token_endpoint() {
    let token = |kind, status| (kind, Some(Endpoint::Token), Some(status), true);
    for (response, kind, status) in [
        (json(400, r#"{"error":"invalid_grant"}"#), ErrorKind::TokenError, 400),
        (json(200, r#"{"error":"bad_verification_code"}"#), ErrorKind::TokenError, 200),
        (json(200, "{}"), ErrorKind::AccessTokenMissing, 200),
        (json(200, "<html>"), ErrorKind::ResponseMalformed, 200),
        (json(307, ""), ErrorKind::ResponseRedirect, 307),
        (json(404, "{}"), ErrorKind::ResponseStatus, 404),
    ] {
        assert_eq!(facts(&error(exchange(), response)), token(kind, status));
    }
}

#[test]
fn errors_of_the_revocation_endpoint() {
    let revocation_endpoint = |kind, status| (kind, Some(Endpoint::Revocation), Some(status), true);
    for (response, kind, status) in [
        (json(400, r#"{"error":"unsupported_token_type"}"#), ErrorKind::TokenError, 400),
        (json(503, ""), ErrorKind::ResponseStatus, 503),
        (json(301, ""), ErrorKind::ResponseRedirect, 301),
    ] {
        assert_eq!(facts(&error(revocation(), response)), revocation_endpoint(kind, status));
    }
}

#[test]
fn errors_without_a_request_name_no_endpoint() {
    let insecure = Provider::new("http://as.example/authorize", "https://as.example/token").unwrap_err();
    assert_eq!(facts(&insecure), (ErrorKind::EndpointInsecure, None, None, false));
    let login = client().authorize().state("s").begin(0).unwrap();
    let refused = login.accept("https://client.example/cb?error=access_denied&state=s", 0).unwrap_err().error;
    assert_eq!(facts(&refused), (ErrorKind::AuthorizationError, None, None, false));
}

#[test]
fn a_message_names_the_endpoint_the_status_and_the_servers_words() {
    let refused = error(exchange(), json(400, r#"{"error":"invalid_grant","error_description":"used"}"#));
    let expected = "the server refused the request (token endpoint, HTTP 400): invalid_grant (used)";
    assert_eq!(refused.to_string(), expected);
    let failed = error(discovery(), json(500, ""));
    assert_eq!(failed.to_string(), "the server answered with an HTTP error (metadata, HTTP 500)");
}

/// The `error` of an authorization response.
fn authorization_error(code: &str) -> Error {
    let login = client().authorize().state("s").begin(0).unwrap();
    login.accept(format!("https://client.example/cb?error={code}&state=s"), 0).unwrap_err().error
}

/// The `error` of a token response.
fn token_error(code: &str) -> Error {
    error(exchange(), json(400, &format!(r#"{{"error":"{code}"}}"#)))
}

#[test]
fn the_next_step_fits_the_servers_error_code() {
    for (code, recovery) in [
        ("invalid_client", Recovery::FixConfiguration),
        ("unauthorized_client", Recovery::FixConfiguration),
        ("invalid_request", Recovery::FixConfiguration),
        ("unsupported_grant_type", Recovery::FixConfiguration),
        ("unsupported_response_type", Recovery::FixConfiguration),
        ("invalid_redirect_uri", Recovery::FixConfiguration),
        ("invalid_scope", Recovery::FixScope),
        ("invalid_grant", Recovery::RestartLogin),
        ("login_required", Recovery::RestartLogin),
        ("consent_required", Recovery::RestartLogin),
        ("interaction_required", Recovery::RestartLogin),
        ("account_selection_required", Recovery::RestartLogin),
        ("server_error", Recovery::RetryLater),
        ("temporarily_unavailable", Recovery::RetryLater),
        ("access_denied", Recovery::AskUser),
    ] {
        assert_eq!(authorization_error(code).recovery(), recovery, "{code}");
        assert_eq!(token_error(code).recovery(), recovery, "{code}");
    }
}

#[test]
fn the_next_step_after_an_unknown_code_is_that_of_the_kind() {
    for code in ["bad_verification_code", "INVALID_CLIENT", "invalid_client "] {
        assert_eq!(token_error(code).recovery(), ErrorKind::TokenError.recovery(), "{code}");
    }
    assert_eq!(authorization_error("registration_required").recovery(), ErrorKind::AuthorizationError.recovery());
    // A refusal without a code, as some servers send it.
    let wordless = error(exchange(), json(200, r#"{"ok":false}"#));
    assert_eq!((wordless.oauth(), wordless.recovery()), (None, ErrorKind::TokenError.recovery()));
}

#[test]
fn the_next_step_fits_the_status() {
    for (status, recovery) in [
        (400, Recovery::FixConfiguration),
        (401, Recovery::FixConfiguration),
        (403, Recovery::FixConfiguration),
        (404, Recovery::FixConfiguration),
        (428, Recovery::FixConfiguration),
        (429, Recovery::RetryLater),
        (430, Recovery::FixConfiguration),
        (499, Recovery::FixConfiguration),
        (500, Recovery::RetryLater),
        (503, Recovery::RetryLater),
        (599, Recovery::RetryLater),
        (600, Recovery::FixConfiguration),
    ] {
        let error = error(exchange(), json(status, ""));
        assert_eq!((error.kind(), error.recovery()), (ErrorKind::ResponseStatus, recovery), "{status}");
    }
    assert_eq!(error(discovery(), json(503, "")).recovery(), Recovery::RetryLater);
    assert_eq!(error(revocation(), json(503, "")).recovery(), Recovery::RetryLater);
}

#[test]
fn a_status_changes_the_next_step_of_no_other_kind() {
    let html = error(exchange(), json(200, "<html>"));
    assert_eq!(html.recovery(), ErrorKind::ResponseMalformed.recovery());
    let redirect = error(exchange(), json(302, ""));
    assert_eq!(redirect.recovery(), ErrorKind::ResponseRedirect.recovery());
    // The server's words count more than the status.
    let invalid_client = error(exchange(), json(503, r#"{"error":"invalid_client"}"#));
    assert_eq!(invalid_client.recovery(), Recovery::FixConfiguration);
}

#[cfg(feature = "id-token")]
#[test]
fn the_next_step_after_userinfo_depends_on_the_access_token() {
    let userinfo = |status| {
        let provider = client().provider().clone().with_userinfo_endpoint("https://as.example/userinfo").unwrap();
        let tokens = Tokens::from_parts(Secret::new("a"), None, None, None);
        error(Client::new(provider, "app").unwrap().begin_userinfo(&tokens).unwrap(), json(status, ""))
    };
    for (status, recovery) in [
        (401, Recovery::RestartLogin),
        (403, Recovery::RestartLogin),
        (404, Recovery::FixConfiguration),
        (429, Recovery::RetryLater),
        (502, Recovery::RetryLater),
    ] {
        let error = userinfo(status);
        let expected = (ErrorKind::ResponseStatus, Some(Endpoint::Userinfo), Some(status), true);
        assert_eq!((facts(&error), error.recovery()), (expected, recovery));
    }
}

#[test]
fn every_error_says_how_long_to_wait() {
    let busy = |status| Response::new(status, [("retry-after", "30"), ("Retry-After", "60")], "");
    for (waits, does_not) in [
        (error(discovery(), busy(503)), error(discovery(), json(503, ""))),
        (error(exchange(), busy(429)), error(exchange(), json(429, ""))),
        (error(revocation(), busy(503)), error(revocation(), json(503, ""))),
    ] {
        assert_eq!((waits.retry_after(), does_not.retry_after()), (Some(30), None));
    }
}
