//! HTTP as data, and the blocking transport that sends it.

#[cfg(feature = "http")]
mod public_address;
mod request;
pub(crate) mod response;
#[cfg(feature = "http")]
mod transport;

pub use request::Request;
pub use response::Answer;
#[cfg(feature = "http")]
pub use transport::Transport;
