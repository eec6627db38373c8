use std::collections::HashMap;

use pyo3::intern;
use pyo3::prelude::*;

use crate::binding::Binding;
use crate::error::to_request_error;
use crate::params::{self, Name};

/// What an authorization server accepts when it binds a challenge to a code.
///
/// Use `Policy.strict()`: it requires PKCE with S256 (RFC 9700 section 2.1.1). Each relaxation is a method, so a search
/// finds it by name, and returns another policy.
///
/// >>> from proofkey import server
/// >>> server.Policy.strict().allow_plain()
/// Policy.strict().allow_plain()
#[pyo3::pyclass(frozen, module = "proofkey.server")]
pub(crate) struct Policy {
    policy: proofkey_core::Policy,
    relaxations: Relaxations,
}

/// The names of the relaxations, for the repr.
#[derive(Clone, Copy, Default)]
struct Relaxations {
    plain: bool,
    optional: bool,
}

#[pyo3::pymethods]
impl Policy {
    /// Requires a challenge, and the method S256.
    #[staticmethod]
    fn strict() -> Self {
        Self { policy: proofkey_core::Policy::strict(), relaxations: Relaxations::default() }
    }

    /// Relaxation: also accepts the method plain, and its short form, an absent method. Anybody who sees the
    /// authorization request can then redeem the code.
    ///
    /// >>> from proofkey import server
    /// >>> form = {"code_challenge": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
    /// >>> server.Policy.strict().allow_plain().bind(form).method
    /// 'plain'
    fn allow_plain(&self) -> Self {
        let relaxations = Relaxations { plain: true, ..self.relaxations };
        Self { policy: self.policy.allow_plain(), relaxations }
    }

    /// Relaxation: accepts a request without a challenge and binds "none". Only for confidential clients with another
    /// defence against injected codes (RFC 9700 section 2.1.1); a public client always needs a challenge.
    ///
    /// >>> from proofkey import server
    /// >>> str(server.Policy.strict().optional_for_confidential_client().bind({}))
    /// 'none'
    fn optional_for_confidential_client(&self) -> Self {
        let relaxations = Relaxations { optional: true, ..self.relaxations };
        Self { policy: self.policy.optional_for_confidential_client(), relaxations }
    }

    /// `proofkey.server.bind` under this policy.
    #[pyo3(signature = (params, /))]
    fn bind(&self, params: &Bound<'_, PyAny>) -> PyResult<Binding> {
        bind_under(self.policy, params)
    }

    /// The part of the server's metadata document that tells clients about PKCE (RFC 8414 section 2).
    ///
    /// >>> from proofkey import server
    /// >>> {"issuer": "https://as.example"} | server.Policy.strict().metadata()
    /// {'issuer': 'https://as.example', 'code_challenge_methods_supported': ['S256']}
    fn metadata(&self) -> HashMap<&'static str, Vec<&'static str>> {
        let methods = self.policy.challenge_methods().iter().map(|method| method.as_str());
        HashMap::from([("code_challenge_methods_supported", methods.collect())])
    }

    fn __repr__(&self) -> String {
        let Relaxations { plain, optional } = self.relaxations;
        let plain = if plain { ".allow_plain()" } else { "" };
        let optional = if optional { ".optional_for_confidential_client()" } else { "" };
        format!("Policy.strict(){plain}{optional}")
    }
}

/// Turns the `code_challenge` and `code_challenge_method` of an authorization request into the binding to store with
/// the code (RFC 7636 section 4.4): `str(binding)`.
///
/// `params` is the whole query or form, as the framework gives it, so that a repeated parameter is seen: a multi-dict
/// with `getlist` or `getall`, a dict (also with lists, as `parse_qs` makes them), or pairs.
///
/// PKCE is required, S256 only; `Policy` has the named relaxations. A refusal raises `RequestError`, whose `as_dict()`
/// is the response; `TypeError` says that the call itself is wrong.
///
/// >>> from proofkey import server
/// >>> challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
/// >>> str(server.bind({"code_challenge": challenge, "code_challenge_method": "S256"}))
/// 'S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
/// >>> server.bind({"code_challenge": challenge})
/// Traceback (most recent call last):
///     ...
/// proofkey.server.RequestError: method_unsupported: code_challenge_method must be S256. Next: change what is passed in: the same call will fail again
#[pyo3::pyfunction]
#[pyo3(signature = (params, /))]
pub(crate) fn bind(params: &Bound<'_, PyAny>) -> PyResult<Binding> {
    bind_under(proofkey_core::Policy::strict(), params)
}

fn bind_under(policy: proofkey_core::Policy, params: &Bound<'_, PyAny>) -> PyResult<Binding> {
    let py = params.py();
    let names = [
        Name { text: "code_challenge", key: intern!(py, "code_challenge") },
        Name { text: "code_challenge_method", key: intern!(py, "code_challenge_method") },
    ];
    let [challenge, method] = params::read(params, names)?;
    let (challenge, method) = (challenge.bytes()?, method.bytes()?);
    policy.bind(challenge.as_deref(), method.as_deref()).map(Binding).map_err(|error| to_request_error(py, error))
}
