include!("error_table.rs");

/// Who is at fault for an [`Error`].
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
    /// An attacker, or a server that breaks the protocol: from here the two look the same.
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
    /// Change the arguments: the same call will fail again.
    FixCall,
    /// Change the settings.
    FixConfiguration,
    /// Ask for another scope.
    FixScope,
    /// Begin a new login, with fresh secrets.
    RestartLogin,
    /// Try again: the same call may succeed later.
    RetryLater,
    /// Stop and find the cause: a retry could hide an attack or a broken server.
    DoNotRetry,
    /// Tell the user, who decides whether to sign in again.
    AskUser,
    /// Report a defect of this library.
    ReportBug,
}

impl Recovery {
    /// Every recovery.
    pub const ALL: &'static [Self] = &[
        Self::FixCall,
        Self::FixConfiguration,
        Self::FixScope,
        Self::RestartLogin,
        Self::RetryLater,
        Self::DoNotRetry,
        Self::AskUser,
        Self::ReportBug,
    ];

    /// The recovery with this word, if there is one.
    ///
    /// ```
    /// use proofkey_core::Recovery;
    /// assert_eq!(Recovery::from_name("fix_call"), Some(Recovery::FixCall));
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|recovery| recovery.as_str() == name)
    }

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
            Self::FixScope => "fix_scope",
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
            Self::FixScope => "ask for a scope that the server grants to this client",
            Self::RestartLogin => "begin a new login: nothing of this one can be used again",
            Self::RetryLater => "try again later: nothing here has to change",
            Self::DoNotRetry => "stop and look: this may be an attack or a broken server",
            Self::AskUser => "tell the user and offer to sign in again",
            Self::ReportBug => "report this as a bug in proofkey",
        }
    }
}

/// The OAuth error that an entry of the table stands for.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum OAuth {
    None,
    InvalidRequest,
    InvalidGrant,
    FromServer,
}

/// Makes an enum from rows of the error table. The crate `proofkey` makes its `ErrorKind` with it too.
#[doc(hidden)]
#[macro_export]
macro_rules! error_enum {
    ($(#[$meta:meta])* pub enum $Error:ident {
        $($variant:ident = $number:literal, $name:literal, $oauth:ident, $fault:ident, $recovery:ident, $message:literal;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        #[non_exhaustive]
        pub enum $Error {
            $(#[doc = concat!("`", $name, "`: ", $message, ".")] $variant = $number,)+
        }

        impl $Error {
            /// Every error, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, the same in every language and in `errors.json`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The stable number, the same in every language and in `errors.json`. C calls it the status; 0 is success.
            #[must_use]
            pub const fn number(self) -> i32 {
                self as i32
            }

            /// The error with this number, if there is one.
            #[must_use]
            pub fn from_number(number: i32) -> Option<Self> {
                Self::ALL.iter().copied().find(|error| error.number() == number)
            }

            /// What went wrong, in one line that contains no value of any parameter.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)+ }
            }

            /// Who is at fault.
            #[must_use]
            pub const fn fault(self) -> $crate::Fault {
                match self { $(Self::$variant => $crate::Fault::$fault,)+ }
            }

            /// What to do next.
            #[must_use]
            pub const fn recovery(self) -> $crate::Recovery {
                match self { $(Self::$variant => $crate::Recovery::$recovery,)+ }
            }

            /// The `error` that an authorization server responds with (RFC 6749 sections 4.1.2.1 and 5.2). `None` if
            /// no such response fits, or if the error itself came from a server
            /// ([`is_from_server`](Self::is_from_server)).
            #[must_use]
            pub const fn oauth_error(self) -> Option<&'static str> {
                match self.oauth() {
                    $crate::OAuth::InvalidRequest => Some("invalid_request"),
                    $crate::OAuth::InvalidGrant => Some("invalid_grant"),
                    $crate::OAuth::None | $crate::OAuth::FromServer => None,
                }
            }

            /// Whether this error reports a refusal by an authorization server, whose own `error` comes with it.
            #[must_use]
            pub const fn is_from_server(self) -> bool {
                matches!(self.oauth(), $crate::OAuth::FromServer)
            }

            const fn oauth(self) -> $crate::OAuth {
                match self { $(Self::$variant => $crate::OAuth::$oauth,)+ }
            }
        }

        impl ::core::fmt::Display for $Error {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.message())
            }
        }

        impl ::core::error::Error for $Error {}
    };
}

error_table! {
    error_enum,
    /// What can go wrong in this crate: the part of the closed error table that concerns PKCE itself.
    ///
    /// An entry never changes its number, its name or its meaning; entries are only added. Each has a static message,
    /// says who is at fault and what to do next and, for authorization servers, which error to respond with. It never
    /// contains the value of a parameter.
    ///
    /// ```
    /// use proofkey_core::{Error, Verifier};
    ///
    /// let error = Verifier::parse(b"too short").unwrap_err();
    /// assert_eq!(error, Error::VerifierLength);
    /// assert_eq!(error.name(), "verifier_length");
    /// assert_eq!(Error::from_number(1), Some(error));
    /// assert_eq!(error.oauth_error(), Some("invalid_grant"));
    /// assert_eq!(error.to_string(), "a code verifier has 43 to 128 characters");
    /// ```
    pub enum Error
}
