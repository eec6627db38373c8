//! What a provider decides for every request to it.

use super::Provider;
use crate::http::{Request, Roundtrip as _, Transport};
use crate::{Client, Conversation, ErrorKind, Secret, Tokens};

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
