use proofkey::{LoopbackPort, redirect_uri_matches};
use serde::Deserialize;

use crate::support::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    registered: String,
    requested: String,
    native: bool,
    ok: bool,
    policy_option: Option<String>,
    ok_with_option: Option<bool>,
}

#[test]
fn redirect_uri_match() {
    Vectors::open("redirect_uri", &["redirect_uri_match"], &[]).run("redirect_uri_match", |case: Case| {
        let matches = |port| redirect_uri_matches(&case.registered, &case.requested, port);
        assert_eq!(matches(if case.native { LoopbackPort::Any } else { LoopbackPort::Exact }), case.ok);
        if let Some(ok) = case.ok_with_option {
            assert_eq!(case.policy_option.as_deref(), Some("allow_localhost_any_port"));
            assert_eq!(matches(LoopbackPort::AnyIncludingLocalhost), ok);
        }
    });
}
