//! What surrounds every request, outermost first: an id, authentication, the rate limit, the handler, the error body,
//! the headers (wire.md §3), one line in the log.

use super::Shared;
use super::auth::{self, Authentication};
use super::error::ApiError;
use super::rate_limit::{Budget, Client};
use super::routes;
use crate::vault::Vault;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError, web};
use futures_util::FutureExt as _;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// The middleware around all routes.
///
/// # Errors
/// Only where the handler panicked; the error is the finished answer.
pub async fn surround(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(shared) = request.app_data::<web::Data<Shared>>().cloned() else {
        return Err(ApiError::Framework("the shared state is missing".into()).into());
    };
    let (clock, vault) = (shared.vault.clock(), &shared.vault);
    let started = clock.elapsed();
    let entry = Entry { request_id: request_id(vault), method: request.method().clone(), path: request.path().into() };

    let authentication = auth::authenticate(&request, &shared).await;
    let client = Client::of(&authentication, request.peer_addr().map(|peer| peer.ip()));
    let budget = if routes::is_probe(request.path()) { None } else { Some(shared.limiter.count(&client)) };
    let limited = budget.is_some_and(|budget| budget.exceeded);
    request.extensions_mut().insert::<Authentication>(authentication);

    let mut response = if limited {
        request.into_response(ApiError::RateLimited.respond(vault, &entry.request_id))
    } else {
        match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(Ok(response)) => with_error_body(response.map_into_boxed_body(), vault, &entry.request_id),
            Ok(Err(error)) => return Err(finish_alone(&framework_error(&error), &shared, budget, &entry, started)),
            // The request went down with the handler: what is left is to answer in its place.
            Err(_) => return Err(finish_alone(&ApiError::Panic, &shared, budget, &entry, started)),
        }
    };
    let status = response.status();
    add_headers(response.headers_mut(), status, &shared, budget, &entry.request_id);
    entry.log(status, clock.elapsed().saturating_sub(started));
    Ok(response)
}

/// Gives an error response of a handler its body.
fn with_error_body(response: ServiceResponse<BoxBody>, vault: &Vault, request_id: &str) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else { return response };
    let answer = match error.as_error::<ApiError>() {
        Some(error) => error.respond(vault, request_id),
        None => framework_error(error).respond(vault, request_id),
    };
    response.into_response(answer)
}

fn framework_error(error: &Error) -> ApiError {
    ApiError::Framework(error.to_string())
}

fn finish_alone(error: &ApiError, shared: &Shared, budget: Option<Budget>, entry: &Entry, started: Duration) -> Error {
    let mut response = error.respond(&shared.vault, &entry.request_id);
    let status = response.status();
    add_headers(response.headers_mut(), status, shared, budget, &entry.request_id);
    entry.log(status, shared.vault.clock().elapsed().saturating_sub(started));
    Finished::of(response).into()
}

/// 32 lower-case hexadecimal digits.
#[must_use]
pub fn request_id(vault: &Vault) -> String {
    vault.request_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The headers of every answer (wire.md §3). `Date` is the server's.
pub fn add_headers(
    headers: &mut HeaderMap,
    status: StatusCode,
    shared: &Shared,
    budget: Option<Budget>,
    request_id: &str,
) {
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-okta-request-id", request_id);
    if let Some(budget) = budget {
        set("x-rate-limit-limit", &budget.limit.to_string());
        set("x-rate-limit-remaining", &budget.remaining.to_string());
        set("x-rate-limit-reset", &budget.reset.unix().to_string());
    }
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "strict-origin-when-cross-origin");
    if status == StatusCode::OK {
        set("cache-control", "no-cache, no-store");
        set("pragma", "no-cache");
        set("expires", "0");
    }
    if shared.public_url.as_ref().is_some_and(|url| url.is_https()) {
        set("strict-transport-security", "max-age=31536000");
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        );
    }
}

/// What the log says of a request. The query is left out: nothing of ours needs it.
struct Entry {
    request_id: String,
    method: Method,
    path: String,
}

impl Entry {
    fn log(&self, status: StatusCode, took: Duration) {
        let Self { request_id, method, path } = self;
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(request_id, %method, path, status = status.as_u16(), micros, "request");
    }
}

/// A finished answer on the way out as an error.
struct Finished {
    status: StatusCode,
    headers: HeaderMap,
    body: web::Bytes,
}

impl Finished {
    fn of(response: HttpResponse) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().try_into_bytes().unwrap_or_default();
        Self { status, headers, body }
    }
}

impl fmt::Debug for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finished({})", self.status)
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answered with {}", self.status)
    }
}

impl ResponseError for Finished {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status).set_body(BoxBody::new(self.body.clone()));
        *response.headers_mut() = self.headers.clone();
        response
    }
}
