//! `/vault/v1/hook-keys/import`: keys that others have made.

use crate::http::api::hook_key::HookKeyWire;
use crate::http::edge::authentication::{Granted, InlineHooksManage};
use crate::http::edge::dialect::WireDialect;
use crate::http::edge::error::ApiError;
use crate::http::edge::extract::JsonBody;
use crate::http::edge::json::json;
use crate::http::openapi::value::NameSchema;
use crate::http::shared::Shared;
use crate::vault::keys::import::Foreign;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// The key in one of three forms. There is no `Debug`: it is a private key.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HookKeyImport)]
pub struct ImportBody {
    /// Unique in the org.
    #[schema(required, value_type = NameSchema)]
    name: Option<String>,
    /// PEM: PKCS#8 or PKCS#1.
    #[schema(nullable = false)]
    key: Option<String>,
    /// A JWK (RFC 7518, clause 6.3).
    #[schema(value_type = Object, nullable = false)]
    jwk: Option<Map<String, Value>>,
    /// One of these two forms, encrypted with RSA-OAEP-256 and A256GCM (RFC 7516, compact).
    #[schema(nullable = false)]
    jwe: Option<String>,
    /// The id or name of the key of the vault that `jwe` is encrypted to.
    #[schema(nullable = false)]
    encrypted_to: Option<String>,
}

/// Import a hook key
///
/// RSA of 2048 to 4096 bits. It is checked for real, and refused with the reason: numbers that do not belong together, primes that are
/// none, factors that others can find. The private half never leaves the vault again.
#[utoipa::path(post, path = "/vault/v1/hook-keys/import", tag = "Hook keys", operation_id = "importHookKey",
    request_body(content = ImportBody, example = json!({"name": "My old key", "key": "-----BEGIN PRIVATE KEY-----\n…"})),
    responses((status = 200, description = "The key, on disk, with its public half", body = HookKeyWire)))]
pub async fn import(
    granted: Granted<InlineHooksManage>,
    dialect: WireDialect,
    body: JsonBody<ImportBody>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let ImportBody { name, key, jwk, jwe, encrypted_to } = body.0;
    let name = name.ok_or(ApiError::NameMissing)?;
    let plain = |text: String| Foreign::Plain(Zeroizing::new(text.into_bytes()));
    let foreign = match (key, jwk, &jwe, &encrypted_to) {
        (Some(key), None, None, None) => plain(key),
        (None, Some(jwk), None, None) => plain(Value::Object(jwk).to_string()),
        (None, None, Some(jwe), Some(to)) => Foreign::Wrapped { jwe, to },
        _ => {
            return Err(ApiError::MalformedBody("Send one of `key`, `jwk`, or `jwe` with `encryptedTo`.".into()));
        }
    };
    let imported = shared.vault.hook_key_import(&granted.actor(), &granted.caller().org.id, &name, foreign).await?;
    Ok(json(&HookKeyWire::expanded(&imported, dialect.0)))
}
