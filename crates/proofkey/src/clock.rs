use std::time::SystemTime;

/// Seconds since the epoch by this machine's clock: the `now` that [`begin`](crate::Authorize::begin),
/// [`accept`](crate::Login::accept) and [`receive`](crate::Roundtrip::receive) take. A clock before 1970 counts as
/// 1970.
///
/// ```
/// assert!(proofkey::now() > 1_700_000_000);
/// ```
#[must_use]
pub fn now() -> i64 {
    let elapsed = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    elapsed.as_secs().try_into().unwrap_or(i64::MAX)
}
