//! What the functions return: the numbers of the error table. `include/proofkey_status.h` has their names for C.

use core::ffi::CStr;

use proofkey_core::Error;

#[cfg_attr(not(feature = "std"), expect(dead_code, reason = "without std a panic aborts: nothing is `internal`"))]
mod table {
    include!("status_table.rs");
}

/// A failure.
#[derive(Clone, Copy)]
pub(crate) struct Status(i32);

impl Status {
    #[cfg(feature = "std")]
    pub(crate) const INTERNAL: Self = Self(table::INTERNAL);
    pub(crate) const NULL_POINTER: Self = Self(table::NULL_POINTER);
    pub(crate) const BUFFER_TOO_SMALL: Self = Self(table::BUFFER_TOO_SMALL);
    pub(crate) const RELAXATION_UNKNOWN: Self = Self(table::RELAXATION_UNKNOWN);

    /// The number that C gets.
    pub(crate) fn of(result: Result<(), Self>) -> i32 {
        result.map_or_else(|status| status.0, |()| OK)
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Self(error.number())
    }
}

pub(crate) fn name(status: i32) -> &'static CStr {
    text(status, 0).unwrap_or(if status == OK { c"ok" } else { c"unknown" })
}

pub(crate) fn message(status: i32) -> &'static CStr {
    text(status, 1).unwrap_or(if status == OK { c"success" } else { c"not a status of this version of the library" })
}

pub(crate) fn oauth_error(status: i32) -> Option<&'static CStr> {
    text(status, 2).filter(|oauth| !oauth.is_empty())
}

pub(crate) fn recovery(status: i32) -> &'static CStr {
    text(status, 3).unwrap_or(if status == OK { c"none" } else { c"unknown" })
}

/// One of the texts of a status: `None` for a number that is not a failure of this library.
fn text(status: i32, field: usize) -> Option<&'static CStr> {
    let row = table::NUMBERS.iter().position(|number| *number == status)?;
    let at = row.saturating_mul(4).saturating_add(field);
    let text = table::TEXTS.split_inclusive('\0').nth(at)?;
    CStr::from_bytes_with_nul(text.as_bytes()).ok()
}

pub(crate) const OK: i32 = 0;
