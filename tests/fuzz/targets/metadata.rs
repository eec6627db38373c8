//! Metadata gives a provider if it is one JSON object that names exactly this issuer and endpoints that are https, or
//! on this machine if the issuer is, and never else.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofkey::{Answer, Client, Discovery, ErrorKind, PkceSupport, Provider, Secret, Step, Tokens};
use proofkey_fuzz::{assert_web_url, fields};
use serde::Deserialize;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let [issuer, document] = fields(input);
    let issuer = String::from_utf8_lossy(issuer);
    let expected = expected(&issuer, document);
    let outcome = Provider::from_metadata(&issuer, document);
    assert_eq!(outcome.is_ok(), expected.is_some(), "{:?}", outcome.err());
    if let Some(metadata) = &expected {
        metadata.assert_is(&Provider::from_metadata(&issuer, document).expect("the same again"));
    }
    discovery(&issuer, document, expected.is_some());
});

/// The members that are read: the derived reader refuses one that comes twice.
#[derive(Deserialize)]
struct Metadata {
    issuer: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    jwks_uri: Option<String>,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    #[serde(rename = "id_token_signing_alg_values_supported")]
    _id_token_signing_alg_values_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
    require_pushed_authorization_requests: Option<bool>,
}

fn expected(issuer: &str, document: &[u8]) -> Option<Metadata> {
    let mut value: Value = serde_json::from_slice(document).ok().filter(Value::is_object)?;
    // Repetitions are seen in the document, types after the empty texts, which count as absent, are gone.
    let _: Once = serde_json::from_slice(document).ok()?;
    value.as_object_mut()?.retain(|_, value| value.as_str() != Some(""));
    let metadata: Metadata = serde_json::from_value(value).ok()?;

    let is_on_loopback = |url: &str| {
        let authority = url.split("://").nth(1).unwrap_or_default().split(['/', '?']).next().unwrap_or_default();
        ["127.0.0.1", "[::1]", "localhost"]
            .iter()
            .any(|host| authority.strip_prefix(host).is_some_and(|port| port.is_empty() || port.starts_with(':')))
    };
    let is_endpoint =
        |url: &String| Provider::new(url, url).is_ok() && (!is_on_loopback(url) || is_on_loopback(issuer));
    let is_usable = metadata.issuer.as_deref() == Some(issuer)
        && Provider::new(issuer, issuer).is_ok()
        && !issuer.contains('?')
        && metadata.require_pushed_authorization_requests != Some(true)
        && metadata.authorization_endpoint.as_ref().is_some_and(is_endpoint)
        && metadata.token_endpoint.as_ref().is_some_and(is_endpoint)
        && metadata.others().into_iter().flatten().all(is_endpoint);
    is_usable.then_some(metadata)
}

/// [`Metadata`] with values of any type.
#[derive(Deserialize)]
struct Once {
    #[serde(rename = "issuer")]
    _issuer: Option<Value>,
    #[serde(rename = "authorization_endpoint")]
    _authorization_endpoint: Option<Value>,
    #[serde(rename = "token_endpoint")]
    _token_endpoint: Option<Value>,
    #[serde(rename = "revocation_endpoint")]
    _revocation_endpoint: Option<Value>,
    #[serde(rename = "jwks_uri")]
    _jwks_uri: Option<Value>,
    #[serde(rename = "userinfo_endpoint")]
    _userinfo_endpoint: Option<Value>,
    #[serde(rename = "end_session_endpoint")]
    _end_session_endpoint: Option<Value>,
    #[serde(rename = "id_token_signing_alg_values_supported")]
    _id_token_signing_alg_values_supported: Option<Value>,
    #[serde(rename = "code_challenge_methods_supported")]
    _code_challenge_methods_supported: Option<Value>,
    #[serde(rename = "token_endpoint_auth_methods_supported")]
    _token_endpoint_auth_methods_supported: Option<Value>,
    #[serde(rename = "authorization_response_iss_parameter_supported")]
    _authorization_response_iss_parameter_supported: Option<Value>,
    #[serde(rename = "require_pushed_authorization_requests")]
    _require_pushed_authorization_requests: Option<Value>,
}

impl Metadata {
    /// The endpoints that need not be there.
    fn others(&self) -> [&Option<String>; 4] {
        [&self.revocation_endpoint, &self.jwks_uri, &self.userinfo_endpoint, &self.end_session_endpoint]
    }

    fn assert_is(&self, provider: &Provider) {
        assert_eq!(Some(provider.authorization_endpoint()), self.authorization_endpoint.as_deref());
        assert_eq!(Some(provider.token_endpoint()), self.token_endpoint.as_deref());
        [&self.issuer, &self.authorization_endpoint, &self.token_endpoint]
            .into_iter()
            .chain(self.others())
            .flatten()
            .for_each(|url| assert_web_url(url));
        let lists = |list: &Option<Vec<String>>, method: &str| list.iter().flatten().any(|listed| listed == method);
        let methods = &self.code_challenge_methods_supported;
        let pkce = match methods.as_deref() {
            None | Some([]) => PkceSupport::Unknown,
            _ if lists(methods, "S256") => PkceSupport::S256,
            _ => PkceSupport::WithoutS256,
        };
        assert_eq!(provider.pkce_support(), pkce);
        let methods = &self.token_endpoint_auth_methods_supported;
        let is_post = lists(methods, "client_secret_post") && !lists(methods, "client_secret_basic");
        assert_eq!(provider.token_endpoint_auth_method() == "client_secret_post", is_post);

        // What it promises about callbacks is kept.
        let client = Client::new(provider.clone(), "c").expect("a client");
        let client = client.redirect_uri("https://client.example/cb").expect("a redirect URI");
        let tokens = Tokens::from_parts(Secret::new("a"), None, None, None);
        let userinfo = client.begin_userinfo(&tokens).ok();
        assert_eq!(userinfo.as_ref().map(|question| question.request().url()), self.userinfo_endpoint.as_deref());
        let Ok(login) = client.authorize().state("s").begin(0) else { return };
        assert_eq!(client.authorize().scope("openid").begin(0).is_ok(), self.jwks_uri.is_some());
        let without_iss = login.accept("https://client.example/cb?code=c&state=s", 0);
        let is_promised = self.authorization_response_iss_parameter_supported == Some(true);
        assert_eq!(without_iss.is_err_and(|refusal| refusal.error.kind() == ErrorKind::IssMissing), is_promised);
    }
}

/// The search asks at two places of the issuer's host, and believes neither more than the document deserves.
fn discovery(issuer: &str, document: &[u8], is_usable: bool) {
    let Ok(mut discovery) = Discovery::new(issuer) else { return };
    for round in 1.. {
        let url = discovery.request().url();
        assert_web_url(url);
        assert!(round <= 2 && url.contains("/.well-known/"));
        let host = |url: &str| url.split('/').nth(2).map(str::to_owned);
        assert_eq!(host(url), host(issuer));
        match discovery.receive(Answer::new(200, None, document)) {
            Ok(Step::Send(next)) => discovery = next,
            Ok(Step::Done(_)) => return assert!(is_usable),
            Err(_) => return assert!(!is_usable),
        }
    }
}
