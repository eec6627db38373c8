use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::Value;

use crate::lock::lock;
use crate::text::{Text, Texts};

/// What a server says about a user.
pub struct Claims {
    claims: proofkey::Claims,
    texts: Mutex<Texts>,
}

impl Claims {
    /// A claim that is a text. `None` also for a text with a NUL in it.
    pub fn text(&self, name: &str) -> Option<Text> {
        lock(&self.texts).lend_named("text", name, || self.claims.get(name).and_then(Value::as_str))
    }

    /// A claim as JSON.
    pub fn json(&self, name: &str) -> Option<Text> {
        lock(&self.texts).lend_named("json", name, || self.claims.get(name).map(Value::to_string))
    }

    /// All claims, as one JSON object.
    pub fn all_json(&self) -> Option<Text> {
        lock(&self.texts).lend("all_json", || {
            let all: BTreeMap<&str, &Value> = self.claims.iter().collect();
            serde_json::to_string(&all).ok()
        })
    }
}

impl Clone for Claims {
    /// A handle of its own, which lends its own texts.
    fn clone(&self) -> Self {
        self.claims.clone().into()
    }
}

impl From<proofkey::Claims> for Claims {
    fn from(claims: proofkey::Claims) -> Self {
        Self { claims, texts: Mutex::default() }
    }
}
