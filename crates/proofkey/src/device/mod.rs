//! The device authorization grant (RFC 8628): for devices without a browser, whose user signs in on another one.

mod authorize;
mod polling;

use std::fmt;
use std::sync::Arc;

use proofkey_core::Verifier;

pub use self::authorize::{AuthorizeDevice, DeviceRequest};
pub use self::polling::DevicePolling;
use crate::client::Client;
use crate::error::ErrorKind;
use crate::secret::Secret;
use crate::syntax::grammar::is_vschar;
use crate::syntax::json::Members;
use crate::syntax::uri::check_endpoint;
use crate::tokens::seconds;

/// What the user of a device is shown, and what it takes to get the tokens (RFC 8628 section 3.2).
///
/// Show [`verification_uri`](Self::verification_uri) and [`user_code`](Self::user_code), then
/// [`begin_polling`](Self::begin_polling) or, with the feature `http`, `finish`. The device code inside is a secret: it
/// has no accessor, and is erased on drop. A clone has the same codes: poll with one of them.
#[derive(Clone)]
pub struct DeviceAuthorization {
    grant: Arc<Grant>,
    device_code: Secret,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_at: i64,
    interval: u32,
}

/// What a device asked for.
struct Grant {
    client: Client,
    scope: Vec<String>,
    resource: Vec<String>,
    verifier: Option<Verifier>,
}

impl DeviceAuthorization {
    fn from_members(grant: Grant, members: &Members, now: i64) -> Result<Self, ErrorKind> {
        let text = |name| members.get(name).map(|value| value.as_str().unwrap_or_default());
        let device_code = text("device_code").filter(|code| is_vschar(code)).ok_or(ErrorKind::DeviceCodeInvalid)?;
        let is_readable = |code: &&str| is_vschar(code) && code.len() <= LONGEST_USER_CODE;
        let user_code = text("user_code").filter(is_readable).ok_or(ErrorKind::UserCodeInvalid)?;
        let uri = |uri: &str| match check_endpoint(uri) {
            Ok(_) => Ok(uri.to_owned()),
            Err(_) => Err(ErrorKind::VerificationUriInvalid),
        };
        // Google's name is older than the RFC.
        let verification_uri = text("verification_uri").or_else(|| text("verification_url"));
        let verification_uri = uri(verification_uri.unwrap_or_default())?;
        let verification_uri_complete = text("verification_uri_complete").map(uri).transpose()?;
        let expires_in = members.get("expires_in").and_then(seconds);
        let expires_in = expires_in.filter(|seconds| *seconds <= LONGEST_LIFETIME);
        let expires_in = expires_in.ok_or(ErrorKind::DeviceLifetimeInvalid)?;
        let interval = match members.get("interval") {
            None => DEFAULT_INTERVAL,
            Some(zero) if zero.as_u64() == Some(0) => 1,
            Some(value) => seconds(value).ok_or(ErrorKind::DeviceLifetimeInvalid)?,
        };
        if interval >= expires_in {
            return Err(ErrorKind::DeviceLifetimeInvalid);
        }
        Ok(Self {
            grant: Arc::new(grant),
            device_code: Secret::new(device_code),
            user_code: user_code.to_owned(),
            verification_uri,
            verification_uri_complete,
            expires_at: now.saturating_add(expires_in.into()),
            interval,
        })
    }

    /// The code that the user types at [`verification_uri`](Self::verification_uri): at most 64 printable ASCII
    /// characters.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Where the user signs in, on any device with a browser: an https URL, or one on loopback.
    #[must_use]
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }

    /// The same with the user code in it, if the server has such a thing: for a QR code or a link. Show the user code
    /// all the same, so that the user can compare it with what the browser shows (RFC 8628 section 3.3.1).
    #[must_use]
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.verification_uri_complete.as_deref()
    }

    /// When the codes expire, in seconds since the epoch.
    #[must_use]
    pub const fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// How many seconds the server wants between two requests for the tokens: 5 unless it says otherwise, and never
    /// less than 1.
    #[must_use]
    pub const fn interval(&self) -> u32 {
        self.interval
    }
}

/// Leaves out the codes.
impl fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAuthorization")
            .field("verification_uri", &self.verification_uri)
            .field("expires_at", &self.expires_at)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// Seconds, if the server does not say (RFC 8628 section 3.2).
const DEFAULT_INTERVAL: u32 = 5;
/// Seconds. Servers give minutes; a device that polls for longer than a day is forgotten, not waited for.
const LONGEST_LIFETIME: u32 = 24 * 60 * 60;
/// Characters. Users type it; servers use eight or nine.
const LONGEST_USER_CODE: usize = 64;

/// Whether a member may appear only once.
fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// The members that RFC 8628 section 3.2 defines, Google's, and those of an error.
const KNOWN: [&str; 10] = [
    "device_code",
    "user_code",
    "verification_uri",
    "verification_url",
    "verification_uri_complete",
    "expires_in",
    "interval",
    "error",
    "error_description",
    "error_uri",
];
