//! What the vault keeps, as traits that any engine can implement. Knows nothing of keys in the clear or HTTP.
//!
//! A transaction is an object: [`store::Store::read`] or [`store::Store::write`] opens it, `commit` ends it, dropping it rolls
//! back. The read view has no method that writes. [`store`] says what every engine promises, [`open()`] picks the engine.

pub mod api_token;
pub mod audit;
pub mod erasure;
pub mod error;
pub mod hook_key;
pub mod hook_key_version;
pub mod inline_hook;
pub mod item;
pub mod key_reference;
pub mod master_key;
mod migration;
mod mode;
mod open;
pub mod org;
pub mod page;
mod postgres;
mod row;
pub mod service_app;
pub mod signing_key;
mod sqlite;
pub mod store;
pub mod url;
pub mod used_token_id;
pub mod version;

pub use mode::Mode;
pub use open::{Over, Replacement, discard, open, open_over, scratch, users};
