//! Reads a body, JSON or a form: its limits, its type, its form.

use crate::http::edge::error::ApiError;
use crate::http::edge::error::oauth::OAuthRequestError;
use crate::http::edge::private_key::refuse_private_key;
use crate::http::server::connection::Connection;
use crate::http::shared::Shared;
use crate::vault::error::VaultError;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use url::form_urlencoded;

/// In bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// A body that was a JSON object of this form. Members that nobody asked for are ignored: clients echo read-only ones
/// back.
pub struct JsonBody<T>(pub T);

/// As [`JsonBody`]; no body at all counts as an empty object.
pub struct OptionalJsonBody<T>(pub T);

/// As [`JsonBody`], without a private key anywhere in it.
pub struct PublicJsonBody<T>(pub T);

/// A body that was a JSON object, as it was sent.
pub struct JsonObject(pub Vec<u8>);

/// Parameters of a form (WHATWG URL, application/x-www-form-urlencoded), from the body and from the query: some clients put them
/// there (wire.md §5). There is no `Debug`: credentials come this way.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A parameter; one without a value is none (RFC 6749, clause 3.2).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// One of these parameters that is there more than once.
    #[must_use]
    pub fn repeated(&self, names: &[&'static str]) -> Option<&'static str> {
        let count = |name: &str| self.0.iter().filter(|(known, _)| known == name).count();
        names.iter().copied().find(|name| count(name) > 1)
    }
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// What is done when the body comes.
fn reading<T>(
    request: &HttpRequest,
    payload: &mut Payload,
    read: impl AsyncFnOnce(HttpRequest, Payload) -> Result<T, ApiError> + 'static,
) -> Reading<T> {
    let (request, payload) = (request.clone(), payload.take());
    Box::pin(async move { read(request, payload).await })
}

impl FromRequest for Form {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        reading(request, payload, async |request, mut payload| {
            let body = read(&request, &mut payload).await.map_err(|error| match error {
                ApiError::BodyTooLarge { limit } => OAuthRequestError::TooLarge { limit }.into(),
                error => error,
            })?;
            if !body.is_empty() && !is_media_type(&request, "application/x-www-form-urlencoded") {
                return Err(OAuthRequestError::NotAForm.into());
            }
            let parts = [request.query_string().as_bytes(), &body];
            Ok(Self(parts.into_iter().flat_map(|part| form_urlencoded::parse(part).into_owned()).collect()))
        })
    }
}

impl FromRequest for JsonObject {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        reading(request, payload, async |request, mut payload| {
            Ok(Self(read_object(&request, &mut payload).await?.0.to_vec()))
        })
    }
}

impl<T: DeserializeOwned> FromRequest for JsonBody<T> {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        reading(request, payload, async |request, mut payload| {
            let (_, object) = read_object(&request, &mut payload).await?;
            of_form(Value::Object(object)).map(Self)
        })
    }
}

impl<T: DeserializeOwned> FromRequest for OptionalJsonBody<T> {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        reading(request, payload, async |request, mut payload| {
            let body = read(&request, &mut payload).await?;
            let object = if body.is_empty() { Map::new() } else { object(&request, &body)? };
            of_form(Value::Object(object)).map(Self)
        })
    }
}

impl<T: DeserializeOwned> FromRequest for PublicJsonBody<T> {
    type Error = ApiError;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        reading(request, payload, async |request, mut payload| {
            let (_, object) = read_object(&request, &mut payload).await?;
            let body = Value::Object(object);
            refuse_private_key(&body).map_err(VaultError::from)?;
            of_form(body).map(Self)
        })
    }
}

fn of_form<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        ApiError::MalformedBody(format!("{}: {}", error.path(), without_value(&error.inner().to_string())))
    })
}

/// `invalid type: string "hunter2", expected a map` without what was sent: it may be a secret in the wrong place.
fn without_value(reason: &str) -> String {
    match (reason.find(['`', '"']), reason.rfind(", expected")) {
        (Some(begin), Some(end)) if begin < end => format!("{}{}", reason[..begin].trim_end(), &reason[end..]),
        _ => reason.to_owned(),
    }
}

/// The body, and the object that it is.
async fn read_object(
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<(web::Bytes, Map<String, Value>), ApiError> {
    let body = read(request, payload).await?;
    if body.is_empty() {
        return Err(ApiError::MalformedBody("The request body is empty.".into()));
    }
    let object = object(request, &body)?;
    Ok((body, object))
}

fn object(request: &HttpRequest, body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if !(is_media_type(request, "application/json") && is_utf8(request)) {
        return Err(ApiError::MediaType);
    }
    // First as any JSON: that limits the depth of members that nobody asked for, too.
    match serde_json::from_slice(body).map_err(|error| malformed(&reason(&error)))? {
        Value::Object(object) => Ok(object),
        _ => Err(malformed("it is not an object")),
    }
}

/// What the parser says, but for half of a surrogate pair by itself (RFC 8259, clause 8.2): there it speaks of escapes alone.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let halves = ["unexpected end of hex escape", "lone leading surrogate in hex escape"];
    match halves.iter().find_map(|half| text.strip_prefix(half)) {
        Some(place) => format!("a lone surrogate is half of a pair, and no character{place}"),
        None => text,
    }
}

fn malformed(reason: &str) -> ApiError {
    ApiError::MalformedBody(format!("The request body is not a JSON object: {reason}"))
}

async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<web::Bytes, ApiError> {
    let too_large = || ApiError::BodyTooLarge { limit: BODY_LIMIT };
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(too_large());
    }
    let shared: &web::Data<Shared> =
        request.app_data().ok_or_else(|| ApiError::Framework("the shared state is missing".into()))?;
    let connection: Option<&Arc<Connection>> = request.conn_data();
    // What comes in chunks says only at its end how long it was.
    let _reading = declared.is_none().then(|| connection.map(Connection::read_body)).flatten();
    let payload = web::Payload::from_request(request, payload).await.map_err(|error| malformed(&error.to_string()))?;
    match tokio::time::timeout(shared.body_timeout, payload.to_bytes_limited(BODY_LIMIT)).await {
        Err(_) => Err(ApiError::BodyTooSlow),
        Ok(Err(_)) => Err(too_large()),
        Ok(Ok(Err(_))) => Err(ApiError::MalformedBody(
            "The request body ends before it is complete, or its chunks are malformed.".into(),
        )),
        Ok(Ok(Ok(body))) => Ok(body),
    }
}

/// Whether this is the type of the body, whatever its case and parameters.
fn is_media_type(request: &HttpRequest, expected: &str) -> bool {
    content_type(request).next().is_some_and(|media_type| media_type.eq_ignore_ascii_case(expected))
}

/// Whether no other charset is declared. JSON has no such parameter (RFC 8259, clause 11), but who writes one means it.
fn is_utf8(request: &HttpRequest) -> bool {
    let parameters = content_type(request).skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim_end().eq_ignore_ascii_case("charset"));
    charsets.all(|(_, charset)| {
        let charset = charset.trim_start().trim_matches('"');
        ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
    })
}

/// The media type and its parameters; nothing where there is none.
fn content_type(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.into_iter().flat_map(|value| value.split(';').map(str::trim))
}
