//! JSON to Python objects, and Python objects to inputs, amounts, times and files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use lilypad_core::client::SubmitOptions;
use lilypad_core::model::{Amount, FileLimits, FileSet};
use lilypad_core::module::{GivenInput, did_you_mean};
use lilypad_core::{Error, Result, disk};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};
use serde_json::Value;

use crate::error::raise;

/// A JSON value as `dict`, `list`, `str`, `int`, `float`, `bool` and `None`.
pub(crate) fn to_python(py: Python<'_>, value: &Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::Null => py.None(),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any().unbind(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into_pyobject(py)?.into_any().unbind(),
            (None, Some(number)) => number.into_pyobject(py)?.into_any().unbind(),
            _ => PyFloat::new(py, number.as_f64().unwrap_or(f64::NAN)).into_any().unbind(),
        },
        Value::String(text) => PyString::new(py, text).into_any().unbind(),
        Value::Array(values) => {
            let items = values.iter().map(|value| to_python(py, value)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any().unbind()
        }
        Value::Object(map) => {
            let dict = PyDict::new(py);
            for (key, value) in map {
                dict.set_item(key, to_python(py, value)?)?;
            }
            dict.into_any().unbind()
        }
    })
}

/// The same for what may not be written as JSON.
pub(crate) fn answer(py: Python<'_>, value: Result<Value>) -> PyResult<Py<PyAny>> {
    to_python(py, &value.map_err(|error| raise(py, &error))?)
}

/// Inputs by name. What has an `__index__` or a `__float__`, as numbers of numpy do, is a number.
pub(crate) fn inputs(given: &Bound<'_, PyDict>) -> PyResult<BTreeMap<String, GivenInput>> {
    given.iter().map(|(name, value)| Ok((name.extract()?, input(&value)?))).collect()
}

fn input(value: &Bound<'_, PyAny>) -> PyResult<GivenInput> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(GivenInput::Text(text.extract()?));
    }
    let kind = value.get_type().name()?.to_string();
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(GivenInput::Boolean(value.is_true()));
    }
    if kind == "bool_" || kind == "bool" {
        return Ok(GivenInput::Boolean(value.is_truthy()?));
    }
    if value.cast::<PyInt>().is_ok() || value.hasattr("__index__")? {
        let whole = value.py().import("operator")?.call_method1("index", (value,));
        if let Ok(whole) = whole {
            return Ok(GivenInput::Integer(whole.str()?.extract()?));
        }
    }
    if value.cast::<PyFloat>().is_ok() || value.hasattr("__float__")? {
        return Ok(GivenInput::Number(value.extract()?));
    }
    Ok(GivenInput::Other(format!("a value of type {kind}")))
}

/// The names of `lilypad.Options`.
const OPTIONS: [&str; 10] = [
    "price_cap",
    "max_rate",
    "timeout",
    "max_instructions",
    "files",
    "provider",
    "labels",
    "verification",
    "min_reputation",
    "min_collateral",
];

/// What a submission may ask for, from a dictionary with the names of `lilypad.Options`.
pub(crate) fn options(given: Option<&Bound<'_, PyDict>>) -> PyResult<SubmitOptions> {
    let mut options = SubmitOptions::default();
    for (name, value) in
        given.into_iter().flat_map(|given| given.iter()).filter(|(_, value)| !value.is_none())
    {
        let name: String = name.extract()?;
        set(&mut options, &name, &value).map_err(|error| named(value.py(), &name, error))?;
    }
    Ok(options)
}

fn set(options: &mut SubmitOptions, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match name {
        "price_cap" => options.price_cap = Some(amount(value)?),
        "max_rate" => options.max_rate = Some(parsed(value)?),
        "timeout" => options.timeout = Some(duration(value)?),
        "max_instructions" => options.instruction_limit = Some(value.extract()?),
        "files" => options.files = files(value)?,
        "provider" => options.target = Some(parsed(value)?),
        "labels" => options.labels = value.extract()?,
        "verification" => options.verification = parsed(value)?,
        "min_reputation" => options.min_reputation = value.extract()?,
        "min_collateral" => options.min_collateral_multiple = value.extract()?,
        _ => {
            let error = Error::invalid("E_OPTION_UNKNOWN", format!("there is no option `{name}`"));
            let error = error.with("field", name);
            let hint = did_you_mean(name, OPTIONS);
            return Err(raise(value.py(), &hint.into_iter().fold(error, Error::with_hint)));
        }
    }
    Ok(())
}

/// Says of a value that is of the wrong type which setting it was given for.
pub(crate) fn named(py: Python<'_>, name: &str, error: PyErr) -> PyErr {
    let wrong = error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyOverflowError>(py);
    if !wrong {
        return error;
    }
    let message = format!("`{name}` has a value of the wrong type: {}", error.value(py));
    let named = raise(py, &Error::invalid("E_OPTION_TYPE", message).with("field", name));
    named.set_cause(py, Some(error));
    named
}

/// An amount: wei as a whole number, or a text such as `"0.5 LP"`.
pub(crate) fn amount(value: &Bound<'_, PyAny>) -> PyResult<Amount> {
    if value.cast::<PyInt>().is_ok() {
        let wei: String = value.str()?.extract()?;
        return Amount::from_wei_str(&wei).map_err(|error| raise(value.py(), &error));
    }
    parsed(value)
}

/// What is written as a text: rates, addresses, classes.
pub(crate) fn parsed<T: std::str::FromStr<Err = Error>>(value: &Bound<'_, PyAny>) -> PyResult<T> {
    let text: String = value.extract()?;
    text.parse().map_err(|error| raise(value.py(), &error))
}

/// A time: seconds, or a `timedelta`.
pub(crate) fn duration(value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let seconds: f64 = match value.call_method0("total_seconds") {
        Ok(seconds) => seconds.extract()?,
        Err(_) => value.extract()?,
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        let message = format!("{seconds} is no time: give seconds that are not below zero");
        raise(value.py(), &Error::invalid("E_TIME", message))
    })
}

/// Input files: a folder, or a dictionary from name to bytes, text, a path or an open file.
fn files(value: &Bound<'_, PyAny>) -> PyResult<FileSet> {
    let py = value.py();
    let limits = FileLimits::default();
    let set = any_files(value, &limits)?;
    set.check_limits(&limits).map_err(|error| raise(py, &error))?;
    Ok(set)
}

fn any_files(value: &Bound<'_, PyAny>, limits: &FileLimits) -> PyResult<FileSet> {
    let py = value.py();
    let Ok(given) = value.cast::<PyDict>() else {
        let folder: PathBuf = value.extract()?;
        return py.detach(|| disk::read_folder(&folder, limits)).map_err(|error| raise(py, &error));
    };
    let mut set = FileSet::new();
    for (name, value) in given.iter() {
        let name: String = name.extract()?;
        set.insert(name, file(&value)?).map_err(|error| raise(py, &error))?;
    }
    Ok(set)
}

/// The content id of a folder or of files by name: what anyone computes who has them.
#[pyfunction]
pub(crate) fn content_id(value: &Bound<'_, PyAny>) -> PyResult<String> {
    // As much as a result may hold.
    let set = any_files(value, &FileLimits { files: 1_100, bytes: 96 << 20 })?;
    let id = value.py().detach(|| set.content_id());
    id.map(|id| id.to_string()).map_err(|error| raise(value.py(), &error))
}

fn file(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let py = value.py();
    if value.hasattr("__fspath__")? {
        let path: PathBuf = value.extract()?;
        let read = py.detach(|| std::fs::read(&path));
        return read.map_err(|source| raise(py, &disk::io_error("read", &path, source)));
    }
    let content = if value.hasattr("read")? { value.call_method0("read")? } else { value.clone() };
    if let Ok(text) = content.cast::<PyString>() {
        return Ok(text.extract::<String>()?.into_bytes());
    }
    if let Ok(bytes) = content.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    // Everything that holds bytes: bytearray, memoryview, arrays.
    py.import("builtins")?.call_method1("memoryview", (&content,))?.call_method0("tobytes")?.extract()
}

/// Text from strangers on one line, without what a terminal would obey.
#[pyfunction]
pub(crate) fn one_line(text: &str) -> String {
    lilypad_core::view::one_line(text)
}
