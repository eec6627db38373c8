use std::fmt;

use zeroize::Zeroizing;

/// A text that must not leak. It is erased on drop, redacted in `Debug` and not comparable; [`expose`](Self::expose) is
/// the only way to read it.
///
/// ```
/// let secret = proofkey::Secret::new("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret(redacted)");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
// `Clone`, because tokens and clients are cloned: every thread that waits for a refresh gets its own copy of the
// result, and a client clones itself to change its secret. A clone is erased on drop like the original.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a secret of `text`. The caller erases any other copy that it has.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(crate) const fn of_erased(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    #[cfg(feature = "id-token")]
    pub(crate) fn into_erased(self) -> Zeroizing<String> {
        self.0
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}
