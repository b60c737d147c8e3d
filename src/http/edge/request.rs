//! What surrounds every request, outermost first: an id, authentication, the rate limit, the handler, the error body,
//! the headers (wire.md §3), one line in the log.

use crate::domain::actor::{Actor, RequestFacts};
use crate::http::edge::authentication::{self, Authentication};
use crate::http::edge::error::ApiError;
use crate::http::edge::extract::BODY_LIMIT;
use crate::http::edge::forget;
use crate::http::edge::path_facts::PathFacts;
use crate::http::edge::rate_limit::{Budget, Client};
use crate::http::server::connection::{Connection, UnderWay};
use crate::http::shared::Shared;
use crate::vault::Vault;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError, web};
use futures_util::FutureExt as _;
use std::fmt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// The middleware around all routes.
///
/// # Errors
/// Only where the handler panicked; the error is the finished answer.
pub async fn surround(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(shared) = request.app_data::<web::Data<Shared>>().cloned() else {
        return Err(ApiError::Framework("the shared state is missing".into()).into());
    };
    forget::detach(&mut request);
    let under_way = begin(&request);
    let vault = &shared.vault;
    let lost = vault.registry().lost_writes();
    let mut entry = Entry::begin(&request, &shared);
    let facts = Arc::new(facts(&request, &entry));
    request.extensions_mut().insert(facts.clone());
    let PathFacts { uncounted, .. } = entry.facts;

    let authentication =
        if uncounted { Authentication::Missing } else { authentication::authenticate(&request, &shared).await };
    entry.caller = authentication.caller().map(|caller| (caller.org.id.to_string(), caller.credential.to_string()));
    let budget = match client_of(&authentication, entry.peer) {
        Some(client) if !uncounted => Some(shared.limiter.count(&client)),
        _ => None,
    };
    let exceeded = budget.is_some_and(|budget| budget.exceeded);
    let authentication =
        if exceeded { authentication } else { authentication::use_proof(authentication, &facts, &shared).await };
    forget::credential(&mut request);
    let proof = authentication
        .proof()
        .cloned()
        .zip(authentication.caller().map(|caller| Actor::client(&caller.credential, &facts)));
    request.extensions_mut().insert::<Authentication>(authentication);

    let mut response = if exceeded {
        request.into_response(ApiError::RateLimited.respond(vault, &entry.request_id))
    } else {
        match AssertUnwindSafe(next.call(request)).catch_unwind().await {
            Ok(Ok(response)) => with_error_body(response.map_into_boxed_body(), vault, &entry.request_id),
            Ok(Err(error)) => return Err(finish_alone(&framework_error(&error), &shared, budget, entry)),
            // The request went down with the handler: what is left is to answer in its place.
            Err(_) => return Err(finish_alone(&ApiError::Panic, &shared, budget, entry)),
        }
    };
    // Nobody is told what rests on a write that may be lost: a refusal would be false then. Who has written has waited for that by itself.
    if let Err(error) = vault.registry().settled(lost).await
        && !response.status().is_success()
    {
        response = response.into_response(ApiError::from(error).respond(vault, &entry.request_id));
    }
    let status = response.status();
    if let (Some((proof, actor)), StatusCode::SERVICE_UNAVAILABLE) = (proof, status) {
        // Clients send such a request again as it is.
        vault.proof_release(&actor, &proof).await;
    }
    let budget = budget.unwrap_or_else(|| shared.limiter.untouched());
    add_budget(response.headers_mut(), budget);
    add_headers(response.headers_mut(), status, &shared, &entry.request_id);
    open_to_pages(response.headers_mut(), entry.facts);
    entry.status = Some(status);
    if under_way.is_some_and(|under_way| under_way.is_last()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// How much of what a client has written is told to the audit trail: what it calls itself, and the path that it asks for.
const TOLD_LENGTH: usize = 300;

/// What the audit trail is told of a request.
fn facts(request: &ServiceRequest, entry: &Entry) -> RequestFacts {
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    RequestFacts {
        id: entry.request_id.clone(),
        address: entry.peer,
        user_agent: user_agent.map(|text| text.chars().take(TOLD_LENGTH).collect()),
        method: entry.method.to_string(),
        path: entry.path.chars().take(TOLD_LENGTH).collect(),
    }
}

/// Tells the connection that a request is under way, and how much of its body may come before anybody asks for it.
fn begin(request: &ServiceRequest) -> Option<UnderWay> {
    let connection: &Arc<Connection> = request.conn_data()?;
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    Some(connection.begin(length.unwrap_or_default().min(BODY_LIMIT as u64)))
}

/// Who a request is counted with. `None` where nobody is to be counted: our own failure to look a credential up is not its
/// owner's.
fn client_of(authentication: &Authentication, peer: Option<IpAddr>) -> Option<Client> {
    match authentication {
        Authentication::Caller { caller, .. } => Some(Client::Credential(caller.credential.to_string())),
        Authentication::Missing => Some(Client::address(peer)),
        Authentication::Failed(error) => error.counts_against_sender().then(|| Client::address(peer)),
    }
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

/// What the framework refuses by itself is the client's doing or ours, as its status says.
fn framework_error(error: &Error) -> ApiError {
    let status = error.as_response_error().status_code();
    if status.is_client_error() { ApiError::Protocol(status) } else { ApiError::Framework(error.to_string()) }
}

fn finish_alone(error: &ApiError, shared: &Shared, budget: Option<Budget>, mut entry: Entry) -> Error {
    let mut response = error.respond(&shared.vault, &entry.request_id);
    let status = response.status();
    add_budget(response.headers_mut(), budget.unwrap_or_else(|| shared.limiter.untouched()));
    add_headers(response.headers_mut(), status, shared, &entry.request_id);
    open_to_pages(response.headers_mut(), entry.facts);
    entry.status = Some(status);
    Finished::of(response).into()
}

/// 32 lower-case hexadecimal digits.
#[must_use]
pub fn request_id(vault: &Vault) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let halves = vault.request_bytes().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut id = String::with_capacity(32);
    id.extend(halves.map(|half| DIGITS[usize::from(half)]));
    id
}

/// What the limiter says, in the three headers that clients read.
pub fn add_budget(headers: &mut HeaderMap, budget: Budget) {
    for (name, value) in [
        ("x-rate-limit-limit", i64::from(budget.limit)),
        ("x-rate-limit-remaining", i64::from(budget.remaining)),
        ("x-rate-limit-reset", budget.reset.unix()),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
}

/// The other headers of every answer (wire.md §3). `Date` is the server's.
pub fn add_headers(headers: &mut HeaderMap, status: StatusCode, shared: &Shared, request_id: &str) {
    // What may be cached says so itself.
    let cacheable = headers.contains_key(header::CACHE_CONTROL);
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-okta-request-id", request_id);
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "strict-origin-when-cross-origin");
    if status == StatusCode::OK && !cacheable {
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

/// Lets pages of any origin read what is published (Fetch standard, CORS protocol).
fn open_to_pages(headers: &mut HeaderMap, facts: PathFacts) {
    if facts.open_to_pages {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
}

/// What the log says of a request, when it is over. The query is left out: nothing of ours needs it.
struct Entry {
    request_id: String,
    method: Method,
    path: String,
    facts: PathFacts,
    peer: Option<IpAddr>,
    /// Org and credential.
    caller: Option<(String, String)>,
    /// `None` where the client went away before it was answered.
    status: Option<StatusCode>,
    shared: web::Data<Shared>,
    started: Duration,
}

impl Entry {
    fn begin(request: &ServiceRequest, shared: &web::Data<Shared>) -> Self {
        Self {
            request_id: request_id(&shared.vault),
            method: request.method().clone(),
            path: request.path().to_owned(),
            facts: shared.paths.of(request.match_info().as_str()),
            peer: request.peer_addr().map(|peer| peer.ip()),
            caller: None,
            status: None,
            shared: shared.clone(),
            started: shared.vault.clock().elapsed(),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Self { request_id, method, path, facts: _, peer, caller, status, shared, started } = self;
        let peer = peer.map(tracing::field::display);
        let took = shared.vault.clock().elapsed().saturating_sub(*started);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let (org, credential) = caller.take().unzip();
        match status.map(|status| status.as_u16()) {
            Some(status) => tracing::info!(request_id, peer, %method, path, org, credential, status, micros, "request"),
            None => {
                tracing::info!(request_id, peer, %method, path, org, credential, micros, "request without an answer")
            }
        }
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
