//! The HTTP face: wire forms, routes, errors. Knows the vault's use cases and no storage.
//!
//! 1. [`request`] surrounds everything: request id, authentication, rate limit, error bodies, headers, one log line.
//! 2. [`routes`] is the table of all routes; a guarded one can only be written with a [`auth::Granted`] first argument.
//! 3. A handler turns the wire form into a call of the vault, and the result into the wire form.
//! 4. [`error`] turns every failure into status and JSON.

pub mod auth;
pub mod bare_answer;
pub mod dialect;
pub mod docs;
pub mod error;
pub mod extract;
pub mod hook_keys;
mod inline_hook_wire;
pub mod inline_hooks;
pub mod jwks;
pub mod key_references;
mod links;
pub mod oauth;
pub mod oauth_metadata;
mod org_url;
pub mod organization;
pub mod probes;
pub mod rate_limit;
pub mod request;
pub mod routes;
pub mod server;
pub mod signing;
pub mod users;

use crate::domain::dialect::DialectChoice;
use crate::domain::public_url::PublicUrl;
use crate::vault::Vault;
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use rate_limit::RateLimiter;
use serde::Serialize;
use std::time::Duration;

/// What all workers share.
pub struct Shared {
    pub vault: Vault,
    pub limiter: RateLimiter,
    pub dialect: DialectChoice,
    pub public_url: Option<PublicUrl>,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// The OpenAPI document, made once.
    pub document: Bytes,
}

/// A 200 with a JSON body. Clients compare the media type exactly: no charset (wire.md §3).
fn json(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
}
