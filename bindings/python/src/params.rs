//! Reads the parameters of a request from the types that frameworks use, without losing a repeated one.

use std::array;
use std::borrow::Cow;

use proofkey_core::Error;
use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyList, PyMapping, PyString, PyTuple};

use crate::error::to_request_error;
use crate::python_text::{bytes, type_name, wrong_type};

/// The name of a parameter, also as an interned Python string.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a, 'py> {
    pub(crate) text: &'static str,
    pub(crate) key: &'a Bound<'py, PyString>,
}

/// What was sent under one name.
pub(crate) enum Value<'py> {
    Absent,
    Once(Bound<'py, PyString>),
    /// An uploaded file, which frameworks list among the texts of a multipart form. The client sent it, so it is not a
    /// `TypeError`.
    File,
    Repeated(Python<'py>),
}

impl<'py> Value<'py> {
    /// The bytes for the core; `None` if the parameter was not sent.
    pub(crate) fn bytes(&self) -> PyResult<Option<Cow<'_, [u8]>>> {
        match self {
            Self::Absent => Ok(None),
            Self::Once(text) => bytes(text).map(Some),
            Self::File => Ok(Some(Cow::Borrowed(&NO_TEXT))),
            Self::Repeated(py) => Err(to_request_error(*py, Error::ParameterDuplicate)),
        }
    }

    /// Combines two values under one name.
    fn and(self, other: Self, py: Python<'py>) -> Self {
        match (self, other) {
            (Self::Absent, value) | (value, Self::Absent) => value,
            _ => Self::Repeated(py),
        }
    }
}

/// Bytes that every grammar refuses with its own error: as long as a verifier and a challenge, but with characters that
/// neither may have.
const NO_TEXT: [u8; 43] = [0; 43];

/// Reads the parameters called `names`. The values of other parameters are ignored.
pub(crate) fn read<'py, const N: usize>(
    params: &Bound<'py, PyAny>,
    names: [Name<'_, 'py>; N],
) -> PyResult<[Value<'py>; N]> {
    if let Ok(dict) = params.cast_exact::<PyDict>() {
        return each(names, |name| from_dict(dict, name));
    }
    read_other(params, names)
}

fn read_other<'py, const N: usize>(params: &Bound<'py, PyAny>, names: [Name<'_, 'py>; N]) -> PyResult<[Value<'py>; N]> {
    let py = params.py();
    if params.is_instance_of::<PyString>()
        || params.is_instance_of::<PyBytes>()
        || params.is_instance_of::<PyByteArray>()
    {
        return Err(no_params(params));
    }
    // Werkzeug, Django, Starlette, Sanic, Bottle.
    if let Some(getlist) = params.getattr_opt(intern!(py, "getlist"))? {
        return each(names, |name| from_list(name, &getlist.call1((name.key,))?));
    }
    // multidict (aiohttp, Litestar), WebOb (Pyramid).
    if let Some(getall) = params.getattr_opt(intern!(py, "getall"))? {
        return each(names, |name| match getall.call1((name.key,)) {
            Ok(values) => from_list(name, &values),
            Err(error) if error.is_instance_of::<PyKeyError>(py) => Ok(Value::Absent),
            Err(error) => Err(error),
        });
    }
    if let Ok(mapping) = params.cast::<PyMapping>() {
        return each(names, |name| from_mapping(mapping, name));
    }
    from_pairs(params, names)
}

fn each<'py, const N: usize>(
    names: [Name<'_, 'py>; N],
    mut value: impl FnMut(Name<'_, 'py>) -> PyResult<Value<'py>>,
) -> PyResult<[Value<'py>; N]> {
    let mut values = array::from_fn(|_| Value::Absent);
    for (slot, name) in values.iter_mut().zip(names) {
        *slot = value(name)?;
    }
    Ok(values)
}

fn from_dict<'py>(dict: &Bound<'py, PyDict>, name: Name<'_, 'py>) -> PyResult<Value<'py>> {
    match dict.get_item(name.key)? {
        Some(value) => from_value(name, value),
        None => no_bytes_key(dict, name).map(|()| Value::Absent),
    }
}

fn from_mapping<'py>(mapping: &Bound<'py, PyMapping>, name: Name<'_, 'py>) -> PyResult<Value<'py>> {
    let value = mapping.call_method1(intern!(mapping.py(), "get"), (name.key,))?;
    if value.is_none() {
        if let Ok(dict) = mapping.cast::<PyDict>() {
            no_bytes_key(dict, name)?;
        }
    }
    from_value(name, value)
}

/// Refuses bytes keys, which `parse_qs` makes from bytes. If they were ignored, the parameter would count as not sent,
/// and a policy that makes PKCE optional would bind "none".
fn no_bytes_key(dict: &Bound<'_, PyDict>, name: Name<'_, '_>) -> PyResult<()> {
    if dict.is_empty() || !dict.contains(PyBytes::new(dict.py(), name.text.as_bytes()))? {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!("the key {} must be str, not bytes; decode the form first", name.text)))
}

fn from_pairs<'py, const N: usize>(params: &Bound<'py, PyAny>, names: [Name<'_, 'py>; N]) -> PyResult<[Value<'py>; N]> {
    let pairs = params.try_iter().map_err(|error| match error.is_instance_of::<PyTypeError>(params.py()) {
        true => no_params(params),
        false => error,
    })?;
    // It would be empty when read a second time, and the parameters would count as not sent.
    if pairs.is(params) {
        let hint = "params is an iterator, which can be read only once; pass a list of it";
        return Err(PyTypeError::new_err(hint));
    }
    let mut values = array::from_fn(|_| Value::Absent);
    for pair in pairs {
        let (key, value) = pair_of(&pair?).ok_or_else(|| no_params(params))?;
        let key = key.cast::<PyString>().map_err(|_| wrong_type("the name of a parameter", &key))?;
        let key = bytes(key)?;
        for (slot, name) in values.iter_mut().zip(names).filter(|(_, name)| name.text.as_bytes() == &*key) {
            let first = std::mem::replace(slot, Value::Absent);
            *slot = first.and(from_value(name, value.clone())?, params.py());
        }
    }
    Ok(values)
}

fn pair_of<'py>(pair: &Bound<'py, PyAny>) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    if !pair.is_instance_of::<PyTuple>() && !pair.is_instance_of::<PyList>() {
        return None;
    }
    pair.extract().ok().map(|[key, value]: [Bound<'py, PyAny>; 2]| (key, value))
}

/// One text, `None`, or a list of texts.
fn from_value<'py>(name: Name<'_, 'py>, value: Bound<'py, PyAny>) -> PyResult<Value<'py>> {
    match value.cast_into::<PyString>() {
        Ok(text) => Ok(Value::Once(text)),
        Err(error) => from_list(name, &error.into_inner()),
    }
}

/// A list of texts, as multi-dicts and `parse_qs` return it.
fn from_list<'py>(name: Name<'_, 'py>, values: &Bound<'py, PyAny>) -> PyResult<Value<'py>> {
    let py = values.py();
    if values.is_none() {
        return Ok(Value::Absent);
    }
    if !values.is_instance_of::<PyList>() && !values.is_instance_of::<PyTuple>() {
        return one(name, values);
    }
    let mut all = Value::Absent;
    for value in values.try_iter()? {
        all = all.and(one(name, &value?)?, py);
    }
    Ok(all)
}

fn one<'py>(name: Name<'_, 'py>, value: &Bound<'py, PyAny>) -> PyResult<Value<'py>> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(Value::Once(text.clone())),
        Err(_) if value.hasattr(intern!(value.py(), "filename"))? => Ok(Value::File),
        Err(_) => Err(wrong_type(name.text, value)),
    }
}

fn no_params(params: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!(
        "params is the whole query or form: what the framework gives (request.args, request.form), a dict, or pairs of \
         a name and a value; not {}",
        type_name(params)
    ))
}
