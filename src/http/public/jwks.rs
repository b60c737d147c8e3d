//! Public keys as verifiers expect them: standard JWKs (RFC 7517, with `alg` and `use` as RFC 7518 names them) and PEM.
//! Everybody may read and cache them; browsers too.

use crate::domain::hook_key_version::KEY_SET_LIFETIME;
use crate::http::edge::answers::{Asked, Ready};
use crate::http::edge::error::ApiError;
use crate::http::edge::host::host;
use crate::http::openapi::value::{self, NameSchema};
use crate::http::shared::Shared;
use crate::vault::keys::publishing::{self, PublishedKey, PublishedKeys, PublishedVersion, RsaMembers, rsa_members};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    Accept, CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, HeaderValue, IfNoneMatch, Quality, VARY,
};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::str::FromStr as _;
use utoipa::ToSchema;

/// A verifier that meets an unknown `kid` asks again; one that caches blindly sees a new key after a minute.
fn caching() -> String {
    format!("public, max-age={}", KEY_SET_LIFETIME.as_secs())
}

const PEM: &str = "application/x-pem-file";
const JSON: &str = "application/json";

#[derive(Serialize, ToSchema)]
#[schema(as = JwkSet)]
pub struct JwkSet {
    keys: Vec<StandardJwk>,
}

/// A public key (RFC 7517, clause 4; RFC 7518, clause 6.3.1).
#[derive(Serialize, ToSchema)]
#[schema(as = Jwk)]
pub struct StandardJwk {
    #[schema(schema_with = value::rsa)]
    kty: &'static str,
    #[serde(rename = "use")]
    #[schema(schema_with = value::sig)]
    public_key_use: &'static str,
    #[schema(schema_with = value::rs256)]
    alg: &'static str,
    #[schema(format = Uuid)]
    kid: String,
    #[schema(schema_with = value::exponent)]
    e: String,
    #[schema(schema_with = value::modulus)]
    n: String,
}

impl From<&PublishedVersion> for StandardJwk {
    fn from(key: &PublishedVersion) -> Self {
        let RsaMembers { kty, n, e } = rsa_members(key.public_key());
        Self { kty, public_key_use: "sig", alg: "RS256", kid: key.key_id().to_string(), e, n }
    }
}

/// Retrieve the public keys of the org
///
/// As a JWK set, or as PEM where `Accept` asks for `application/x-pem-file`.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "Public keys", operation_id = "getJwks",
    responses((status = 200, description = "All keys",
               content((JwkSet = "application/json"), (String = "application/x-pem-file"))),
              (status = 304, description = "Nothing has changed")))]
pub async fn org_jwks(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    key_set(&request, &shared, None, wants_pem(&request)).await
}

/// Retrieve the public keys of the org as PEM
#[utoipa::path(get, path = "/.well-known/jwks.pem", tag = "Public keys", operation_id = "getJwksPem",
    responses((status = 200, description = "All keys", content_type = "application/x-pem-file", body = String),
              (status = 304, description = "Nothing has changed")))]
pub async fn org_pem(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    key_set(&request, &shared, None, true).await
}

/// Retrieve the public keys of one hook key as a set
///
/// So that hooks of different parties need not share a set. The key that signs comes first; while the hook key rotates, the next one or
/// those before it follow. As a JWK set, or as PEM where `Accept` asks for
/// `application/x-pem-file`.
#[utoipa::path(get, path = "/vault/v1/hook-keys/{key}/jwks.json", tag = "Public keys", operation_id = "getHookKeyJwks",
    params(("key" = NameSchema, Path, description = "The key's `id` or name")),
    responses((status = 200, description = "The keys",
               content((JwkSet = "application/json"), (String = "application/x-pem-file"))),
              (status = 304, description = "Nothing has changed")))]
pub async fn key_jwks(
    request: HttpRequest,
    key: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    key_set(&request, &shared, Some(&key), wants_pem(&request)).await
}

/// Retrieve the public keys of one hook key as PEM
#[utoipa::path(get, path = "/vault/v1/hook-keys/{key}/jwks.pem", tag = "Public keys", operation_id = "getHookKeyPem",
    params(("key" = NameSchema, Path, description = "The key's `id` or name")),
    responses((status = 200, description = "The keys", content_type = "application/x-pem-file", body = String),
              (status = 304, description = "Nothing has changed")))]
pub async fn key_pem(
    request: HttpRequest,
    key: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    key_set(&request, &shared, Some(&key), true).await
}

/// What a browser asks before it sends a header of the page's (Fetch standard, CORS-preflight).
pub async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "accept, cache-control, if-none-match, pragma"))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// The keys of the org that answers, or of one hook key of it.
async fn key_set(
    request: &HttpRequest,
    shared: &Shared,
    key: Option<&str>,
    pem: bool,
) -> Result<HttpResponse, ApiError> {
    let (vault, registry) = (&shared.vault, shared.vault.registry());
    let version = registry.version().await?;
    let org = registry.org_of_host_as_of(host(request), version).await?;
    let version = registry.version_of(&org.id, version);
    let asked = Asked::KeySet { key: key.map(str::to_owned), pem };
    let make = async || {
        let PublishedKeys { keys, until } = match key {
            Some(key) => vault.hook_key_get_published(&org.id, key).await?,
            None => vault.hook_key_list_published(&org.id).await?,
        };
        let body = match pem {
            true => publishing::pem(&keys)?.into_bytes(),
            false => json_bytes(&JwkSet { keys: keys.iter().map(StandardJwk::from).collect() })?,
        };
        Ok(Ready { until, ..tagged(body)? })
    };
    let ready = shared.answers.get_or_make(&org.id, asked, version, vault.clock().now(), make).await?;
    Ok(published(request, if pem { PEM } else { JSON }, ready))
}

/// Whether PEM is asked for by name, and rather than JSON (RFC 9110, clause 12.5.1).
fn wants_pem(request: &HttpRequest) -> bool {
    let Some(Accept(accepted)) = request.get_header::<Accept>() else { return false };
    let quality = |wanted: &str| {
        let named = accepted.iter().filter(|accepted| accepted.item.essence_str() == wanted);
        named.map(|accepted| accepted.quality).max().unwrap_or(Quality::ZERO)
    };
    let pem = quality(PEM);
    pem > Quality::ZERO && pem > quality("application/json")
}

/// JSON that everybody may read and cache.
///
/// # Errors
/// [`ApiError::Framework`] where it cannot be written.
pub fn published_json(request: &HttpRequest, body: &impl Serialize) -> Result<HttpResponse, ApiError> {
    Ok(published(request, JSON, tagged(json_bytes(body)?)?))
}

fn json_bytes(body: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(body).map_err(|error| ApiError::Framework(error.to_string()))
}

/// With an entity tag that follows from the bytes alone, so that all servers give the same one.
fn tagged(body: Vec<u8>) -> Result<Ready, ApiError> {
    let tag = EntityTag::new_strong(URL_SAFE_NO_PAD.encode(Sha256::digest(&body))).to_string();
    let tag = HeaderValue::try_from(tag).map_err(|error| ApiError::Framework(error.to_string()))?;
    Ok(Ready { body: body.into(), tag: Some(tag), until: None })
}

fn published(request: &HttpRequest, media_type: &'static str, Ready { body, tag, .. }: Ready) -> HttpResponse {
    let is_known = |tag: &HeaderValue| tag.to_str().ok().and_then(|tag| EntityTag::from_str(tag).ok());
    let unchanged = match (request.get_header::<IfNoneMatch>(), tag.as_ref().and_then(is_known)) {
        (Some(IfNoneMatch::Any), _) => true,
        (Some(IfNoneMatch::Items(known)), Some(tag)) => known.iter().any(|known| known.weak_eq(&tag)),
        _ => false,
    };
    let mut response = HttpResponse::build(if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response
        .insert_header((CACHE_CONTROL, caching()))
        .insert_header((VARY, "accept"))
        .insert_header((ACCESS_CONTROL_EXPOSE_HEADERS, "etag"));
    if let Some(tag) = tag {
        response.insert_header((ETAG, tag));
    }
    if unchanged {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, media_type)).body(body)
}

/// An answer, made by the code that answers.
#[must_use]
pub fn example() -> JwkSet {
    JwkSet { keys: vec![StandardJwk::from(&PublishedVersion::from(&PublishedKey::example()))] }
}
