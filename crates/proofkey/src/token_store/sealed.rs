use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use proofkey_core::Recovery;

use super::TokenStore;
use super::lease::{Lease, Patience};
use super::record::{Key, Record};
use crate::client::Client;
use crate::clock::now;
use crate::error::{Error, ErrorKind, OAuthError};
use crate::http::Transport;
use crate::seal_keys::SealKeys;
use crate::secret::Secret;
use crate::tokens::Tokens;

/// Tokens at rest: encrypted, one record for each user of a client, and refreshed once, however many threads,
/// processes and machines want them fresh.
///
/// What is stored is sealed for its provider, client and user. A record in another's place does not open, and neither
/// does one that was changed. Whoever can write to the store can still put back an older record of the same user.
///
/// ```no_run
/// use proofkey::{Client, FileTokenStore, Provider, SealKeys, SealedTokenStore, Transport};
///
/// # fn example(client: Client, tokens: proofkey::Tokens, secret: Vec<u8>) -> Result<(), proofkey::Error> {
/// let files = FileTokenStore::new("/home/me/.local/state/my-app")?;
/// let store = SealedTokenStore::new(files, SealKeys::new(secret)?);
/// store.save(&client, "me", &tokens)?; // after a login
///
/// let tokens = store.fresh(&client, "me", 60, None, &Transport::new())?;
/// println!("Authorization: Bearer {}", tokens.access_token().expose());
/// # Ok(())
/// # }
/// ```
pub struct SealedTokenStore<S> {
    store: S,
    keys: Arc<SealKeys>,
}

impl<S: TokenStore> SealedTokenStore<S> {
    /// Seals what is kept in `store` with these keys.
    pub fn new(store: S, keys: impl Into<Arc<SealKeys>>) -> Self {
        Self { store, keys: keys.into() }
    }

    /// Saves the tokens of a login, in place of those that were there. If they are being refreshed, it waits.
    ///
    /// `user` is how the application names the user: an id, or any text if there is only one.
    ///
    /// # Errors
    /// [`StoreBusy`](ErrorKind::StoreBusy) after ten seconds; [`SealTooLarge`](ErrorKind::SealTooLarge) for tokens of
    /// more than a million characters; those of the [`TokenStore`].
    pub fn save(&self, client: &Client, user: &str, tokens: &Tokens) -> Result<(), Error> {
        let key = Key::new(client, user);
        let _lease = Lease::wait(&self.store, &key.id, Patience::new(PATIENCE))?;
        let sealed = Record { tokens: tokens.clone(), refresh_began: None }.seal(&self.keys, &key)?;
        let read = self.store.load(&key.id)?;
        self.replace(&key, &sealed, read.as_deref())
    }

    /// The tokens as they are stored, fresh or not; `None` if there are none.
    ///
    /// # Errors
    /// Those of the [`TokenStore`]. For a record that does not open: [`SealMalformed`](ErrorKind::SealMalformed),
    /// [`SealKeyUnknown`](ErrorKind::SealKeyUnknown), [`SealForged`](ErrorKind::SealForged) and
    /// [`SealContext`](ErrorKind::SealContext).
    pub fn load(&self, client: &Client, user: &str) -> Result<Option<Tokens>, Error> {
        Ok(self.read(&Key::new(client, user))?.map(|(_, record)| record.tokens))
    }

    /// Forgets the tokens, for example when the user signs out, and returns them, to be revoked; `None` if there are
    /// none, or if their record does not open. If they are being refreshed, it waits.
    ///
    /// # Errors
    /// [`StoreBusy`](ErrorKind::StoreBusy) after ten seconds; those of the [`TokenStore`].
    pub fn delete(&self, client: &Client, user: &str) -> Result<Option<Tokens>, Error> {
        let key = Key::new(client, user);
        let _lease = Lease::wait(&self.store, &key.id, Patience::new(PATIENCE))?;
        let Some(sealed) = self.store.load(&key.id)? else { return Ok(None) };
        if !self.store.delete(&key.id, &sealed)? {
            return Err(ErrorKind::StoreBusy.into());
        }
        Ok(Record::open(&sealed, &self.keys, &key).ok().map(|record| record.tokens))
    }

    /// Tokens that do not expire within this many seconds, refreshed if need be. Give a `rejected` access token if a
    /// resource server responded with `invalid_token`: it is refreshed, too, unless somebody else has done so already.
    ///
    /// One caller refreshes, with the lease of these tokens. The others get the old ones while those are valid, and wait
    /// otherwise. The same goes for a server that cannot be reached, is overloaded or fails. Only `invalid_grant` ends a
    /// grant, if the stored tokens are still those that were sent; they are deleted then.
    ///
    /// Before a refresh token is sent, the record says so. If the process ends before it has saved the new tokens, the
    /// next caller sends the same refresh token once more: most servers accept it, or never replace it. One that takes
    /// it for stolen ends the grant.
    ///
    /// Tokens whose expiry the server did not name are fresh until they are rejected. A record that was sealed with an
    /// older key is sealed anew.
    ///
    /// # Errors
    /// [`TokensAbsent`](ErrorKind::TokensAbsent), [`RefreshTokenAbsent`](ErrorKind::RefreshTokenAbsent), and
    /// [`TokenError`](ErrorKind::TokenError) with `invalid_grant`, or
    /// [`RefreshOutcomeUnknown`](ErrorKind::RefreshOutcomeUnknown) if an earlier refresh did not come to its end: begin
    /// a new login. [`StoreBusy`](ErrorKind::StoreBusy) if somebody else refreshes for longer than this transport would
    /// take; those of [`load`](Self::load), of the [`TokenStore`] and of [`Client::refresh`].
    pub fn fresh(
        &self,
        client: &Client,
        user: &str,
        within: u32,
        rejected: Option<&Secret>,
        transport: &Transport,
    ) -> Result<Tokens, Error> {
        self.fresh_with(client, user, within, rejected, transport, || Ok(client.clone()))
    }

    /// [`fresh`](Self::fresh) for a client whose secret is fetched when it is needed: `current` is asked for the client
    /// before a refresh, and only then.
    ///
    /// # Errors
    /// Those of [`fresh`](Self::fresh), and those of `current`.
    pub fn fresh_with(
        &self,
        client: &Client,
        user: &str,
        within: u32,
        rejected: Option<&Secret>,
        transport: &Transport,
        current: impl Fn() -> Result<Client, Error>,
    ) -> Result<Tokens, Error> {
        let key = Key::new(client, user);
        let is_rejected = |tokens: &Tokens| rejected.is_some_and(|it| it.expose() == tokens.access_token().expose());
        let is_good_for = |tokens: &Tokens, seconds| !is_rejected(tokens) && !tokens.expires_within(seconds, now());
        let mut patience = Patience::new(transport.timeout());
        loop {
            let (sealed, record) = self.read(&key)?.ok_or(ErrorKind::TokensAbsent)?;
            if is_good_for(&record.tokens, within) {
                if !self.keys.is_newest(&sealed) {
                    self.seal_anew(&key);
                }
                return Ok(record.tokens);
            }
            let is_valid = is_good_for(&record.tokens, 0);
            let Some(lease) = Lease::take(&self.store, &key.id, transport.timeout())? else {
                if is_valid {
                    return Ok(record.tokens);
                }
                patience.pause()?;
                continue;
            };
            // Read again: whoever had the lease until now may have refreshed.
            let (sealed, record) = self.read(&key)?.ok_or(ErrorKind::TokensAbsent)?;
            if is_good_for(&record.tokens, within) {
                return Ok(record.tokens);
            }
            let attempt = current().and_then(|client| self.refresh(&key, &client, &sealed, &record, transport));
            drop(lease);
            match attempt {
                Ok(Some(tokens)) => return Ok(tokens),
                Ok(None) => patience.pause()?,
                Err(error) if is_transient(&error) && is_good_for(&record.tokens, 0) => return Ok(record.tokens),
                Err(error) => return Err(error),
            }
        }
    }

    /// Refreshes once, under the lease. `None` if somebody else has changed the record.
    fn refresh(
        &self,
        key: &Key,
        client: &Client,
        read: &str,
        record: &Record,
        transport: &Transport,
    ) -> Result<Option<Tokens>, Error> {
        if record.tokens.refresh_token().is_none() {
            return Err(ErrorKind::RefreshTokenAbsent.into());
        }
        let is_second = record.refresh_began.is_some();
        let began = record.refresh_began.unwrap_or_else(now);
        let marked = Record { tokens: record.tokens.clone(), refresh_began: Some(began) }.seal(&self.keys, key)?;
        if !self.store.save(&key.id, &marked, Some(read))? {
            return Ok(None);
        }
        let save = |new: &Tokens| {
            let sealed = Record { tokens: new.clone(), refresh_began: None }.seal(&self.keys, key)?;
            self.replace(key, &sealed, Some(&marked))
        };
        let mut is_saved = false;
        let refreshed: Result<_, Error> = client.refresh_and_save(&record.tokens, transport, |new| {
            save(new)?;
            is_saved = true;
            Ok(())
        });
        match refreshed {
            Ok(new) => {
                // Another user of the client refreshed these tokens within the last minute, past the store.
                if !is_saved {
                    save(&new)?;
                }
                Ok(Some(new))
            }
            Err(error) if error.oauth().map(OAuthError::error) == Some("invalid_grant") => {
                if !self.store.delete(&key.id, &marked)? {
                    return Ok(None);
                }
                Err(if is_second { error.with_kind(ErrorKind::RefreshOutcomeUnknown) } else { error })
            }
            Err(error) => {
                if !is_second && is_known_to_have_failed(&error) {
                    // The next caller would only be less sure why, if this could not be saved.
                    let record = Record { tokens: record.tokens.clone(), refresh_began: None };
                    let _ = record.seal(&self.keys, key).and_then(|sealed| self.replace(key, &sealed, Some(&marked)));
                }
                Err(error)
            }
        }
    }

    /// Seals a record with the newest key. If that cannot be done now, a later caller tries.
    fn seal_anew(&self, key: &Key) {
        let sealed_anew = || {
            // Whoever has the lease writes anyway, and must find what it has read.
            let Some(_lease) = Lease::take(&self.store, &key.id, Duration::ZERO)? else { return Ok(()) };
            let Some((sealed, record)) = self.read(key)? else { return Ok(()) };
            self.replace(key, &record.seal(&self.keys, key)?, Some(&sealed))
        };
        let _: Result<(), Error> = sealed_anew();
    }

    fn read(&self, key: &Key) -> Result<Option<(String, Record)>, Error> {
        let Some(sealed) = self.store.load(&key.id)? else { return Ok(None) };
        let record = Record::open(&sealed, &self.keys, key)?;
        Ok(Some((sealed, record)))
    }

    /// # Errors
    /// [`StoreBusy`](ErrorKind::StoreBusy) if the record has changed: this lease has ended, and somebody else has it.
    fn replace(&self, key: &Key, sealed: &str, read: Option<&str>) -> Result<(), Error> {
        if self.store.save(&key.id, sealed, read)? { Ok(()) } else { Err(ErrorKind::StoreBusy.into()) }
    }
}

impl<S: fmt::Debug> fmt::Debug for SealedTokenStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedTokenStore").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Whether the refresh token is certainly as good as before: nothing was sent, or the server refused the request. After
/// an error of the server itself, or of the network, it may have been replaced.
fn is_known_to_have_failed(error: &Error) -> bool {
    let is_refused = match error.status() {
        Some(408 | 500..) => false,
        Some(400..) => true,
        // Some servers refuse with a 200, but in the words of RFC 6749.
        _ => error.kind() == ErrorKind::TokenError,
    };
    is_refused || !error.request_sent()
}

fn is_transient(error: &Error) -> bool {
    error.recovery() == Recovery::RetryLater
}

/// How long saving and deleting wait for a refresh that is under way.
const PATIENCE: Duration = Duration::from_secs(10);
