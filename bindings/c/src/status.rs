//! What the functions return: the numbers of the error table. `include/proofkey_status.h` has their names for C.

use core::ffi::CStr;

use proofkey_core::Error;
#[cfg(feature = "flow")]
use proofkey_handles::Refused;

#[cfg_attr(not(feature = "flow"), expect(dead_code, reason = "the primitives do not have all of these errors"))]
mod table {
    include!("status_table.rs");
}

#[cfg(feature = "flow")]
mod flow_table {
    include!("flow_status_table.rs");
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
        result.map_or_else(Self::into, |()| OK)
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Self(error.number())
    }
}

#[cfg(feature = "flow")]
impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        Self(match refused {
            Refused::Flow(kind) => kind.number(),
            Refused::ResultAbsent => table::RESULT_ABSENT,
            Refused::QuirkUnknown => table::QUIRK_UNKNOWN,
        })
    }
}

impl From<Status> for i32 {
    fn from(status: Status) -> Self {
        status.0
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
    let of = |numbers: &[i32], texts: &'static str| {
        let row = numbers.iter().position(|number| *number == status)?;
        let at = row.saturating_mul(4).saturating_add(field);
        let text = texts.split_inclusive('\0').nth(at)?;
        CStr::from_bytes_with_nul(text.as_bytes()).ok()
    };
    let found = of(&table::NUMBERS, table::TEXTS);
    #[cfg(feature = "flow")]
    let found = found.or_else(|| of(&flow_table::NUMBERS, flow_table::TEXTS));
    found
}

pub(crate) const OK: i32 = 0;
