//! What C passes by pointer, and what it gets, in the primitives. The rules that the comments cite are at the top of
//! the header.

use core::ffi::{c_char, c_void};
use core::{ptr, slice};

use proofkey_core::Verifier;

use crate::status::Status;

/// An input of the primitives that may be absent (rule 3). One that is too long to be valid is not read (rule 4).
///
/// # Safety
/// Unless `pointer` is NULL, `len` bytes can be read there and nobody writes to them while the result is in use.
pub(crate) unsafe fn optional<'a>(pointer: *const u8, len: usize) -> Result<Option<&'a [u8]>, Status> {
    if pointer.is_null() {
        return if len == 0 { Ok(None) } else { Err(Status::NULL_POINTER) };
    }
    if len >= TOO_LONG.len() {
        return Ok(Some(&TOO_LONG));
    }
    // SAFETY: not NULL, the caller promises `len` bytes, and they are few.
    Ok(Some(unsafe { slice::from_raw_parts(pointer, len) }))
}

/// An input of the primitives that must be there (rule 3).
///
/// # Safety
/// As for [`optional`].
pub(crate) unsafe fn required<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], Status> {
    // SAFETY: the same promise.
    unsafe { optional(pointer, len) }?.ok_or(Status::NULL_POINTER)
}

/// Where a function writes its text. The pointers are raw, because the memory may be uninitialised and may overlap the
/// inputs, which are no longer in use when the text is written.
pub(crate) struct Out {
    text: *mut u8,
    capacity: usize,
    written: *mut usize,
}

impl Out {
    /// Sets `*written` to 0. It stays 0 on every error but `BUFFER_TOO_SMALL`.
    ///
    /// # Safety
    /// `written` is NULL or can be written. `text` is NULL, or `capacity` bytes can be written there until
    /// [`put`](Self::put) was called.
    pub(crate) unsafe fn new(text: *mut c_char, capacity: usize, written: *mut usize) -> Result<Self, Status> {
        if written.is_null() {
            return Err(Status::NULL_POINTER);
        }
        // SAFETY: not NULL, and the caller promises that it can be written.
        unsafe { written.write(0) };
        if text.is_null() {
            return Err(Status::NULL_POINTER);
        }
        Ok(Self { text: text.cast(), capacity, written })
    }

    /// Writes all of `text` and its length, or only the length if there is too little room.
    ///
    /// # Safety
    /// What [`new`](Self::new) was promised still holds, and `text` is not part of the buffer.
    pub(crate) unsafe fn put(self, text: &[u8]) -> Result<(), Status> {
        // SAFETY: `new` was promised that it can be written, and it is not NULL.
        unsafe { self.written.write(text.len()) };
        if text.len() > self.capacity {
            return Err(Status::BUFFER_TOO_SMALL);
        }
        // SAFETY: not NULL; `new` was promised `capacity` bytes, which are enough; `text` is not among them.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), self.text, text.len()) };
        Ok(())
    }
}

/// Overwrites bytes with zeros that no compiler removes; NULL does nothing.
///
/// # Safety
/// Unless `pointer` is NULL, `len` bytes can be written there.
pub(crate) unsafe fn erase(pointer: *mut c_void, len: usize) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: not NULL, and the caller promises `len` bytes to write.
    unsafe { ptr::write_bytes(pointer.cast::<u8>(), 0, len) };
    // SAFETY: the same bytes, which are initialised now.
    let erased = unsafe { slice::from_raw_parts(pointer.cast::<u8>(), len) };
    zeroize::optimization_barrier(erased);
}

/// Stands in for every input that is longer than the longest valid one: the core gives it the same error.
static TOO_LONG: [u8; Verifier::MAX_LEN + 1] = [0; Verifier::MAX_LEN + 1];

#[cfg(not(feature = "std"))]
unsafe extern "C" {
    /// `abort` of the C library.
    safe fn abort() -> !;
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    abort()
}
