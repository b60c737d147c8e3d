//! The HTTP face: wire forms, routes, errors. Knows the vault's use cases and no storage.
//!
//! 1. [`edge::request`] surrounds everything: request id, authentication, rate limit, error bodies, headers, one log line.
//! 2. [`api::routes`] is the table of all routes; a guarded one can only be written with a
//!    [`edge::authentication::Granted`] first argument.
//! 3. A handler turns the wire form into a call of the vault, and the result into the wire form.
//! 4. [`edge::error`] turns every failure into status and JSON.

pub mod api;
pub mod edge;
pub mod openapi;
pub mod public;
pub mod server;

use crate::domain::dialect::DialectChoice;
use crate::domain::public_url::PublicUrl;
use crate::vault::Vault;
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use edge::rate_limit::RateLimiter;
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
