//! The flow.
