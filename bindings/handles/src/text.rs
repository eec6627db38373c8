use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A text that a handle lends: UTF-8 that ends in NUL. It is erased when the last owner drops it.
pub struct Text(Zeroizing<Vec<u8>>);

impl Text {
    /// `None` for a text with a NUL in it: a C program would read less than what was checked.
    pub(crate) fn new(text: &str) -> Option<Arc<Self>> {
        (!text.as_bytes().contains(&0)).then(|| Self::with_nuls(text))
    }

    /// A text of the application's own, which may contain NUL.
    pub(crate) fn with_nuls(text: &str) -> Arc<Self> {
        // Allocated at its full size, because a block that grows leaves a copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len().saturating_add(1)));
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        Arc::new(Self(bytes))
    }

    /// The bytes of the text, and the NUL after them.
    #[must_use]
    pub fn as_bytes_with_nul(&self) -> &[u8] {
        &self.0
    }

    /// The bytes of the text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split_last().map_or(&[], |(_, text)| text)
    }
}

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
    text: Arc<Text>,
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
    pub(crate) fn lend<T: AsRef<str>>(
        &mut self,
        what: &'static str,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<Arc<Text>> {
        self.get_or_make(what, |which| *which == Which::Only, || Which::Only, read)
    }

    /// The same, where there is a list of them.
    pub(crate) fn lend_at<T: AsRef<str>>(
        &mut self,
        what: &'static str,
        at: usize,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<Arc<Text>> {
        self.get_or_make(what, |which| *which == Which::At(at), || Which::At(at), read)
    }

    /// The same, where there is one for each `name`.
    pub(crate) fn lend_named<T: AsRef<str>>(
        &mut self,
        what: &'static str,
        name: &str,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<Arc<Text>> {
        self.get_or_make(what, |which| which.is_named(name), || Which::Named(name.into()), read)
    }

    fn get_or_make<T: AsRef<str>>(
        &mut self,
        what: &'static str,
        is_it: impl Fn(&Which) -> bool,
        which: impl FnOnce() -> Which,
        read: impl FnOnce() -> Option<T>,
    ) -> Option<Arc<Text>> {
        if let Some(lent) = self.0.iter().find(|lent| lent.what == what && is_it(&lent.which)) {
            return Some(Arc::clone(&lent.text));
        }
        let text = Text::new(read()?.as_ref())?;
        self.0.push(Lent { what, which: which(), text: Arc::clone(&text) });
        Some(text)
    }

    /// Takes back what was lent, because it no longer holds.
    pub(crate) fn take_back(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Text, Texts};

    #[test]
    fn a_text_ends_in_nul_and_holds_none() {
        assert_eq!(Text::new("a").unwrap().as_bytes_with_nul(), b"a\0");
        assert_eq!(Text::new("").unwrap().as_bytes(), b"");
        assert!(Text::new("a\0b").is_none());
        assert_eq!(Text::with_nuls("a\0b").as_bytes(), b"a\0b");
        assert_eq!(format!("{:?}", Text::with_nuls("secret")), "Text(redacted)");
    }

    #[test]
    fn a_text_is_made_once() {
        let mut texts = Texts::default();
        let first = texts.lend("url", || Some("a")).unwrap();
        let second = texts.lend("url", || -> Option<&str> { panic!("it is there") }).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(texts.lend_named("extra", "x", || Some("1")).unwrap().as_bytes(), b"1");
        assert_eq!(texts.lend_named("extra", "y", || Some("2")).unwrap().as_bytes(), b"2");
        assert!(texts.lend("none", || None::<&str>).is_none());
        texts.take_back();
        assert_eq!(texts.lend("url", || Some("b")).unwrap().as_bytes(), b"b");
    }
}
