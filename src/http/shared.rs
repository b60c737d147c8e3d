//! What all workers share.

use crate::domain::dialect::DialectChoice;
use crate::domain::public_url::PublicUrl;
use crate::domain::welcome::Welcome;
use crate::http::edge::answers::Answers;
use crate::http::edge::path_facts::PathTable;
use crate::http::edge::rate_limit::RateLimiter;
use crate::vault::Vault;
use actix_web::web::Bytes;
use std::sync::OnceLock;
use std::time::Duration;

pub struct Shared {
    pub vault: Vault,
    pub limiter: RateLimiter,
    pub dialect: DialectChoice,
    pub public_url: Option<PublicUrl>,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    pub answers: Answers,
    /// What the middleware knows of a path before a route is found.
    pub paths: PathTable,
    /// The OpenAPI document, made once.
    pub document: Bytes,
    /// What the first page shows to a person at this machine, once somebody has said it.
    pub welcome: OnceLock<Welcome>,
}
