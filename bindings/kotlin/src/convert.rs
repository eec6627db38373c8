//! How arguments come in and results go out.

use std::ops::Deref;

use jni::errors::ThrowRuntimeExAndDefault;
use jni::objects::JByteArray;
use jni::sys::{jint, jlong};
use jni::{Env, EnvUnowned};
use proofkey_handles::{ErrorKind, Refused, Text, Zeroizing};

use crate::table::{self, Kind};

/// For a handle that was closed.
pub(crate) const CLOSED: i32 = -1;

/// Why a native gives no result.
pub(crate) enum Failed {
    Refused(Refused),
    Closed,
    Jni(jni::errors::Error),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<jni::errors::Error> for Failed {
    fn from(error: jni::errors::Error) -> Self {
        Self::Jni(error)
    }
}

impl Failed {
    /// The number for Kotlin. An error of JNI is thrown.
    fn number(self) -> Result<i32, jni::errors::Error> {
        match self {
            Self::Refused(refused) => Ok(refused.number()),
            Self::Closed => Ok(CLOSED),
            Self::Jni(error) => Err(error),
        }
    }
}

/// The object behind a number.
pub(crate) fn object<T: Kind>(number: jlong) -> Result<impl Deref<Target = T>, Failed> {
    table::get(number).ok_or(Failed::Closed)
}

/// The bytes of an argument, erased after use.
pub(crate) fn bytes(env: &Env<'_>, argument: &JByteArray<'_>) -> Result<Zeroizing<Vec<u8>>, Failed> {
    Ok(Zeroizing::new(env.convert_byte_array(argument)?))
}

/// A text, erased after use.
pub(crate) fn text(env: &Env<'_>, argument: &JByteArray<'_>) -> Result<Zeroizing<String>, Failed> {
    let bytes = bytes(env, argument)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Refused::from(ErrorKind::TextInvalid))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A text that may be null.
pub(crate) fn optional(env: &Env<'_>, argument: &JByteArray<'_>) -> Result<Option<Zeroizing<String>>, Failed> {
    if argument.is_null() { Ok(None) } else { text(env, argument).map(Some) }
}

/// Bytes that may be null.
pub(crate) fn optional_bytes(env: &Env<'_>, argument: &JByteArray<'_>) -> Result<Option<Zeroizing<Vec<u8>>>, Failed> {
    if argument.is_null() { Ok(None) } else { bytes(env, argument).map(Some) }
}

/// Returns the number of a new handle, or that of an error, negative.
pub(crate) fn make<'l, T: Kind>(
    mut env: EnvUnowned<'l>,
    body: impl FnOnce(&mut Env<'l>) -> Result<T, Failed>,
) -> jlong {
    env.with_env(|env| match body(env) {
        Ok(object) => Ok(table::keep(object)),
        Err(Failed::Closed) => Ok(0),
        Err(failed) => failed.number().map(|number| i64::from(number).saturating_neg()),
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// Returns 0, or the number of an error.
pub(crate) fn run<'l>(mut env: EnvUnowned<'l>, body: impl FnOnce(&mut Env<'l>) -> Result<(), Failed>) -> jint {
    env.with_env(|env| body(env).map_or_else(Failed::number, |()| Ok(0))).resolve::<ThrowRuntimeExAndDefault>()
}

/// Returns 1 if something holds. It does not if an argument is refused.
pub(crate) fn holds<'l>(mut env: EnvUnowned<'l>, body: impl FnOnce(&mut Env<'l>) -> Result<bool, Failed>) -> jint {
    env.with_env(|env| match body(env) {
        Ok(holds) => Ok(holds.into()),
        Err(failed) => failed.number().map(|_| 0),
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// Returns a number, or `otherwise` for a handle that was closed.
pub(crate) fn number<'l, T: Kind>(
    mut env: EnvUnowned<'l>,
    handle: jlong,
    otherwise: jlong,
    read: impl FnOnce(&T) -> jlong,
) -> jlong {
    env.with_env(|_| Ok::<_, jni::errors::Error>(table::get(handle).map_or(otherwise, |object| read(&object))))
        .resolve::<ThrowRuntimeExAndDefault>()
}

/// Returns a text that a handle has; null without one.
pub(crate) fn lend<'l, T: Kind>(
    mut env: EnvUnowned<'l>,
    handle: jlong,
    read: impl FnOnce(&T) -> Option<Text>,
) -> JByteArray<'l> {
    env.with_env(|env| match table::get(handle).and_then(|object| read(&object)) {
        Some(text) => env.byte_array_from_slice(text.as_bytes()),
        None => Ok(JByteArray::null()),
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// Returns a text that was made: four bytes with 0 or the number of an error, and the text.
pub(crate) fn write<'l>(
    mut env: EnvUnowned<'l>,
    body: impl FnOnce(&mut Env<'l>) -> Result<Zeroizing<String>, Failed>,
) -> JByteArray<'l> {
    env.with_env(|env| {
        let (number, text) = match body(env) {
            Ok(text) => (0, text),
            Err(failed) => (failed.number()?, Zeroizing::default()),
        };
        let mut written = Zeroizing::new(Vec::with_capacity(text.len().saturating_add(4)));
        written.extend_from_slice(&number.to_be_bytes());
        written.extend_from_slice(text.as_bytes());
        env.byte_array_from_slice(&written)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// Returns a text that a handle has under this name: see [`write`].
pub(crate) fn named<'l, T: Kind>(
    env: EnvUnowned<'l>,
    handle: jlong,
    name: &JByteArray<'l>,
    read: impl FnOnce(&T, &str) -> Option<Text>,
) -> JByteArray<'l> {
    write(env, |env| {
        let name = text(env, name)?;
        let found = read(&*object::<T>(handle)?, &name).ok_or(Refused::ResultAbsent)?;
        Ok(Zeroizing::new(String::from_utf8_lossy(found.as_bytes()).into_owned()))
    })
}
