//! The store in a PostgreSQL database that many servers share.
//!
//! 1. Writes are READ COMMITTED; what needs more than a constraint locks the row of its org first. Reads are REPEATABLE READ: one
//!    consistent view.
//! 2. Nothing is kept in a session: no prepared statements, no settings, no advisory locks beyond a transaction. So a pooler in
//!    transaction mode may stand between.
//! 3. Connections that have died are found out before anything was asked of them, and replaced; with several hosts, the one that
//!    takes writes is looked for ([`hosts`]).
//! 4. Nothing is overwritten in place: VACUUM removes what was deleted ([`eraser`]).

mod api_token;
mod audit;
mod constraint;
mod eraser;
mod erasure;
mod error;
mod hook_key;
mod hook_key_version;
mod hosts;
mod inline_hook;
mod integrity;
mod item;
mod key_reference;
mod master_key;
mod migrate;
mod org;
mod planted;
mod query;
mod servers;
mod service_app;
mod signing_key;
mod store;
mod transaction;
mod used_token_id;
mod version;

pub use servers::running;
pub use store::PostgresStore;
