//! `/vault/v1/hook-keys/{key}/client-assertions` and `/jwts`: the vault signs for others. Not part of the Okta API.

use crate::domain::invalid::Invalid;
use crate::http::edge::authentication::{Granted, KeysUse};
use crate::http::edge::error::ApiError;
use crate::http::edge::extract::JsonBody;
use crate::http::edge::json::{json, whole};
use crate::http::openapi::value::{self, NameSchema};
use crate::http::shared::Shared;
use crate::vault::error::VaultError;
use crate::vault::keys::signing::{ASSERTION_TYPE, AssertionRequest};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClientAssertionRequest)]
pub struct AssertionBody {
    /// Becomes `iss` and `sub`.
    #[schema(required, schema_with = value::not_blank)]
    client_id: Option<String>,
    /// The token endpoint's URL, or what else it expects. Becomes `aud`.
    #[schema(required, schema_with = value::not_blank)]
    audience: Option<String>,
    /// In seconds, at most 300; 60 where nothing is said.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 300, example = 60)]
    ttl: Option<u64>,
    /// The id of a registered consumer of the key, whose use is then recorded.
    #[schema(value_type = Option<NameSchema>)]
    consumer: Option<String>,
}

/// Named as the parameters of a token request are.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientAssertion)]
pub struct AssertionWire {
    client_assertion: String,
    #[schema(schema_with = value::assertion_type)]
    client_assertion_type: &'static str,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = JwtRequest)]
pub struct JwtBody {
    /// All but `iat`, `exp` and `jti`, which the vault fills in.
    #[schema(required, schema_with = value::claims)]
    claims: Option<Map<String, Value>>,
    /// In seconds, at most 3600; 300 where nothing is said.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 3600, example = 300)]
    ttl: Option<u64>,
    /// The id of a registered consumer of the key, whose use is then recorded.
    #[schema(value_type = Option<NameSchema>)]
    consumer: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Jwt)]
pub struct JwtWire {
    /// A compact JWS, RS256, with the key's `keyId` as `kid`.
    jwt: String,
}

/// Sign a client assertion
///
/// For a token endpoint that authenticates clients by `private_key_jwt` (RFC 7523).
#[utoipa::path(post, path = "/vault/v1/hook-keys/{key}/client-assertions", tag = "Signing",
    operation_id = "createClientAssertion",
    request_body(content = AssertionBody,
                 example = json!({"clientId": "billing", "audience": "https://login.example.com/token", "ttl": 60})),
    params(("key" = NameSchema, Path, description = "The key's `id` or name")),
    responses((status = 200, description = "Two parameters of a token request", body = AssertionWire)))]
pub async fn client_assertion(
    granted: Granted<KeysUse>,
    key: web::Path<String>,
    body: JsonBody<AssertionBody>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let body = body.0;
    let request = AssertionRequest {
        client_id: body.client_id.as_deref().unwrap_or_default(),
        audience: body.audience.as_deref().unwrap_or_default(),
        ttl: body.ttl,
        consumer: body.consumer.as_deref(),
    };
    let client_assertion =
        shared.vault.client_assertion(&granted.actor(), &granted.caller().org.id, &key, request).await?;
    Ok(json(&AssertionWire { client_assertion, client_assertion_type: ASSERTION_TYPE }))
}

/// Sign a JWT
///
/// With claims of the caller's; the header and the times are the vault's.
#[utoipa::path(post, path = "/vault/v1/hook-keys/{key}/jwts", tag = "Signing", operation_id = "createJwt",
    request_body(content = JwtBody, example = json!({"claims": {"iss": "billing", "sub": "invoice 7"}, "ttl": 300})),
    params(("key" = NameSchema, Path, description = "The key's `id` or name")),
    responses((status = 200, description = "The JWT", body = JwtWire)))]
pub async fn jwt(
    granted: Granted<KeysUse>,
    key: web::Path<String>,
    body: JsonBody<JwtBody>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let JwtBody { claims, ttl, consumer } = body.0;
    let claims = claims.ok_or_else(|| VaultError::from(Invalid::Blank.at("claims")))?;
    let jwt = shared
        .vault
        .jwt_sign(&granted.actor(), &granted.caller().org.id, &key, claims, ttl, consumer.as_deref())
        .await?;
    Ok(json(&JwtWire { jwt }))
}

/// Examples of answers.
pub mod example {
    use super::{ASSERTION_TYPE, AssertionWire, JwtWire};

    const JWT: &str =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IjkwMjc3NWEyLTQ5ZmMtNGViYy05MGVhLWIxNWI5YjMwNDQwYiIsInR5cCI6IkpXVCJ9.…";

    pub fn client_assertion() -> AssertionWire {
        AssertionWire { client_assertion: JWT.into(), client_assertion_type: ASSERTION_TYPE }
    }

    pub fn jwt() -> JwtWire {
        JwtWire { jwt: JWT.into() }
    }
}
