use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::{Client, Error, ErrorKind, Secret, Tokens, Transport, now};

/// The refreshes of a client and its clones that are under way, and those of the last minute, by hash of the old token.
#[derive(Default)]
pub(crate) struct Refreshes(Mutex<HashMap<[u8; 32], Arc<Flight>>>);

impl fmt::Debug for Refreshes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refreshes")
    }
}

/// One refresh: whoever comes while it is under way waits for it.
#[derive(Default)]
struct Flight {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    UnderWay,
    /// For those who waited. Whoever comes later finds a new flight.
    Failed(Error),
    /// The result, until a minute after it came: a late caller with the old token gets it instead of tripping the
    /// server's reuse detection.
    Refreshed {
        tokens: Tokens,
        at: i64,
        saved: bool,
    },
}

impl Client {
    /// Refreshes tokens: one request per refresh token, however many threads ask (RFC 6749 section 6). They all get the
    /// result, and so does everybody who comes with the old tokens within a minute.
    ///
    /// # Errors
    /// [`RefreshTokenAbsent`](crate::ErrorKind::RefreshTokenAbsent), those of [`Transport::send`] and those of
    /// [`Exchange::receive`](crate::Exchange::receive). `invalid_grant` in [`oauth`](Error::oauth) means that the refresh
    /// token is worth nothing any more: read the storage once more, another process may have refreshed, else sign in anew.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Secret, Tokens, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// let tokens = client.refresh(&tokens, &Transport::new())?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn refresh(&self, tokens: &Tokens, transport: &Transport) -> Result<Tokens, Error> {
        self.refresh_and_save(tokens, transport, |_| Ok(()))
    }

    /// [`refresh`](Self::refresh), with a hook that stores the new tokens before anybody gets them. If it fails, nobody
    /// does, and the next call within a minute runs the hook again without asking the server.
    ///
    /// # Errors
    /// Those of [`refresh`](Self::refresh), and those of the hook.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Secret, Tokens, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// # fn store(tokens: &Tokens) -> std::io::Result<()> { Ok(()) }
    /// let save = |new: &Tokens| -> Result<(), Box<dyn std::error::Error>> { Ok(store(new)?) };
    /// let tokens = client.refresh_and_save(&tokens, &Transport::new(), save)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refresh_and_save<E: From<Error>>(
        &self,
        tokens: &Tokens,
        transport: &Transport,
        save: impl FnOnce(&Tokens) -> Result<(), E>,
    ) -> Result<Tokens, E> {
        let exchange = self.begin_refresh(tokens, now())?;
        let flights = self.refreshes();
        let key = key(tokens);
        let flight = flights.join(key, now());
        let mut state = flight.wait();
        if let State::Idle = *state {
            *state = State::UnderWay;
            drop(state);
            let mut landing =
                Landing { flights, key, flight: &flight, state: State::Failed(ErrorKind::Internal.into()) };
            landing.state = match transport.exchange(exchange) {
                Ok(tokens) => State::Refreshed { tokens, at: now(), saved: false },
                Err(error) => State::Failed(error),
            };
            state = landing.land();
        }
        // The hook runs with the flight locked: those who wait get nothing before it has saved.
        match &mut *state {
            State::Refreshed { tokens, saved, .. } => {
                if !*saved {
                    save(tokens)?;
                    *saved = true;
                }
                Ok(tokens.clone())
            }
            State::Failed(error) => Err(error.clone().into()),
            State::Idle | State::UnderWay => Err(Error::from(ErrorKind::Internal).into()),
        }
    }
}

fn key(tokens: &Tokens) -> [u8; 32] {
    Sha256::digest(tokens.refresh_token().map(Secret::expose).unwrap_or_default()).into()
}

impl Refreshes {
    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Arc<Flight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The flight of this refresh token. Results older than a minute are forgotten.
    fn join(&self, key: [u8; 32], now: i64) -> Arc<Flight> {
        let mut flights = self.lock();
        flights.retain(|_, flight| !flight.is_over(now));
        Arc::clone(flights.entry(key).or_default())
    }
}

impl Flight {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nothing is under way.
    fn wait(&self) -> MutexGuard<'_, State> {
        let under_way = |state: &mut State| matches!(state, State::UnderWay);
        self.changed.wait_while(self.lock(), under_way).unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody will ask again for what this holds. One that is locked is in use.
    fn is_over(&self, now: i64) -> bool {
        match self.state.try_lock().as_deref() {
            Ok(State::Refreshed { at, .. }) => now.saturating_sub(*at) > MEMORY,
            Ok(_) | Err(_) => false,
        }
    }
}

/// Ends a flight, also when the leader panics: nobody is left waiting, and a failed flight leaves the map.
struct Landing<'a> {
    flights: &'a Refreshes,
    key: [u8; 32],
    flight: &'a Flight,
    state: State,
}

impl<'a> Landing<'a> {
    fn land(self) -> MutexGuard<'a, State> {
        let flight = self.flight;
        drop(self);
        flight.lock()
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if let State::Failed(_) = self.state {
            self.flights.lock().remove(&self.key);
        }
        *self.flight.lock() = std::mem::take(&mut self.state);
        self.flight.changed.notify_all();
    }
}

/// How long a result is remembered, in seconds.
const MEMORY: i64 = 60;
