//! The store in one SQLite file.
//!
//! 1. One connection writes, a few others read, one erases.
//! 2. WAL and synchronous FULL: a commit that returned is on disk, and readers never wait for the writer.
//! 3. Write transactions begin IMMEDIATE: all writes are serial, and queue instead of failing half-way with
//!    `SQLITE_BUSY_SNAPSHOT`. Those who queue share a commit ([`group`]).
//! 4. `secure_delete` overwrites what is deleted; truncating the WAL removes the older copies ([`eraser`]).

mod api_token;
mod audit;
mod constraint;
mod eraser;
mod erasure;
mod error;
mod file;
mod group;
mod hook_key;
mod hook_key_version;
mod in_use;
mod inline_hook;
mod integrity;
mod item;
mod key_reference;
mod known_trails;
mod left;
mod look;
mod master_key;
mod migrate;
mod numbers;
mod org;
mod pool;
mod replacement;
mod rules;
mod service_app;
mod signing_key;
mod store;
mod transaction;
mod used_token_id;
mod version;
mod wal_index;
mod watch;

pub use file::{remove, stray_journals};
pub use in_use::other_process;
pub use replacement::Replacement;
pub use store::SqliteStore;
