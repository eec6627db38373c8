//! The login: handles, one file for each noun, in the order of the header.

mod pointer;

mod provider;

mod client;

mod authorize;

mod login;

mod exchange;

mod response;

mod tokens;

mod claims;

mod error;

mod seal;

mod refresh;

mod revocation;

mod userinfo;

mod end_session;

mod device;

mod redirect_uri;

pub use authorize::*;
pub use claims::*;
pub use client::*;
pub use device::*;
pub use end_session::*;
pub use error::*;
pub use exchange::*;
pub use login::*;
pub use provider::*;
pub use redirect_uri::*;
pub use refresh::*;
pub use response::*;
pub use revocation::*;
pub use seal::*;
pub use tokens::*;
pub use userinfo::*;
