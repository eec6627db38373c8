//! What one token is checked with: the client that it is for, and the keys from its cache.

use std::sync::Arc;

use super::jws::Jws;
use super::key_cache::{Cached, Reason};
use super::keys::{Keys, Verified};
use super::rules::Recipient;
use crate::client::Client;
use crate::error::{Endpoint, Error};
use crate::http::{Request, Response};

#[derive(Debug)]
pub(crate) struct SignatureCheck {
    client: Client,
    keys: Option<Arc<Keys>>,
}

impl SignatureCheck {
    pub(crate) fn new(client: &Client) -> Self {
        Self { client: client.clone(), keys: None }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) const fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// What the claims of a token for this client are compared with.
    pub(crate) fn recipient(&self, now: i64) -> Recipient<'_> {
        let client = &self.client;
        Recipient {
            issuer: client.provider().issuer().unwrap_or_default(),
            client_id: client.id(),
            leeway: client.id_token_leeway(),
            trusted_audiences: client.trusted_audiences(),
            now,
        }
    }

    /// Takes the keys of the cache, and returns the request for others if there are none or only old ones.
    pub(crate) fn keys_wanted(&mut self, now: i64) -> Option<Request> {
        match self.client.key_cache().get(now) {
            Cached::None => {}
            Cached::Old(keys) => self.keys = Some(keys),
            Cached::Fresh(keys) => {
                self.keys = Some(keys);
                return None;
            }
        }
        keys_request(&self.client)
    }

    /// Takes the response with the keys. If it cannot be used, keys that are already here are used, unless a token
    /// needs a new one.
    pub(crate) fn take_response(&mut self, response: &Response, reason: Reason, now: i64) -> Result<(), Error> {
        self.take_keys(self.client.key_cache().put(Keys::from_response(response), reason, now), reason)
    }

    /// Gets the keys through the cache.
    pub(crate) fn fetch_keys(
        &mut self,
        reason: Reason,
        send: impl FnOnce() -> Result<Response, Error>,
        now: i64,
    ) -> Result<(), Error> {
        let fetch = || send().and_then(|response| Keys::from_response(&response));
        let keys = self.client.key_cache().fetch(self.keys.as_ref(), reason, fetch, now);
        self.take_keys(keys, reason)
    }

    fn take_keys(&mut self, keys: Result<Arc<Keys>, Error>, reason: Reason) -> Result<(), Error> {
        match keys {
            Ok(keys) => self.keys = Some(keys),
            Err(error) if reason != Reason::Age || self.keys.is_none() => return Err(error),
            Err(_) => {}
        }
        Ok(())
    }

    /// Verifies with the keys of this check or, if they do not have the right one, with those that another thread has
    /// fetched since.
    pub(crate) fn verify(&self, jws: &Jws<'_>) -> Verified {
        match self.keys.as_ref().map(|keys| keys.verify(jws)) {
            Some(Verified::Yes) => Verified::Yes,
            outcome => {
                let newer = self.client.key_cache().other_than(self.keys.as_ref());
                newer.map_or(outcome.unwrap_or(Verified::UnknownKey), |keys| keys.verify(jws))
            }
        }
    }
}

pub(crate) fn keys_request(client: &Client) -> Option<Request> {
    let provider = client.provider();
    let request = Request::get(Endpoint::Jwks, provider.jwks_uri()?.to_owned());
    Some(request.with_public_only(provider.is_public_only()))
}
