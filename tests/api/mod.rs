//! The API over real HTTP.

mod access;
mod access_tokens;
mod audit;
mod bad_input;
mod dialects;
mod docs;
mod dpop;
mod erasure;
mod failures;
mod hook_calls;
mod hook_keys;
pub mod inline_hooks;
mod jwt_mutations;
mod key_import;
mod key_references;
mod key_rotation;
mod orgs;
mod outbound;
mod pages;
mod publishing;
mod rate_limit;
mod seals;
pub mod signing;
mod signing_keys;
mod token_endpoint;
mod tokens;
mod trusted_issuers;
