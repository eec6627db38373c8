//! HTTP as data, and the blocking transport that sends it.

mod conversation;
mod request;
mod response;
mod roundtrip;
#[cfg(feature = "http")]
mod transport;

pub use conversation::Conversation;
pub use request::Request;
pub use response::Response;
pub(crate) use roundtrip::send_once;
pub use roundtrip::{Failure, Roundtrip, Step};
#[cfg(feature = "http")]
pub use transport::Transport;
