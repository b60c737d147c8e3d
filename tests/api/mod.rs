//! The API over real HTTP.

mod access;
mod bad_input;
mod dialects;
mod docs;
mod erasure;
mod failures;
mod hook_calls;
mod hook_keys;
pub mod inline_hooks;
mod key_references;
mod orgs;
mod outbound;
mod publishing;
mod rate_limit;
pub mod signing;
mod tokens;
