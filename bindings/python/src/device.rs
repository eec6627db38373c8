use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use proofkey::{Conversation, ErrorKind, Roundtrip as _, Step};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::error::flow_error;
use crate::roundtrip::{Pending, Request, response};
use crate::secret::not_copied;
use crate::tokens::Tokens;
use crate::transport::{Transport, time_out};

/// The request for the codes of a device (RFC 8628 section 3.1), from `client.begin_device_authorization()`, for programs
/// that bring their own HTTP. The loop is that of an `Exchange`.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct DeviceRequest {
    pending: Pending<proofkey::DeviceRequest>,
    transport: Transport,
}

impl DeviceRequest {
    pub(crate) fn new(request: proofkey::DeviceRequest, transport: Transport) -> Self {
        Self { pending: Pending::new(Conversation::new(request)), transport }
    }
}

#[pyo3::pymethods]
impl DeviceRequest {
    /// The request to send now; `None` once the codes are there.
    #[getter]
    fn request(&self) -> PyResult<Option<Request>> {
        self.pending.request(request_over)
    }

    /// How many seconds to wait before `request` is sent: 0, unless the server asked for a pause.
    #[getter]
    fn wait_seconds(&self) -> u32 {
        self.pending.wait_seconds()
    }

    /// Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
    /// text. `TokenError` if the server refused, or if the response is not what RFC 8628 section 3.2 describes; the
    /// request is then over. `now` is for tests.
    #[pyo3(signature = (status, headers, body, /, *, now = None))]
    fn receive(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        now: Option<i64>,
    ) -> PyResult<()> {
        self.pending.receive(py, response(status, headers, body)?, now, request_over)
    }

    /// The codes, once `request` is `None`.
    #[getter]
    fn device(&self) -> PyResult<DeviceAuthorization> {
        let device = self.pending.output("device", request_over, Clone::clone)?;
        Ok(DeviceAuthorization::new(device, self.transport.clone()))
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.DeviceRequest>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a DeviceRequest"))
    }
}

/// What the user of a device is shown, and what it takes to get the tokens (RFC 8628 section 3.2), from
/// `client.authorize_device()`:
///
///     device = client.authorize_device(scope="films")
///     print(f"Go to {device.verification_uri} and enter {device.user_code}")
///     tokens = device.finish()
///
/// The device code inside is a secret, which nothing shows.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct DeviceAuthorization {
    device: proofkey::DeviceAuthorization,
    transport: Transport,
    /// What a `finish()` left that may still succeed.
    unfinished: Mutex<Option<proofkey::DevicePolling>>,
}

impl DeviceAuthorization {
    pub(crate) const fn new(device: proofkey::DeviceAuthorization, transport: Transport) -> Self {
        Self { device, transport, unfinished: Mutex::new(None) }
    }

    fn unfinished(&self) -> std::sync::MutexGuard<'_, Option<proofkey::DevicePolling>> {
        self.unfinished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pyo3::pymethods]
impl DeviceAuthorization {
    /// The code that the user types at `verification_uri`: at most 64 printable ASCII characters.
    #[getter]
    fn user_code(&self) -> &str {
        self.device.user_code()
    }

    /// Where the user signs in, on any device with a browser: an https URL, or one on loopback.
    #[getter]
    fn verification_uri(&self) -> &str {
        self.device.verification_uri()
    }

    /// The same with the user code in it, for a QR code or a link; `None` if the server has no such thing. Show the user
    /// code all the same, so that the user can compare it with what the browser shows.
    #[getter]
    fn verification_uri_complete(&self) -> Option<&str> {
        self.device.verification_uri_complete()
    }

    /// When the codes expire, in seconds since the epoch.
    #[getter]
    const fn expires_at(&self) -> i64 {
        self.device.expires_at()
    }

    /// How many seconds the server wants between two requests for the tokens.
    #[getter]
    const fn interval(&self) -> u32 {
        self.device.interval()
    }

    /// Asks for the tokens over the network until the user has decided. It blocks until the codes expire at the latest;
    /// Ctrl-C ends it. A network that is lost is waited for. `timeout` is how many
    /// seconds it waits for the user in all, without the requests: a pause that does not fit is not begun.
    ///
    /// `TokenError`: "device_code_expired", or with `.error` "access_denied" if the user refused; `IdTokenError`;
    /// `TransportError`. After "timeout", "keys_unavailable" and "tls_failed" the next call goes on where this one ended.
    #[pyo3(signature = (*, timeout = None))]
    fn finish(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Tokens> {
        let mut left = timeout.map(time_out).transpose()?;
        let unfinished = self.unfinished().take();
        let mut step = match unfinished {
            Some(polling) => Step::Wait(polling.interval(), polling),
            None => self.device.clone().begin_polling(proofkey::now()).map_err(|error| flow_error(py, &error))?,
        };
        // Python's own sleep, because a signal ends it.
        let sleep = py.import("time")?.getattr("sleep")?;
        loop {
            let polling = match step {
                Step::Send(polling) => polling,
                Step::Wait(seconds, polling) => {
                    let pause = Duration::from_secs(seconds.into());
                    let is_late = left.is_some_and(|left| left < pause);
                    let waited = match is_late {
                        true => Err(flow_error(py, &ErrorKind::Timeout.into())),
                        false => sleep.call1((seconds,)).map(drop),
                    };
                    if let Err(error) = waited {
                        *self.unfinished() = Some(polling);
                        return Err(error);
                    }
                    left = left.map(|left| left.saturating_sub(pause));
                    polling
                }
                Step::Done(tokens) => return Ok(Tokens(tokens)),
            };
            let sent = py.detach(|| polling.send(|request| self.transport.0.send(request), proofkey::now));
            step = sent.map_err(|failure| {
                *self.unfinished() = failure.pending.map(|polling| *polling);
                flow_error(py, &failure.error)
            })?;
        }
    }

    /// `finish()` without network: for programs that bring their own HTTP. Poll one device only once. `TokenError`
    /// "device_code_expired". `now` is for tests.
    #[pyo3(signature = (*, now = None))]
    fn begin_polling(&self, py: Python<'_>, now: Option<i64>) -> PyResult<DevicePolling> {
        let polling = self.device.clone().begin_polling(now.unwrap_or_else(proofkey::now));
        let polling = polling.map_err(|error| flow_error(py, &error))?;
        Ok(DevicePolling(Pending::new(polling.into())))
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.DeviceAuthorization {}>", self.device.verification_uri())
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a DeviceAuthorization"))
    }
}

/// The requests for the tokens of a device (RFC 8628 sections 3.4 and 3.5), from `device.begin_polling()`, for programs
/// that bring their own HTTP:
///
///     polling = device.begin_polling()
///     while request := polling.request:
///         time.sleep(polling.wait_seconds)
///         try:
///             response = http.request(request.method, request.url, headers=request.headers, content=request.body)
///         except ConnectionError:
///             polling.connection_lost()
///         else:
///             polling.receive(response.status_code, response.headers, response.content)
///     tokens = polling.tokens
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct DevicePolling(Pending<proofkey::DevicePolling>);

#[pyo3::pymethods]
impl DevicePolling {
    /// The request to send after `wait_seconds`; `None` once the tokens are there.
    #[getter]
    fn request(&self) -> PyResult<Option<Request>> {
        self.0.request(polling_over)
    }

    /// How many seconds to wait before `request` is sent.
    #[getter]
    fn wait_seconds(&self) -> u32 {
        self.0.wait_seconds()
    }

    /// Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
    /// text. That the user has not decided yet is no error.
    ///
    /// `TokenError`: "device_code_expired", or with `.error` "access_denied" if the user refused, or as for an
    /// `Exchange`; `IdTokenError`: the polling is then over. `MetadataError` if the server's keys for ID tokens cannot be
    /// read: the polling is then still pending. `now` is for tests.
    #[pyo3(signature = (status, headers, body, /, *, now = None))]
    fn receive(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        now: Option<i64>,
    ) -> PyResult<()> {
        self.0.receive(py, response(status, headers, body)?, now, polling_over)
    }

    /// Goes on after a request that got no response: `wait_seconds` is then twice what it was, up to a minute. `TokenError`
    /// "device_code_expired" if the codes expire before that. `now` is for tests.
    #[pyo3(signature = (*, now = None))]
    fn connection_lost(&self, py: Python<'_>, now: Option<i64>) -> PyResult<()> {
        let now = now.unwrap_or_else(proofkey::now);
        let advanced = py.detach(|| self.0.lock().transport_failed(ErrorKind::ConnectFailed, now));
        advanced.map_err(|error| flow_error(py, &error))
    }

    /// The tokens, once `request` is `None`.
    #[getter]
    fn tokens(&self) -> PyResult<Tokens> {
        self.0.output("tokens", polling_over, Clone::clone).map(Tokens)
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.DevicePolling>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a DevicePolling"))
    }
}

fn request_over() -> PyErr {
    PyRuntimeError::new_err("this device authorization request is over: begin another")
}

fn polling_over() -> PyErr {
    PyRuntimeError::new_err("this polling is over: authorize the device again")
}
