//! What stands around each request: who sends it, under which address, how often, in which form, and how it fails.

pub mod answers;
pub mod authentication;
pub mod dialect;
pub mod error;
pub mod extract;
mod forget;
pub mod host;
pub mod json;
pub mod org_url;
pub mod path_facts;
mod private_key;
pub mod rate_limit;
pub mod request;
