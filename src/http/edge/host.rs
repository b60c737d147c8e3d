//! The host of a request.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;

/// The host that the client asked for: the request line's where it has one, else the header's (RFC 9112, clause 3.2.2).
#[must_use]
pub fn host(request: &HttpRequest) -> Option<&str> {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    authority.or_else(|| request.headers().get(HOST)?.to_str().ok())
}
