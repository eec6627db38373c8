//! Which version this is. The macros are literals, because the header is made from them; the build fails if they differ
//! from Cargo.toml.

use core::ffi::CStr;

/// The version of this header: the major number.
pub const PROOFKEY_VERSION_MAJOR: u32 = 0;
/// The version of this header: the minor number.
pub const PROOFKEY_VERSION_MINOR: u32 = 1;
/// The version of this header: the patch number.
pub const PROOFKEY_VERSION_PATCH: u32 = 0;
/// The ABI of this header (rule 9). It grows only when a program would have to be compiled again.
pub const PROOFKEY_ABI_VERSION: u32 = 1;

pub(crate) const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version holds no NUL"),
};

const _: () = {
    assert!(matches!(u32::from_str_radix(env!("CARGO_PKG_VERSION_MAJOR"), 10), Ok(PROOFKEY_VERSION_MAJOR)));
    assert!(matches!(u32::from_str_radix(env!("CARGO_PKG_VERSION_MINOR"), 10), Ok(PROOFKEY_VERSION_MINOR)));
    assert!(matches!(u32::from_str_radix(env!("CARGO_PKG_VERSION_PATCH"), 10), Ok(PROOFKEY_VERSION_PATCH)));
};
