//! Answers in JSON, and numbers in bodies.

use crate::http::edge::answers::{Asked, Ready};
use crate::http::edge::authentication::Granted;
use crate::http::edge::error::ApiError;
use crate::http::shared::Shared;
use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize};
use serde_json::Number;

/// A 200 with a JSON body. Clients compare the media type exactly: no charset (wire.md §3).
pub fn json(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
}

/// A 200 with JSON for somebody who may see it, ready or made.
///
/// # Errors
/// Those of `make`; [`ApiError::Framework`] where what it returns cannot be written.
pub async fn json_ready<R, T: Serialize>(
    shared: &Shared,
    granted: &Granted<R>,
    asked: Asked,
    make: impl AsyncFnOnce() -> Result<T, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let (org, now) = (&granted.caller().org.id, shared.vault.clock().now());
    let write = async || {
        let body = serde_json::to_vec(&make().await?).map_err(|error| ApiError::Framework(error.to_string()))?;
        Ok(Ready { body: body.into(), tag: None, until: None })
    };
    let ready = shared.answers.get_or_make(org, asked, granted.version(), now, write).await?;
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).body(ready.body))
}

/// A whole number, which may be written as `60.0` (JSON Schema Core, clause 4.2.1).
///
/// # Errors
/// That of the deserializer, for any other number.
pub fn whole<'de, D: Deserializer<'de>>(member: D) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(member)? else { return Ok(None) };
    let text = number.to_string();
    let digits = text.strip_suffix(".0").unwrap_or(&text);
    digits.parse().map(Some).map_err(|_| D::Error::custom("expected a whole number, from 0 on"))
}
