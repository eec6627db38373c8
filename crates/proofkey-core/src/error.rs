use core::ffi::CStr;
use core::fmt;

/// Whose mistake an [`Error`] points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The code that called this library.
    Caller,
    /// The OAuth client that sent the request (seen from an authorization server).
    Client,
    /// The authorization server, or what it stored.
    Server,
    /// The settings of the application or of the provider.
    Configuration,
    /// Somebody who interferes, or a server that breaks the protocol: the two look alike.
    AttackerOrServer,
    /// The user who signs in, or the server on the user's behalf.
    UserOrServer,
    /// The user who signs in.
    User,
    /// The network between here and the server.
    Network,
    /// The operating system.
    Platform,
    /// This library.
    Library,
}

impl Fault {
    /// The word that `errors.json` uses, for example `attacker_or_server`.
    ///
    /// ```
    /// assert_eq!(proofkey_core::Error::VerifierMissing.fault().as_str(), "client");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Client => "client",
            Self::Server => "server",
            Self::Configuration => "configuration",
            Self::AttackerOrServer => "attacker_or_server",
            Self::UserOrServer => "user_or_server",
            Self::User => "user",
            Self::Network => "network",
            Self::Platform => "platform",
            Self::Library => "library",
        }
    }
}

/// What to do next about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recovery {
    /// The same call fails for ever: change its arguments.
    FixCall,
    /// Settings have to change.
    FixConfiguration,
    /// Begin a new login, with fresh secrets.
    RestartLogin,
    /// The same call may succeed later.
    RetryLater,
    /// Something is wrong that a retry must not paper over.
    DoNotRetry,
    /// The person who signs in decides.
    AskUser,
    /// A defect of this library.
    ReportBug,
}

impl Recovery {
    /// The word that `errors.json` uses, for example `restart_login`.
    ///
    /// ```
    /// assert_eq!(proofkey_core::Error::VerifierMissing.recovery().as_str(), "restart_login");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FixCall => "fix_call",
            Self::FixConfiguration => "fix_configuration",
            Self::RestartLogin => "restart_login",
            Self::RetryLater => "retry_later",
            Self::DoNotRetry => "do_not_retry",
            Self::AskUser => "ask_user",
            Self::ReportBug => "report_bug",
        }
    }

    /// One sentence for a person.
    ///
    /// ```
    /// assert!(proofkey_core::Recovery::RetryLater.hint().contains("later"));
    /// ```
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::FixCall => "change what is passed in: the same call will fail again",
            Self::FixConfiguration => "check the settings of the application and of the provider",
            Self::RestartLogin => "begin a new login: nothing of this one can be used again",
            Self::RetryLater => "try again later: nothing here has to change",
            Self::DoNotRetry => "stop and look: this may be an attack or a broken server",
            Self::AskUser => "tell the user and offer to sign in again",
            Self::ReportBug => "report this as a defect of proofkey",
        }
    }
}

/// What an authorization server answers when this error stops a request (RFC 6749 sections 4.1.2.1 and 5.2).
#[derive(Clone, Copy)]
enum Answer {
    Nothing,
    InvalidRequest,
    InvalidGrant,
    FromServer,
}

macro_rules! errors {
    ($($variant:ident = $number:literal, $name:literal, $answer:ident, $fault:ident, $recovery:ident, $message:literal;)+) => {
        /// Everything that can go wrong, in every layer and language: one closed table.
        ///
        /// The number, the name and the meaning of an entry never change; entries are added. Each carries a static
        /// message, who is at fault, what to do next and, for authorization servers, the error to answer with.
        /// No value of any parameter is ever part of it.
        ///
        /// ```
        /// use proofkey_core::{Error, Verifier};
        ///
        /// let error = Verifier::parse(b"too short").unwrap_err();
        /// assert_eq!(error, Error::VerifierLength);
        /// assert_eq!(error.name(), "verifier_length");
        /// assert_eq!(error.number(), 1);
        /// assert_eq!(error.oauth_error(), Some("invalid_grant"));
        /// assert_eq!(error.to_string(), "a code verifier has 43 to 128 characters");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        #[non_exhaustive]
        pub enum Error {
            $(#[doc = concat!("`", $name, "`: ", $message, ".")] $variant = $number,)+
        }

        impl Error {
            /// Every error, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, the same in every language and in `errors.json`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// [`name`](Self::name) with a NUL at its end, for C.
            #[must_use]
            pub const fn name_cstr(self) -> &'static CStr {
                match self { $(Self::$variant => const { terminated(concat!($name, "\0")) },)+ }
            }

            /// What went wrong, in one line without any value of any parameter.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)+ }
            }

            /// [`message`](Self::message) with a NUL at its end, for C.
            #[must_use]
            pub const fn message_cstr(self) -> &'static CStr {
                match self { $(Self::$variant => const { terminated(concat!($message, "\0")) },)+ }
            }

            /// Whose mistake it is.
            #[must_use]
            pub const fn fault(self) -> Fault {
                match self { $(Self::$variant => Fault::$fault,)+ }
            }

            /// What to do next.
            #[must_use]
            pub const fn recovery(self) -> Recovery {
                match self { $(Self::$variant => Recovery::$recovery,)+ }
            }

            const fn answer(self) -> Answer {
                match self { $(Self::$variant => Answer::$answer,)+ }
            }
        }
    };
}

impl Error {
    /// The stable number, the same in every language and in `errors.json`. C calls it the status; 0 is success.
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The error with this number, if there is one.
    ///
    /// ```
    /// use proofkey_core::Error;
    /// assert_eq!(Error::from_number(21), Some(Error::VerifierMismatch));
    /// assert_eq!(Error::from_number(0), None);
    /// ```
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|error| error.number() == number)
    }

    /// The `error` that an authorization server answers with (RFC 6749 sections 4.1.2.1 and 5.2); `None` where it
    /// answers nothing, and where the error itself came from a server ([`is_from_server`](Self::is_from_server)).
    ///
    /// ```
    /// use proofkey_core::Error;
    /// assert_eq!(Error::VerifierUnexpected.oauth_error(), Some("invalid_request"));
    /// assert_eq!(Error::EntropyLength.oauth_error(), None);
    /// ```
    #[must_use]
    pub const fn oauth_error(self) -> Option<&'static str> {
        match self.answer() {
            Answer::InvalidRequest => Some("invalid_request"),
            Answer::InvalidGrant => Some("invalid_grant"),
            Answer::Nothing | Answer::FromServer => None,
        }
    }

    /// Whether this error passes on what the authorization server said: its own `error` travels beside it.
    #[must_use]
    pub const fn is_from_server(self) -> bool {
        matches!(self.answer(), Answer::FromServer)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Error {}

/// The text up to its NUL. A text without one would be empty, which the test below excludes.
const fn terminated(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}

errors! {
    VerifierLength = 1, "verifier_length", InvalidGrant, Caller, FixCall, "a code verifier has 43 to 128 characters";
    VerifierCharacter = 2, "verifier_character", InvalidGrant, Caller, FixCall, "a code verifier holds only A-Z a-z 0-9 - . _ ~";
    EntropyLength = 3, "entropy_length", Nothing, Caller, FixCall, "32 to 96 bytes of entropy";
    EntropyUnavailable = 4, "entropy_unavailable", Nothing, Platform, RetryLater, "the operating system gave no randomness";
    ChallengeMissing = 10, "challenge_missing", InvalidRequest, Client, FixCall, "this server requires a code_challenge";
    ChallengeMalformed = 11, "challenge_malformed", InvalidRequest, Client, FixCall, "an S256 challenge is 43 base64url characters of a SHA-256 digest";
    MethodUnsupported = 12, "method_unsupported", InvalidRequest, Client, FixCall, "code_challenge_method must be S256";
    MethodWithoutChallenge = 13, "method_without_challenge", InvalidRequest, Client, FixCall, "code_challenge_method was sent without code_challenge";
    VerifierMissing = 20, "verifier_missing", InvalidGrant, Client, RestartLogin, "a challenge is bound to this code: code_verifier is required";
    VerifierMismatch = 21, "verifier_mismatch", InvalidGrant, Client, RestartLogin, "code_verifier does not match the challenge bound to this code";
    VerifierUnexpected = 22, "verifier_unexpected", InvalidRequest, Client, RestartLogin, "code_verifier was sent but no challenge is bound to this code";
    BindingMalformed = 23, "binding_malformed", InvalidGrant, Server, FixConfiguration, "the stored binding is not readable";
    ParameterDuplicate = 24, "parameter_duplicate", InvalidRequest, Client, FixCall, "a parameter was sent twice";
    EndpointMalformed = 100, "endpoint_malformed", Nothing, Configuration, FixConfiguration, "an endpoint is an absolute URL without fragment";
    EndpointInsecure = 101, "endpoint_insecure", Nothing, Configuration, FixConfiguration, "endpoints are https, except on loopback";
    RedirectUriMalformed = 102, "redirect_uri_malformed", Nothing, Configuration, FixConfiguration, "a redirect URI is absolute and has no fragment";
    RedirectUriInsecure = 103, "redirect_uri_insecure", Nothing, Configuration, FixConfiguration, "http redirect URIs are for loopback only";
    ClientIdInvalid = 104, "client_id_invalid", Nothing, Configuration, FixConfiguration, "a client id is one or more visible ASCII characters";
    ScopeInvalid = 105, "scope_invalid", Nothing, Caller, FixCall, "a scope token holds no space, quote, backslash or non-ASCII";
    ParameterReserved = 106, "parameter_reserved", Nothing, Caller, FixCall, "an extra parameter may not repeat or override one that the flow sets";
    StateInvalid = 107, "state_invalid", Nothing, Caller, FixCall, "a caller's state is one or more visible ASCII characters";
    ParRequired = 108, "par_required", Nothing, Configuration, FixConfiguration, "this server accepts pushed authorization requests only";
    EndpointMissing = 109, "endpoint_missing", Nothing, Configuration, FixConfiguration, "the provider has no such endpoint";
    IssuerMissing = 110, "issuer_missing", Nothing, Configuration, FixConfiguration, "openid needs the provider's issuer";
    RedirectUriNotLoopback = 111, "redirect_uri_not_loopback", Nothing, Configuration, FixConfiguration, "a loopback login needs an http redirect URI on loopback";
    PkceNotAdvertised = 112, "pkce_not_advertised", Nothing, Configuration, FixConfiguration, "the server's metadata does not list S256";
    CallbackMalformed = 200, "callback_malformed", Nothing, Server, RestartLogin, "the callback is not form-encoded as it must be";
    CallbackDuplicate = 201, "callback_duplicate", Nothing, Server, RestartLogin, "the callback carries a parameter twice";
    StateMissing = 202, "state_missing", Nothing, AttackerOrServer, RestartLogin, "the callback carries no state";
    StateMismatch = 203, "state_mismatch", Nothing, AttackerOrServer, RestartLogin, "the callback belongs to another login";
    IssMissing = 204, "iss_missing", Nothing, AttackerOrServer, RestartLogin, "the server promises iss and did not send it";
    IssMismatch = 205, "iss_mismatch", Nothing, AttackerOrServer, DoNotRetry, "the callback comes from another issuer";
    RedirectUriMismatch = 206, "redirect_uri_mismatch", Nothing, AttackerOrServer, RestartLogin, "the callback arrived at another redirect URI";
    CodeMissing = 207, "code_missing", Nothing, Server, RestartLogin, "the callback carries neither code nor error";
    CodeInvalid = 208, "code_invalid", Nothing, Server, RestartLogin, "the code holds characters that no code may hold";
    UnexpectedToken = 209, "unexpected_token", Nothing, Server, DoNotRetry, "the callback carries tokens that were not asked for";
    ResponseModeUnsupported = 210, "response_mode_unsupported", Nothing, Server, FixConfiguration, "the server answered in a response mode that was not asked for";
    AuthorizationError = 211, "authorization_error", FromServer, UserOrServer, AskUser, "the authorization server refused";
    LoginSpent = 212, "login_spent", Nothing, Caller, RestartLogin, "this login was already used";
    LoginExpired = 213, "login_expired", Nothing, User, RestartLogin, "this login took too long";
    LoginLost = 214, "login_lost", Nothing, User, RestartLogin, "this browser holds no such login";
    SealMalformed = 300, "seal_malformed", Nothing, Caller, RestartLogin, "not a sealed login";
    SealKeyUnknown = 301, "seal_key_unknown", Nothing, Configuration, RestartLogin, "sealed with a secret that is not in use";
    SealForged = 302, "seal_forged", Nothing, AttackerOrServer, RestartLogin, "the sealed login was changed";
    SealContext = 303, "seal_context", Nothing, AttackerOrServer, RestartLogin, "sealed for another context";
    SealClient = 304, "seal_client", Nothing, Configuration, FixConfiguration, "sealed for another client or provider";
    SecretWeak = 305, "secret_weak", Nothing, Configuration, FixConfiguration, "a sealing secret has at least 16 bytes";
    SealTooLarge = 306, "seal_too_large", Nothing, Caller, FixCall, "too much to seal: 256 bytes of data, 8192 characters in all";
    AnswerMalformed = 400, "answer_malformed", Nothing, Server, RetryLater, "the token answer is not what RFC 6749 section 5.1 describes";
    AnswerContentType = 401, "answer_content_type", Nothing, Server, FixConfiguration, "the token answer is neither JSON nor a form";
    AnswerStatus = 402, "answer_status", Nothing, Server, RetryLater, "the token endpoint answered with an HTTP error and no OAuth error";
    AnswerRedirect = 403, "answer_redirect", Nothing, Server, FixConfiguration, "the token endpoint redirected; redirects are refused";
    AnswerDuplicate = 404, "answer_duplicate", Nothing, Server, DoNotRetry, "the token answer carries a member twice";
    AccessTokenMissing = 405, "access_token_missing", Nothing, Server, FixConfiguration, "the token answer has no access token";
    AccessTokenInvalid = 406, "access_token_invalid", Nothing, Server, DoNotRetry, "the access token holds characters that no token may hold";
    RefreshTokenInvalid = 407, "refresh_token_invalid", Nothing, Server, DoNotRetry, "the refresh token is not a string";
    TokenTypeUnsupported = 408, "token_type_unsupported", Nothing, Server, FixConfiguration, "the token type is not Bearer";
    TokenTypeInvalid = 409, "token_type_invalid", Nothing, Server, FixConfiguration, "the token type is not a string";
    TokenError = 410, "token_error", FromServer, Server, RestartLogin, "the token endpoint refused";
    RefreshTokenAbsent = 411, "refresh_token_absent", Nothing, Caller, RestartLogin, "there is no refresh token";
    IdTokenMissing = 500, "id_token_missing", Nothing, Server, DoNotRetry, "openid was asked for and no ID token came";
    IdTokenMalformed = 501, "id_token_malformed", Nothing, Server, DoNotRetry, "the ID token is not a signed JWT";
    IdTokenAlg = 502, "id_token_alg", Nothing, AttackerOrServer, DoNotRetry, "the ID token's algorithm is not accepted";
    IdTokenSignature = 503, "id_token_signature", Nothing, AttackerOrServer, DoNotRetry, "the ID token's signature does not verify";
    IdTokenIss = 504, "id_token_iss", Nothing, AttackerOrServer, DoNotRetry, "the ID token comes from another issuer";
    IdTokenAud = 505, "id_token_aud", Nothing, AttackerOrServer, DoNotRetry, "the ID token is for another client";
    IdTokenAzp = 506, "id_token_azp", Nothing, AttackerOrServer, DoNotRetry, "the ID token's authorized party is another client";
    IdTokenSub = 507, "id_token_sub", Nothing, Server, DoNotRetry, "the ID token's subject is missing or differs";
    IdTokenExp = 508, "id_token_exp", Nothing, Server, RetryLater, "the ID token has expired";
    IdTokenIat = 509, "id_token_iat", Nothing, Server, DoNotRetry, "the ID token's issue time is missing or in the future";
    IdTokenNbf = 510, "id_token_nbf", Nothing, Server, RetryLater, "the ID token is not valid yet";
    IdTokenNonce = 511, "id_token_nonce", Nothing, AttackerOrServer, RestartLogin, "the ID token belongs to another login";
    IdTokenCrit = 512, "id_token_crit", Nothing, Server, DoNotRetry, "the ID token needs an extension that is not understood";
    IdTokenTyp = 513, "id_token_typ", Nothing, AttackerOrServer, DoNotRetry, "the token is of another type than an ID token";
    IdTokenAtHash = 514, "id_token_at_hash", Nothing, AttackerOrServer, DoNotRetry, "the ID token was made for another access token";
    IdTokenCHash = 515, "id_token_c_hash", Nothing, AttackerOrServer, DoNotRetry, "the ID token was made for another code";
    IdTokenAuthTime = 516, "id_token_auth_time", Nothing, Server, RestartLogin, "the user's sign-in is older than asked for";
    IdTokenAcr = 517, "id_token_acr", Nothing, Server, RestartLogin, "the sign-in was weaker than asked for";
    UserinfoStatus = 520, "userinfo_status", Nothing, Server, RetryLater, "the userinfo endpoint answered with an HTTP error";
    UserinfoMalformed = 521, "userinfo_malformed", Nothing, Server, FixConfiguration, "the userinfo answer is not a JSON object";
    UserinfoSub = 522, "userinfo_sub", Nothing, AttackerOrServer, DoNotRetry, "the userinfo answer is about another user";
    MetadataMalformed = 600, "metadata_malformed", Nothing, Server, FixConfiguration, "the metadata is not a JSON object";
    MetadataIssuerMissing = 601, "metadata_issuer_missing", Nothing, Server, FixConfiguration, "the metadata names no issuer";
    MetadataIssuerMismatch = 602, "metadata_issuer_mismatch", Nothing, AttackerOrServer, DoNotRetry, "the metadata belongs to another issuer";
    MetadataEndpointInsecure = 603, "metadata_endpoint_insecure", Nothing, Server, FixConfiguration, "the metadata names an endpoint that is not https";
    MetadataEndpointMalformed = 604, "metadata_endpoint_malformed", Nothing, Server, FixConfiguration, "the metadata names an endpoint that is no usable URL";
    MetadataEndpointMissing = 605, "metadata_endpoint_missing", Nothing, Server, FixConfiguration, "the metadata names no token or authorization endpoint";
    KeysUnavailable = 606, "keys_unavailable", Nothing, Server, RetryLater, "the server's keys for ID tokens could not be read";
    ConnectFailed = 700, "connect_failed", Nothing, Network, RetryLater, "no connection: nothing was sent";
    TlsFailed = 701, "tls_failed", Nothing, Network, FixConfiguration, "no trusted TLS connection: nothing was sent";
    Timeout = 702, "timeout", Nothing, Network, RetryLater, "no answer in time";
    AnswerInterrupted = 703, "answer_interrupted", Nothing, Network, RestartLogin, "the connection broke after the request was sent";
    AnswerTooLarge = 704, "answer_too_large", Nothing, Server, DoNotRetry, "the answer is larger than the cap";
    AddressForbidden = 705, "address_forbidden", Nothing, Configuration, DoNotRetry, "the address is not public";
    StoreUnavailable = 706, "store_unavailable", Nothing, Platform, RetryLater, "the store of used logins did not answer: nothing was sent";
    NullPointer = 900, "null_pointer", Nothing, Caller, FixCall, "a required pointer is NULL";
    BufferTooSmall = 901, "buffer_too_small", Nothing, Caller, FixCall, "the buffer is too small; the size needed was written";
    TextInvalid = 902, "text_invalid", Nothing, Caller, FixCall, "text must be UTF-8 without lone surrogates";
    Internal = 999, "internal", Nothing, Library, ReportBug, "a defect of the library";
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn c_texts_are_the_rust_texts() {
        for error in Error::ALL {
            assert_eq!(error.name_cstr().to_bytes(), error.name().as_bytes());
            assert_eq!(error.message_cstr().to_bytes(), error.message().as_bytes());
        }
    }

    #[test]
    fn numbers_ascend_and_lead_back() {
        assert!(Error::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        for error in Error::ALL {
            assert_eq!(Error::from_number(error.number()), Some(*error));
        }
    }
}
