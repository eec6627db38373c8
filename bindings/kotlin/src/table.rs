//! The handles that Kotlin holds, as numbers that are never used again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use proofkey_handles::{
    Authorize, AuthorizeDevice, Claims, Client, DeviceAuthorization, Exchange, Login, Provider, Response, SealKeys,
    Tokens,
};

/// An object behind a number.
#[derive(Clone)]
pub(crate) enum Handle {
    Provider(Arc<Provider>),
    Client(Arc<Client>),
    Authorize(Arc<Authorize>),
    AuthorizeDevice(Arc<AuthorizeDevice>),
    DeviceAuthorization(Arc<DeviceAuthorization>),
    Login(Arc<Login>),
    Exchange(Arc<Exchange>),
    Response(Arc<Response>),
    Tokens(Arc<Tokens>),
    Claims(Arc<Claims>),
    SealKeys(Arc<SealKeys>),
}

/// What a number can stand for.
pub(crate) trait Kind: Sized {
    fn wrap(self) -> Handle;
    /// `None` if the number stands for something else.
    fn unwrap(handle: Handle) -> Option<Arc<Self>>;
}

macro_rules! kinds {
    ($($kind:ident),*) => {$(
        impl Kind for $kind {
            fn wrap(self) -> Handle {
                Handle::$kind(Arc::new(self))
            }
            fn unwrap(handle: Handle) -> Option<Arc<Self>> {
                match handle {
                    Handle::$kind(object) => Some(object),
                    _ => None,
                }
            }
        }
    )*};
}
kinds!(
    Provider,
    Client,
    Authorize,
    AuthorizeDevice,
    DeviceAuthorization,
    Login,
    Exchange,
    Response,
    Tokens,
    Claims,
    SealKeys
);

static TABLE: LazyLock<Mutex<HashMap<i64, Handle>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicI64 = AtomicI64::new(1);

/// Keeps an object until its number is freed.
pub(crate) fn keep(object: impl Kind) -> i64 {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    table().insert(number, object.wrap());
    number
}

/// The object behind a number; `None` if it was freed. It lives as long as somebody uses it.
pub(crate) fn get<T: Kind>(number: i64) -> Option<Arc<T>> {
    let handle = table().get(&number).cloned()?;
    T::unwrap(handle)
}

/// Forgets a number. The object is dropped outside the lock.
pub(crate) fn free(number: i64) {
    let freed = table().remove(&number);
    drop(freed);
}

/// How many handles there are.
pub(crate) fn count() -> usize {
    table().len()
}

fn table() -> MutexGuard<'static, HashMap<i64, Handle>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}
