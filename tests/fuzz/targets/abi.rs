//! Any sequence of calls of the C ABI, with handles that are new, used or NULL, keeps its promises: a status that has a
//! name and is no bug, a new handle exactly on success, texts that end where their length says, and no access outside of
//! what was passed. An input is a program: each byte is a function or an argument.

#![no_main]
#![allow(unused_unsafe, reason = "the macros are used inside and outside of other blocks")]

use std::ffi::{CStr, c_char};
use std::{array, ptr};

use libfuzzer_sys::fuzz_target;
use proofkey_handles::{
    Authorize, AuthorizeDevice, Claims, Client, DeviceAuthorization, ErrorDetails, Exchange, Login, Provider, Response,
    SealKeys, Tokens,
};

use ffi::*;

/// The functions themselves. The C library is no crate that Rust can link, so its files are part of this program, which
/// instruments them too.
#[path = "../../../bindings/c/src/ffi/mod.rs"]
#[allow(dead_code, unused_imports, reason = "not all of them are called")]
mod ffi;
#[path = "../../../bindings/c/src/guard.rs"]
mod guard;
#[path = "../../../bindings/c/src/policy.rs"]
mod policy;
#[path = "../../../bindings/c/src/size.rs"]
mod size;
#[path = "../../../bindings/c/src/status.rs"]
mod status;

/// That of the C library is compared with its own Cargo.toml.
mod version {
    pub(crate) const VERSION: &std::ffi::CStr = c"fuzzed";
    pub(crate) const PROOFKEY_ABI_VERSION: u32 = 0;
}

fuzz_target!(|input: &[u8]| {
    let mut machine = Machine { input: Reader(input), ..Machine::default() };
    while !machine.input.0.is_empty() {
        machine.step();
    }
    machine.free_all();
});

/// Values that lead somewhere; an input may hold others.
const TEXTS: [&str; 43] = [
    "https://as.example/authorize",
    "https://as.example/token",
    "https://as.example",
    "https://as.example/keys",
    "https://client.example/cb",
    "https://client.example/cb?code=c&state=s",
    "https://client.example/cb?code=c&state=x",
    "https://client.example/cb?error=access_denied&error_description=no%00&state=s&iss=https%3A%2F%2Fas.example",
    "https://client.example/cb?code=c&state=s&iss=https%3A%2F%2Fas.example",
    "application/x-www-form-urlencoded",
    "code=c&state=s",
    "s",
    "n",
    "openid",
    "openid files.read",
    "files.read",
    "my-app",
    "a secret of the application, 32 bytes or more",
    "too short",
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "application/json",
    "Content-Type",
    "Retry-After",
    "2",
    r#"{"access_token":"a","token_type":"Bearer","refresh_token":"r","scope":"x","expires_in":60,"extra":{"a":[1,"\u0000"]}}"#,
    r#"{"error":"invalid_grant","error_description":"\u0000","error_uri":"https://as.example/e"}"#,
    r#"{"issuer":"https://as.example","authorization_endpoint":"https://as.example/authorize","token_endpoint":"https://as.example/token","jwks_uri":"https://as.example/keys","userinfo_endpoint":"https://as.example/u","revocation_endpoint":"https://as.example/r","end_session_endpoint":"https://as.example/e","id_token_signing_alg_values_supported":["EdDSA","RS256"]}"#,
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    r#"{"access_token":"a","token_type":"Bearer","refresh_token":"r","id_token":"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUiLCJzdWIiOiJzIiwiYXVkIjoibXktYXBwIiwiZXhwIjoyMDAwMDAwMDAwLCJpYXQiOjE3MDAwMDAwMDAsIm5vbmNlIjoibiJ9.c2ln"}"#,
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUiLCJzdWIiOiJzIiwiYXVkIjoibXktYXBwIn0.c2ln",
    r#"{"sub":"s","name":"Jane\u0000","email_verified":true}"#,
    "RS256",
    "EdDSA",
    "scope_separated_by_comma",
    "sub",
    "name",
    "extra",
    "context",
    "",
    "a\0b",
    "https://as.example/device",
    r#"{"device_code":"d","user_code":"WDJB-MJHT","verification_uri":"https://as.example/go","expires_in":600}"#,
    r#"{"error":"authorization_pending"}"#,
];

/// Hands out the arguments.
struct Reader<'a>(&'a [u8]);

impl Default for Reader<'_> {
    fn default() -> Self {
        Self(&[])
    }
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    /// One of the values above, bytes of the input, or NULL.
    fn bytes(&mut self) -> Option<&'a [u8]> {
        match self.byte() {
            255 => None,
            own @ 200..=254 => {
                let len = usize::from(own - 200).min(self.0.len());
                let (own, rest) = self.0.split_at(len);
                self.0 = rest;
                Some(own)
            }
            known => Some(TEXTS[usize::from(known) % TEXTS.len()].as_bytes()),
        }
    }

    fn now(&mut self) -> i64 {
        match self.byte() {
            0 => i64::MIN,
            1 => i64::MAX,
            2 => -1,
            3 => 1_700_000_700,
            other => 1_700_000_000 + i64::from(other),
        }
    }
}

/// A pointer and a length, as C passes them.
fn parts(bytes: Option<&[u8]>) -> (*const c_char, usize) {
    bytes.map_or((ptr::null(), 0), |bytes| (bytes.as_ptr().cast(), bytes.len()))
}

const SLOTS: usize = 3;

struct Handles<T>([*mut T; SLOTS]);

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Self(array::from_fn(|_| ptr::null_mut()))
    }
}

impl<T> Handles<T> {
    fn take(&mut self, slot: usize) -> *mut T {
        std::mem::replace(&mut self.0[slot], ptr::null_mut())
    }

    fn pick(&self, at: u8) -> *mut T {
        self.0.get(usize::from(at)).copied().unwrap_or(ptr::null_mut())
    }
}

#[derive(Default)]
struct Machine<'a> {
    input: Reader<'a>,
    providers: Handles<Provider>,
    clients: Handles<Client>,
    authorizes: Handles<Authorize>,
    logins: Handles<Login>,
    exchanges: Handles<Exchange>,
    responses: Handles<Response>,
    all_tokens: Handles<Tokens>,
    all_claims: Handles<Claims>,
    all_keys: Handles<SealKeys>,
    authorize_devices: Handles<AuthorizeDevice>,
    devices: Handles<DeviceAuthorization>,
}

/// A status that the header knows, and no bug.
fn known(status: i32) -> i32 {
    // SAFETY: static text.
    let name = unsafe { CStr::from_ptr(proofkey_status_name(status)) };
    assert!(name != c"unknown" && name != c"internal", "{status}");
    status
}

/// `handle!(self.logins)`: one of these handles, or NULL.
macro_rules! handle {
    ($self:ident.$kind:ident) => {{
        let at = $self.input.byte();
        $self.$kind.pick(at % 4)
    }};
}

/// Calls a function that makes a handle, and puts it into a slot, whose handle is freed.
macro_rules! make {
    ($self:ident.$kind:ident, $free:ident, $call:expr) => {{
        let slot = usize::from($self.input.byte()) % SLOTS;
        let mut made = ptr::dangling_mut();
        #[allow(clippy::redundant_closure_call, reason = "the argument comes last")]
        let status = known($call(&raw mut made));
        assert_eq!(made.is_null(), status != 0, "{status}");
        unsafe { $free($self.$kind.0[slot]) };
        $self.$kind.0[slot] = made;
    }};
}

/// Calls a function that lends a text.
macro_rules! lent {
    ($call:expr, nul: $may_hold_nul:expr) => {{
        let mut len = usize::MAX;
        #[allow(clippy::redundant_closure_call, reason = "the argument comes last")]
        let text: *const c_char = $call(&raw mut len);
        if text.is_null() {
            assert_eq!(len, 0);
        } else {
            let held = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), len + 1) };
            assert_eq!(held[len], 0);
            assert!($may_hold_nul || !held[..len].contains(&0));
        }
    }};
    ($call:expr) => {
        lent!($call, nul: false)
    };
}

impl Machine<'_> {
    /// One call.
    #[expect(clippy::cognitive_complexity, reason = "a table of functions")]
    fn step(&mut self) {
        let function = self.input.byte() % 72;
        let (a, a_len) = parts(self.input.bytes());
        // SAFETY, here and below: texts live as long as the input, and handles until `make` or `free_all`.
        unsafe {
            match function {
                0 => {
                    let (b, b_len) = parts(self.input.bytes());
                    make!(self.providers, proofkey_provider_free, |made| proofkey_provider_new(
                        a, a_len, b, b_len, made
                    ));
                }
                1 => {
                    let (b, b_len) = parts(self.input.bytes());
                    make!(self.providers, proofkey_provider_free, |made| proofkey_provider_from_metadata(
                        a,
                        a_len,
                        b.cast(),
                        b_len,
                        made
                    ));
                }
                2 => make!(self.exchanges, proofkey_exchange_free, |made| proofkey_provider_discover(a, a_len, made)),
                3 => make!(self.providers, proofkey_provider_free, |made| proofkey_provider_microsoft(a, a_len, made)),
                4 => make!(self.providers, proofkey_provider_free, |made| proofkey_provider_google(made)),
                5 => _ = known(proofkey_provider_set_issuer(handle!(self.providers), a, a_len)),
                6 => _ = known(proofkey_provider_set_iss_parameter_supported(handle!(self.providers))),
                7 => _ = known(proofkey_provider_set_jwks_uri(handle!(self.providers), a, a_len)),
                8 => _ = known(proofkey_provider_set_userinfo_endpoint(handle!(self.providers), a, a_len)),
                9 => _ = known(proofkey_provider_set_revocation_endpoint(handle!(self.providers), a, a_len)),
                10 => _ = known(proofkey_provider_set_end_session_endpoint(handle!(self.providers), a, a_len)),
                11 => _ = known(proofkey_provider_add_quirk(handle!(self.providers), a, a_len)),
                12 => {
                    let provider = handle!(self.providers);
                    lent!(|len| proofkey_provider_issuer(provider, len));
                    lent!(|len| proofkey_provider_token_endpoint(provider, len));
                    lent!(|len| proofkey_provider_jwks_uri(provider, len));
                    lent!(|len| proofkey_provider_pkce_support(provider, len));
                }
                13 | 14 => {
                    let provider = handle!(self.providers);
                    make!(self.clients, proofkey_client_free, |made| proofkey_client_new(provider, a, a_len, made));
                }
                15 => _ = known(proofkey_client_set_redirect_uri(handle!(self.clients), a, a_len)),
                16 => _ = known(proofkey_client_set_secret_basic(handle!(self.clients), a, a_len)),
                17 => _ = known(proofkey_client_set_secret_post(handle!(self.clients), a, a_len)),
                18 => _ = known(proofkey_client_set_id_token_algorithms(handle!(self.clients), a, a_len)),
                19 => _ = known(proofkey_client_set_id_token_leeway(handle!(self.clients), self.input.byte().into())),
                20 => _ = known(proofkey_client_add_trusted_audience(handle!(self.clients), a, a_len)),
                21 => _ = known(proofkey_client_trust_token_endpoint_tls(handle!(self.clients))),
                22 | 23 => {
                    let client = handle!(self.clients);
                    make!(self.authorizes, proofkey_authorize_free, |made| proofkey_client_authorize(
                        client, a, a_len, made
                    ));
                }
                24 => {
                    let (b, b_len) = parts(self.input.bytes());
                    known(proofkey_authorize_add_extra(handle!(self.authorizes), a, a_len, b, b_len));
                }
                25 => _ = known(proofkey_authorize_add_resource(handle!(self.authorizes), a, a_len)),
                26 => _ = known(proofkey_authorize_set_data(handle!(self.authorizes), a, a_len)),
                27 => _ = known(proofkey_authorize_set_form_post(handle!(self.authorizes))),
                28 => _ = known(proofkey_authorize_set_max_age(handle!(self.authorizes), self.input.byte().into())),
                29 => _ = known(proofkey_authorize_set_acr_values(handle!(self.authorizes), a, a_len)),
                30 => _ = known(proofkey_authorize_set_state(handle!(self.authorizes), a, a_len)),
                31 => _ = known(proofkey_authorize_set_nonce(handle!(self.authorizes), a, a_len)),
                32 => _ = known(proofkey_authorize_set_verifier(handle!(self.authorizes), a, a_len)),
                33 | 34 => {
                    let (authorize, now) = (handle!(self.authorizes), self.input.now());
                    make!(self.logins, proofkey_login_free, |made| proofkey_authorize_begin(authorize, now, made));
                }
                35 => {
                    let login = handle!(self.logins);
                    lent!(|len| proofkey_login_url(login, len));
                    lent!(|len| proofkey_login_data(login, len), nul: true);
                    proofkey_login_expires_at(login);
                    self.error(proofkey_login_error(login));
                }
                36 | 37 => {
                    let (login, now) = (handle!(self.logins), self.input.now());
                    make!(self.exchanges, proofkey_exchange_free, |made| proofkey_login_accept(
                        login, a, a_len, now, made
                    ));
                }
                38 => {
                    let (login, now) = (handle!(self.logins), self.input.now());
                    let (b, b_len) = parts(self.input.bytes());
                    let (c, c_len) = parts(self.input.bytes());
                    make!(self.exchanges, proofkey_exchange_free, |made| proofkey_login_accept_form_post(
                        login, a, a_len, b, b_len, c, c_len, now, made
                    ));
                }
                39 => {
                    let (login, now) = (handle!(self.logins), self.input.now());
                    make!(self.exchanges, proofkey_exchange_free, |made| proofkey_login_accept_pasted_code(
                        login, a, a_len, now, made
                    ));
                }
                40 | 41 => {
                    let exchange = handle!(self.exchanges);
                    let is_pending = proofkey_exchange_is_pending(exchange) == 1;
                    assert_eq!(is_pending, !proofkey_exchange_url(exchange, ptr::null_mut()).is_null());
                    lent!(|len| proofkey_exchange_method(exchange, len));
                    lent!(|len| proofkey_exchange_url(exchange, len));
                    lent!(|len| proofkey_exchange_body_expose(exchange, len));
                    let at = usize::from(self.input.byte() % 5);
                    lent!(|len| proofkey_exchange_header_name(exchange, at, len));
                    lent!(|len| proofkey_exchange_header_expose(exchange, at, len));
                    proofkey_exchange_wait_seconds(exchange);
                    self.error(proofkey_exchange_error(exchange));
                }
                42 => _ = known(proofkey_exchange_saved(handle!(self.exchanges))),
                43..=45 => {
                    let (exchange, response, now) =
                        (handle!(self.exchanges), handle!(self.responses), self.input.now());
                    known(proofkey_exchange_receive(exchange, response, now));
                    self.error(proofkey_exchange_error(exchange));
                }
                46 => {
                    let exchange = handle!(self.exchanges);
                    make!(self.providers, proofkey_provider_free, |made| proofkey_exchange_provider(exchange, made));
                }
                47 => {
                    let exchange = handle!(self.exchanges);
                    make!(self.all_tokens, proofkey_tokens_free, |made| proofkey_exchange_tokens(exchange, made));
                }
                48 => {
                    let exchange = handle!(self.exchanges);
                    make!(self.all_claims, proofkey_claims_free, |made| proofkey_exchange_claims(exchange, made));
                }
                49 | 50 => {
                    make!(self.responses, proofkey_response_free, |made| proofkey_response_new(made));
                    let response = handle!(self.responses);
                    let status = [200, 200, 200, 400, 401, 302, 503, 429, -1, 99][usize::from(self.input.byte() % 10)];
                    known(proofkey_response_set_status(response, status));
                    known(proofkey_response_add_body(response, a.cast(), a_len));
                }
                51 => {
                    let (b, b_len) = parts(self.input.bytes());
                    known(proofkey_response_add_header(handle!(self.responses), a, a_len, b, b_len));
                }
                52 => {
                    let (b, b_len) = parts(self.input.bytes());
                    let (c, c_len) = parts(self.input.bytes());
                    let (d, d_len) = parts(self.input.bytes());
                    let at = self.input.now();
                    make!(self.all_tokens, proofkey_tokens_free, |made| proofkey_tokens_from_parts(
                        a, a_len, b, b_len, c, c_len, d, d_len, at, made
                    ));
                }
                53 => {
                    let tokens = handle!(self.all_tokens);
                    lent!(|len| proofkey_tokens_access_token_expose(tokens, len));
                    lent!(|len| proofkey_tokens_refresh_token_expose(tokens, len));
                    lent!(|len| proofkey_tokens_id_token_expose(tokens, len));
                    lent!(|len| proofkey_tokens_scope(tokens, len));
                    lent!(|len| proofkey_tokens_extra_expose(tokens, a, a_len, len));
                    let claims = proofkey_tokens_claims(tokens);
                    lent!(|len| proofkey_claims_text(claims, a, a_len, len));
                    known(proofkey_tokens_add_resource(tokens, a, a_len));
                    proofkey_tokens_expires_within(tokens, u32::MAX, self.input.now());
                }
                54 => {
                    let claims = handle!(self.all_claims);
                    lent!(|len| proofkey_claims_text(claims, a, a_len, len));
                    lent!(|len| proofkey_claims_json(claims, a, a_len, len));
                    lent!(|len| proofkey_claims_all_json(claims, len));
                }
                55 => {
                    make!(self.all_keys, proofkey_seal_keys_free, |made| proofkey_seal_keys_new(a.cast(), a_len, made))
                }
                56 => _ = known(proofkey_seal_keys_add_older(handle!(self.all_keys), a.cast(), a_len)),
                57 => self.seal_and_resume(a, a_len),
                58 => {
                    let (client, keys, now) = (handle!(self.clients), handle!(self.all_keys), self.input.now());
                    make!(self.logins, proofkey_login_free, |made| proofkey_client_resume(
                        client, a, a_len, keys, a, a_len, now, made
                    ));
                }
                59 => {
                    let (client, tokens, now) = (handle!(self.clients), handle!(self.all_tokens), self.input.now());
                    make!(self.exchanges, proofkey_exchange_free, |made| proofkey_client_begin_refresh(
                        client, tokens, now, made
                    ));
                }
                60 => {
                    let (client, tokens) = (handle!(self.clients), handle!(self.all_tokens));
                    make!(self.exchanges, proofkey_exchange_free, |made| proofkey_client_begin_revocation(
                        client, tokens, made
                    ));
                }
                61 => {
                    let (client, tokens) = (handle!(self.clients), handle!(self.all_tokens));
                    make!(self.exchanges, proofkey_exchange_free, |made| proofkey_client_begin_userinfo(
                        client, tokens, made
                    ));
                }
                62 => {
                    let (client, tokens) = (handle!(self.clients), handle!(self.all_tokens));
                    let mut out = [0; 64];
                    let mut written = usize::MAX;
                    let capacity = usize::from(self.input.byte()) % 65;
                    let status = known(proofkey_client_end_session_url(
                        client,
                        tokens,
                        a,
                        a_len,
                        a,
                        a_len,
                        out.as_mut_ptr(),
                        capacity,
                        &raw mut written,
                    ));
                    assert!(status != 0 || written <= capacity);
                }
                63 => _ = known(proofkey_provider_set_device_authorization_endpoint(handle!(self.providers), a, a_len)),
                64 => {
                    let client = handle!(self.clients);
                    make!(self.authorize_devices, proofkey_authorize_device_free, |made| {
                        proofkey_client_authorize_device(client, a, a_len, made)
                    });
                }
                65 => {
                    let request = handle!(self.authorize_devices);
                    known(proofkey_authorize_device_add_extra(request, a, a_len, a, a_len));
                    known(proofkey_authorize_device_add_resource(request, a, a_len));
                }
                66 => {
                    let request = handle!(self.authorize_devices);
                    known(proofkey_authorize_device_set_pkce(request));
                    known(proofkey_authorize_device_set_verifier(request, a, a_len));
                }
                67 => {
                    let request = handle!(self.authorize_devices);
                    make!(self.exchanges, proofkey_exchange_free, |made| proofkey_authorize_device_begin(
                        request, made
                    ));
                }
                68 => {
                    let exchange = handle!(self.exchanges);
                    make!(self.devices, proofkey_device_authorization_free, |made| {
                        proofkey_exchange_device_authorization(exchange, made)
                    });
                }
                69 => {
                    let (device, now) = (handle!(self.devices), self.input.now());
                    lent!(|len| proofkey_device_authorization_user_code(device, len));
                    lent!(|len| proofkey_device_authorization_verification_uri(device, len));
                    lent!(|len| proofkey_device_authorization_verification_uri_complete(device, len));
                    proofkey_device_authorization_expires_at(device);
                    assert_ne!(proofkey_device_authorization_interval(device), 0);
                    make!(self.exchanges, proofkey_exchange_free, |made| {
                        proofkey_device_authorization_begin_polling(device, now, made)
                    });
                }
                70 => {
                    let (exchange, now) = (handle!(self.exchanges), self.input.now());
                    // 700 to 704 are the reasons that it knows.
                    let reason = i32::from(self.input.byte() % 8) + 698;
                    known(proofkey_exchange_transport_failed(exchange, reason, now));
                    self.error(proofkey_exchange_error(exchange));
                }
                _ => self.free_one(),
            }
        }
    }

    /// Seals a login into a buffer of some size, and opens it again.
    fn seal_and_resume(&mut self, context: *const c_char, context_len: usize) {
        let (login, keys, client) = (handle!(self.logins), handle!(self.all_keys), handle!(self.clients));
        let capacity = usize::from(self.input.byte()) * 64;
        let mut sealed = vec![0; capacity];
        let mut written = usize::MAX;
        // SAFETY: as for `step`.
        let status = known(unsafe {
            proofkey_login_seal(login, keys, context, context_len, sealed.as_mut_ptr(), capacity, &raw mut written)
        });
        if status == 0 {
            assert!(written <= capacity && sealed[written..].iter().all(|byte| *byte == 0));
            let now = self.input.now();
            make!(self.logins, proofkey_login_free, |made| unsafe {
                proofkey_client_resume(client, sealed.as_ptr(), written, keys, context, context_len, now, made)
            });
        }
    }

    /// Asks an error everything.
    fn error(&self, error: *const ErrorDetails) {
        // SAFETY: as for `step`; the error was lent a moment ago.
        unsafe {
            assert_eq!(known(proofkey_error_status(error)) != 0, !error.is_null());
            lent!(|len| proofkey_error_message(error, len));
            lent!(|len| proofkey_error_recovery(error, len));
            lent!(|len| proofkey_error_endpoint(error, len));
            lent!(|len| proofkey_error_oauth_error(error, len));
            lent!(|len| proofkey_error_oauth_description(error, len));
            lent!(|len| proofkey_error_oauth_uri(error, len));
            proofkey_error_retry_after(error);
            proofkey_error_http_status(error);
            proofkey_error_request_sent(error);
        }
    }

    fn free_one(&mut self) {
        let (kind, slot) = (self.input.byte() % 11, usize::from(self.input.byte()) % SLOTS);
        self.free(kind, slot);
    }

    fn free_all(&mut self) {
        for kind in 0..11 {
            for slot in 0..SLOTS {
                self.free(kind, slot);
            }
        }
    }

    fn free(&mut self, kind: u8, slot: usize) {
        // SAFETY: each was made by the library, and is forgotten here.
        unsafe {
            match kind {
                0 => proofkey_provider_free(self.providers.take(slot)),
                1 => proofkey_client_free(self.clients.take(slot)),
                2 => proofkey_authorize_free(self.authorizes.take(slot)),
                3 => proofkey_login_free(self.logins.take(slot)),
                4 => proofkey_exchange_free(self.exchanges.take(slot)),
                5 => proofkey_response_free(self.responses.take(slot)),
                6 => proofkey_tokens_free(self.all_tokens.take(slot)),
                7 => proofkey_claims_free(self.all_claims.take(slot)),
                8 => proofkey_seal_keys_free(self.all_keys.take(slot)),
                9 => proofkey_authorize_device_free(self.authorize_devices.take(slot)),
                _ => proofkey_device_authorization_free(self.devices.take(slot)),
            }
        }
    }
}
