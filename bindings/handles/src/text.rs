use std::ffi::CStr;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A text that a handle lends: UTF-8 that ends in NUL. Clones are the same bytes at the same place.
#[derive(Clone)]
pub struct Text(Held);

#[derive(Clone)]
enum Held {
    Static(&'static CStr),
    Public(Arc<[u8]>),
    /// Erased when the last owner drops it.
    Secret(Arc<Zeroizing<Vec<u8>>>),
}

impl Text {
    /// `None` for a text with a NUL in it: a C program would read less than what was checked.
    pub(crate) fn new(text: &str) -> Option<Self> {
        (!text.as_bytes().contains(&0)).then(|| Self(Held::Public(with_nul(text).into())))
    }

    /// The same for a text that is erased.
    fn secret(text: &str) -> Option<Self> {
        (!text.as_bytes().contains(&0)).then(|| Self::secret_with_nuls(text))
    }

    /// A text of the application's own, which may contain NUL.
    pub(crate) fn secret_with_nuls(text: &str) -> Self {
        Self(if text.is_empty() { Held::Static(c"") } else { Held::Secret(Arc::new(with_nul(text).into())) })
    }

    /// One of the texts that every request has.
    fn well_known(text: &str) -> Option<Self> {
        WELL_KNOWN.iter().find(|known| known.to_bytes() == text.as_bytes()).map(|known| Self(Held::Static(known)))
    }

    /// The bytes of the text, and the NUL after them.
    #[must_use]
    pub fn as_bytes_with_nul(&self) -> &[u8] {
        match &self.0 {
            Held::Static(text) => text.to_bytes_with_nul(),
            Held::Public(bytes) => bytes,
            Held::Secret(bytes) => bytes,
        }
    }

    /// The bytes of the text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.as_bytes_with_nul().split_last().map_or(&[], |(_, text)| text)
    }
}

/// Allocated at its full size, because a block that grows leaves a copy behind.
fn with_nul(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len().saturating_add(1));
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
    bytes
}

const WELL_KNOWN: [&CStr; 7] = [
    c"GET",
    c"POST",
    c"Accept",
    c"Content-Type",
    c"Authorization",
    c"application/json",
    c"application/x-www-form-urlencoded",
];

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(redacted)")
    }
}

/// The texts that a handle has lent.
#[derive(Default)]
pub(crate) struct Texts(Vec<Lent>);

struct Lent {
    what: &'static str,
    /// Which one, where there are several.
    which: Which,
    text: Text,
}

#[derive(PartialEq, Eq)]
enum Which {
    Only,
    At(usize),
    Named(Box<str>),
}

impl Which {
    fn is_named(&self, name: &str) -> bool {
        matches!(self, Self::Named(own) if **own == *name)
    }
}

impl Texts {
    /// The text called `what`, which `read` makes when it is asked for the first time.
    pub(crate) fn lend<T: AsRef<str>>(&mut self, what: &'static str, read: impl FnOnce() -> Option<T>) -> Option<Text> {
        self.get_or_make(what, |which| *which == Which::Only, || Which::Only, || Text::new(read()?.as_ref()))
    }

    /// The same for a secret.
    pub(crate) fn lend_secret<T: AsRef<str>>(
        &mut self,
        what: &'static str,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<Text> {
        self.get_or_make(what, |which| *which == Which::Only, || Which::Only, || Text::secret(read()?.as_ref()))
    }

    /// The same where there is a list of them. Most are the same in every request.
    pub(crate) fn lend_at<T: AsRef<str>>(
        &mut self,
        what: &'static str,
        at: usize,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<Text> {
        let make = || {
            let read = read()?;
            Text::well_known(read.as_ref()).or_else(|| Text::secret(read.as_ref()))
        };
        self.get_or_make(what, |which| *which == Which::At(at), || Which::At(at), make)
    }

    /// The same where there is one for each `name`; possibly secrets.
    pub(crate) fn lend_named<T: AsRef<str>>(
        &mut self,
        what: &'static str,
        name: &str,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<Text> {
        let is_it = |which: &Which| which.is_named(name);
        self.get_or_make(what, is_it, || Which::Named(name.into()), || Text::secret(read()?.as_ref()))
    }

    fn get_or_make(
        &mut self,
        what: &'static str,
        is_it: impl Fn(&Which) -> bool,
        which: impl FnOnce() -> Which,
        make: impl FnOnce() -> Option<Text>,
    ) -> Option<Text> {
        if let Some(lent) = self.0.iter().find(|lent| lent.what == what && is_it(&lent.which)) {
            return Some(lent.text.clone());
        }
        let text = make()?;
        if !matches!(text.0, Held::Static(_)) {
            self.0.push(Lent { what, which: which(), text: text.clone() });
        }
        Some(text)
    }

    /// Takes back what was lent, because it no longer holds.
    pub(crate) fn take_back(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, Texts};

    #[test]
    fn a_text_ends_in_nul_and_holds_none() {
        assert_eq!(Text::new("a").unwrap().as_bytes_with_nul(), b"a\0");
        assert_eq!(Text::new("").unwrap().as_bytes(), b"");
        assert!(Text::new("a\0b").is_none());
        assert_eq!(Text::secret_with_nuls("a\0b").as_bytes(), b"a\0b");
        assert_eq!(format!("{:?}", Text::secret_with_nuls("secret")), "Text(redacted)");
    }

    #[test]
    fn a_text_is_made_once() {
        let mut texts = Texts::default();
        let first = texts.lend("url", || Some("a")).unwrap();
        let second = texts.lend("url", || -> Option<&str> { panic!("it is there") }).unwrap();
        assert_eq!(first.as_bytes().as_ptr(), second.as_bytes().as_ptr());
        assert_eq!(texts.lend_named("extra", "x", || Some("1")).unwrap().as_bytes(), b"1");
        assert_eq!(texts.lend_named("extra", "y", || Some("2")).unwrap().as_bytes(), b"2");
        assert!(texts.lend("none", || None::<&str>).is_none());
        let lent = texts.lend_at("header", 0, || Some("application/json")).unwrap();
        assert_eq!(lent.as_bytes_with_nul(), b"application/json\0");
        texts.take_back();
        assert_eq!(texts.lend("url", || Some("b")).unwrap().as_bytes(), b"b");
    }
}
