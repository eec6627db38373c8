//! Reads the files of `tests/vectors` and runs their cases. The tests of both crates use it.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::{fs, thread};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// One file: its arrays of cases, and its other members.
pub(crate) struct Vectors {
    name: &'static str,
    counts: BTreeMap<String, usize>,
    members: Map<String, Value>,
}

impl Vectors {
    /// Opens a file. It must have exactly these arrays, as long as its `counts` say, and exactly these other members.
    pub(crate) fn open(name: &'static str, arrays: &[&str], others: &[&str]) -> Self {
        let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let mut members: Map<String, Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for name in ["$schema", "about"] {
            assert!(members.remove(name).is_some_and(|text| text.is_string()), "{name}");
        }
        let counts: BTreeMap<String, usize> = serde_json::from_value(members.remove("counts").unwrap()).unwrap();

        assert_eq!(sorted(counts.keys()), sorted(arrays), "the arrays of {name}.json");
        assert_eq!(sorted(members.keys()), sorted(arrays.iter().chain(others)), "the members of {name}.json");
        let vectors = Self { name, counts, members };
        for array in arrays {
            assert_eq!(vectors.cases(array).len(), vectors.counts[*array], "the cases of {array}");
        }
        vectors
    }

    /// Runs every case of an array, and checks that it ran as many as the file declares. A failure names its case.
    pub(crate) fn run<T: DeserializeOwned>(&self, array: &str, mut run: impl FnMut(T)) {
        let mut ran: usize = 0;
        for case in self.cases(array) {
            let _context = Context(format!("{}.json, {array}[{ran}], {}", self.name, case["name"]));
            run(read(case));
            ran = ran.saturating_add(1);
        }
        assert_eq!(ran, self.counts[array]);
    }

    /// The case of an array that has this name.
    pub(crate) fn find<T: DeserializeOwned>(&self, array: &str, name: &str) -> T {
        read(self.cases(array).iter().find(|case| case["name"] == name).expect(name))
    }

    /// A whole member.
    pub(crate) fn member<T: DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.members[name].clone()).unwrap()
    }

    fn cases(&self, array: &str) -> &[Value] {
        self.members[array].as_array().unwrap()
    }
}

/// A row of `errors.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorRow {
    name: String,
    number: i32,
    layer: String,
    class: String,
    oauth: Option<String>,
    fault: String,
    recovery: String,
    message: String,
    symptom: String,
    causes: Vec<String>,
}

/// What the table says of an error: name, number, OAuth error, fault, recovery, message.
pub(crate) type ErrorFacts<'a> = (&'a str, i32, Option<&'a str>, &'a str, &'a str, &'a str);

/// The rows of `errors.json` that belong to these layers, in the order of the file.
pub(crate) fn error_rows(layers: &[&str]) -> Vec<ErrorRow> {
    let mut rows: Vec<ErrorRow> = Vectors::open("errors", &["errors"], &["groups"]).member("errors");
    rows.retain(|row| layers.contains(&row.layer.as_str()));
    rows
}

impl ErrorRow {
    pub(crate) fn facts(&self) -> ErrorFacts<'_> {
        (&self.name, self.number, self.oauth.as_deref(), &self.fault, &self.recovery, &self.message)
    }
}

/// Prints which case failed.
struct Context(String);

impl Drop for Context {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("failed: {}", self.0);
        }
    }
}

/// A case without the members that are for readers only. `T` denies unknown fields.
fn read<T: DeserializeOwned>(case: &Value) -> T {
    let mut case = case.clone();
    case.as_object_mut().unwrap().retain(|name, _| !FOR_READERS.contains(&name.as_str()));
    serde_json::from_value(case).unwrap()
}

fn sorted(names: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
    names.sort();
    names
}

const FOR_READERS: [&str; 6] = ["name", "why", "note", "basis", "source", "req"];
