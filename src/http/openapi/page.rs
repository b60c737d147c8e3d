//! The document as it is sent, and the page that shows it.

use crate::http::edge::error::ApiError;
use crate::http::shared::Shared;
use actix_web::body::MessageBody;
use actix_web::http::header::{self, ContentType, TryIntoHeaderValue};
use actix_web::{HttpResponse, web};
use std::sync::Arc;

/// The document itself.
pub async fn document(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(shared.document.clone())
}

/// The page. Everything that it loads is in the binary.
pub async fn index() -> HttpResponse {
    answer(ContentType::html(), include_str!("page/index.html"))
}

/// What starts the page.
pub async fn start() -> HttpResponse {
    answer("text/javascript; charset=utf-8", include_str!("page/start.js"))
}

/// A vendored file of the page.
///
/// # Errors
/// [`ApiError::UnknownPath`] for a name that is none, [`ApiError::Framework`] where the file cannot be read.
pub async fn asset(name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let file = utoipa_swagger_ui::serve(&name, Arc::default())
        .map_err(|error| ApiError::Framework(error.to_string()))?
        .ok_or(ApiError::UnknownPath)?;
    Ok(answer(file.content_type, file.bytes.into_owned()))
}

fn answer(content_type: impl TryIntoHeaderValue, body: impl MessageBody + 'static) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
        ))
        .body(body)
}
