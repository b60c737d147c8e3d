//! `/vault/v1/hook-keys/{key}/references`: who uses a key. Not part of the Okta API.

use crate::domain::clock::Timestamp;
use crate::domain::hook_key::KeyReference;
use crate::http::edge::authentication::{Granted, InlineHooksManage, InlineHooksRead};
use crate::http::edge::error::ApiError;
use crate::http::edge::extract::JsonBody;
use crate::http::edge::json::json;
use crate::http::openapi::value::NameSchema;
use crate::http::shared::Shared;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What uses the key, in words.
#[derive(Deserialize, ToSchema)]
#[schema(as = KeyReferenceRequest)]
pub struct ReferenceBody {
    /// Such as `service`; `inline hook` is the vault's.
    #[schema(required, value_type = NameSchema)]
    kind: Option<String>,
    #[schema(required, value_type = NameSchema)]
    name: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeyReference)]
pub struct ReferenceWire {
    /// The consumer's id, unique among those of the key.
    id: String,
    kind: String,
    name: String,
    #[schema(format = DateTime)]
    since: String,
    /// When the key last signed for the consumer, to the minute; null where it never did.
    #[schema(format = DateTime, required)]
    last_used: Option<String>,
}

impl From<&KeyReference> for ReferenceWire {
    fn from(reference: &KeyReference) -> Self {
        Self {
            id: reference.consumer_id.to_string(),
            kind: reference.consumer_kind.to_string(),
            name: reference.consumer_name.to_string(),
            since: reference.since.to_wire(),
            last_used: reference.last_used.map(Timestamp::to_wire),
        }
    }
}

/// List the uses of a key
///
/// Of inline hooks and of other programs, longest first. A key with a use cannot be deleted.
#[utoipa::path(get, path = "/vault/v1/hook-keys/{key}/references", tag = "Uses of keys", operation_id = "listKeyReferences",
    params(("key" = NameSchema, Path, description = "The key's `id` or name")),
    responses((status = 200, description = "Who uses the key", body = [ReferenceWire])))]
pub async fn list(
    granted: Granted<InlineHooksRead>,
    key: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let references = shared.vault.key_reference_list(&granted.caller().org.id, &key).await?;
    let references: Vec<_> = references.iter().map(ReferenceWire::from).collect();
    Ok(json(&references))
}

/// Retrieve a use of a key
#[utoipa::path(get, path = "/vault/v1/hook-keys/{key}/references/{consumer}", tag = "Uses of keys",
    operation_id = "getKeyReference",
    params(("key" = NameSchema, Path, description = "The key's `id` or name"),
           ("consumer" = NameSchema, Path, description = "The consumer's id")),
    responses((status = 200, description = "The use", body = ReferenceWire)))]
pub async fn get(
    granted: Granted<InlineHooksRead>,
    path: web::Path<(String, String)>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (key, consumer) = path.into_inner();
    let reference = shared.vault.key_reference_get(&granted.caller().org.id, &key, &consumer).await?;
    Ok(json(&ReferenceWire::from(&reference)))
}

/// Register a use of a key
///
/// Under an id that the program chooses. The key cannot be deleted until the use is ended. A second time changes kind and
/// name; `since` stays.
#[utoipa::path(put, path = "/vault/v1/hook-keys/{key}/references/{consumer}", tag = "Uses of keys",
    operation_id = "putKeyReference", request_body(content = ReferenceBody, example = json!({"kind": "service", "name": "Billing"})),
    params(("key" = NameSchema, Path, description = "The key's `id` or name"),
           ("consumer" = NameSchema, Path, description = "The consumer's id")),
    responses((status = 200, description = "The use", body = ReferenceWire)))]
pub async fn put(
    granted: Granted<InlineHooksManage>,
    path: web::Path<(String, String)>,
    body: JsonBody<ReferenceBody>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (key, consumer) = path.into_inner();
    let kind = body.0.kind.unwrap_or_default();
    let name = body.0.name.unwrap_or_default();
    let reference = shared
        .vault
        .key_reference_put(&granted.actor(), &granted.caller().org.id, &key, &consumer, &kind, &name)
        .await?;
    Ok(json(&ReferenceWire::from(&reference)))
}

/// End a use of a key
///
/// A use by an inline hook ends with the hook, not here.
#[utoipa::path(delete, path = "/vault/v1/hook-keys/{key}/references/{consumer}", tag = "Uses of keys",
    operation_id = "deleteKeyReference",
    params(("key" = NameSchema, Path, description = "The key's `id` or name"),
           ("consumer" = NameSchema, Path, description = "The consumer's id")),
    responses((status = 204, description = "Ended")))]
pub async fn delete(
    granted: Granted<InlineHooksManage>,
    path: web::Path<(String, String)>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (key, consumer) = path.into_inner();
    shared.vault.key_reference_delete(&granted.actor(), &granted.caller().org.id, &key, &consumer).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Examples of answers.
pub mod example {
    use super::ReferenceWire;

    pub fn list() -> [ReferenceWire; 1] {
        [one()]
    }

    pub fn one() -> ReferenceWire {
        let time = "2025-10-24T13:06:07.000Z".to_owned();
        ReferenceWire {
            id: "billing-1".into(),
            kind: "service".into(),
            name: "Billing".into(),
            since: time.clone(),
            last_used: Some(time),
        }
    }
}
