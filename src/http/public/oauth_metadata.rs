//! What clients and verifiers need to know of the org as an issuer: its keys and its metadata (RFC 8414; OpenID Connect
//! Discovery 1.0). Everybody may read them, as often as they like.

use crate::domain::scope::Scope;
use crate::domain::signing_key::SigningKey;
use crate::domain::verifying_key::JWS_ALGORITHMS;
use crate::http::edge::error::ApiError;
use crate::http::edge::host::host;
use crate::http::edge::org_url::issuer_url;
use crate::http::openapi::value;
use crate::http::public::jwks::published_json;
use crate::http::public::token_endpoint::TOKEN_PATH;
use crate::http::shared::Shared;
use crate::vault::keys::publishing::{RsaMembers, rsa_members};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

pub const KEYS_PATH: &str = "/oauth2/v1/keys";

#[derive(Serialize, ToSchema)]
#[schema(as = SigningKeySet)]
pub struct SigningKeySet {
    keys: Vec<SigningJwk>,
}

/// In this order on the wire (wire.md §5).
#[derive(Serialize, ToSchema)]
#[schema(as = SigningJwk)]
pub struct SigningJwk {
    #[schema(schema_with = value::rs256)]
    alg: &'static str,
    #[schema(schema_with = value::exponent)]
    e: String,
    #[schema(schema_with = value::modulus)]
    n: String,
    #[schema(format = Uuid)]
    kid: String,
    #[schema(schema_with = value::rsa)]
    kty: &'static str,
    #[serde(rename = "use")]
    #[schema(schema_with = value::sig)]
    public_key_use: &'static str,
}

impl From<&SigningKey> for SigningJwk {
    fn from(key: &SigningKey) -> Self {
        let RsaMembers { kty, n, e } = rsa_members(&key.public_key);
        Self { alg: "RS256", e, n, kid: key.key_id.to_string(), kty, public_key_use: "sig" }
    }
}

/// Retrieve the keys that sign access tokens
///
/// The next key is in it before it signs, and one that signs no more for as long as its tokens live.
#[utoipa::path(get, path = KEYS_PATH, tag = "OAuth 2.0", operation_id = "getOAuthKeys",
    responses((status = 200, description = "All keys", body = SigningKeySet),
              (status = 304, description = "Nothing has changed")))]
pub async fn keys(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let org = shared.vault.registry().org_of_host(host(&request)).await?;
    let keys = shared.vault.signing_key_list_published(&org.id).await?;
    published_json(&request, &SigningKeySet { keys: keys.iter().map(Into::into).collect() })
}

/// What there is, and nothing that is not.
#[derive(Serialize, ToSchema)]
#[schema(as = AuthorizationServerMetadata)]
pub struct Metadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: Vec<&'static str>,
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 1],
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 6],
    dpop_signing_alg_values_supported: [&'static str; 6],
    /// Required by OpenID Connect; there are no users.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_types_supported: Option<[&'static str; 1]>,
    /// As above: there are no ID tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_signing_alg_values_supported: Option<[&'static str; 1]>,
}

async fn metadata(request: &HttpRequest, shared: &Shared) -> Result<Metadata, ApiError> {
    let host = host(request);
    let org = shared.vault.registry().org_of_host(host).await?;
    let issuer = issuer_url(shared, &org, host)?;
    Ok(Metadata {
        token_endpoint: format!("{issuer}{TOKEN_PATH}"),
        jwks_uri: format!("{issuer}{KEYS_PATH}"),
        issuer,
        scopes_supported: Scope::ALL.iter().map(|scope| scope.as_str()).collect(),
        response_types_supported: Vec::new(),
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: ["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported: JWS_ALGORITHMS,
        dpop_signing_alg_values_supported: JWS_ALGORITHMS,
        subject_types_supported: None,
        id_token_signing_alg_values_supported: None,
    })
}

/// Retrieve the metadata of the authorization server
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "OAuth 2.0",
    operation_id = "getOAuthMetadata", responses((status = 200, description = "The metadata", body = Metadata),
                                                (status = 304, description = "Nothing has changed")))]
pub async fn authorization_server(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    published_json(&request, &metadata(&request, &shared).await?)
}

/// Retrieve the metadata as OpenID Connect has them
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "OAuth 2.0",
    operation_id = "getOpenIdMetadata", responses((status = 200, description = "The metadata", body = Metadata),
                                                 (status = 304, description = "Nothing has changed")))]
pub async fn openid_configuration(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let metadata = metadata(&request, &shared).await?;
    published_json(
        &request,
        &Metadata {
            subject_types_supported: Some(["public"]),
            id_token_signing_alg_values_supported: Some(["RS256"]),
            ..metadata
        },
    )
}
