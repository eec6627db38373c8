use std::mem;
use std::sync::Mutex;

use proofkey::ErrorKind;
use zeroize::Zeroizing;

use crate::lock::lock;
use crate::refused::Refused;

/// An HTTP response as it arrives: its headers and its body piece by piece.
#[derive(Default)]
pub struct Response(Mutex<State>);

#[derive(Default)]
struct State {
    status: Option<u16>,
    headers: Vec<(String, Zeroizing<String>)>,
    body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// A response without status, headers and body.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the status, a number of three digits.
    ///
    /// # Errors
    /// [`ResponseMalformed`](ErrorKind::ResponseMalformed) for any other number.
    pub fn set_status(&self, status: i32) -> Result<(), Refused> {
        let status = u16::try_from(status).ok().filter(|status| (100..=999).contains(status));
        lock(&self.0).status = Some(status.ok_or(ErrorKind::ResponseMalformed)?);
        Ok(())
    }

    /// Adds a header.
    pub fn add_header(&self, name: &str, value: &str) {
        lock(&self.0).headers.push((name.to_owned(), Zeroizing::new(value.to_owned())));
    }

    /// Adds bytes to the end of the body.
    ///
    /// # Errors
    /// [`ResponseTooLarge`](ErrorKind::ResponseTooLarge) if the body would be larger than what is read.
    pub fn add_body(&self, bytes: &[u8]) -> Result<(), Refused> {
        let mut state = lock(&self.0);
        let len = state.body.len().saturating_add(bytes.len());
        if len > proofkey::Response::MAX_BODY {
            return Err(ErrorKind::ResponseTooLarge.into());
        }
        if len > state.body.capacity() {
            // Moved by hand, because a block that grows by itself leaves a copy behind.
            let room = if state.body.is_empty() { len } else { len.saturating_mul(2) };
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&state.body);
            state.body = larger;
        }
        state.body.extend_from_slice(bytes);
        Ok(())
    }

    /// What arrived. The response is empty afterwards, unless it had no status.
    ///
    /// # Errors
    /// [`ResponseMalformed`](ErrorKind::ResponseMalformed) without a status.
    pub(crate) fn take(&self) -> Result<proofkey::Response, Refused> {
        let mut state = lock(&self.0);
        let status = state.status.take().ok_or(ErrorKind::ResponseMalformed)?;
        let State { headers, mut body, .. } = mem::take(&mut *state);
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(proofkey::Response::new(status, headers, mem::take(&mut *body)))
    }
}
