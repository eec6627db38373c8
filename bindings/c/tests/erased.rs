//! A dropped verifier leaves no byte behind: its memory is read after the drop.
//!
//! The test is here because it needs `unsafe`, which the core forbids even in its tests.

use std::mem::MaybeUninit;

use proofkey_core::Verifier;

const SECRET: &[u8; 43] = b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The bytes of a value's memory, before and after the value is dropped in place.
fn before_and_after_drop<T>(value: T) -> (Vec<u8>, Vec<u8>) {
    let mut place = MaybeUninit::new(value);
    let before = bytes_of(&place);
    // SAFETY: the place holds a value, and from here on it is only read as bytes.
    unsafe { place.assume_init_drop() };
    (before, bytes_of(&place))
}

/// For a `T` without padding.
fn bytes_of<T>(place: &MaybeUninit<T>) -> Vec<u8> {
    let first = place.as_ptr().cast::<u8>();
    (0..size_of::<T>())
        .map(|at| {
            // SAFETY: `at` is below the size of the place.
            let byte = unsafe { first.add(at) };
            // SAFETY: in bounds and aligned. A `T` without padding initialises every byte, and dropping it keeps them
            // so.
            unsafe { byte.read_volatile() }
        })
        .collect()
}

fn contains_secret(bytes: &[u8]) -> bool {
    bytes.windows(8).any(|window| SECRET.windows(8).any(|part| part == window))
}

#[test]
fn a_dropped_verifier_is_erased() {
    let (before, after) = before_and_after_drop(Verifier::parse(SECRET).unwrap());
    assert!(contains_secret(&before));
    assert_eq!(after, vec![0; size_of::<Verifier>()]);
}

#[test]
fn the_probe_sees_what_is_not_erased() {
    struct Careless([u8; 43]);
    impl Drop for Careless {
        fn drop(&mut self) {
            assert_eq!(&self.0, SECRET);
        }
    }
    let (before, after) = before_and_after_drop(Careless(*SECRET));
    assert_eq!(before, after);
    assert!(contains_secret(&after));
}
