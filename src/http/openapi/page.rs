//! The document as it is sent, and the page that shows it.

use crate::http::edge::error::ApiError;
use crate::http::shared::Shared;
use actix_web::body::MessageBody;
use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, ContentType, Encoding, Header as _, HeaderValue, TryIntoHeaderValue,
};
use actix_web::{HttpRequest, HttpResponse, web};
use flate2::read::GzDecoder;
use std::io::Read as _;
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

/// A vendored file of the page, compressed as it is in the binary for those who take that (RFC 9110, clause 12.5.3).
///
/// # Errors
/// [`ApiError::UnknownPath`] for a name that is none, [`ApiError::Framework`] where the file cannot be read.
pub async fn asset(name: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let file = utoipa_swagger_ui::serve(&name, Arc::default())
        .map_err(|error| ApiError::Framework(error.to_string()))?
        .ok_or(ApiError::UnknownPath)?;
    if !file.gzpipped {
        return Ok(answer(file.content_type, file.bytes.into_owned()));
    }
    let mut answer = if takes_gzip(&request) {
        let mut answer = answer(file.content_type, file.bytes.into_owned());
        answer.headers_mut().insert(header::CONTENT_ENCODING, ContentEncoding::Gzip.to_header_value());
        answer
    } else {
        let mut plain = Vec::new();
        let opened = GzDecoder::new(&*file.bytes).read_to_end(&mut plain);
        opened.map_err(|error| ApiError::Framework(error.to_string()))?;
        answer(file.content_type, plain)
    };
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(answer)
}

fn takes_gzip(request: &HttpRequest) -> bool {
    AcceptEncoding::parse(request)
        .is_ok_and(|accepted| accepted.negotiate([Encoding::gzip()].iter()) == Some(Encoding::gzip()))
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
