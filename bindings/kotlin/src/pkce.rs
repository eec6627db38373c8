//! The natives for PKCE alone, and for authorization servers.

use jni::objects::{JByteArray, JClass};
use jni::sys::jint;
use jni::{EnvUnowned, jni_mangle};
use proofkey_handles::{Binding, Challenge, LoopbackPort, Policy, Refused, Verifier, Zeroizing, redirect_uri_matches};

use crate::convert::{bytes, holds, optional_bytes, run, text, write};

/// `Verifier::generate`: the challenge, and after it the verifier.
#[jni_mangle("dev.proofkey.Native")]
pub fn verifier_generate<'l>(env: EnvUnowned<'l>, _class: JClass<'l>) -> JByteArray<'l> {
    write(env, |_| Ok(pair(&Verifier::generate().map_err(Refused::from)?)))
}

/// `Verifier::from_entropy`: the challenge, and after it the verifier.
#[jni_mangle("dev.proofkey.Native")]
pub fn verifier_from_entropy<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, entropy: JByteArray<'l>) -> JByteArray<'l> {
    write(env, |env| Ok(pair(&Verifier::from_entropy(&bytes(env, &entropy)?).map_err(Refused::from)?)))
}

fn pair(verifier: &Verifier) -> Zeroizing<String> {
    Zeroizing::new([verifier.challenge().as_str(), verifier.expose()].concat())
}

/// `Challenge::s256`, which checks the verifier.
#[jni_mangle("dev.proofkey.Native")]
pub fn challenge_s256<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, verifier: JByteArray<'l>) -> JByteArray<'l> {
    write(env, |env| {
        let challenge = Challenge::s256(&bytes(env, &verifier)?).map_err(Refused::from)?;
        Ok(Zeroizing::new(challenge.as_str().to_owned()))
    })
}

/// `Policy::bind`. Each relaxation is 1 or 0.
#[jni_mangle("dev.proofkey.Native")]
pub fn policy_bind<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    challenge: JByteArray<'l>,
    method: JByteArray<'l>,
    plain_allowed: jint,
    optional: jint,
) -> JByteArray<'l> {
    write(env, |env| {
        let (challenge, method) = (optional_bytes(env, &challenge)?, optional_bytes(env, &method)?);
        let mut policy = Policy::strict();
        if plain_allowed != 0 {
            policy = policy.allow_plain();
        }
        if optional != 0 {
            policy = policy.optional_for_confidential_client();
        }
        let binding = policy.bind(as_slice(&challenge), as_slice(&method)).map_err(Refused::from)?;
        Ok(Zeroizing::new(binding.as_str().to_owned()))
    })
}

/// `Binding::verify`.
#[jni_mangle("dev.proofkey.Native")]
pub fn binding_verify<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    binding: JByteArray<'l>,
    verifier: JByteArray<'l>,
) -> jint {
    run(env, |env| {
        let (binding, verifier) = (optional_bytes(env, &binding)?, optional_bytes(env, &verifier)?);
        let binding = Binding::parse(as_slice(&binding).unwrap_or_default()).map_err(Refused::from)?;
        Ok(binding.verify(as_slice(&verifier)).map_err(Refused::from)?)
    })
}

fn as_slice(bytes: &Option<Zeroizing<Vec<u8>>>) -> Option<&[u8]> {
    bytes.as_ref().map(|bytes| bytes.as_slice())
}

/// `redirect_uri_matches`: 1 or 0. `port` is the ordinal of Kotlin's `LoopbackPort`.
#[jni_mangle("dev.proofkey.Native")]
pub fn redirect_uri_match<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    registered: JByteArray<'l>,
    requested: JByteArray<'l>,
    port: jint,
) -> jint {
    holds(env, |env| {
        let port = match port {
            0 => LoopbackPort::Exact,
            1 => LoopbackPort::Any,
            2 => LoopbackPort::AnyIncludingLocalhost,
            _ => return Ok(false),
        };
        Ok(redirect_uri_matches(&text(env, &registered)?, &text(env, &requested)?, port))
    })
}
