//! Arguments that are objects of this package.

use std::ops::Deref;

use pyo3::PyClass;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;

use crate::python_text::type_name;

/// An argument of the class `T`. If it is anything else, the `TypeError` names the class.
pub(crate) struct Instance<'py, T> {
    pub(crate) object: Bound<'py, T>,
}

impl<'py, T: PyClass> FromPyObject<'_, 'py> for Instance<'py, T> {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let object = value.cast::<T>();
        let wrong_type = |_| PyTypeError::new_err(format!("expected {}, not {}", T::NAME, type_name(&value)));
        Ok(Self { object: object.map_err(wrong_type)?.to_owned() })
    }
}

impl<T: PyClass<Frozen = True> + Sync> Deref for Instance<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.object.get()
    }
}
