//! The document as it is sent, and the page that shows it.

use crate::http::edge::error::ApiError;
use crate::http::shared::Shared;
use actix_web::http::header::{self, ContentType};
use actix_web::{HttpResponse, web};
use std::sync::Arc;

/// The document itself.
pub async fn document(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(shared.document.clone())
}

/// The page. Everything that it loads is in the binary.
///
/// # Errors
/// [`ApiError::Framework`] where the page cannot be made.
pub async fn index() -> Result<HttpResponse, ApiError> {
    file("index.html")
}

/// A file of the page.
///
/// # Errors
/// [`ApiError::UnknownPath`] for a name that is none.
pub async fn asset(name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    file(&name)
}

fn file(name: &str) -> Result<HttpResponse, ApiError> {
    // The validator would be asked over the network.
    let config = utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none");
    let found = utoipa_swagger_ui::serve(name, Arc::new(config))
        .map_err(|error| ApiError::Framework(error.to_string()))?
        .ok_or(ApiError::UnknownPath)?;
    let mut bytes = found.bytes.into_owned();
    if name == "index.html" {
        // The page stands at /docs, its files below it.
        bytes = String::from_utf8_lossy(&bytes)
            .replace("\"./", "\"/docs/")
            .replace("\"index.css", "\"/docs/index.css")
            .into_bytes();
    }
    Ok(HttpResponse::Ok()
        .content_type(found.content_type)
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
        ))
        .body(bytes))
}
