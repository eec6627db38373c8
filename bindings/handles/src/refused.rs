use std::fmt;

use proofkey::{Error, ErrorKind, PkceError};

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// For a reason of the flow.
    Flow(ErrorKind),
    /// It asked an exchange for a result that is not there yet, or for one of another kind.
    ResultAbsent,
    /// It named a quirk that this version does not have.
    QuirkUnknown,
}

impl Refused {
    /// Its number in the error table.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Flow(kind) => kind.number(),
            Self::ResultAbsent => 903,
            Self::QuirkUnknown => 904,
        }
    }

    /// The one with this number, if there is one.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        let own = [Self::ResultAbsent, Self::QuirkUnknown].into_iter().find(|refused| refused.number() == number);
        own.or_else(|| ErrorKind::from_number(number).map(Self::Flow))
    }

    /// Its stable name: the same in every language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flow(kind) => kind.name(),
            Self::ResultAbsent => "result_absent",
            Self::QuirkUnknown => "quirk_unknown",
        }
    }

    /// What to do next, as far as the kind alone tells: see [`ErrorKind::recovery`].
    #[must_use]
    pub const fn recovery(self) -> &'static str {
        match self {
            Self::Flow(kind) => kind.recovery().as_str(),
            Self::ResultAbsent | Self::QuirkUnknown => "fix_call",
        }
    }

    /// The `error` that an authorization server responds with: see [`ErrorKind::oauth_error`].
    #[must_use]
    pub const fn response_error(self) -> Option<&'static str> {
        match self {
            Self::Flow(kind) => kind.oauth_error(),
            Self::ResultAbsent | Self::QuirkUnknown => None,
        }
    }
}

impl From<ErrorKind> for Refused {
    fn from(kind: ErrorKind) -> Self {
        Self::Flow(kind)
    }
}

impl From<&Error> for Refused {
    fn from(error: &Error) -> Self {
        Self::Flow(error.kind())
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<PkceError> for Refused {
    fn from(error: PkceError) -> Self {
        Self::Flow(error.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(kind) => kind.fmt(f),
            Self::ResultAbsent => f.write_str("there is no such result, or not yet"),
            Self::QuirkUnknown => f.write_str("this version has no quirk of this name"),
        }
    }
}

impl std::error::Error for Refused {}
