//! Answers in JSON, and numbers in bodies.

use actix_web::HttpResponse;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize};
use serde_json::Number;

/// A 200 with a JSON body. Clients compare the media type exactly: no charset (wire.md §3).
pub fn json(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
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
