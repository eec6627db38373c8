//! The statuses: the closed table of errors, as C sees it. `tests/c/vectors.c` compares it with `errors.json` both ways.

use core::ffi::CStr;

use proofkey_core::{Error, Recovery};

/// "ok": the call did what it says.
pub const PROOFKEY_STATUS_OK: i32 = 0;
/// "verifier_length": a code verifier has 43 to 128 characters.
pub const PROOFKEY_STATUS_VERIFIER_LENGTH: i32 = 1;
/// "verifier_character": a code verifier holds only A-Z a-z 0-9 - . _ ~.
pub const PROOFKEY_STATUS_VERIFIER_CHARACTER: i32 = 2;
/// "entropy_length": 32 to 96 bytes of entropy.
pub const PROOFKEY_STATUS_ENTROPY_LENGTH: i32 = 3;
/// "entropy_unavailable": the operating system gave no randomness.
pub const PROOFKEY_STATUS_ENTROPY_UNAVAILABLE: i32 = 4;
/// "challenge_missing": this server requires a code_challenge.
pub const PROOFKEY_STATUS_CHALLENGE_MISSING: i32 = 10;
/// "challenge_malformed": an S256 challenge is 43 base64url characters of a SHA-256 digest.
pub const PROOFKEY_STATUS_CHALLENGE_MALFORMED: i32 = 11;
/// "method_unsupported": code_challenge_method must be S256.
pub const PROOFKEY_STATUS_METHOD_UNSUPPORTED: i32 = 12;
/// "method_without_challenge": code_challenge_method was sent without code_challenge.
pub const PROOFKEY_STATUS_METHOD_WITHOUT_CHALLENGE: i32 = 13;
/// "verifier_missing": a challenge is bound to this code: code_verifier is required.
pub const PROOFKEY_STATUS_VERIFIER_MISSING: i32 = 20;
/// "verifier_mismatch": code_verifier does not match the challenge bound to this code.
pub const PROOFKEY_STATUS_VERIFIER_MISMATCH: i32 = 21;
/// "verifier_unexpected": code_verifier was sent but no challenge is bound to this code.
pub const PROOFKEY_STATUS_VERIFIER_UNEXPECTED: i32 = 22;
/// "binding_malformed": the stored binding is not readable.
pub const PROOFKEY_STATUS_BINDING_MALFORMED: i32 = 23;
/// "parameter_duplicate": a parameter was sent twice.
pub const PROOFKEY_STATUS_PARAMETER_DUPLICATE: i32 = 24;
/// "endpoint_malformed": an endpoint is an absolute URL without fragment.
pub const PROOFKEY_STATUS_ENDPOINT_MALFORMED: i32 = 100;
/// "endpoint_insecure": endpoints are https, except on loopback.
pub const PROOFKEY_STATUS_ENDPOINT_INSECURE: i32 = 101;
/// "redirect_uri_malformed": a redirect URI is absolute and has no fragment.
pub const PROOFKEY_STATUS_REDIRECT_URI_MALFORMED: i32 = 102;
/// "redirect_uri_insecure": http redirect URIs are for loopback only.
pub const PROOFKEY_STATUS_REDIRECT_URI_INSECURE: i32 = 103;
/// "client_id_invalid": a client id is one or more visible ASCII characters.
pub const PROOFKEY_STATUS_CLIENT_ID_INVALID: i32 = 104;
/// "scope_invalid": a scope token holds no space, quote, backslash or non-ASCII.
pub const PROOFKEY_STATUS_SCOPE_INVALID: i32 = 105;
/// "parameter_reserved": an extra parameter may not repeat or override one that the flow sets.
pub const PROOFKEY_STATUS_PARAMETER_RESERVED: i32 = 106;
/// "state_invalid": a caller's state is one or more visible ASCII characters.
pub const PROOFKEY_STATUS_STATE_INVALID: i32 = 107;
/// "par_required": this server accepts pushed authorization requests only.
pub const PROOFKEY_STATUS_PAR_REQUIRED: i32 = 108;
/// "endpoint_missing": the provider has no such endpoint.
pub const PROOFKEY_STATUS_ENDPOINT_MISSING: i32 = 109;
/// "issuer_missing": openid needs the provider's issuer.
pub const PROOFKEY_STATUS_ISSUER_MISSING: i32 = 110;
/// "redirect_uri_not_loopback": a loopback login needs an http redirect URI on loopback.
pub const PROOFKEY_STATUS_REDIRECT_URI_NOT_LOOPBACK: i32 = 111;
/// "pkce_not_advertised": the server's metadata does not list S256.
pub const PROOFKEY_STATUS_PKCE_NOT_ADVERTISED: i32 = 112;
/// "callback_malformed": the callback is not form-encoded as it must be.
pub const PROOFKEY_STATUS_CALLBACK_MALFORMED: i32 = 200;
/// "callback_duplicate": the callback carries a parameter twice.
pub const PROOFKEY_STATUS_CALLBACK_DUPLICATE: i32 = 201;
/// "state_missing": the callback carries no state.
pub const PROOFKEY_STATUS_STATE_MISSING: i32 = 202;
/// "state_mismatch": the callback belongs to another login.
pub const PROOFKEY_STATUS_STATE_MISMATCH: i32 = 203;
/// "iss_missing": the server promises iss and did not send it.
pub const PROOFKEY_STATUS_ISS_MISSING: i32 = 204;
/// "iss_mismatch": the callback comes from another issuer.
pub const PROOFKEY_STATUS_ISS_MISMATCH: i32 = 205;
/// "redirect_uri_mismatch": the callback arrived at another redirect URI.
pub const PROOFKEY_STATUS_REDIRECT_URI_MISMATCH: i32 = 206;
/// "code_missing": the callback carries neither code nor error.
pub const PROOFKEY_STATUS_CODE_MISSING: i32 = 207;
/// "code_invalid": the code holds characters that no code may hold.
pub const PROOFKEY_STATUS_CODE_INVALID: i32 = 208;
/// "unexpected_token": the callback carries tokens that were not asked for.
pub const PROOFKEY_STATUS_UNEXPECTED_TOKEN: i32 = 209;
/// "response_mode_unsupported": the server answered in a response mode that was not asked for.
pub const PROOFKEY_STATUS_RESPONSE_MODE_UNSUPPORTED: i32 = 210;
/// "authorization_error": the authorization server refused.
pub const PROOFKEY_STATUS_AUTHORIZATION_ERROR: i32 = 211;
/// "login_spent": this login was already used.
pub const PROOFKEY_STATUS_LOGIN_SPENT: i32 = 212;
/// "login_expired": this login took too long.
pub const PROOFKEY_STATUS_LOGIN_EXPIRED: i32 = 213;
/// "login_lost": this browser holds no such login.
pub const PROOFKEY_STATUS_LOGIN_LOST: i32 = 214;
/// "seal_malformed": not a sealed login.
pub const PROOFKEY_STATUS_SEAL_MALFORMED: i32 = 300;
/// "seal_key_unknown": sealed with a secret that is not in use.
pub const PROOFKEY_STATUS_SEAL_KEY_UNKNOWN: i32 = 301;
/// "seal_forged": the sealed login was changed.
pub const PROOFKEY_STATUS_SEAL_FORGED: i32 = 302;
/// "seal_context": sealed for another context.
pub const PROOFKEY_STATUS_SEAL_CONTEXT: i32 = 303;
/// "seal_client": sealed for another client or provider.
pub const PROOFKEY_STATUS_SEAL_CLIENT: i32 = 304;
/// "secret_weak": a sealing secret has at least 16 bytes.
pub const PROOFKEY_STATUS_SECRET_WEAK: i32 = 305;
/// "seal_too_large": too much to seal: 256 bytes of data, 8192 characters in all.
pub const PROOFKEY_STATUS_SEAL_TOO_LARGE: i32 = 306;
/// "answer_malformed": the token answer is not what RFC 6749 section 5.1 describes.
pub const PROOFKEY_STATUS_ANSWER_MALFORMED: i32 = 400;
/// "answer_content_type": the token answer is neither JSON nor a form.
pub const PROOFKEY_STATUS_ANSWER_CONTENT_TYPE: i32 = 401;
/// "answer_status": the token endpoint answered with an HTTP error and no OAuth error.
pub const PROOFKEY_STATUS_ANSWER_STATUS: i32 = 402;
/// "answer_redirect": the token endpoint redirected; redirects are refused.
pub const PROOFKEY_STATUS_ANSWER_REDIRECT: i32 = 403;
/// "answer_duplicate": the token answer carries a member twice.
pub const PROOFKEY_STATUS_ANSWER_DUPLICATE: i32 = 404;
/// "access_token_missing": the token answer has no access token.
pub const PROOFKEY_STATUS_ACCESS_TOKEN_MISSING: i32 = 405;
/// "access_token_invalid": the access token holds characters that no token may hold.
pub const PROOFKEY_STATUS_ACCESS_TOKEN_INVALID: i32 = 406;
/// "refresh_token_invalid": the refresh token is not a string.
pub const PROOFKEY_STATUS_REFRESH_TOKEN_INVALID: i32 = 407;
/// "token_type_unsupported": the token type is not Bearer.
pub const PROOFKEY_STATUS_TOKEN_TYPE_UNSUPPORTED: i32 = 408;
/// "token_type_invalid": the token type is not a string.
pub const PROOFKEY_STATUS_TOKEN_TYPE_INVALID: i32 = 409;
/// "token_error": the token endpoint refused.
pub const PROOFKEY_STATUS_TOKEN_ERROR: i32 = 410;
/// "refresh_token_absent": there is no refresh token.
pub const PROOFKEY_STATUS_REFRESH_TOKEN_ABSENT: i32 = 411;
/// "id_token_missing": openid was asked for and no ID token came.
pub const PROOFKEY_STATUS_ID_TOKEN_MISSING: i32 = 500;
/// "id_token_malformed": the ID token is not a signed JWT.
pub const PROOFKEY_STATUS_ID_TOKEN_MALFORMED: i32 = 501;
/// "id_token_alg": the ID token's algorithm is not accepted.
pub const PROOFKEY_STATUS_ID_TOKEN_ALG: i32 = 502;
/// "id_token_signature": the ID token's signature does not verify.
pub const PROOFKEY_STATUS_ID_TOKEN_SIGNATURE: i32 = 503;
/// "id_token_iss": the ID token comes from another issuer.
pub const PROOFKEY_STATUS_ID_TOKEN_ISS: i32 = 504;
/// "id_token_aud": the ID token is for another client.
pub const PROOFKEY_STATUS_ID_TOKEN_AUD: i32 = 505;
/// "id_token_azp": the ID token's authorized party is another client.
pub const PROOFKEY_STATUS_ID_TOKEN_AZP: i32 = 506;
/// "id_token_sub": the ID token's subject is missing or differs.
pub const PROOFKEY_STATUS_ID_TOKEN_SUB: i32 = 507;
/// "id_token_exp": the ID token has expired.
pub const PROOFKEY_STATUS_ID_TOKEN_EXP: i32 = 508;
/// "id_token_iat": the ID token's issue time is missing or in the future.
pub const PROOFKEY_STATUS_ID_TOKEN_IAT: i32 = 509;
/// "id_token_nbf": the ID token is not valid yet.
pub const PROOFKEY_STATUS_ID_TOKEN_NBF: i32 = 510;
/// "id_token_nonce": the ID token belongs to another login.
pub const PROOFKEY_STATUS_ID_TOKEN_NONCE: i32 = 511;
/// "id_token_crit": the ID token needs an extension that is not understood.
pub const PROOFKEY_STATUS_ID_TOKEN_CRIT: i32 = 512;
/// "id_token_typ": the token is of another type than an ID token.
pub const PROOFKEY_STATUS_ID_TOKEN_TYP: i32 = 513;
/// "id_token_at_hash": the ID token was made for another access token.
pub const PROOFKEY_STATUS_ID_TOKEN_AT_HASH: i32 = 514;
/// "id_token_c_hash": the ID token was made for another code.
pub const PROOFKEY_STATUS_ID_TOKEN_C_HASH: i32 = 515;
/// "id_token_auth_time": the user's sign-in is older than asked for.
pub const PROOFKEY_STATUS_ID_TOKEN_AUTH_TIME: i32 = 516;
/// "id_token_acr": the sign-in was weaker than asked for.
pub const PROOFKEY_STATUS_ID_TOKEN_ACR: i32 = 517;
/// "userinfo_status": the userinfo endpoint answered with an HTTP error.
pub const PROOFKEY_STATUS_USERINFO_STATUS: i32 = 520;
/// "userinfo_malformed": the userinfo answer is not a JSON object.
pub const PROOFKEY_STATUS_USERINFO_MALFORMED: i32 = 521;
/// "userinfo_sub": the userinfo answer is about another user.
pub const PROOFKEY_STATUS_USERINFO_SUB: i32 = 522;
/// "metadata_malformed": the metadata is not a JSON object.
pub const PROOFKEY_STATUS_METADATA_MALFORMED: i32 = 600;
/// "metadata_issuer_missing": the metadata names no issuer.
pub const PROOFKEY_STATUS_METADATA_ISSUER_MISSING: i32 = 601;
/// "metadata_issuer_mismatch": the metadata belongs to another issuer.
pub const PROOFKEY_STATUS_METADATA_ISSUER_MISMATCH: i32 = 602;
/// "metadata_endpoint_insecure": the metadata names an endpoint that is not https.
pub const PROOFKEY_STATUS_METADATA_ENDPOINT_INSECURE: i32 = 603;
/// "metadata_endpoint_malformed": the metadata names an endpoint that is no usable URL.
pub const PROOFKEY_STATUS_METADATA_ENDPOINT_MALFORMED: i32 = 604;
/// "metadata_endpoint_missing": the metadata names no token or authorization endpoint.
pub const PROOFKEY_STATUS_METADATA_ENDPOINT_MISSING: i32 = 605;
/// "keys_unavailable": the server's keys for ID tokens could not be read.
pub const PROOFKEY_STATUS_KEYS_UNAVAILABLE: i32 = 606;
/// "connect_failed": no connection: nothing was sent.
pub const PROOFKEY_STATUS_CONNECT_FAILED: i32 = 700;
/// "tls_failed": no trusted TLS connection: nothing was sent.
pub const PROOFKEY_STATUS_TLS_FAILED: i32 = 701;
/// "timeout": no answer in time.
pub const PROOFKEY_STATUS_TIMEOUT: i32 = 702;
/// "answer_interrupted": the connection broke after the request was sent.
pub const PROOFKEY_STATUS_ANSWER_INTERRUPTED: i32 = 703;
/// "answer_too_large": the answer is larger than the cap.
pub const PROOFKEY_STATUS_ANSWER_TOO_LARGE: i32 = 704;
/// "address_forbidden": the address is not public.
pub const PROOFKEY_STATUS_ADDRESS_FORBIDDEN: i32 = 705;
/// "store_unavailable": the store of used logins did not answer: nothing was sent.
pub const PROOFKEY_STATUS_STORE_UNAVAILABLE: i32 = 706;
/// "null_pointer": a required pointer is NULL.
pub const PROOFKEY_STATUS_NULL_POINTER: i32 = 900;
/// "buffer_too_small": the buffer is too small; the size needed was written.
pub const PROOFKEY_STATUS_BUFFER_TOO_SMALL: i32 = 901;
/// "text_invalid": text must be UTF-8 without lone surrogates.
pub const PROOFKEY_STATUS_TEXT_INVALID: i32 = 902;
/// "internal": a defect of the library.
pub const PROOFKEY_STATUS_INTERNAL: i32 = 999;

/// The number that C gets.
pub(crate) fn of(result: Result<(), Error>) -> i32 {
    match result {
        Ok(()) => PROOFKEY_STATUS_OK,
        Err(error) => error.number(),
    }
}

pub(crate) fn name(status: i32) -> &'static CStr {
    match position(status) {
        Some(at) => text(at.saturating_mul(2)),
        None if status == PROOFKEY_STATUS_OK => c"ok",
        None => c"unknown",
    }
}

pub(crate) fn message(status: i32) -> &'static CStr {
    match position(status) {
        Some(at) => text(at.saturating_mul(2).saturating_add(1)),
        None if status == PROOFKEY_STATUS_OK => c"success",
        None => c"not a status of this version of the library",
    }
}

pub(crate) fn oauth_error(status: i32) -> Option<&'static CStr> {
    match Error::from_number(status)?.oauth_error()? {
        "invalid_request" => Some(c"invalid_request"),
        "invalid_grant" => Some(c"invalid_grant"),
        _ => None,
    }
}

pub(crate) fn recovery(status: i32) -> &'static CStr {
    match Error::from_number(status).map(Error::recovery) {
        Some(Recovery::FixCall) => c"fix_call",
        Some(Recovery::FixConfiguration) => c"fix_configuration",
        Some(Recovery::RestartLogin) => c"restart_login",
        Some(Recovery::RetryLater) => c"retry_later",
        Some(Recovery::DoNotRetry) => c"do_not_retry",
        Some(Recovery::AskUser) => c"ask_user",
        Some(Recovery::ReportBug) => c"report_bug",
        None if status == PROOFKEY_STATUS_OK => c"none",
        _ => c"unknown",
    }
}

fn position(status: i32) -> Option<usize> {
    Error::ALL.iter().position(|error| error.number() == status)
}

fn text(at: usize) -> &'static CStr {
    let text = TEXTS.split_inclusive(|byte| *byte == 0).nth(at);
    text.and_then(|text| CStr::from_bytes_with_nul(text).ok()).unwrap_or_default()
}

/// Name and message of every error, each with its NUL. They are one array, because a linker drops that as a whole from a
/// program that asks for no text; separate literals end up in one section and stay, 5 KB of them.
static TEXTS: [u8; TEXTS_LEN] = {
    let mut texts = [0; TEXTS_LEN];
    let mut rest: &mut [u8] = &mut texts;
    let mut errors = Error::ALL;
    while let [error, others @ ..] = errors {
        rest = put(put(rest, error.name_cstr()), error.message_cstr());
        errors = others;
    }
    assert!(rest.is_empty());
    texts
};

const TEXTS_LEN: usize = {
    let mut len = 0;
    let mut errors = Error::ALL;
    while let [error, others @ ..] = errors {
        len += error.name_cstr().to_bytes_with_nul().len() + error.message_cstr().to_bytes_with_nul().len();
        errors = others;
    }
    len
};

/// Writes a text and gives the room behind it.
const fn put<'a>(mut room: &'a mut [u8], text: &CStr) -> &'a mut [u8] {
    let mut text = text.to_bytes_with_nul();
    while let [byte, others @ ..] = text {
        let Some((place, behind)) = room.split_first_mut() else { return &mut [] };
        *place = *byte;
        (room, text) = (behind, others);
    }
    room
}
