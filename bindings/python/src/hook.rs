//! Checks of functions that the application gives: they must do their work before they return.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

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
    if inspect(returned.py(), "iscoroutine", returned)? {
        // It would warn that it was never awaited.
        returned.call_method0("close")?;
    }
    let kind = returned.get_type().name()?;
    Err(PyTypeError::new_err(format!("{what} must return None, not {kind}: nothing waits for it and nothing reads it")))
}

fn inspect(py: Python<'_>, question: &str, object: &Bound<'_, PyAny>) -> PyResult<bool> {
    py.import("inspect")?.call_method1(question, (object,))?.is_truthy()
}
