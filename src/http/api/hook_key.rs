//! `/api/v1/hook-keys`: the Key Management API (wire.md §1).

use crate::domain::dialect::Dialect;
use crate::domain::hook_key::HookKey;
use crate::http::edge::answers::Asked;
use crate::http::edge::authentication::{Granted, InlineHooksManage, InlineHooksRead};
use crate::http::edge::dialect::WireDialect;
use crate::http::edge::error::ApiError;
use crate::http::edge::extract::PublicJsonBody;
use crate::http::edge::json::{json, json_ready};
use crate::http::openapi::value::{self, IsUsedSchema, NameSchema};
use crate::http::shared::Shared;
use crate::vault::keys::publishing::{PublishedKey, PublishedVersion, RsaMembers, rsa_members};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What create and replace take.
#[derive(Deserialize, ToSchema)]
#[schema(as = HookKeyRequest)]
pub struct HookKeyBody {
    /// Unique in the org.
    #[schema(required, value_type = NameSchema)]
    name: Option<String>,
}

impl HookKeyBody {
    fn name(&self) -> Result<&str, ApiError> {
        self.name.as_deref().ok_or(ApiError::NameMissing)
    }
}

/// A key as the API shows it; members in the recorded order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HookKey)]
pub struct HookKeyWire {
    #[schema(example = "HKYr9awje8zXYgZF41d7", pattern = "^HKY[0-9A-Za-z]{17}$")]
    id: String,
    /// The `kid` of the public key.
    #[schema(format = Uuid)]
    key_id: String,
    #[schema(example = "My hook key")]
    name: String,
    #[schema(format = DateTime, example = "2025-10-24T13:06:07.000Z")]
    created: String,
    #[schema(format = DateTime, example = "2025-10-24T13:06:07.000Z")]
    last_updated: String,
    is_used: IsUsed,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    embedded: Option<Jwk>,
}

/// Whether something uses the key: a string in the documented dialect, a boolean in the live one.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum IsUsed {
    #[schema(value_type = IsUsedSchema)]
    Documented(&'static str),
    Live(bool),
}

/// A public key in the form that this API gives it: `alg` is `RSA`, `use` is null.
#[derive(Serialize, ToSchema, Clone)]
#[schema(as = HookKeyJwk)]
pub struct Jwk {
    #[schema(schema_with = value::rsa)]
    kty: &'static str,
    #[schema(schema_with = value::rsa)]
    alg: &'static str,
    #[schema(format = Uuid)]
    kid: String,
    #[serde(rename = "use")]
    #[schema(schema_with = value::nothing, required)]
    public_key_use: (),
    #[schema(schema_with = value::exponent)]
    e: String,
    #[schema(schema_with = value::modulus)]
    n: String,
}

/// A public key by itself. In the documented dialect it stands under `_embedded` as well, as the documents' example
/// shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = PublicHookKey)]
pub struct PublicKeyWire {
    #[serde(flatten)]
    jwk: Jwk,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    embedded: Option<Jwk>,
}

impl From<&PublishedVersion> for Jwk {
    fn from(published: &PublishedVersion) -> Self {
        let RsaMembers { kty, n, e } = rsa_members(published.public_key());
        Self { kty, alg: "RSA", kid: published.key_id().to_string(), public_key_use: (), e, n }
    }
}

impl HookKeyWire {
    fn new(key: &HookKey, dialect: Dialect) -> Self {
        Self {
            id: key.id.to_string(),
            key_id: key.key_id.to_string(),
            name: key.name.to_string(),
            created: key.created.to_wire(),
            last_updated: key.last_updated.to_wire(),
            is_used: match dialect {
                Dialect::Documented => IsUsed::Documented(if key.is_used { "true" } else { "false" }),
                Dialect::Live => IsUsed::Live(key.is_used),
            },
            embedded: None,
        }
    }

    /// With the public key.
    pub fn expanded(key: &PublishedKey, dialect: Dialect) -> Self {
        Self { embedded: Some(Jwk::from(&key.into())), ..Self::new(key.key(), dialect) }
    }
}

#[derive(IntoParams)]
#[into_params(names("id"), parameter_in = Path)]
#[expect(dead_code, reason = "describes a path parameter for the documents")]
struct IdParam(
    /// The key's `id`.
    #[param(pattern = "^HKY[0-9A-Za-z]{17}$")]
    String,
);

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a query parameter for the documents")]
struct ExpandParam {
    /// `publickey` embeds the public key.
    #[param(example = "publickey")]
    expand: Option<String>,
}

/// The pairs of a query, in their order: nothing that a client writes there is an error.
type Query = web::Query<Vec<(String, String)>>;

/// Whether `expand` names the public key, among others perhaps.
fn expands_key(query: &Query) -> bool {
    let wanted = |part: &str| part.trim().eq_ignore_ascii_case("publickey");
    query.iter().any(|(name, value)| name == "expand" && value.split(',').any(wanted))
}

/// List all hook keys
///
/// In order of creation, without their public keys. There are at most 50, and no pages.
#[utoipa::path(get, path = "/api/v1/hook-keys", tag = "Hook keys", operation_id = "listHookKeys",
    responses((status = 200, description = "The keys of the org", body = [HookKeyWire])))]
pub async fn list(
    granted: Granted<InlineHooksRead>,
    dialect: WireDialect,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    json_ready(&shared, &granted, Asked::HookKeys(dialect.0), async || {
        let keys = shared.vault.hook_key_list(&granted.caller().org.id).await?;
        Ok(keys.iter().map(|key| HookKeyWire::new(key, dialect.0)).collect::<Vec<_>>())
    })
    .await
}

/// Create a hook key
///
/// Makes an RSA key pair of 2048 bits. The private half stays in the vault, sealed; nothing returns it.
#[utoipa::path(post, path = "/api/v1/hook-keys", tag = "Hook keys", operation_id = "createHookKey",
    request_body(content = HookKeyBody, example = json!({"name": "My hook key"})),
    responses((status = 200, description = "The key, on disk, with its public key", body = HookKeyWire)))]
pub async fn create(
    granted: Granted<InlineHooksManage>,
    dialect: WireDialect,
    body: PublicJsonBody<HookKeyBody>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let key = shared.vault.hook_key_create(&granted.actor(), &granted.caller().org.id, body.0.name()?).await?;
    Ok(json(&HookKeyWire::expanded(&key, dialect.0)))
}

/// Retrieve a public key
///
/// By the key's `keyId`, as a JWK; also the next one of a hook key that rotates, and those before it, while they are published.
#[utoipa::path(get, path = "/api/v1/hook-keys/public/{keyId}", tag = "Hook keys", operation_id = "getPublicKey",
    params(("keyId" = String, Path, format = Uuid, description = "The key's `keyId`")),
    responses((status = 200, description = "The public key", body = PublicKeyWire)))]
pub async fn public_key(
    granted: Granted<InlineHooksRead>,
    dialect: WireDialect,
    key_id: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let key = shared.vault.hook_key_get_by_key_id(&granted.caller().org.id, &key_id).await?;
    let jwk = Jwk::from(&key);
    let embedded = (dialect.0 == Dialect::Documented).then(|| jwk.clone());
    Ok(json(&PublicKeyWire { jwk, embedded }))
}

/// Retrieve a hook key
#[utoipa::path(get, path = "/api/v1/hook-keys/{id}", tag = "Hook keys", operation_id = "getHookKey",
    params(IdParam, ExpandParam),
    responses((status = 200, description = "The key", body = HookKeyWire)))]
pub async fn get(
    granted: Granted<InlineHooksRead>,
    dialect: WireDialect,
    id: web::Path<String>,
    query: Query,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let expanded = expands_key(&query);
    let asked = Asked::HookKey { id: id.clone(), expanded, dialect: dialect.0 };
    json_ready(&shared, &granted, asked, async || {
        let key = shared.vault.hook_key_get(&granted.caller().org.id, &id).await?;
        Ok(match expanded {
            true => HookKeyWire::expanded(&key, dialect.0),
            false => HookKeyWire::new(key.key(), dialect.0),
        })
    })
    .await
}

/// Replace a hook key
///
/// Changes the name; the key pair stays.
#[utoipa::path(put, path = "/api/v1/hook-keys/{id}", tag = "Hook keys", operation_id = "replaceHookKey",
    params(IdParam), request_body(content = HookKeyBody, example = json!({"name": "My hook key"})),
    responses((status = 200, description = "The key under its new name, with its public key", body = HookKeyWire)))]
pub async fn replace(
    granted: Granted<InlineHooksManage>,
    dialect: WireDialect,
    id: web::Path<String>,
    body: PublicJsonBody<HookKeyBody>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let key = shared.vault.hook_key_rename(&granted.actor(), &granted.caller().org.id, &id, body.0.name()?).await?;
    Ok(json(&HookKeyWire::expanded(&key, dialect.0)))
}

/// Delete a hook key
///
/// For good. A key that something uses cannot be deleted: 403, with one cause for each of its users.
#[utoipa::path(delete, path = "/api/v1/hook-keys/{id}", tag = "Hook keys", operation_id = "deleteHookKey",
    params(IdParam),
    responses((status = 204, description = "Deleted, and off the disk")))]
pub async fn delete(
    granted: Granted<InlineHooksManage>,
    id: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    shared.vault.hook_key_delete(&granted.actor(), &granted.caller().org.id, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Examples of answers, made by the code that answers.
pub mod example {
    use super::{Dialect, HookKeyWire, Jwk, PublicKeyWire, PublishedKey, PublishedVersion};

    pub fn list() -> [HookKeyWire; 1] {
        [without_key()]
    }

    pub fn without_key() -> HookKeyWire {
        HookKeyWire::new(PublishedKey::example().key(), Dialect::Documented)
    }

    pub fn with_key() -> HookKeyWire {
        HookKeyWire::expanded(&PublishedKey::example(), Dialect::Documented)
    }

    pub fn public_key() -> PublicKeyWire {
        let jwk = Jwk::from(&PublishedVersion::from(&PublishedKey::example()));
        PublicKeyWire { embedded: Some(jwk.clone()), jwk }
    }
}
