//! What a provider decides for every request to it.

use super::{PkceSupport, Provider, Quirk};
use crate::http::{Request, Roundtrip as _, Transport};
use crate::{Client, ClientAuthenticationMethod, Conversation, ErrorKind, KnownProvider, Secret, Tokens};

#[test]
fn every_request_to_a_public_provider_goes_to_public_addresses() {
    let here = |path: &str| format!("http://127.0.0.1:1/{path}");
    let provider = Provider::new(here("authorize"), here("token")).unwrap().with_issuer("https://as.example").unwrap();
    let provider = provider.with_jwks_uri(here("jwks")).unwrap().with_userinfo_endpoint(here("userinfo")).unwrap();
    let provider = provider.with_revocation_endpoint(here("revoke")).unwrap();
    let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    let outcomes = |provider: Provider| {
        let client = Client::new(provider, "my-app").unwrap().with_redirect_uri("https://client.example/cb").unwrap();
        let exchange = |scope: &str| {
            let login = client.authorize().scope(scope).state("s").begin(0).unwrap();
            login.accept("https://client.example/cb?code=c&state=s", 0).unwrap()
        };
        let send = |request: &Request| Transport::new().send(request).unwrap_err().kind();
        [
            send(exchange("").request()),
            send(exchange("openid").request()),
            send(Conversation::from(client.begin_refresh(&tokens, 0).unwrap()).request().unwrap()),
            send(client.begin_revocation(&tokens).unwrap().request()),
            send(client.begin_userinfo(&tokens).unwrap().request()),
        ]
    };
    assert_eq!(outcomes(provider.clone().with_public_only()), [ErrorKind::AddressForbidden; 5]);
    assert_eq!(outcomes(provider), [ErrorKind::ConnectFailed; 5]);
}

#[test]
fn providers_are_the_same_by_issuer_or_else_by_both_endpoints() {
    let provider = |authorization: &str, token: &str| Provider::new(authorization, token).unwrap();
    let (a, t) = ("https://as.example/a", "https://as.example/t");
    let (other_a, other_t) = ("https://as.example/a2", "https://as.example/t2");
    assert!(provider(a, t).is_same_as(&provider(a, t)));
    assert!(!provider(a, t).is_same_as(&provider(other_a, t)));
    assert!(!provider(a, t).is_same_as(&provider(a, other_t)));
    let with_issuer = |provider: Provider, issuer: &str| provider.with_issuer(issuer).unwrap();
    let issuer = with_issuer(provider(a, t), "https://as.example");
    assert!(issuer.is_same_as(&with_issuer(provider(other_a, other_t), "https://as.example")));
    assert!(!issuer.is_same_as(&with_issuer(provider(a, t), "https://as2.example")));
    assert!(!issuer.is_same_as(&provider(a, t)) && !provider(a, t).is_same_as(&issuer));
}

#[test]
fn a_recorded_login_keeps_its_endpoints_and_may_only_ask_for_more() {
    let now = Provider::new("https://as.example/a", "https://as.example/t").unwrap();
    let now = now.with_quirk(Quirk::ResourceOnlyAtAuthorization);
    let then = Provider::new("https://as.example/a2", "https://as.example/t2").unwrap();
    let recorded = now.as_recorded(&then);
    assert_eq!(recorded.authorization_endpoint(), "https://as.example/a2");
    assert_eq!(recorded.token_endpoint(), "https://as.example/t2");
    assert_eq!(recorded.quirks(), [Quirk::ResourceOnlyAtAuthorization]);
    let requires_iss = |now: &Provider, then: &Provider| now.as_recorded(then).iss_parameter_supported();
    let (now_with, then_with) =
        (now.clone().with_iss_parameter_supported(), then.clone().with_iss_parameter_supported());
    assert!(!requires_iss(&now, &then));
    assert!(requires_iss(&now_with, &then) && requires_iss(&now, &then_with) && requires_iss(&now_with, &then_with));
}

#[test]
fn metadata_chooses_how_a_secret_is_sent_and_what_is_known_of_pkce() {
    let provider = |more: &str| {
        let document = format!(
            r#"{{"issuer":"https://as.example","authorization_endpoint":"https://as.example/a",
                "token_endpoint":"https://as.example/t"{more}}}"#
        );
        Provider::from_metadata("https://as.example", document.as_bytes()).unwrap()
    };
    for (methods, expected) in [
        ("", ClientAuthenticationMethod::ClientSecretBasic),
        (r#"["client_secret_post"]"#, ClientAuthenticationMethod::ClientSecretPost),
        (r#"["client_secret_post","client_secret_basic"]"#, ClientAuthenticationMethod::ClientSecretBasic),
        (r#"["client_secret_basic"]"#, ClientAuthenticationMethod::ClientSecretBasic),
        (r#"["private_key_jwt"]"#, ClientAuthenticationMethod::ClientSecretBasic),
    ] {
        let more = if methods.is_empty() {
            String::new()
        } else {
            format!(r#","token_endpoint_auth_methods_supported":{methods}"#)
        };
        assert_eq!(provider(&more).token_endpoint_auth_method(), expected, "{methods}");
    }
    for (more, support) in [
        ("", PkceSupport::Unknown),
        (r#","code_challenge_methods_supported":["plain","S256"]"#, PkceSupport::S256),
        (r#","code_challenge_methods_supported":["plain"]"#, PkceSupport::WithoutS256),
    ] {
        let provider = provider(more);
        assert_eq!(provider.pkce_support(), support);
        let required = provider.require_advertised_pkce().map(|provider| provider.pkce_support());
        match support {
            PkceSupport::S256 => assert_eq!(required.ok(), Some(PkceSupport::S256)),
            _ => assert_eq!(required.unwrap_err().kind(), ErrorKind::PkceNotAdvertised),
        }
    }
    assert_eq!(Provider::known(KnownProvider::GitHub).unwrap().pkce_support(), PkceSupport::S256);
}
