//! `proofkey-core` in a program that has neither std nor alloc, nor a C library: it would not link if the core used one.

#![no_std]
#![no_main]

#[cfg(feature = "control-alloc")]
extern crate alloc;
#[cfg(feature = "control-std")]
extern crate std;

use core::hint::black_box;

use proofkey_core::{Binding, Error, Policy, Verifier};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let _ = black_box(everything(black_box(&[7; 32])));
    loop {}
}

/// Every function of the core.
#[inline(never)]
fn everything(entropy: &[u8]) -> Result<(), Error> {
    let verifier = Verifier::from_entropy(entropy)?;
    let verifier = Verifier::parse(verifier.expose_bytes())?;
    let challenge = verifier.challenge();
    let policy = Policy::strict().allow_plain().optional_for_confidential_client();
    let binding = policy.bind(Some(challenge.as_bytes()), Some(b"S256"))?;
    #[cfg(feature = "control-base64")]
    black_box(base64::Engine::encode(&base64::prelude::BASE64_STANDARD, entropy));
    #[cfg(feature = "control-alloc")]
    black_box(alloc::vec::Vec::from(entropy));
    black_box(Error::from_number(entropy.len() as i32).map(Error::message));
    Binding::parse(binding.as_bytes())?.verify(Some(verifier.expose_bytes()))
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The precompiled `core` names it in its unwind tables; nothing unwinds here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// What the compiler itself asks for; a C library would bring them.
mod memory {
    /// # Safety
    /// That of C.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
        for at in 0..len {
            // SAFETY: the caller promises `len` bytes at both.
            unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
        }
        to
    }

    /// # Safety
    /// That of C.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
        let forwards = to.addr() <= from.addr();
        for step in 0..len {
            let at = if forwards { step } else { len - 1 - step };
            // SAFETY: the caller promises `len` bytes at both.
            unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
        }
        to
    }

    /// # Safety
    /// That of C.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
        for at in 0..len {
            // SAFETY: the caller promises `len` bytes.
            unsafe { to.add(at).write_volatile(byte as u8) };
        }
        to
    }

    /// # Safety
    /// That of C.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
        for at in 0..len {
            // SAFETY: the caller promises `len` bytes at both.
            let (a, b) = unsafe { (a.add(at).read_volatile(), b.add(at).read_volatile()) };
            if a != b {
                return i32::from(a) - i32::from(b);
            }
        }
        0
    }

    /// # Safety
    /// That of C.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
        // SAFETY: the same promise.
        unsafe { memcmp(a, b, len) }
    }
}
