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
            Self::QuirkUnknown => f.write_str("not a quirk of this version"),
        }
    }
}

impl std::error::Error for Refused {}
