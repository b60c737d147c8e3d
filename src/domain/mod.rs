//! Values and rules. No I/O, no serialization, no SQL, no HTTP.
//!
//! A value is parsed once, at the edge, into a type with private fields; from then on it is valid.

pub mod actor;
pub mod api_token;
pub mod audit;
pub mod caller;
pub mod chain;
pub mod clock;
pub mod connection_limits;
pub mod dialect;
pub mod hook_key;
pub mod hook_key_version;
pub mod http_url;
pub mod id;
pub mod inline_hook;
pub mod invalid;
pub mod keep_rules;
pub mod master_key;
pub mod name;
pub mod org;
pub mod outbound;
pub mod public_url;
pub mod rate_limit;
pub mod row_seal;
pub mod scope;
pub mod sealed;
pub mod secret;
pub mod service_app;
pub mod signing_key;
pub mod trusted_issuer;
pub mod verifying_key;
pub mod welcome;
