//! The natives of the class `dev.proofkey.Native`. Kotlin documents what they do.

use jni::objects::{JByteArray, JClass};
use jni::sys::{jint, jlong};
use jni::{EnvUnowned, jni_mangle};
use proofkey_handles::{
    Authorize, AuthorizeDevice, Claims, Client, DeviceAuthorization, ErrorDetails, Exchange, Login, Provider, Refused,
    Response, SealKeys, Tokens, Zeroizing,
};

use crate::convert::{bytes, lend, make, named, number, object, optional, run, text, write};
use crate::table;

/// A native that reads a text of a handle.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $read:expr;)*) => {$(
        $(#[$doc])*
        #[jni_mangle("dev.proofkey.Native")]
        pub fn $name<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, handle: jlong) -> JByteArray<'l> {
            lend::<$kind>(env, handle, $read)
        }
    )*};
}

/// A native that reads a number of a handle; the second expression is for a closed handle.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $read:expr, $otherwise:expr;)*) => {$(
        $(#[$doc])*
        #[jni_mangle("dev.proofkey.Native")]
        pub fn $name<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, handle: jlong) -> jlong {
            number::<$kind>(env, handle, $otherwise, $read)
        }
    )*};
}

/// A native that changes a handle, and takes these texts.
macro_rules! changes {
    ($($(#[$doc:meta])* $name:ident: $kind:ty, ($($argument:ident),*), $change:expr;)*) => {$(
        $(#[$doc])*
        #[jni_mangle("dev.proofkey.Native")]
        pub fn $name<'l>(
            env: EnvUnowned<'l>, _class: JClass<'l>, handle: jlong $(, $argument: JByteArray<'l>)*
        ) -> jint {
            run(env, |env| {
                $(let $argument = text(env, &$argument)?;)*
                let _ = &env;
                let change: fn(&$kind $(, changes!(@str $argument))*) -> Result<(), Refused> = $change;
                Ok(change(&*object::<$kind>(handle)? $(, &$argument)*)?)
            })
        }
    )*};
    (@str $argument:ident) => { &str };
}

/// A native that makes a handle from another one.
macro_rules! makes {
    ($($(#[$doc:meta])* $name:ident($($handle:ident: $kind:ty),*; $($argument:ident: $read:ident),*; $($plain:ident: $type:ty),*) -> $made:ty = $make:expr;)*) => {$(
        $(#[$doc])*
        #[jni_mangle("dev.proofkey.Native")]
        pub fn $name<'l>(
            env: EnvUnowned<'l>, _class: JClass<'l>
            $(, $handle: jlong)* $(, $argument: JByteArray<'l>)* $(, $plain: $type)*
        ) -> jlong {
            make::<$made>(env, |env| {
                $(let $argument = $read(env, &$argument)?;)*
                let _ = &env;
                $(let $handle = object::<$kind>($handle)?;)*
                Ok($make?)
            })
        }
    )*};
}

makes! {
    /// `Provider.new`.
    provider_new(; authorization: text, token: text; ) -> Provider = Provider::new(&authorization, &token);
    /// `Provider.from_metadata`.
    provider_from_metadata(; issuer: text, document: bytes; ) -> Provider = Provider::from_metadata(&issuer, &document);
    /// `Provider.microsoft`.
    provider_microsoft(; tenant: text; ) -> Provider = Provider::microsoft(&tenant);
    /// `Provider.github`.
    provider_github(; ; ) -> Provider = Provider::github();
    /// `Provider.google`.
    provider_google(; ; ) -> Provider = Provider::google();
    /// `Provider.dropbox`.
    provider_dropbox(; ; ) -> Provider = Provider::dropbox();
    /// `Exchange.discover`.
    provider_discover(; issuer: text; ) -> Exchange = Exchange::discover(&issuer);
    /// `Client.new`.
    client_new(provider: Provider; id: text; ) -> Client = Client::new(&provider, &id);
    /// `Client.authorize`.
    client_authorize(client: Client; scope: optional; ) -> Authorize =
        Ok::<_, Refused>(client.authorize(scope.as_ref().map(|scope| scope.as_str())));
    /// `Client.authorize_device`.
    client_authorize_device(client: Client; scope: optional; ) -> AuthorizeDevice =
        Ok::<_, Refused>(client.authorize_device(scope.as_ref().map(|scope| scope.as_str())));
    /// `AuthorizeDevice.begin`.
    authorize_device_begin(authorize: AuthorizeDevice; ; ) -> Exchange = authorize.begin();
    /// `Exchange.device_authorization`.
    exchange_device_authorization(exchange: Exchange; ; ) -> DeviceAuthorization = exchange.device_authorization();
    /// `Exchange.begin_polling`.
    device_authorization_begin_polling(device: DeviceAuthorization; ; now: jlong) -> Exchange =
        Exchange::begin_polling(&device, now);
    /// `Client.resume`.
    client_resume(client: Client, keys: SealKeys; sealed: text, context: text; now: jlong) -> Login =
        client.resume(&sealed, &keys, &context, now);
    /// `Client.begin_refresh`.
    client_begin_refresh(client: Client, tokens: Tokens; ; now: jlong) -> Exchange = client.begin_refresh(&tokens, now);
    /// `Client.begin_revocation`.
    client_begin_revocation(client: Client, tokens: Tokens; ; ) -> Exchange = client.begin_revocation(&tokens);
    /// `Client.begin_userinfo`.
    client_begin_userinfo(client: Client, tokens: Tokens; ; ) -> Exchange = client.begin_userinfo(&tokens);
    /// `Authorize.begin`.
    authorize_begin(authorize: Authorize; ; now: jlong) -> Login = authorize.begin(now);
    /// `Login.accept`.
    login_accept(login: Login; callback: text; now: jlong) -> Exchange = login.accept(&callback, now);
    /// `Login.accept_form_post`.
    login_accept_form_post(login: Login; url: text, content_type: text, body: text; now: jlong) -> Exchange =
        login.accept_form_post(&url, &content_type, &body, now);
    /// `Login.accept_pasted_code`.
    login_accept_pasted_code(login: Login; code: text; now: jlong) -> Exchange = login.accept_pasted_code(&code, now);
    /// `Exchange.provider`.
    exchange_provider(exchange: Exchange; ; ) -> Provider = exchange.provider();
    /// `Exchange.tokens`.
    exchange_tokens(exchange: Exchange; ; ) -> Tokens = exchange.tokens();
    /// `Exchange.claims`.
    exchange_claims(exchange: Exchange; ; ) -> Claims = exchange.claims();
    /// `Tokens.claims`.
    tokens_claims(tokens: Tokens; ; ) -> Claims = tokens.claims().cloned().ok_or(Refused::ResultAbsent);
    /// `Tokens.from_parts`; a negative time stands for none.
    tokens_from_parts(; access_token: text, refresh_token: optional, id_token: optional, scope: optional; expires_at: jlong) -> Tokens =
        Tokens::from_parts(
            &access_token,
            refresh_token.as_ref().map(|text| text.as_str()),
            id_token.as_ref().map(|text| text.as_str()),
            scope.as_ref().map(|text| text.as_str()),
            Some(expires_at).filter(|at| *at >= 0),
        );
    /// `Response.new`.
    response_new(; ; ) -> Response = Ok::<_, Refused>(Response::new());
    /// `SealKeys.new`.
    seal_keys_new(; secret: bytes; ) -> SealKeys = SealKeys::new(&secret);
}

changes! {
    /// `Provider.set_issuer`.
    provider_set_issuer: Provider, (issuer), Provider::set_issuer;
    /// `Provider.set_jwks_uri`.
    provider_set_jwks_uri: Provider, (uri), Provider::set_jwks_uri;
    /// `Provider.set_revocation_endpoint`.
    provider_set_revocation_endpoint: Provider, (endpoint), Provider::set_revocation_endpoint;
    /// `Provider.set_userinfo_endpoint`.
    provider_set_userinfo_endpoint: Provider, (endpoint), Provider::set_userinfo_endpoint;
    /// `Provider.set_end_session_endpoint`.
    provider_set_end_session_endpoint: Provider, (endpoint), Provider::set_end_session_endpoint;
    /// `Provider.set_device_authorization_endpoint`.
    provider_set_device_authorization_endpoint: Provider, (endpoint), Provider::set_device_authorization_endpoint;
    /// `AuthorizeDevice.add_extra`.
    authorize_device_add_extra: AuthorizeDevice, (name, value), AuthorizeDevice::add_extra;
    /// `AuthorizeDevice.add_resource`.
    authorize_device_add_resource: AuthorizeDevice, (resource), AuthorizeDevice::add_resource;
    /// `AuthorizeDevice.set_pkce`.
    authorize_device_set_pkce: AuthorizeDevice, (), AuthorizeDevice::set_pkce;
    /// `AuthorizeDevice.set_verifier`.
    authorize_device_set_verifier: AuthorizeDevice, (verifier), AuthorizeDevice::set_verifier;
    /// `Provider.add_quirk`.
    provider_add_quirk: Provider, (name), Provider::add_quirk;
    /// `Provider.set_iss_parameter_supported`.
    provider_set_iss_parameter_supported: Provider, (), |provider| { provider.set_iss_parameter_supported(); Ok(()) };
    /// `Provider.require_advertised_pkce`.
    provider_require_advertised_pkce: Provider, (), Provider::require_advertised_pkce;
    /// `Client.set_redirect_uri`.
    client_set_redirect_uri: Client, (uri), Client::set_redirect_uri;
    /// `Client.set_secret_basic`.
    client_set_secret_basic: Client, (secret), Client::set_secret_basic;
    /// `Client.set_secret_post`.
    client_set_secret_post: Client, (secret), Client::set_secret_post;
    /// `Client.set_id_token_algorithms`.
    client_set_id_token_algorithms: Client, (names), Client::set_id_token_algorithms;
    /// `Client.add_trusted_audience`.
    client_add_trusted_audience: Client, (audience), Client::add_trusted_audience;
    /// `Client.accept_end_session`.
    client_accept_end_session: Client, (callback, return_to, state), Client::accept_end_session;
    /// `Authorize.add_extra`.
    authorize_add_extra: Authorize, (name, value), Authorize::add_extra;
    /// `Authorize.add_resource`.
    authorize_add_resource: Authorize, (resource), Authorize::add_resource;
    /// `Authorize.set_data`.
    authorize_set_data: Authorize, (data), Authorize::set_data;
    /// `Authorize.set_acr_values`.
    authorize_set_acr_values: Authorize, (values), Authorize::set_acr_values;
    /// `Authorize.set_form_post`.
    authorize_set_form_post: Authorize, (), Authorize::set_form_post;
    /// `Authorize.set_state`.
    authorize_set_state: Authorize, (state), Authorize::set_state;
    /// `Authorize.set_nonce`.
    authorize_set_nonce: Authorize, (nonce), Authorize::set_nonce;
    /// `Authorize.set_verifier`.
    authorize_set_verifier: Authorize, (verifier), Authorize::set_verifier;
    /// `Tokens.add_resource`.
    tokens_add_resource: Tokens, (resource), |tokens, resource| { tokens.add_resource(resource); Ok(()) };
    /// `Exchange.saved`.
    exchange_saved: Exchange, (), Exchange::saved;
    /// `Response.add_header`.
    response_add_header: Response, (name, value), |response, name, value| { response.add_header(name, value); Ok(()) };
}

texts! {
    /// `Provider.issuer`.
    provider_issuer: Provider = Provider::issuer;
    /// `Provider.authorization_endpoint`.
    provider_authorization_endpoint: Provider = Provider::authorization_endpoint;
    /// `Provider.token_endpoint`.
    provider_token_endpoint: Provider = Provider::token_endpoint;
    /// `Provider.jwks_uri`.
    provider_jwks_uri: Provider = Provider::jwks_uri;
    /// `Provider.revocation_endpoint`.
    provider_revocation_endpoint: Provider = Provider::revocation_endpoint;
    /// `Provider.userinfo_endpoint`.
    provider_userinfo_endpoint: Provider = Provider::userinfo_endpoint;
    /// `Provider.end_session_endpoint`.
    provider_end_session_endpoint: Provider = Provider::end_session_endpoint;
    /// `Provider.device_authorization_endpoint`.
    provider_device_authorization_endpoint: Provider = Provider::device_authorization_endpoint;
    /// `DeviceAuthorization.user_code`.
    device_authorization_user_code: DeviceAuthorization = DeviceAuthorization::user_code;
    /// `DeviceAuthorization.verification_uri`.
    device_authorization_verification_uri: DeviceAuthorization = DeviceAuthorization::verification_uri;
    /// `DeviceAuthorization.verification_uri_complete`.
    device_authorization_verification_uri_complete: DeviceAuthorization =
        DeviceAuthorization::verification_uri_complete;
    /// `Provider.pkce_support`.
    provider_pkce_support: Provider = Provider::pkce_support;
    /// `Provider.token_endpoint_auth_method`.
    provider_token_endpoint_auth_method: Provider = Provider::token_endpoint_auth_method;
    /// `Client.id_token_algorithms`.
    client_id_token_algorithms: Client = Client::id_token_algorithms;
    /// `Login.url`.
    login_url: Login = Login::url;
    /// `Login.data`.
    login_data: Login = Login::data;
    /// `Exchange.method`.
    exchange_method: Exchange = Exchange::method;
    /// `Exchange.url`.
    exchange_url: Exchange = Exchange::url;
    /// `Exchange.body_expose`.
    exchange_body: Exchange = Exchange::body_expose;
    /// `Tokens.access_token_expose`.
    tokens_access_token: Tokens = Tokens::access_token_expose;
    /// `Tokens.refresh_token_expose`.
    tokens_refresh_token: Tokens = Tokens::refresh_token_expose;
    /// `Tokens.id_token_expose`.
    tokens_id_token: Tokens = Tokens::id_token_expose;
    /// `Tokens.scope`.
    tokens_scope: Tokens = Tokens::scope;
    /// `Tokens.resource`.
    tokens_resource: Tokens = Tokens::resource;
    /// `Claims.all_json`.
    claims_json: Claims = Claims::all_json;
    /// `ErrorDetails.message` of a login.
    login_error_message: Login = |login| login.error().and_then(ErrorDetails::message);
    /// `ErrorDetails.recovery` of a login.
    login_error_recovery: Login = |login| login.error().and_then(ErrorDetails::recovery);
    /// `ErrorDetails.oauth_error` of a login.
    login_error_oauth_error: Login = |login| login.error().and_then(ErrorDetails::oauth_error);
    /// `ErrorDetails.oauth_description` of a login.
    login_error_oauth_description: Login = |login| login.error().and_then(ErrorDetails::oauth_description);
    /// `ErrorDetails.oauth_uri` of a login.
    login_error_oauth_uri: Login = |login| login.error().and_then(ErrorDetails::oauth_uri);
    /// `ErrorDetails.message` of an exchange.
    exchange_error_message: Exchange = |exchange| exchange.error()?.message();
    /// `ErrorDetails.recovery` of an exchange.
    exchange_error_recovery: Exchange = |exchange| exchange.error()?.recovery();
    /// `ErrorDetails.endpoint` of an exchange.
    exchange_error_endpoint: Exchange = |exchange| exchange.error()?.endpoint();
    /// `ErrorDetails.oauth_error` of an exchange.
    exchange_error_oauth_error: Exchange = |exchange| exchange.error()?.oauth_error();
    /// `ErrorDetails.oauth_description` of an exchange.
    exchange_error_oauth_description: Exchange = |exchange| exchange.error()?.oauth_description();
    /// `ErrorDetails.oauth_uri` of an exchange.
    exchange_error_oauth_uri: Exchange = |exchange| exchange.error()?.oauth_uri();
}

numbers! {
    /// `Provider.iss_parameter_supported`.
    provider_iss_parameter_supported: Provider = |provider| provider.iss_parameter_supported().into(), 0;
    /// `DeviceAuthorization.expires_at`.
    device_authorization_expires_at: DeviceAuthorization = DeviceAuthorization::expires_at, -1;
    /// `DeviceAuthorization.interval`.
    device_authorization_interval: DeviceAuthorization = |device| device.interval().into(), 0;
    /// `Login.expires_at`.
    login_expires_at: Login = Login::expires_at, -1;
    /// `Login.is_pending`.
    login_is_pending: Login = |login| login.is_pending().into(), 0;
    /// `Exchange.is_pending`.
    exchange_is_pending: Exchange = |exchange| exchange.is_pending().into(), 0;
    /// `Exchange.wait_seconds`.
    exchange_wait_seconds: Exchange = |exchange| exchange.wait_seconds().into(), 0;
    /// `ErrorDetails.http_status` of an exchange; -1 without a response.
    exchange_error_http_status: Exchange =
        |exchange| exchange.error().and_then(|error| error.http_status()).map_or(-1, jlong::from), -1;
    /// `ErrorDetails.retry_after` of an exchange; -1 if it is not known.
    exchange_error_retry_after: Exchange =
        |exchange| exchange.error().and_then(|error| error.retry_after()).map_or(-1, jlong::from), -1;
    /// `ErrorDetails.request_sent` of an exchange.
    exchange_error_request_sent: Exchange =
        |exchange| exchange.error().is_some_and(|error| error.request_sent()).into(), 0;
    /// `Tokens.expires_at`; -1 if it is not known.
    tokens_expires_at: Tokens = |tokens| tokens.expires_at().unwrap_or(-1), -1;
    /// `Tokens.scope_changed`.
    tokens_scope_changed: Tokens = |tokens| tokens.scope_changed().into(), 0;
    /// `Tokens.token_type_defaulted`.
    tokens_token_type_defaulted: Tokens = |tokens| tokens.token_type_defaulted().into(), 0;
    /// `Tokens.signature_verified`.
    tokens_signature_verified: Tokens = |tokens| tokens.signature_verified().into(), 0;
    /// `SealKeys.is_weak`.
    seal_keys_is_weak: SealKeys = |keys| keys.is_weak().into(), 0;
}

/// `Claims.text`.
#[jni_mangle("dev.proofkey.Native")]
pub fn claims_text<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, handle: jlong, name: JByteArray<'l>) -> JByteArray<'l> {
    named(env, handle, &name, Claims::text)
}

/// `Tokens.extra_expose`: JSON.
#[jni_mangle("dev.proofkey.Native")]
pub fn tokens_extra<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    handle: jlong,
    name: JByteArray<'l>,
) -> JByteArray<'l> {
    named(env, handle, &name, Tokens::extra_expose)
}

/// `Client.trust_token_endpoint_tls`.
#[jni_mangle("dev.proofkey.Native")]
pub fn client_trust_token_endpoint_tls<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, client: jlong) -> jint {
    run(env, |_| Ok(object::<Client>(client)?.trust_token_endpoint_tls()?))
}

/// `Client.set_id_token_leeway`.
#[jni_mangle("dev.proofkey.Native")]
pub fn client_set_id_token_leeway<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, client: jlong, seconds: jint) -> jint {
    run(env, |_| Ok(object::<Client>(client)?.set_id_token_leeway(seconds.unsigned_abs())?))
}

/// `Authorize.set_max_age`.
#[jni_mangle("dev.proofkey.Native")]
pub fn authorize_set_max_age<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, authorize: jlong, seconds: jint) -> jint {
    run(env, |_| Ok(object::<Authorize>(authorize)?.set_max_age(seconds.unsigned_abs())?))
}

/// `Login.seal`.
#[jni_mangle("dev.proofkey.Native")]
pub fn login_seal<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    login: jlong,
    keys: jlong,
    context: JByteArray<'l>,
) -> JByteArray<'l> {
    write(env, |env| {
        let context = text(env, &context)?;
        Ok(Zeroizing::new(object::<Login>(login)?.seal(&*object::<SealKeys>(keys)?, &context)?))
    })
}

/// `Client.end_session_url`.
#[jni_mangle("dev.proofkey.Native")]
pub fn client_end_session_url<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    client: jlong,
    tokens: jlong,
    return_to: JByteArray<'l>,
    state: JByteArray<'l>,
) -> JByteArray<'l> {
    write(env, |env| {
        let (return_to, state) = (optional(env, &return_to)?, optional(env, &state)?);
        let (return_to, state) =
            (return_to.as_ref().map(|text| text.as_str()), state.as_ref().map(|text| text.as_str()));
        Ok(object::<Client>(client)?.end_session_url(&*object::<Tokens>(tokens)?, return_to, state)?)
    })
}

/// `Tokens.expires_within`: 1 or 0.
#[jni_mangle("dev.proofkey.Native")]
pub fn tokens_expires_within<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    handle: jlong,
    seconds: jint,
    now: jlong,
) -> jlong {
    number::<Tokens>(env, handle, 0, |tokens| tokens.expires_within(seconds.unsigned_abs(), now).into())
}

/// The name of a header of the request; null past the last.
#[jni_mangle("dev.proofkey.Native")]
pub fn exchange_header_name<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, exchange: jlong, at: jint) -> JByteArray<'l> {
    lend::<Exchange>(env, exchange, |exchange| exchange.header_name(usize::try_from(at).ok()?))
}

/// The value of a header of the request; null past the last.
#[jni_mangle("dev.proofkey.Native")]
pub fn exchange_header<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, exchange: jlong, at: jint) -> JByteArray<'l> {
    lend::<Exchange>(env, exchange, |exchange| exchange.header_expose(usize::try_from(at).ok()?))
}

/// `Exchange.receive`.
#[jni_mangle("dev.proofkey.Native")]
pub fn exchange_receive<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    exchange: jlong,
    response: jlong,
    now: jlong,
) -> jint {
    run(env, |_| Ok(object::<Exchange>(exchange)?.receive(&*object::<Response>(response)?, now)?))
}

/// `Exchange.transport_failed`.
#[jni_mangle("dev.proofkey.Native")]
pub fn exchange_transport_failed<'l>(
    env: EnvUnowned<'l>,
    _class: JClass<'l>,
    exchange: jlong,
    reason: jint,
    now: jlong,
) -> jint {
    run(env, |_| Ok(object::<Exchange>(exchange)?.transport_failed(reason, now)?))
}

/// `Response.set_status`.
#[jni_mangle("dev.proofkey.Native")]
pub fn response_set_status<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, response: jlong, status: jint) -> jint {
    run(env, |_| Ok(object::<Response>(response)?.set_status(status)?))
}

/// `Response.add_body`.
#[jni_mangle("dev.proofkey.Native")]
pub fn response_add_body<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, response: jlong, body: JByteArray<'l>) -> jint {
    run(env, |env| Ok(object::<Response>(response)?.add_body(&bytes(env, &body)?)?))
}

/// `SealKeys.add_older`.
#[jni_mangle("dev.proofkey.Native")]
pub fn seal_keys_add_older<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, keys: jlong, secret: JByteArray<'l>) -> jint {
    run(env, |env| Ok(object::<SealKeys>(keys)?.add_older(&bytes(env, &secret)?)?))
}

/// The name, the recovery, the OAuth error to respond with (or nothing) and the message of an error, one a line.
#[jni_mangle("dev.proofkey.Native")]
pub fn error_texts<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, number: jint) -> JByteArray<'l> {
    write(env, |_| {
        let refused = Refused::from_number(number).ok_or(Refused::ResultAbsent)?;
        Ok(Zeroizing::new(format!(
            "{}\n{}\n{}\n{refused}",
            refused.name(),
            refused.recovery(),
            refused.response_error().unwrap_or_default()
        )))
    })
}

/// Forgets a handle of any kind.
#[jni_mangle("dev.proofkey.Native")]
pub fn free<'l>(env: EnvUnowned<'l>, _class: JClass<'l>, handle: jlong) -> jint {
    run(env, |_| {
        table::free(handle);
        Ok(())
    })
}

/// How many handles there are.
#[jni_mangle("dev.proofkey.Native")]
pub fn handles<'l>(mut env: EnvUnowned<'l>, _class: JClass<'l>) -> jlong {
    env.with_env(|_| Ok::<_, jni::errors::Error>(jlong::try_from(table::count()).unwrap_or(jlong::MAX)))
        .resolve::<jni::errors::ThrowRuntimeExAndDefault>()
}
