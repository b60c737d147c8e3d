//! The API over real HTTP.

mod access;
mod bad_input;
mod dialects;
mod docs;
mod erasure;
mod failures;
mod hook_keys;
mod orgs;
mod rate_limit;
mod tokens;
