//! The use cases. Whoever calls them, HTTP or shell, gets the same rules.

pub mod access;
pub mod custody;
pub mod error;
mod handle;
pub mod hooks;
pub mod keys;
pub mod oauth;
pub mod read_model;
mod recent;

pub use handle::{Registry, Vault};
