use std::sync::{Arc, Mutex, OnceLock};

use proofkey::Secret;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::claims::Claims;
use crate::lock::lock;
use crate::refused::Refused;
use crate::text::{Text, Texts};

/// What the token endpoint granted.
pub struct Tokens {
    state: Mutex<State>,
    claims: OnceLock<Option<Claims>>,
}

struct State {
    /// Shared with the exchange that they came from.
    tokens: Arc<proofkey::Tokens>,
    texts: Texts,
}

impl Tokens {
    /// Tokens from storage: see [`proofkey::Tokens::from_parts`]. The scope is separated by spaces.
    ///
    /// # Errors
    /// Those of [`proofkey::Tokens::with_id_token`].
    pub fn from_parts(
        access_token: &str,
        refresh_token: Option<&str>,
        id_token: Option<&str>,
        scope: Option<&str>,
        expires_at: Option<i64>,
    ) -> Result<Self, Refused> {
        let scope = scope.map(|scope| scope.split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect());
        let refresh_token = refresh_token.map(Secret::new);
        let tokens = proofkey::Tokens::from_parts(Secret::new(access_token), refresh_token, expires_at, scope);
        Ok(match id_token {
            Some(id_token) => tokens.with_id_token(Secret::new(id_token))?.into(),
            None => tokens.into(),
        })
    }

    /// Adds a resource server that the tokens are for: see [`proofkey::Tokens::with_resource`].
    pub fn add_resource(&self, resource: &str) {
        let mut state = lock(&self.state);
        let all: Vec<String> = state.tokens.resource().iter().cloned().chain([resource.to_owned()]).collect();
        state.tokens = Arc::new(proofkey::Tokens::clone(&state.tokens).with_resource(all));
        state.texts.take_back();
    }

    /// The access token.
    pub fn access_token_expose(&self) -> Option<Text> {
        self.lend_secret("access_token", |tokens| Some(tokens.access_token().expose()))
    }

    /// The refresh token, if there is one.
    pub fn refresh_token_expose(&self) -> Option<Text> {
        self.lend_secret("refresh_token", |tokens| tokens.refresh_token().map(Secret::expose))
    }

    /// The ID token, if there is one.
    pub fn id_token_expose(&self) -> Option<Text> {
        self.lend_secret("id_token", |tokens| tokens.id_token().map(Secret::expose))
    }

    /// The granted scope, separated by spaces; `None` if the server did not name it.
    pub fn scope(&self) -> Option<Text> {
        let State { tokens, texts } = &mut *lock(&self.state);
        texts.lend("scope", || tokens.scope().map(|scope| scope.join(" ")))
    }

    /// The resource servers that the tokens are for, separated by spaces; `None` if there are none.
    pub fn resource(&self) -> Option<Text> {
        let State { tokens, texts } = &mut *lock(&self.state);
        texts.lend("resource", || Some(tokens.resource().join(" ")).filter(|resource| !resource.is_empty()))
    }

    /// A further member of the response, as JSON.
    pub fn extra_expose(&self, name: &str) -> Option<Text> {
        let State { tokens, texts } = &mut *lock(&self.state);
        texts.lend_named("extra", name, || tokens.extra(name).map(Value::to_string).map(Zeroizing::new).map(Exposed))
    }

    /// When the access token expires, if the server said so.
    pub fn expires_at(&self) -> Option<i64> {
        lock(&self.state).tokens.expires_at()
    }

    /// See [`proofkey::Tokens::expires_within`].
    pub fn expires_within(&self, seconds: u32, now: i64) -> bool {
        lock(&self.state).tokens.expires_within(seconds, now)
    }

    /// See [`proofkey::Tokens::scope_changed`].
    pub fn scope_changed(&self) -> bool {
        lock(&self.state).tokens.scope_changed()
    }

    /// See [`proofkey::Tokens::token_type_defaulted`].
    pub fn token_type_defaulted(&self) -> bool {
        lock(&self.state).tokens.token_type_defaulted()
    }

    /// See [`proofkey::Tokens::signature_verified`].
    pub fn signature_verified(&self) -> bool {
        lock(&self.state).tokens.signature_verified()
    }

    /// What the ID token says about the user, if there is an ID token.
    pub fn claims(&self) -> Option<&Claims> {
        self.claims.get_or_init(|| lock(&self.state).tokens.claims().cloned().map(Claims::from)).as_ref()
    }

    pub(crate) fn share(&self) -> Arc<proofkey::Tokens> {
        Arc::clone(&lock(&self.state).tokens)
    }

    fn lend_secret(&self, what: &'static str, read: impl FnOnce(&proofkey::Tokens) -> Option<&str>) -> Option<Text> {
        let State { tokens, texts } = &mut *lock(&self.state);
        texts.lend_secret(what, || read(tokens))
    }
}

impl From<proofkey::Tokens> for Tokens {
    fn from(tokens: proofkey::Tokens) -> Self {
        Arc::new(tokens).into()
    }
}

impl From<Arc<proofkey::Tokens>> for Tokens {
    fn from(tokens: Arc<proofkey::Tokens>) -> Self {
        Self { state: Mutex::new(State { tokens, texts: Texts::default() }), claims: OnceLock::new() }
    }
}

/// A secret on its way into a lent text.
struct Exposed(Zeroizing<String>);

impl AsRef<str> for Exposed {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
