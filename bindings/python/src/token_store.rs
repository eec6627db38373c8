//! Token stores: the one of files, and any that is a Python object.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use proofkey::{Error, ErrorKind, TokenStore};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::client::Client;
use crate::error::flow_error;
use crate::hook::wrong_result;
use crate::instance::Instance;
use crate::python_text::utf8;
use crate::seal::SealKeys;
use crate::secret::Secret;
use crate::tokens::Tokens;

/// A `TokenStore` of files in one folder, for programs on a user's machine: a file and a lock for each user.
///
/// The folder is made with the permissions 0700, its files with 0600. A folder or a file that is a link, or that belongs
/// to or is open to other users, is refused: `StoredTokensError` "store_insecure". On Windows, the folder has the
/// permissions that it inherits: choose one in the user's profile, which other users cannot read.
///
/// A file is replaced as a whole, so that a crash leaves the old one or the new one. The folder must be on a local disk,
/// where locks work. A lease ends with the process that has it. Rust programs can use the same folder.
///
/// >>> import secrets, tempfile
/// >>> import proofkey
/// >>> from proofkey import token_store
/// >>> folder = tempfile.TemporaryDirectory()
/// >>> files = token_store.FileTokenStore(f"{folder.name}/tokens")
/// >>> store = token_store.SealedTokenStore(files, proofkey.SealKeys(secrets.token_bytes(32)))
/// >>> folder.cleanup()
#[pyo3::pyclass(frozen, module = "proofkey.token_store")]
pub(crate) struct FileTokenStore(Arc<proofkey::FileTokenStore>);

#[pyo3::pymethods]
impl FileTokenStore {
    #[new]
    #[pyo3(signature = (folder, /))]
    fn new(py: Python<'_>, folder: PathBuf) -> PyResult<Self> {
        let store = py.detach(|| proofkey::FileTokenStore::new(folder));
        store.map(|store| Self(Arc::new(store))).map_err(|error| flow_error(py, &error))
    }

    /// See `TokenStore`.
    #[pyo3(signature = (key, /))]
    fn load(&self, py: Python<'_>, key: &str) -> PyResult<Option<String>> {
        py.detach(|| self.0.load(key)).map_err(|error| flow_error(py, &error))
    }

    /// See `TokenStore`.
    #[pyo3(signature = (key, sealed, read, /))]
    fn save(&self, py: Python<'_>, key: &str, sealed: &str, read: Option<&str>) -> PyResult<bool> {
        py.detach(|| self.0.save(key, sealed, read)).map_err(|error| flow_error(py, &error))
    }

    /// See `TokenStore`.
    #[pyo3(signature = (key, read, /))]
    fn delete(&self, py: Python<'_>, key: &str, read: &str) -> PyResult<bool> {
        py.detach(|| self.0.delete(key, read)).map_err(|error| flow_error(py, &error))
    }

    /// See `TokenStore`. The lease ends with the process, not after `seconds`.
    #[pyo3(signature = (key, owner, seconds, /))]
    fn lease(&self, py: Python<'_>, key: &str, owner: &str, seconds: u32) -> PyResult<bool> {
        py.detach(|| self.0.lease(key, owner, seconds)).map_err(|error| flow_error(py, &error))
    }

    /// See `TokenStore`.
    #[pyo3(signature = (key, owner, /))]
    fn release(&self, py: Python<'_>, key: &str, owner: &str) {
        py.detach(|| self.0.release(key, owner));
    }
}

/// What `os.register_at_fork` calls before a fork: no lock of a file is taken or given up until it is over.
#[pyo3::pyfunction]
pub(crate) fn before_fork() {
    proofkey::FileTokenStore::before_fork();
}

/// What `os.register_at_fork` calls in the parent.
#[pyo3::pyfunction]
pub(crate) fn after_fork_in_parent() {
    proofkey::FileTokenStore::after_fork_in_parent();
}

/// What `os.register_at_fork` calls in the child: it closes the child's copies of its parent's locks.
#[pyo3::pyfunction]
pub(crate) fn after_fork_in_child() {
    proofkey::FileTokenStore::after_fork_in_child();
}

/// Tokens at rest: encrypted in a `TokenStore`, one record for each user of a client, and refreshed once, however many
/// threads, processes and machines want them fresh.
///
/// What is stored is sealed for its provider, client and user. A record in another's place does not open, and neither
/// does one that was changed: `SealError`. Whoever can write to the store can still put back an older record of the same
/// user.
///
/// `user` is how the application names the user: an id, or any text if there is only one.
///
/// >>> import secrets, tempfile
/// >>> import proofkey
/// >>> from proofkey import testing, token_store
/// >>> folder = tempfile.TemporaryDirectory()
/// >>> keys = proofkey.SealKeys(secrets.token_bytes(32))  # in your app: one secret for all workers, kept for good
/// >>> store = token_store.from_url(f"sqlite:///{folder.name}/tokens.db", keys)
/// >>> with testing.AuthorizationServer() as server:
/// ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
/// ...     login = client.begin(scope="files.read")
/// ...     store.save(client, "user-42", client.finish(login, server.sign_in(login.url)))
/// ...     old = store.fresh(client, "user-42")  # in any worker
/// ...     new = store.fresh(client, "user-42", rejected=old.access_token)  # a resource server responded with 401
/// >>> new.access_token.expose() != old.access_token.expose()
/// True
/// >>> tokens = store.delete(client, "user-42")  # signed out; client.revoke(tokens) tells the server, too
/// >>> store.load(client, "user-42") is None
/// True
/// >>> folder.cleanup()
#[pyo3::pyclass(frozen, module = "proofkey.token_store")]
pub(crate) struct SealedTokenStore {
    store: Py<PyAny>,
    keys: Arc<proofkey::SealKeys>,
}

#[pyo3::pymethods]
impl SealedTokenStore {
    #[new]
    #[pyo3(signature = (store, keys, /))]
    fn new(store: Py<PyAny>, keys: Instance<'_, SealKeys>) -> Self {
        Self { store, keys: Arc::clone(&keys.0) }
    }

    /// Saves the tokens of a login, in place of those that were there. If they are being refreshed, it waits, up to ten
    /// seconds: `StoredTokensError` "store_busy".
    #[pyo3(signature = (client, user, tokens, /))]
    fn save(
        &self,
        py: Python<'_>,
        client: Instance<'_, Client>,
        user: &Bound<'_, PyAny>,
        tokens: Instance<'_, Tokens>,
    ) -> PyResult<()> {
        let (client, user, tokens) = (&client.client.client, utf8("user", user)?, &tokens.0);
        self.with(py, |store| store.save(client, &user, tokens))
    }

    /// The tokens as they are stored, fresh or not; `None` if there are none.
    #[pyo3(signature = (client, user, /))]
    fn load(&self, py: Python<'_>, client: Instance<'_, Client>, user: &Bound<'_, PyAny>) -> PyResult<Option<Tokens>> {
        let (client, user) = (&client.client.client, utf8("user", user)?);
        Ok(self.with(py, |store| store.load(client, &user))?.map(Tokens))
    }

    /// Forgets the tokens, for example when the user signs out, and returns them, to be revoked; `None` if there are
    /// none, or if their record does not open. If they are being refreshed, it waits, up to ten seconds:
    /// `StoredTokensError` "store_busy".
    #[pyo3(signature = (client, user, /))]
    fn delete(
        &self,
        py: Python<'_>,
        client: Instance<'_, Client>,
        user: &Bound<'_, PyAny>,
    ) -> PyResult<Option<Tokens>> {
        let (client, user) = (&client.client.client, utf8("user", user)?);
        Ok(self.with(py, |store| store.delete(client, &user))?.map(Tokens))
    }

    /// Tokens that do not expire `within` this many seconds, refreshed over the network if need be. Give the `rejected`
    /// access token if a resource server responded with `invalid_token`: it is refreshed, too, unless somebody else has
    /// done so already.
    ///
    /// One caller refreshes. The others get the old tokens while those are valid, and wait otherwise. The same goes for
    /// a server that cannot be reached, is overloaded or fails. Only `invalid_grant` ends a grant: the tokens are deleted
    /// then.
    ///
    /// If a process ends in the middle of a refresh, the next caller sends the same refresh token once more. Most
    /// servers accept that; one that does not ends the grant.
    ///
    /// `StoredTokensError` "tokens_absent", `TokenError` "refresh_token_absent", "token_error" with `.error`
    /// "invalid_grant", and "refresh_outcome_unknown" mean: begin a new login. `StoredTokensError` "store_busy" if
    /// somebody else refreshes for too long; else the errors of `client.refresh()`.
    #[pyo3(signature = (client, user, /, *, within = 60, rejected = None))]
    fn fresh(
        &self,
        py: Python<'_>,
        client: Instance<'_, Client>,
        user: &Bound<'_, PyAny>,
        within: u32,
        rejected: Option<Instance<'_, Secret>>,
    ) -> PyResult<Tokens> {
        let (transport, user) = (&client.transport.0, utf8("user", user)?);
        let rejected = rejected.as_ref().map(|rejected| &rejected.0);
        let (known, current) = (&client.client.client, client.client.current_later());
        let fresh =
            self.with(py, |store| store.fresh_with(known, &user, within, rejected, transport, || current.get()));
        fresh.map(Tokens).map_err(|error| current.raised().unwrap_or(error))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.store)
    }
}

impl SealedTokenStore {
    /// Runs `work` with the store, without the GIL. Its error is the exception that the store raised, if that is why.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&proofkey::SealedTokenStore<Arc<dyn TokenStore + Send + Sync + '_>>) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let raised = Raised::default();
        let store: Arc<dyn TokenStore + Send + Sync + '_> = match self.store.cast_bound::<FileTokenStore>(py) {
            Ok(files) => files.get().0.clone(),
            Err(_) => Arc::new(Object { object: &self.store, raised: &raised }),
        };
        let sealed = proofkey::SealedTokenStore::new(store, Arc::clone(&self.keys));
        let result = py.detach(|| work(&sealed));
        drop(sealed);
        result.map_err(|error| {
            let raised = raised.into_inner().unwrap_or_else(PoisonError::into_inner);
            raised.filter(|_| error.kind() == ErrorKind::StoreUnavailable).unwrap_or_else(|| flow_error(py, &error))
        })
    }
}

/// What a store raised last.
type Raised = Mutex<Option<PyErr>>;

/// A Python object that is a token store.
struct Object<'a> {
    object: &'a Py<PyAny>,
    raised: &'a Raised,
}

impl Object<'_> {
    /// Calls a method. Whatever it raises means that the store cannot tell.
    fn call<T>(&self, call: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<T>) -> Result<T, Error> {
        Python::attach(|py| {
            call(self.object.bind(py)).map_err(|raised| {
                *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
                ErrorKind::StoreUnavailable.into()
            })
        })
    }
}

impl TokenStore for Object<'_> {
    fn load(&self, key: &str) -> Result<Option<String>, Error> {
        self.call(|store| {
            let returned = store.call_method1("load", (key,))?;
            match returned.cast::<PyString>() {
                Ok(sealed) => Ok(Some(sealed.to_str()?.to_owned())),
                Err(_) if returned.is_none() => Ok(None),
                Err(_) => Err(wrong_result("load", "str or None", &returned)),
            }
        })
    }

    fn save(&self, key: &str, sealed: &str, read: Option<&str>) -> Result<bool, Error> {
        self.call(|store| truth("save", &store.call_method1("save", (key, sealed, read))?))
    }

    fn delete(&self, key: &str, read: &str) -> Result<bool, Error> {
        self.call(|store| truth("delete", &store.call_method1("delete", (key, read))?))
    }

    fn lease(&self, key: &str, owner: &str, seconds: u32) -> Result<bool, Error> {
        self.call(|store| truth("lease", &store.call_method1("lease", (key, owner, seconds))?))
    }

    fn release(&self, key: &str, owner: &str) {
        Python::attach(|py| {
            if let Err(raised) = self.object.call_method1(py, "release", (key, owner)) {
                // The lease ends by itself, and what was done with it is done.
                raised.write_unraisable(py, Some(self.object.bind(py)));
            }
        });
    }
}

fn truth(method: &str, returned: &Bound<'_, PyAny>) -> PyResult<bool> {
    let truth = returned.cast::<PyBool>().map(|truth| truth.is_true());
    truth.map_err(|_| wrong_result(method, "bool", returned))
}
