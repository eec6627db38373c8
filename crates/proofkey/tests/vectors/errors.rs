use proofkey::{Error, ErrorKind, PkceError};

use crate::support::{ErrorFacts, error_rows};

fn facts(kind: ErrorKind) -> ErrorFacts<'static> {
    let oauth = if kind.is_from_server() { Some("from_server") } else { kind.oauth_error() };
    (kind.name(), kind.number(), oauth, kind.fault().as_str(), kind.recovery().as_str(), kind.message())
}

#[test]
fn kinds_are_exactly_the_rows_of_the_core_and_of_the_flow() {
    let rows = error_rows(&["core", "flow", "storage", "logout", "every"]);
    for (row, kind) in rows.iter().zip(ErrorKind::ALL) {
        assert_eq!(row.facts(), facts(*kind));
        assert_eq!(ErrorKind::from_number(kind.number()), Some(*kind));
        assert_eq!(Error::from(*kind).to_string(), kind.message());
    }
    assert_eq!(rows.len(), ErrorKind::ALL.len());
}

#[test]
fn no_kind_has_the_number_of_a_row_of_c_alone() {
    let rows = error_rows(&["c"]);
    assert_eq!(rows.len(), 5);
    for number in rows.iter().map(|row| row.facts().1).chain([0, -1, 5, 402_000]) {
        assert_eq!(ErrorKind::from_number(number), None, "{number}");
    }
}

#[test]
fn an_error_of_the_core_is_the_same_row_here() {
    for error in PkceError::ALL {
        let kind = ErrorKind::from(*error);
        assert_eq!((kind.name(), kind.number(), kind.message()), (error.name(), error.number(), error.message()));
        assert_eq!(Error::from(*error), Error::from(kind));
    }
}
