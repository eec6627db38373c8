//! What C passes by pointer, and what it gets, in the functions of the login. The rules that the comments cite are at
//! the top of the header.

use core::ffi::c_char;
use core::{ptr, slice};

use proofkey_handles::{ErrorKind, Refused, Text};

use crate::guard::{guard, or_if_it_panics};
use crate::status::Status;

/// Bytes that must be there, of any length.
///
/// # Safety
/// Unless `pointer` is NULL, `len` bytes can be read there and nobody writes to them while the result is in use.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], Status> {
    // No object is larger than PTRDIFF_MAX: such a length is a mistake, like NULL.
    if pointer.is_null() || len > isize::MAX.unsigned_abs() {
        return Err(Status::NULL_POINTER);
    }
    // SAFETY: not NULL, and the caller promises `len` bytes.
    Ok(unsafe { slice::from_raw_parts(pointer, len) })
}

/// A text that must be there, of any length.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn text<'a>(pointer: *const c_char, len: usize) -> Result<&'a str, Status> {
    // SAFETY: the same promise.
    let bytes = unsafe { bytes(pointer.cast(), len) }?;
    core::str::from_utf8(bytes).map_err(|_| Refused::from(ErrorKind::TextInvalid).into())
}

/// A text that may be absent (rule 3), of any length.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn optional_text<'a>(pointer: *const c_char, len: usize) -> Result<Option<&'a str>, Status> {
    if pointer.is_null() && len == 0 {
        return Ok(None);
    }
    // SAFETY: the same promise.
    unsafe { text(pointer, len) }.map(Some)
}

/// A time that may be unknown (rule 10).
pub(crate) fn known(time: i64) -> Option<i64> {
    (time != UNKNOWN).then_some(time)
}

/// A handle that must be there.
///
/// # Safety
/// `handle` is NULL or was given by this library, and is not freed while the result is in use (rule 8).
pub(crate) unsafe fn handle<'a, T>(handle: *const T) -> Result<&'a T, Status> {
    // SAFETY: the same promise.
    unsafe { handle.as_ref() }.ok_or(Status::NULL_POINTER)
}

/// Calls a setter without an argument that is a pointer.
///
/// # Safety
/// As for [`handle()`].
pub(crate) unsafe fn set<T>(handle: *mut T, change: impl FnOnce(&T) -> Result<(), Refused>) -> i32 {
    guard(|| {
        // SAFETY: the same promise.
        let handle = unsafe { self::handle(handle) }?;
        Ok(change(handle)?)
    })
}

/// Calls a setter with a text.
///
/// # Safety
/// As for [`handle()`] and [`bytes`].
pub(crate) unsafe fn set_text<T>(
    handle: *mut T,
    text: *const c_char,
    len: usize,
    change: impl FnOnce(&T, &str) -> Result<(), Refused>,
) -> i32 {
    guard(|| {
        // SAFETY: the same promise.
        let handle = unsafe { self::handle(handle) }?;
        // SAFETY: the same promise.
        let text = unsafe { self::text(text, len) }?;
        Ok(change(handle, text)?)
    })
}

/// Calls a setter with bytes.
///
/// # Safety
/// As for [`handle()`] and [`bytes`].
pub(crate) unsafe fn set_bytes<T>(
    handle: *mut T,
    bytes: *const u8,
    len: usize,
    change: impl FnOnce(&T, &[u8]) -> Result<(), Refused>,
) -> i32 {
    guard(|| {
        // SAFETY: the same promise.
        let handle = unsafe { self::handle(handle) }?;
        // SAFETY: the same promise.
        let bytes = unsafe { self::bytes(bytes, len) }?;
        Ok(change(handle, bytes)?)
    })
}

/// Asks a handle for a fact; the default for NULL, and if the library has a bug.
///
/// # Safety
/// As for [`handle()`].
pub(crate) unsafe fn ask<T, V: Into<i32>>(handle: *const T, fact: impl FnOnce(&T) -> V) -> i32 {
    // SAFETY: the same promise.
    or_if_it_panics(0, || unsafe { handle.as_ref() }.map_or(0, |handle| fact(handle).into()))
}

/// Asks a handle for a number that may be unknown (rule 10).
///
/// # Safety
/// As for [`handle()`].
pub(crate) unsafe fn ask_number<T>(handle: *const T, fact: impl FnOnce(&T) -> Option<i64>) -> i64 {
    // SAFETY: the same promise.
    or_if_it_panics(UNKNOWN, || unsafe { handle.as_ref() }.and_then(fact).unwrap_or(UNKNOWN))
}

/// Asks a handle for another one that it lends; NULL for NULL.
///
/// # Safety
/// As for [`handle()`].
pub(crate) unsafe fn borrow<T, U>(handle: *const T, lent: impl FnOnce(&T) -> *const U) -> *const U {
    // SAFETY: the same promise.
    or_if_it_panics(ptr::null(), || unsafe { handle.as_ref() }.map_or(ptr::null(), lent))
}

/// Asks a handle for a text that it keeps (rule 6).
///
/// # Safety
/// As for [`handle()`]; `len` is NULL or can be written.
pub(crate) unsafe fn lend<T>(
    handle: *const T,
    len: *mut usize,
    read: impl FnOnce(&T) -> Option<Text>,
) -> *const c_char {
    // SAFETY: the same promise.
    let text = or_if_it_panics(None, || unsafe { handle.as_ref() }.and_then(read));
    if !len.is_null() {
        // SAFETY: not NULL, and the caller promises that it can be written.
        unsafe { len.write(text.as_ref().map_or(0, |text| text.as_bytes().len())) };
    }
    // The handle keeps the text, so that the pointer outlives this reference to it.
    text.map_or(ptr::null(), |text| text.as_bytes_with_nul().as_ptr().cast())
}

/// Asks a handle for one of several texts, by name.
///
/// # Safety
/// As for [`lend`] and [`bytes`].
pub(crate) unsafe fn lend_named<T>(
    handle: *const T,
    name: *const c_char,
    name_len: usize,
    len: *mut usize,
    read: impl FnOnce(&T, &str) -> Option<Text>,
) -> *const c_char {
    // SAFETY: the same promise.
    let name = unsafe { text(name, name_len) };
    // SAFETY: the same promise.
    unsafe { lend(handle, len, |handle| read(handle, name.ok()?)) }
}

/// Frees a handle; NULL does nothing.
///
/// # Safety
/// `handle` is NULL or was given by this library to the caller, who does not use it again.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: not NULL, made by `Slot::put`, and the caller gives it back.
        let handle = unsafe { Box::from_raw(handle) };
        or_if_it_panics((), || drop(handle));
    }
}

/// Where a function writes the handle that it makes. NULL is written first, because the memory may be uninitialised.
pub(crate) struct Slot<T>(*mut *mut T);

impl<T> Slot<T> {
    /// # Safety
    /// `slot` is NULL, or can be written until [`put`](Self::put) was called.
    pub(crate) unsafe fn new(slot: *mut *mut T) -> Result<Self, Status> {
        if slot.is_null() {
            return Err(Status::NULL_POINTER);
        }
        // SAFETY: not NULL, and the caller promises that it can be written.
        unsafe { slot.write(ptr::null_mut()) };
        Ok(Self(slot))
    }

    /// Gives the handle to the caller.
    pub(crate) fn put(self, made: T) -> Result<(), Status> {
        let made = Box::into_raw(Box::new(made));
        // SAFETY: `new` was promised that it can be written, and it is not NULL.
        unsafe { self.0.write(made) };
        Ok(())
    }
}

/// A number or a time that is not known (rule 10).
const UNKNOWN: i64 = -1;

/// What is shared between threads, and freed by any of them.
const _: () = {
    const fn assert_shared<T: Send + Sync>() {}
    assert_shared::<proofkey_handles::Provider>();
    assert_shared::<proofkey_handles::Client>();
    assert_shared::<proofkey_handles::Authorize>();
    assert_shared::<proofkey_handles::Login>();
    assert_shared::<proofkey_handles::Exchange>();
    assert_shared::<proofkey_handles::Response>();
    assert_shared::<proofkey_handles::Tokens>();
    assert_shared::<proofkey_handles::Claims>();
    assert_shared::<proofkey_handles::SealKeys>();
    assert_shared::<proofkey_handles::AuthorizeDevice>();
    assert_shared::<proofkey_handles::DeviceAuthorization>();
};
