//! HTTP as data, and the blocking transport that sends it.

mod request;
mod response;
mod roundtrip;
#[cfg(feature = "http")]
mod transport;

pub use request::Request;
pub use response::Response;
pub use roundtrip::{Roundtrip, Step};
#[cfg(feature = "http")]
pub use transport::Transport;
