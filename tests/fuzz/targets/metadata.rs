//! Metadata gives a provider only if it is one JSON object that names exactly this issuer, and endpoints that are
//! https, or at addresses that are not public if the issuer is too.

#![no_main]

use std::net::Ipv4Addr;

use libfuzzer_sys::fuzz_target;
use proofkey::{
    Client, ClientAuthenticationMethod, Discovery, ErrorKind, PkceSupport, Provider, Response, Roundtrip as _, Secret,
    Step, Tokens,
};
use proofkey_fuzz::{assert_web_url, fields, has_well_known_path, object};
use serde::Deserialize;
use serde_json::Value;
use url::{Host, Url};

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

/// The members that the crate reads.
#[derive(Deserialize)]
struct Metadata {
    issuer: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    jwks_uri: Option<String>,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
    require_pushed_authorization_requests: Option<bool>,
}

fn expected(issuer: &str, document: &[u8]) -> Option<Metadata> {
    let document = std::str::from_utf8(document).ok()?;
    let mut members = object(document, |name| READ.contains(&name))?;
    // Empty texts count as absent.
    members.retain(|_, value| value.as_str() != Some(""));
    let metadata: Metadata = serde_json::from_value(Value::Object(members)).ok()?;

    let is_endpoint = |url: &String| Provider::new(url, url).is_ok() && (!is_local(url) || is_local(issuer));
    let is_usable = metadata.issuer.as_deref() == Some(issuer)
        && Provider::new(issuer, issuer).is_ok()
        && !issuer.contains('?')
        && !has_well_known_path(issuer)
        && metadata.require_pushed_authorization_requests != Some(true)
        && metadata.authorization_endpoint.as_ref().is_some_and(is_endpoint)
        && metadata.token_endpoint.as_ref().is_some_and(is_endpoint)
        && metadata.others().into_iter().flatten().all(is_endpoint);
    is_usable.then_some(metadata)
}

/// Whether a browser would look for this URL on this machine, or at an address that is not public.
fn is_local(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_in = |bits: u128, blocks: &[(u128, u32)], width: u32| {
        blocks.iter().any(|(block, len)| bits >> (width - len) == block >> (width - len))
    };
    let is_special_v4 = |address: Ipv4Addr| {
        let blocks = SPECIAL_V4.map(|(block, len)| (u128::from(u32::from(Ipv4Addr::from(block))), len));
        is_in(u32::from(address).into(), &blocks, 32)
    };
    match url.host() {
        None => false,
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => is_special_v4(address),
        Some(Host::Ipv6(address)) => {
            let bits = u128::from(address);
            match address.segments() {
                [0, 0, 0, 0, 0, 0xFFFF, ..] | [0x64, 0xFF9B, 0, 0, 0, 0, ..] => is_special_v4((bits as u32).into()),
                [0x2002, ..] => is_special_v4(((bits >> 80) as u32).into()),
                _ => !is_in(bits, &[(0x2000 << 112, 3)], 128) || is_in(bits, &SPECIAL_V6, 128),
            }
        }
    }
}

/// Blocks that are not public (RFC 6890 and later entries of its registries), with the lengths of their prefixes.
const SPECIAL_V4: [([u8; 4], u32); 14] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];
/// Those within 2000::/3; the rest of IPv6 is not public.
const SPECIAL_V6: [(u128, u32); 3] = [(0x2001 << 112, 23), (0x2001_0DB8 << 96, 32), (0x3FFF << 112, 20)];

/// The signatures of ID tokens that can be checked.
const ALGORITHMS: [&str; 10] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"];

/// The names of [`Metadata`]'s members. None may come twice.
const READ: [&str; 13] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "device_authorization_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "id_token_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "token_endpoint_auth_methods_supported",
    "authorization_response_iss_parameter_supported",
    "require_pushed_authorization_requests",
];

impl Metadata {
    /// The optional endpoints.
    fn others(&self) -> [&Option<String>; 5] {
        [
            &self.revocation_endpoint,
            &self.device_authorization_endpoint,
            &self.jwks_uri,
            &self.userinfo_endpoint,
            &self.end_session_endpoint,
        ]
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
        assert_eq!(provider.token_endpoint_auth_method() == ClientAuthenticationMethod::ClientSecretPost, is_post);

        // If it supports `iss`, a callback without it is refused.
        let client = Client::new(provider.clone(), "c").expect("a client");
        let client = client.with_redirect_uri("https://client.example/cb").expect("a redirect URI");
        let tokens = Tokens::from_parts(Secret::new("a"), None, None, None);
        let userinfo = client.begin_userinfo(&tokens).ok();
        assert_eq!(userinfo.as_ref().map(|question| question.request().url()), self.userinfo_endpoint.as_deref());
        let Ok(login) = client.authorize().state("s").begin(0) else { return };
        let algorithms = self.id_token_signing_alg_values_supported.as_deref().unwrap_or_default();
        let is_checkable = algorithms.is_empty() || algorithms.iter().any(|name| ALGORITHMS.contains(&name.as_str()));
        let is_openid = client.authorize().scope("openid").begin(0).is_ok();
        assert_eq!(is_openid, self.jwks_uri.is_some() && is_checkable);
        let without_iss = login.accept("https://client.example/cb?code=c&state=s", 0);
        let is_supported = self.authorization_response_iss_parameter_supported == Some(true);
        assert_eq!(without_iss.is_err_and(|refusal| refusal.error.kind() == ErrorKind::IssMissing), is_supported);
    }
}

/// The search asks two URLs of the issuer's host, and accepts the document of each only if it is usable.
fn discovery(issuer: &str, document: &[u8], is_usable: bool) {
    let Ok(mut discovery) = Discovery::new(issuer) else { return };
    for round in 1.. {
        let url = discovery.request().url();
        assert_web_url(url);
        assert!(round <= 2 && url.contains("/.well-known/"));
        let host = |url: &str| url.split('/').nth(2).map(str::to_owned);
        assert_eq!(host(url), host(issuer));
        match discovery.receive(Response::new(200, [], document), 0) {
            Ok(Step::Send(next)) => discovery = next,
            Ok(Step::Wait(..)) => panic!("no pause was asked for"),
            Ok(Step::Done(_)) => return assert!(is_usable),
            Err(_) => return assert!(!is_usable),
        }
    }
}
