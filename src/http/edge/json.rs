//! Answers in JSON.

use actix_web::HttpResponse;
use serde::Serialize;

/// A 200 with a JSON body. Clients compare the media type exactly: no charset (wire.md §3).
pub fn json(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
}
