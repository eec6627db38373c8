//! Strict JSON objects: a known member may appear only once.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::form;
use crate::error::ErrorKind;

/// The members of a JSON object or a form. Null and empty members count as absent (RFC 6749 section 3.1). A known
/// member that appears twice is refused.
#[derive(Default)]
pub(crate) struct Members(BTreeMap<String, Value>);

/// Whether a member is known, so that it may appear only once.
pub(crate) type Known<'a> = &'a dyn Fn(&str) -> bool;

impl Members {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.get_even_empty(name).filter(|value| value.as_str() != Some(""))
    }

    /// The member, even if it is empty: an empty scope means that nothing was granted.
    pub(crate) fn get_even_empty(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether the member is there, even as null.
    #[cfg(feature = "id-token")]
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The unknown members. The known ones are erased.
    pub(crate) fn into_extras(mut self, known: Known<'_>) -> BTreeMap<String, Value> {
        self.0.retain(|name, value| {
            let is_known = known(name);
            if is_known {
                erase(value);
            }
            !is_known
        });
        std::mem::take(&mut self.0)
    }

    /// Every member that is not null.
    #[cfg(feature = "id-token")]
    pub(crate) fn into_all(mut self) -> BTreeMap<String, Value> {
        self.0.retain(|_, value| !value.is_null());
        std::mem::take(&mut self.0)
    }

    /// Reads a JSON object member by member, so that a repeated one is noticed: [`ErrorKind::ResponseDuplicate`].
    pub(crate) fn from_json(body: &str, known: Known<'_>) -> Result<Self, ErrorKind> {
        let mut reader = serde_json::Deserializer::from_str(without_mark(body));
        let object = Object { members: Ok(Self::default()), known };
        let members = reader.deserialize_map(object).and_then(|members| reader.end().map(|()| members));
        members.map_err(|_| ErrorKind::ResponseMalformed)?
    }

    pub(crate) fn from_form(body: &str, known: Known<'_>) -> Result<Self, ErrorKind> {
        let mut members = Self::default();
        for (name, value) in form::decode(body.trim_ascii()).ok_or(ErrorKind::ResponseMalformed)? {
            let value = Value::String(value.to_string());
            members.insert(name.to_string(), value, known).ok_or(ErrorKind::ResponseDuplicate)?;
        }
        Ok(members)
    }

    /// Adds a member. `None` if a known one is there already; for an unknown one, the last value wins.
    fn insert(&mut self, name: String, mut value: Value, known: Known<'_>) -> Option<()> {
        let is_unknown = !known(&name);
        let Some(first) = self.0.get_mut(&name) else {
            self.0.insert(name, value);
            return Some(());
        };
        if is_unknown {
            std::mem::swap(first, &mut value);
        }
        erase(&mut value);
        is_unknown.then_some(())
    }
}

/// The text without a byte order mark, which some servers write and RFC 8259 section 8.1 allows to ignore.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

struct Object<'a> {
    members: Result<Members, ErrorKind>,
    known: Known<'a>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Result<Members, ErrorKind>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some((name, text)) = map.next_entry::<String, &RawValue>()? {
            let Ok(members) = &mut self.members else { continue };
            match serde_json::from_str(text.get()) {
                Ok(value) => {
                    if members.insert(name, value, self.known).is_none() {
                        self.members = Err(ErrorKind::ResponseDuplicate);
                    }
                }
                // A member that nobody reads must not spoil the rest: by a lone surrogate, a number that does not fit,
                // or deep nesting.
                Err(_) if !(self.known)(&name) => {}
                Err(_) => self.members = Err(ErrorKind::ResponseMalformed),
            }
        }
        Ok(self.members)
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        self.0.values_mut().for_each(erase);
    }
}

/// Erases every text in a JSON value.
pub(crate) fn erase(value: &mut Value) {
    use zeroize::Zeroize as _;
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(erase),
        Value::Object(members) => members.values_mut().for_each(erase),
        _ => {}
    }
}
