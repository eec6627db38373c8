//! What an exchange expects of the ID token, and the keys that it has for it.

use std::fmt;
use std::sync::Arc;

use crate::client::is_vschar;
use crate::id_token::{Cached, Claims, Expectation, IdTokenAlgorithm, Jws, Keys, Reason, Verified};
use crate::login::random_unless;
use crate::{Answer, Authorize, Client, Error, ErrorKind, Request, Secret, Tokens};

/// What a login with the scope `openid` asks for.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// There once the login has begun.
    pub(crate) nonce: Option<String>,
    /// In seconds.
    pub(crate) max_age: Option<u32>,
    pub(crate) acr: Vec<String>,
}

/// Without the nonce, which only the ID token has to know.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("max_age", &self.max_age).field("acr", &self.acr).finish_non_exhaustive()
    }
}

/// For logins with the scope `openid` (OpenID Connect Core section 3.1.2.1).
impl Authorize {
    /// Uses this nonce instead of 128 fresh random bits: for tests.
    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.asked.nonce = Some(nonce.into());
        self
    }

    /// The user has to have signed in at the server no longer ago than that many seconds, or does it again; an ID token
    /// that tells another story is refused.
    ///
    /// ```
    /// # use proofkey::{Client, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .issuer("https://as.example")?.jwks_uri("https://as.example/keys")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// let login = client.authorize().scope("openid").max_age(300).begin(0)?;
    /// assert!(login.url().ends_with("&max_age=300"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.asked.max_age = Some(seconds);
        self
    }

    /// The user has to sign in in one of these ways, the best first: values of `acr`, which the server defines, for
    /// example for a second factor. An ID token with another one is refused. Sent as `acr_values`.
    pub fn require_acr(mut self, acr: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.asked.acr = acr.into_iter().map(Into::into).collect();
        self
    }
}

impl Asked {
    /// Adds the nonce. `None` for a login without the scope `openid`, which cannot ask for anything of the ID token.
    pub(crate) fn settled(mut self, client: &Client, is_openid: bool) -> Result<Option<Self>, ErrorKind> {
        if !is_openid {
            return if self == Self::default() { Ok(None) } else { Err(ErrorKind::ScopeInvalid) };
        }
        Self::check_client(client)?;
        if !self.acr.iter().all(|acr| is_acr(acr)) {
            return Err(ErrorKind::ScopeInvalid);
        }
        self.nonce = Some(random_unless(self.nonce)?);
        Ok(Some(self))
    }

    /// Whether this client can check an ID token at all.
    pub(crate) fn check_client(client: &Client) -> Result<(), ErrorKind> {
        if client.provider().expected_issuer().is_none() {
            return Err(ErrorKind::IssuerMissing);
        }
        if client.provider().openid.jwks_uri.is_none() && !client.id_token_rules().trust_tls {
            return Err(ErrorKind::EndpointMissing);
        }
        Ok(())
    }

    /// As texts, of which the empty one stands for what is not there: the nonce, the seconds, the ways to sign in.
    pub(crate) fn fields(&self) -> [String; 3] {
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        [self.nonce.clone().unwrap_or_default(), max_age.unwrap_or_default(), self.acr.join(" ")]
    }

    /// Reads what [`fields`](Self::fields) gave, and nothing else.
    pub(crate) fn of_fields(fields: [&str; 3], is_openid: bool) -> Option<Option<Self>> {
        let [nonce, max_age, acr] = fields;
        if !is_openid {
            return fields.iter().all(|field| field.is_empty()).then_some(None);
        }
        let max_age = if max_age.is_empty() { None } else { Some(max_age.parse().ok()?) };
        let acr = if acr.is_empty() { Vec::new() } else { acr.split(' ').map(str::to_owned).collect() };
        let read = Self { nonce: Some(nonce.to_owned()), max_age, acr };
        // There is one text for each number: the one that it is written as.
        let is_right = is_vschar(nonce) && read.acr.iter().all(|acr| is_acr(acr)) && read.fields() == fields;
        is_right.then_some(Some(read))
    }

    /// What it adds to the authorization request.
    pub(crate) fn parameters(&self) -> [(&'static str, String); 3] {
        let [nonce, max_age, acr] = self.fields();
        [("nonce", nonce), ("max_age", max_age), ("acr_values", acr)]
    }
}

/// What an exchange expects of the ID token.
#[derive(Debug)]
pub(crate) struct OpenId {
    client: Client,
    occasion: Occasion,
    keys: Option<Arc<Keys>>,
}

/// Where the ID token comes from.
#[derive(Debug)]
enum Occasion {
    Login { asked: Asked, began_at: i64, code: Secret },
    Refresh { original: Identity },
}

/// A checked ID token.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) id_token: Secret,
    pub(crate) claims: Claims,
    pub(crate) signature_verified: bool,
}

/// What became of an ID token.
pub(crate) enum Checked {
    Good(Tokens),
    /// It names a key that the server may have: nobody gets these tokens before its answer.
    Waiting {
        tokens: Tokens,
        id_token: Secret,
        question: Request,
    },
}

impl Identity {
    /// One that was checked before it was stored.
    pub(crate) fn stored(id_token: Secret) -> Result<Self, ErrorKind> {
        let claims = Claims::new(Jws::parse(id_token.expose())?.payload);
        Ok(Self { id_token, claims, signature_verified: false })
    }
}

impl OpenId {
    pub(crate) fn of_login(client: &Client, asked: Asked, began_at: i64, code: &str) -> Option<Self> {
        let occasion = Occasion::Login { asked, began_at, code: Secret::new(code) };
        Some(Self { client: client.clone(), occasion, keys: None })
    }

    /// `None` for tokens that came without an ID token: then there is nothing to compare a new one with.
    pub(crate) fn of_refresh(client: &Client, tokens: &Tokens) -> Option<Self> {
        let original = tokens.identity()?.clone();
        Some(Self { client: client.clone(), occasion: Occasion::Refresh { original }, keys: None })
    }

    /// The question for the keys, if it has to come first.
    pub(crate) fn keys_wanted(&mut self, now: i64) -> Option<Request> {
        match self.client.key_cache().get(now) {
            _ if self.client.id_token_rules().trust_tls => return None,
            Cached::None => {}
            Cached::Old(keys) => self.keys = Some(keys),
            Cached::Fresh(keys) => {
                self.keys = Some(keys);
                return None;
            }
        }
        self.question()
    }

    fn question(&self) -> Option<Request> {
        self.client.provider().openid.jwks_uri.clone().map(Request::get)
    }

    /// Takes the answer to the question for the keys. Keys that are here already are good enough without one.
    pub(crate) fn take_answer(&mut self, answer: &Answer, reason: Reason, now: i64) -> Result<(), Error> {
        self.take_keys(self.client.key_cache().put(Keys::from_answer(answer), reason, now), reason)
    }

    fn take_keys(&mut self, keys: Result<Arc<Keys>, Error>, reason: Reason) -> Result<(), Error> {
        match keys {
            Ok(keys) => self.keys = Some(keys),
            Err(error) if reason == Reason::UnknownKey || self.keys.is_none() => return Err(error),
            Err(_) => {}
        }
        Ok(())
    }

    /// Gets the keys by way of the cache.
    #[cfg(feature = "http")]
    pub(crate) fn fetch_keys(
        &mut self,
        reason: Reason,
        send: impl FnOnce() -> Result<Answer, Error>,
    ) -> Result<(), Error> {
        let ask = || send().and_then(|answer| Keys::from_answer(&answer));
        let keys = self.client.key_cache().fetch(self.keys.as_ref(), reason, ask, crate::now());
        self.take_keys(keys, reason)
    }

    /// The tokens with the claims of their ID token, once it is checked. Nobody gets at them before.
    pub(crate) fn check(&self, tokens: Tokens, id_token: Option<Secret>, now: i64) -> Result<Checked, ErrorKind> {
        let Some(id_token) = id_token else {
            return match &self.occasion {
                Occasion::Login { .. } => Err(ErrorKind::IdTokenMissing),
                Occasion::Refresh { original } => Ok(Checked::Good(tokens.with_identity(original.clone()))),
            };
        };
        let jws = Jws::parse(id_token.expose())?;
        let expectation = self.expectation(&tokens, now);
        expectation.check_algorithm(&jws)?;
        let signature_verified = !self.client.id_token_rules().trust_tls;
        if signature_verified {
            match self.verify(&jws) {
                Verified::Yes => {}
                Verified::UnknownKey if self.client.key_cache().may_refetch(now) => {
                    let question = self.question().ok_or(ErrorKind::IdTokenSignature)?;
                    return Ok(Checked::Waiting { tokens, id_token, question });
                }
                Verified::No | Verified::UnknownKey => return Err(ErrorKind::IdTokenSignature),
            }
        }
        let claims = expectation.check(jws)?;
        Ok(Checked::Good(tokens.with_identity(Identity { id_token, claims, signature_verified })))
    }

    /// By the keys that were here first, else by those that another thread has fetched meanwhile.
    fn verify(&self, jws: &Jws<'_>) -> Verified {
        match self.keys.as_ref().map(|keys| keys.verify(jws)) {
            None | Some(Verified::UnknownKey) => {
                let newer = self.client.key_cache().other_than(self.keys.as_ref());
                newer.map_or(Verified::UnknownKey, |keys| keys.verify(jws))
            }
            Some(verified) => verified,
        }
    }

    fn expectation<'a>(&'a self, tokens: &'a Tokens, now: i64) -> Expectation<'a> {
        let (rules, provider) = (self.client.id_token_rules(), self.client.provider());
        let expectation = Expectation {
            issuer: provider.expected_issuer().unwrap_or_default(),
            client_id: self.client.id(),
            algorithms: rules.algorithms.as_deref().or(provider.openid.algorithms.as_deref()).unwrap_or(DEFAULT),
            leeway: rules.leeway,
            trusted_audiences: &rules.trusted_audiences,
            nonce: None,
            max_age: None,
            acr: &[],
            access_token: tokens.access_token().expose(),
            code: None,
            original: None,
            now,
        };
        match &self.occasion {
            Occasion::Login { asked, began_at, code } => Expectation {
                nonce: asked.nonce.as_deref(),
                max_age: asked.max_age.map(|max_age| (max_age, *began_at)),
                acr: &asked.acr,
                code: Some(code.expose()),
                ..expectation
            },
            Occasion::Refresh { original } => Expectation { original: Some(&original.claims), ..expectation },
        }
    }
}

/// One of several that are separated by spaces.
fn is_acr(acr: &str) -> bool {
    is_vschar(acr) && !acr.contains(' ')
}

/// What a client gets that registers nothing else (OpenID Connect Dynamic Client Registration section 2).
const DEFAULT: &[IdTokenAlgorithm] = &[IdTokenAlgorithm::Rs256];
