//! A request lets go of the bytes that it was read from.
//!
//! The framework keeps the heads of finished requests for the next ones. Their header values are slices of the buffer that
//! the connection was read into, so tokens and bodies would stay in memory until a new request happens to take that head.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};

/// Gives the head copies of its own, so that the buffer ends with its connection.
pub fn detach(request: &mut ServiceRequest) {
    let headers = request.headers_mut();
    headers.retain(|_, value| HeaderValue::from_bytes(value.as_bytes()).map(|copy| *value = copy).is_ok());
}

/// Drops the credential, once it was looked at.
pub fn credential(request: &mut ServiceRequest) {
    request.headers_mut().remove(AUTHORIZATION);
}
