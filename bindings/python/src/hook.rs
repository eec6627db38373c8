//! Checks of functions that the application gives: they must do their work before they return.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::python_text::type_name;

/// `TypeError` for an async function: nobody would await what it returns.
pub(crate) fn refuse_coroutine_function(py: Python<'_>, what: &str, function: &Bound<'_, PyAny>) -> PyResult<()> {
    if inspect(py, "iscoroutinefunction", function)? {
        Err(PyTypeError::new_err(format!("{what} must be a plain function, not async")))
    } else {
        Ok(())
    }
}

/// `TypeError` for everything but `None`: a coroutine that nobody awaits, or a result that nobody looks at.
pub(crate) fn refuse_result(what: &str, returned: &Bound<'_, PyAny>) -> PyResult<()> {
    if returned.is_none() {
        return Ok(());
    }
    let kind = kind_of(returned)?;
    Err(PyTypeError::new_err(format!("{what} must return None, not {kind}: nothing waits for it and nothing reads it")))
}

/// The `TypeError` for a result that is not what `wanted` names.
pub(crate) fn wrong_result(what: &str, wanted: &str, returned: &Bound<'_, PyAny>) -> PyErr {
    let refused = |kind| PyTypeError::new_err(format!("{what} must return {wanted}, not {kind}"));
    kind_of(returned).map_or_else(|raised| raised, refused)
}

/// The name of the type. A coroutine is closed: it would warn that it was never awaited.
fn kind_of(returned: &Bound<'_, PyAny>) -> PyResult<String> {
    if inspect(returned.py(), "iscoroutine", returned)? {
        returned.call_method0("close")?;
    }
    Ok(type_name(returned))
}

fn inspect(py: Python<'_>, question: &str, object: &Bound<'_, PyAny>) -> PyResult<bool> {
    py.import("inspect")?.call_method1(question, (object,))?.is_truthy()
}
