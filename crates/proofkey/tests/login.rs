//! A login from begin to exchange: what is sent, what is refused, what stays usable, and that nothing leaks.

use proofkey::{
    Authorize, Callback, Client, ClientAuthentication, Conversation, ErrorKind, Exchange, Login, Provider, Quirk,
    Refusal, Response, Roundtrip as _, SealKeys, Secret, Step, Verifier,
};
use proptest::prelude::*;

#[cfg(not(feature = "id-token"))]
#[path = "support/vectors.rs"]
mod support;

const NOW: i64 = 1_700_000_000;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn provider() -> Provider {
    Provider::new("https://as.example/authorize", "https://as.example/token?api-version=1").unwrap()
}

fn client(redirect_uri: &str) -> Client {
    Client::new(provider(), "my app").unwrap().with_redirect_uri(redirect_uri).unwrap()
}

fn begin(redirect_uri: &str) -> Login {
    let verifier = Verifier::parse(VERIFIER.as_bytes()).unwrap();
    client(redirect_uri).authorize().scope("a b").state("the-state").verifier(verifier).begin(NOW).unwrap()
}

fn accept(redirect_uri: &str, callback: &str) -> Result<Exchange, Refusal> {
    begin(redirect_uri).accept(callback, NOW)
}

fn refused(redirect_uri: &str, callback: &str) -> ErrorKind {
    accept(redirect_uri, callback).unwrap_err().error.kind()
}

#[test]
fn the_token_request_carries_what_rfc_6749_and_7636_say_and_nothing_else() {
    let exchange =
        accept("https://client.example/cb", "https://client.example/cb?code=4%2F0Ab&state=the-state").unwrap();
    let request = exchange.request();
    assert_eq!(request.method(), "POST");
    assert_eq!(request.url(), "https://as.example/token?api-version=1");
    assert_eq!(
        request.body(),
        format!(
            "grant_type=authorization_code&code=4%2F0Ab&redirect_uri=https%3A%2F%2Fclient.example%2Fcb\
             &code_verifier={VERIFIER}&client_id=my+app"
        )
    );
    let headers: Vec<_> = request.headers().collect();
    assert_eq!(headers, [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")]);
}

#[test]
fn the_url_never_contains_the_verifier() {
    assert!(!begin("https://client.example/cb").url().contains(VERIFIER));
}

#[test]
fn every_login_has_its_own_state_and_verifier() {
    let client = client("https://client.example/cb");
    let urls: std::collections::HashSet<String> =
        (0..1000).map(|_| client.authorize().begin(NOW).unwrap().url().to_owned()).collect();
    let values = |name: &str| {
        let of = |url: &String| url.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)).unwrap().to_owned();
        urls.iter().map(of).collect::<std::collections::HashSet<_>>()
    };
    let states = values("state=");
    assert_eq!((states.len(), values("code_challenge=").len()), (1000, 1000));
    // 128 bits as base64url, which no server mangles.
    assert!(states.iter().all(|state| state.len() == 22 && !state.contains(['+', '%', '=', '/'])));
}

#[test]
fn two_tabs_finish_in_any_order_each_with_its_own_verifier() {
    let client = client("https://client.example/cb");
    let other = "kiNgBo0-r4GdQld6ShdPoxGq9SheI2m5moxtX-tFce4";
    let tab = |state: &str, verifier: &str| {
        client.authorize().state(state).verifier(Verifier::parse(verifier.as_bytes()).unwrap()).begin(NOW).unwrap()
    };
    let (first, second) = (tab("one", VERIFIER), tab("two", other));
    let second = second.accept("https://client.example/cb?code=c2&state=two", NOW).unwrap();
    let first = first.accept("https://client.example/cb?code=c1&state=one", NOW).unwrap();
    assert!(second.request().body().contains("code=c2&") && second.request().body().contains(other));
    assert!(first.request().body().contains("code=c1&") && first.request().body().contains(VERIFIER));
}

#[test]
fn a_login_expires_ten_minutes_after_it_began() {
    let callback = "https://client.example/cb?code=c&state=the-state";
    assert_eq!(begin("https://client.example/cb").expires_at(), NOW + 600);
    assert!(begin("https://client.example/cb").accept(callback, NOW + 600).is_ok());
    let refusal = begin("https://client.example/cb").accept(callback, NOW + 601).unwrap_err();
    assert_eq!(refusal.error.kind(), ErrorKind::LoginExpired);
    assert!(refusal.login.is_none());
    // At the end of time the expiry saturates instead of wrapping round.
    assert_eq!(client("https://client.example/cb").authorize().begin(i64::MAX).unwrap().expires_at(), i64::MAX);
}

#[test]
fn a_forged_callback_leaves_the_login_for_the_real_one() {
    let mut login = begin("https://client.example/cb");
    for forged in [
        "https://client.example/cb",
        "https://client.example/cb?code=evil",
        "https://client.example/cb?code=evil&state=guess",
        "https://client.example/cb?error=access_denied",
        "https://client.example/cb?code=%zz&state=the-state",
        "https://client.example/cb?code=a&code=b&state=the-state",
        "https://client.example/cb?code=evil&state=the-state&iss=https%3A%2F%2Fevil.example",
        "https://evil.example/cb?code=evil&state=the-state",
    ] {
        login = *login.accept(forged, NOW).unwrap_err().login.expect(forged);
    }
    assert!(login.accept("https://client.example/cb?code=c&state=the-state", NOW).is_ok());
}

#[test]
fn an_iss_without_an_issuer_to_compare_with_is_refused() {
    let callback = "https://client.example/cb?code=c&state=the-state&iss=https%3A%2F%2Fas.example";
    assert_eq!(refused("https://client.example/cb", callback), ErrorKind::IssMismatch);
}

#[test]
fn where_a_callback_may_arrive() {
    for (redirect_uri, arrived_at) in [
        // A browser requests "/" if the registered URL has no path.
        ("https://client.example", "https://client.example/?code=c&state=the-state"),
        ("https://client.example", "https://client.example?code=c&state=the-state"),
        ("https://client.example/cb?tenant=1", "https://client.example/cb?code=c&state=the-state&tenant=1"),
        ("https://client.example/cb?t=a%20b", "https://client.example/cb?t=a+b&code=c&state=the-state"),
        ("com.example.app:cb", "com.example.app:cb?code=c&state=the-state"),
        ("https://client.example/cb", "https://client.example/cb?code=c&state=the-state#_=_"),
    ] {
        assert!(accept(redirect_uri, arrived_at).is_ok(), "{redirect_uri} {arrived_at}");
    }
    for (redirect_uri, arrived_at) in [
        ("https://client.example/cb", "https://client.example/cb/?code=c&state=the-state"),
        ("https://client.example/", "https://client.example?code=c&state=the-state"),
        ("https://client.example/cb", "http://client.example/cb?code=c&state=the-state"),
        ("https://client.example/cb", "https://client.example:443/cb?code=c&state=the-state"),
        ("https://client.example/cb", "https://CLIENT.example/cb?code=c&state=the-state"),
        ("https://client.example/cb?tenant=1", "https://client.example/cb?code=c&state=the-state"),
        ("https://client.example/cb?tenant=1", "https://client.example/cb?tenant=2&code=c&state=the-state"),
        ("https://client.example/cb", "?code=c&state=the-state"),
        ("https://client.example/cb", "code=c&state=the-state"),
    ] {
        assert_eq!(refused(redirect_uri, arrived_at), ErrorKind::RedirectUriMismatch, "{redirect_uri} {arrived_at}");
    }
}

#[test]
fn only_a_query_or_a_form_counts() {
    let fragment = "https://client.example/cb#code=c&state=the-state";
    assert_eq!(refused("https://client.example/cb", fragment), ErrorKind::StateMissing);
    for broken in ["https://client.example/cb?code=c\r\n&state=the-state", "https://client.example/cb?code=c d"] {
        assert_eq!(refused("https://client.example/cb", broken), ErrorKind::CallbackMalformed);
    }
    let long = format!("https://client.example/cb?state=the-state&code={}", "c".repeat(64 * 1024));
    assert_eq!(refused("https://client.example/cb", &long), ErrorKind::CallbackMalformed);
}

#[test]
fn responses_of_other_modes_and_types_have_errors_of_their_own() {
    for (query, kind) in [
        ("response=e.y.J", ErrorKind::ResponseModeUnsupported),
        ("response=e.y.J&state=the-state", ErrorKind::ResponseModeUnsupported),
        ("response=e.y.J&state=other", ErrorKind::StateMismatch),
        ("code=c&state=the-state&id_token=e.y.J", ErrorKind::UnexpectedToken),
    ] {
        assert_eq!(
            refused("https://client.example/cb", &format!("https://client.example/cb?{query}")),
            kind,
            "{query}"
        );
    }
    let empty = "https://client.example/cb?code=c&state=the-state&access_token=";
    assert!(accept("https://client.example/cb", empty).is_ok(), "an empty value was not sent");
}

#[test]
fn a_login_without_redirect_uri_accepts_no_callback() {
    let login = Client::new(provider(), "app").unwrap().authorize().state("s").begin(NOW).unwrap();
    assert!(!login.url().contains("redirect_uri"));
    let refusal = login.accept("https://client.example/cb?code=c&state=s", NOW).unwrap_err();
    assert_eq!(refusal.error.kind(), ErrorKind::RedirectUriMismatch);
}

#[test]
fn the_code_goes_where_the_login_began() {
    let at = |token_endpoint: &str| {
        let provider = Provider::new("https://as.example/authorize", token_endpoint).unwrap();
        let provider = provider.with_issuer("https://as.example").unwrap();
        Client::new(provider, "my app").unwrap().with_redirect_uri("https://client.example/cb").unwrap()
    };
    let login = at("https://as.example/token").authorize().state("s").begin(NOW).unwrap();
    let moved = at("https://as.example/v2/token");
    let login = login.with_client(&moved).unwrap();
    let exchange = login.accept("https://client.example/cb?code=c&state=s", NOW).unwrap();
    assert_eq!(exchange.request().url(), "https://as.example/token");
}

#[test]
fn a_form_is_asked_for_by_name() {
    let login = client("https://client.example/cb").authorize().form_post().state("s").begin(NOW).unwrap();
    assert!(login.url().ends_with("&response_mode=form_post"), "{}", login.url());
    let form = "application/x-www-form-urlencoded";
    assert!(login.accept(Callback::form_post("https://client.example/cb", form, "code=c&state=s"), NOW).is_ok());
}

#[test]
fn a_client_continues_only_its_own_logins() {
    let other = Client::new(provider(), "another app").unwrap().with_redirect_uri("https://client.example/cb").unwrap();
    let refusal = begin("https://client.example/cb").with_client(&other).unwrap_err();
    assert_eq!(refusal.error.kind(), ErrorKind::SealClient);
    let login = *refusal.login.expect("the login is still its own client's");
    assert!(login.with_client(&client("https://client.example/cb")).is_ok());
}

fn begin_error(edit: impl FnOnce(Authorize) -> Authorize) -> ErrorKind {
    edit(client("https://client.example/cb").authorize()).begin(NOW).unwrap_err().kind()
}

#[test]
fn what_begin_refuses() {
    assert_eq!(begin_error(|request| request.scope("a  b")), ErrorKind::ScopeInvalid);
    assert_eq!(begin_error(|request| request.extra("nonce", "n")), ErrorKind::ParameterReserved);
    assert_eq!(begin_error(|request| request.extra("max_age", "0")), ErrorKind::ParameterReserved);
    assert_eq!(begin_error(|request| request.state("")), ErrorKind::StateInvalid);
    assert_eq!(begin_error(|request| request.state("a\nb")), ErrorKind::StateInvalid);
    assert_eq!(begin_error(|request| request.extra("state", "x")), ErrorKind::ParameterReserved);
    for name in ["request_uri", "code_verifier", "resource"] {
        assert_eq!(begin_error(|request| request.extra(name, "x")), ErrorKind::ParameterReserved, "{name}");
    }
    assert_eq!(begin_error(|request| request.extra("", "x")), ErrorKind::ParameterReserved);
    assert_eq!(begin_error(|request| request.extra("a", "1").extra("a", "2")), ErrorKind::ParameterReserved);
    assert_eq!(begin_error(|request| request.data("ä".repeat(129))), ErrorKind::DataTooLarge);
    for id in ["", "a\u{7f}", "é"] {
        assert_eq!(Client::new(provider(), id).unwrap_err().kind(), ErrorKind::ClientIdInvalid);
    }
}

#[test]
fn an_empty_secret_is_refused() {
    for method in [ClientAuthentication::ClientSecretBasic, ClientAuthentication::ClientSecretPost] {
        let client = client("https://client.example/cb").with_authentication(method(Secret::new("")));
        assert_eq!(client.unwrap_err().kind(), ErrorKind::ClientSecretEmpty);
    }
}

#[test]
fn what_begin_accepts() {
    let client = client("https://client.example/cb");
    let twice = client.authorize().resource("https://a").resource("https://b").begin(NOW).unwrap();
    assert!(twice.url().ends_with("&resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb"));
    for resource in ["", "api", "https://a#b", "https://a b"] {
        assert_eq!(begin_error(|request| request.resource(resource)), ErrorKind::ResourceInvalid, "{resource}");
    }
    assert_eq!(client.authorize().data("ä".repeat(128)).begin(NOW).unwrap().data().len(), 256);
}

#[test]
fn resources_go_into_the_token_requests_too() {
    let resources = |provider| {
        let client = Client::new(provider, "my-app").unwrap().with_redirect_uri("https://client.example/cb").unwrap();
        let login = client.authorize().state("s").resource("https://a").resource("https://b").begin(NOW).unwrap();
        let exchange = login.accept("https://client.example/cb?code=c&state=s", NOW).unwrap();
        let sent = exchange.request().body().matches("&resource=https%3A%2F%2F").count();
        let body = r#"{"access_token":"a","token_type":"Bearer","refresh_token":"r"}"#;
        let response = Response::new(200, [("Content-Type", "application/json")], body);
        let Step::Done(tokens) = exchange.receive(response, NOW).unwrap() else { panic!("nothing more to send") };
        let Step::Send(refresh) = client.begin_refresh(&tokens, NOW).unwrap() else { panic!("nothing to send") };
        (sent, refresh.request().body().matches("&resource=https%3A%2F%2F").count())
    };
    assert_eq!(resources(provider()), (2, 2));
    assert_eq!(resources(provider().with_quirk(Quirk::ResourceOnlyAtAuthorization)), (0, 0));
}

#[test]
fn a_callback_in_another_response_mode_leaves_the_login_usable() {
    let (url, form) = ("https://client.example/cb", "code=c&state=s");
    let by_url = || Callback::url(format!("{url}?{form}"));
    let by_form = || Callback::form_post(url, "application/x-www-form-urlencoded", form);
    let begin = || client(url).authorize().state("s");
    let refusal = begin().begin(NOW).unwrap().accept(by_form(), NOW).unwrap_err();
    assert_eq!(refusal.error.kind(), ErrorKind::ResponseModeUnsupported);
    assert!(refusal.login.unwrap().accept(by_url(), NOW).is_ok());
    let refusal = begin().form_post().begin(NOW).unwrap().accept(by_url(), NOW).unwrap_err();
    assert_eq!(refusal.error.kind(), ErrorKind::ResponseModeUnsupported);
    assert!(refusal.login.unwrap().accept(by_form(), NOW).is_ok());
}

#[test]
fn a_login_that_is_resumed_twice_sends_its_code_once() {
    const CALLBACK: &str = "https://client.example/cb?code=c&state=s";
    let client = client("https://client.example/cb");
    let keys = SealKeys::new([7; 32]).unwrap();
    let sealed = client.authorize().state("s").begin(NOW).unwrap().seal(&keys, "").unwrap();
    // Clones remember what the client does, also with another secret.
    let secret = ClientAuthentication::ClientSecretPost(Secret::new("of tomorrow"));
    let resume = || client.clone().resume(&sealed, &keys, "", NOW).unwrap();
    let used = |refusal: Refusal| {
        assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::LoginAlreadyUsed, false));
        assert!(refusal.login.is_none());
    };

    // Neither a forged callback nor a refusal of the server has a code to send.
    let forged = "https://client.example/cb?code=c&state=x";
    assert_eq!(resume().accept(forged, NOW).unwrap_err().error.kind(), ErrorKind::StateMismatch);
    let refused = "https://client.example/cb?error=access_denied&state=s";
    assert_eq!(resume().accept(refused, NOW).unwrap_err().error.kind(), ErrorKind::AuthorizationError);
    // An exchange whose request nobody saw has sent nothing.
    drop(resume().accept(CALLBACK, NOW).unwrap());

    let exchange = resume().accept(CALLBACK, NOW).unwrap();
    used(resume().accept(CALLBACK, NOW).unwrap_err());
    used(resume().accept_with(CALLBACK, NOW, || client.clone().with_authentication(secret)).unwrap_err());
    assert!(exchange.request().body().contains("&code=c&"));
    drop(exchange);
    used(resume().accept(CALLBACK, NOW).unwrap_err());

    // Unless the caller knows that it was not sent.
    let sealed = client.authorize().state("s").begin(NOW).unwrap().seal(&keys, "").unwrap();
    let resume = || client.resume(&sealed, &keys, "", NOW).unwrap();
    let mut conversation = Conversation::new(resume().accept(CALLBACK, NOW).unwrap());
    assert!(conversation.request().is_some());
    conversation.release();
    assert!(conversation.request().is_none());
    let error = conversation.receive(Response::new(503, [], ""), NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginAlreadyUsed);
    let exchange = resume().accept(CALLBACK, NOW).unwrap();
    assert!(exchange.request().body().contains("&code=c&"));
    exchange.release();
    resume().accept(CALLBACK, NOW).unwrap();

    // Another login with the same state is another login.
    let other = client.authorize().state("s").begin(NOW).unwrap();
    let response = Response::new(503, [], "");
    other.accept(CALLBACK, NOW).unwrap().receive(response, NOW).unwrap_err();
}

#[test]
fn a_pasted_code_is_sent_once() {
    let client = Client::new(provider(), "my-cli").unwrap();
    let keys = SealKeys::new([7; 32]).unwrap();
    let sealed = client.authorize().begin(NOW).unwrap().seal(&keys, "").unwrap();
    let paste = || client.resume(&sealed, &keys, "", NOW).unwrap().accept_pasted_code("c", NOW);
    let exchange = paste().unwrap();
    exchange.request();
    exchange.receive(Response::new(503, [], ""), NOW).unwrap_err();
    assert_eq!(paste().unwrap_err().error.kind(), ErrorKind::LoginAlreadyUsed);
}

#[test]
fn what_a_pasted_code_may_be() {
    let client = Client::new(provider(), "my-cli").unwrap();
    let paste = |code: &str, now: i64| client.authorize().begin(NOW).unwrap().accept_pasted_code(code, now);
    assert!(paste("a code", NOW + 600).is_ok());
    for (code, kind) in
        [("", ErrorKind::CodeMissing), ("code\n", ErrorKind::CodeInvalid), ("k\u{f6}de", ErrorKind::CodeInvalid)]
    {
        let refusal = paste(code, NOW).unwrap_err();
        assert_eq!(refusal.error.kind(), kind, "{code:?}");
        assert!(refusal.login.expect("the login").accept_pasted_code("c", NOW).is_ok());
    }
    let refusal = paste("c", NOW + 601).unwrap_err();
    assert_eq!((refusal.error.kind(), refusal.login.is_none()), (ErrorKind::LoginExpired, true));
    let refusal = begin("https://client.example/cb").accept_pasted_code("c", NOW).unwrap_err();
    assert_eq!((refusal.error.kind(), refusal.login.is_some()), (ErrorKind::RedirectUriMismatch, true));
}

#[test]
fn tokens_say_what_else_was_in_the_response() {
    let receive = |provider: Provider, body: &str| {
        let client = Client::new(provider, "c").unwrap().with_redirect_uri("https://client.example/cb").unwrap();
        let login = client.authorize().state("s").begin(NOW).unwrap();
        let exchange = login.accept("https://client.example/cb?code=c&state=s", NOW).unwrap();
        match exchange.receive(Response::new(200, [], body), NOW) {
            Ok(Step::Done(tokens)) => tokens,
            other => panic!("{other:?}"),
        }
    };
    let tokens = receive(provider(), r#"{"access_token":"a","token_type":"bearer","account_id":"dbid:1"}"#);
    assert_eq!(tokens.extra("account_id").and_then(|id| id.as_str()), Some("dbid:1"));
    assert!(tokens.extra("access_token").is_none() && tokens.extra("token_type").is_none());
    assert!(!tokens.token_type_defaulted() && tokens.quirks().is_empty());
    let shown = format!("{tokens:?}");
    assert!(shown.starts_with("Tokens { access_token: ") && shown.ends_with("scope: None, .. }"), "{shown}");
    let quirky = provider().with_quirk(Quirk::ScopeSeparatedByComma);
    let tokens = receive(quirky, r#"{"access_token":"a","expires_in":60}"#);
    assert!(tokens.token_type_defaulted());
    assert_eq!(tokens.quirks(), [Quirk::ScopeSeparatedByComma]);
    assert!(tokens.expires_within(60, NOW) && !tokens.expires_within(59, NOW));
}

#[test]
fn a_response_uses_a_login_up_even_if_nobody_asked_for_its_request() {
    let client = Client::new(provider(), "my-cli").unwrap();
    let keys = SealKeys::new([7; 32]).unwrap();
    let sealed = client.authorize().begin(NOW).unwrap().seal(&keys, "").unwrap();
    let paste = || client.resume(&sealed, &keys, "", NOW).unwrap().accept_pasted_code("c", NOW);
    paste().unwrap().receive(Response::new(503, [], ""), NOW).unwrap_err();
    assert_eq!(paste().unwrap_err().error.kind(), ErrorKind::LoginAlreadyUsed);
}

#[cfg(feature = "id-token")]
#[test]
fn options_of_openid_need_the_scope() {
    assert_eq!(begin_error(|request| request.scope("profile").max_age(0)), ErrorKind::OpenidScopeMissing);
    assert_eq!(begin_error(|request| request.scope("profile").acr_values(["a"])), ErrorKind::OpenidScopeMissing);
    assert_eq!(begin_error(|request| request.nonce("n")), ErrorKind::OpenidScopeMissing);
}

#[cfg(feature = "id-token")]
#[test]
fn options_of_openid_are_visible_ascii() {
    let provider = provider().with_issuer("https://as.example").unwrap();
    let client = Client::new(provider.with_jwks_uri("https://as.example/keys").unwrap(), "my app").unwrap();
    let begin = |edit: fn(Authorize) -> Authorize| edit(client.authorize().scope("openid")).begin(NOW);
    let error = |edit| begin(edit).unwrap_err().kind();
    assert_eq!(error(|request| request.nonce("")), ErrorKind::NonceInvalid);
    assert_eq!(error(|request| request.nonce("a\nb")), ErrorKind::NonceInvalid);
    assert_eq!(error(|request| request.nonce("é")), ErrorKind::NonceInvalid);
    assert_eq!(error(|request| request.acr_values([""])), ErrorKind::AcrValuesInvalid);
    assert_eq!(error(|request| request.acr_values(["a", "b c"])), ErrorKind::AcrValuesInvalid);
    assert_eq!(error(|request| request.acr_values(["é"])), ErrorKind::AcrValuesInvalid);
    let login = begin(|request| request.nonce("n").acr_values(["urn:x:2", "urn:x:1"])).unwrap();
    assert!(login.url().ends_with("&nonce=n&acr_values=urn%3Ax%3A2+urn%3Ax%3A1"), "{}", login.url());
}

#[cfg(feature = "id-token")]
#[test]
fn the_scope_openid_needs_an_issuer() {
    assert_eq!(begin_error(|request| request.scope("openid profile")), ErrorKind::IssuerMissing);
}

#[cfg(not(feature = "id-token"))]
#[test]
fn the_scope_openid_needs_the_feature_id_token() {
    assert_eq!(begin_error(|request| request.scope("openid profile")), ErrorKind::OpenidUnsupported);
    // Other tokens that look like it do not.
    assert!(client("https://client.example/cb").authorize().scope("openid2 OPENID").begin(NOW).is_ok());
}

#[cfg(not(feature = "id-token"))]
#[test]
fn a_sealed_login_with_the_scope_openid_needs_the_feature_id_token() {
    let vectors = support::Vectors::open("seal", &["keys", "sealed", "refused", "clock"], &[]);
    let open = |name| {
        let case: serde_json::Value = vectors.find("sealed", name);
        let text = |pointer| case.pointer(pointer).unwrap().as_str().unwrap();
        let provider = Provider::new(text("/client/authorization_endpoint"), text("/client/token_endpoint")).unwrap();
        let provider = provider.with_issuer(text("/client/issuer")).unwrap();
        let client = Client::new(provider, text("/client/client_id")).unwrap();
        let client = client.with_redirect_uri(text("/client/redirect_uri")).unwrap();
        let keys = proofkey::SealKeys::new(text("/secrets/0")).unwrap();
        client.resume(text("/sealed"), &keys, text("/context"), NOW).map_err(|error| error.kind())
    };
    for name in ["openid", "openid-everything", "openid-max-age-largest"] {
        assert_eq!(open(name).unwrap_err(), ErrorKind::OpenidUnsupported, "{name}");
    }
    assert!(open("everything").is_ok());
}

#[test]
fn a_redirect_uri_whose_callback_could_not_be_read_is_refused() {
    let error =
        Client::new(provider(), "app").unwrap().with_redirect_uri("https://client.example/cb?x=%ff").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectUriMalformed);
}

#[test]
fn seconds_are_decimal_and_saturate() {
    let expires_in = |text: &str| {
        let exchange = accept("https://client.example/cb", "https://client.example/cb?code=c&state=the-state").unwrap();
        let body = format!(r#"{{"access_token":"a","expires_in":"{text}"}}"#);
        match exchange.receive(Response::new(200, [("Content-Type", "application/json")], body), NOW) {
            Ok(Step::Done(tokens)) => tokens.expires_in(),
            outcome => panic!("{outcome:?}"),
        }
    };
    for text in ["3600", " 3600 ", "3600.0", "3600.9"] {
        assert_eq!(expires_in(text), Some(3600), "{text}");
    }
    assert_eq!(expires_in(&"9".repeat(400)), Some(u32::MAX));
    for unknown in ["0", "0.9", "", "+1", "-1", ".5", "1.5.0", "1e3", "inf"] {
        assert_eq!(expires_in(unknown), None, "{unknown}");
    }
    let wait = |text: &str| {
        let exchange = accept("https://client.example/cb", "https://client.example/cb?code=c&state=the-state").unwrap();
        exchange.receive(Response::new(429, [("Retry-After", text)], ""), NOW).unwrap_err().error.retry_after()
    };
    assert_eq!((wait("30"), wait("99999999999"), wait("+30"), wait("soon")), (Some(30), Some(u32::MAX), None, None));
}

#[test]
fn an_issuer_has_neither_query_nor_fragment() {
    for issuer in ["https://as.example/?x=1", "https://as.example/#f", "as.example", ""] {
        assert_eq!(provider().with_issuer(issuer).unwrap_err().kind(), ErrorKind::EndpointMalformed, "{issuer}");
    }
    assert_eq!(provider().with_issuer("http://as.example").unwrap_err().kind(), ErrorKind::EndpointInsecure);
    let metadata_url = "https://as.example/.well-known/openid-configuration";
    assert_eq!(provider().with_issuer(metadata_url).unwrap_err().kind(), ErrorKind::IssuerWellKnown);
}

#[test]
fn nothing_secret_is_in_any_debug_or_error() {
    let secrets = [VERIFIER, "the-code", "the-access-token", "the-refresh-token", "the-other"];
    let mut seen = String::new();
    let mut see = |text: String| seen.push_str(&text);
    let client = client("https://client.example/cb");
    let verifier = || Verifier::parse(VERIFIER.as_bytes()).unwrap();
    see(format!("{client:?} {:?}", client.authorize().verifier(verifier())));
    let callback = "https://client.example/cb?code=the-code&state=the-state";
    see(format!("{:?}", Callback::url(callback)));
    see(format!("{:?}", begin("https://client.example/cb")));
    see(format!(
        "{:?}",
        begin("https://client.example/cb").accept(callback.replace("the-state", "x"), NOW).unwrap_err()
    ));
    let body = r#"{"access_token":"the-access-token","refresh_token":"the-refresh-token","nested":{"t":"the-other"}"#;
    for body in
        [format!("{body}}}"), body.to_owned(), body.replace("the-access-token", "\\u0000the-access-token") + "}"]
    {
        let exchange = accept("https://client.example/cb", callback).unwrap();
        see(format!("{exchange:?} {:?}", exchange.request()));
        let response = Response::new(200, [("Content-Type", "application/json")], body);
        see(format!("{response:?}"));
        match exchange.receive(response, NOW) {
            Ok(Step::Done(tokens)) => see(format!("{tokens:?} {tokens:#?} {:?}", tokens.access_token())),
            Ok(step) => see(format!("{step:?}")),
            Err(error) => see(format!("{error} {error:?}")),
        }
    }
    assert!(seen.contains("redacted"));
    for secret in secrets {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[test]
fn a_servers_words_are_kept_for_programs_and_escaped_for_people() {
    let callback = "https://client.example/cb?state=the-state&error=invalid_scope\
                    &error_description=a%0D%0ASet-Cookie%3A+x&error_uri=javascript%3Aalert(1)";
    let error = accept("https://client.example/cb", callback).unwrap_err().error;
    let oauth = error.oauth().unwrap();
    assert_eq!(oauth.description(), Some("a\r\nSet-Cookie: x"));
    assert_eq!(oauth.uri(), Some("javascript:alert(1)"));
    let shown = error.to_string();
    assert!(!shown.contains(['\r', '\n']) && !shown.contains("javascript"), "{shown}");
}

#[test]
fn types_are_send_and_sync() {
    const fn check<T: Send + Sync>() {}
    const { check::<Client>() };
    const { check::<Login>() };
    const { check::<Exchange>() };
    const { check::<proofkey::Tokens>() };
    const { check::<proofkey::Error>() };
}

/// Strategies for the members of a response: names, and values as JSON.
const MEMBER: &str = "access_token|token_type|expires_in|scope|error|x";
const VALUE: &str = "null|1|-1|1e999|\"a\"|\"Bearer\"|\"\"|\\[\\]|\\[1\\]|\\{\\}|true";

proptest! {
    #[test]
    fn any_callback_is_read_and_only_the_right_state_gets_an_exchange(
        query in "([a-z%=&+;?#/.]|code=|state=|the-state|iss=|error=|%[0-9a-f]{2}|\\PC){0,40}",
    ) {
        let callback = format!("https://client.example/cb?{query}");
        if let Ok(exchange) = accept("https://client.example/cb", &callback) {
            prop_assert!(query.contains("state=") && query.contains("code="));
            prop_assert!(exchange.request().body().contains("&code="));
        }
    }

    #[test]
    fn any_response_ends_the_exchange(
        status in 100u16..600,
        content_type in proptest::option::of("[a-z]{1,8}/[a-z+-]{1,12}(; charset=[a-z]{1,5})?"),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let exchange = accept("https://client.example/cb", "https://client.example/cb?code=c&state=the-state").unwrap();
        let headers = content_type.as_deref().map(|content_type| ("Content-Type", content_type));
        let received = exchange.receive(Response::new(status, headers, body), NOW);
        prop_assert!(!matches!(received, Ok(Step::Send(_) | Step::Wait(..))));
    }

    #[test]
    fn any_json_object_is_read(
        members in proptest::collection::vec((MEMBER, VALUE), 0..6),
    ) {
        let body = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>().join(",");
        let exchange = accept("https://client.example/cb", "https://client.example/cb?code=c&state=the-state").unwrap();
        let response = Response::new(200, [("Content-Type", "application/json")], format!("{{{body}}}"));
        if let Ok(Step::Done(tokens)) = exchange.receive(response, NOW) {
            let expected = if body.contains("\"access_token\":\"a\"") { "a" } else { "Bearer" };
            prop_assert_eq!(tokens.access_token().expose(), expected);
        }
    }
}
