//! `/vault/v1/hook-keys/{key}/rotate` and `/rotation`: another key pair for a hook key. Not part of the Okta API.

use crate::domain::clock::Timestamp;
use crate::domain::hook_key_version::{Moment, Rotation, Timeline, rotate_every};
use crate::http::edge::authentication::{Granted, InlineHooksManage, InlineHooksRead};
use crate::http::edge::error::ApiError;
use crate::http::edge::extract::{JsonBody, OptionalJsonBody};
use crate::http::edge::json::{json, whole};
use crate::http::openapi::value::{NameSchema, VersionStatusSchema};
use crate::http::shared::Shared;
use crate::vault::error::VaultError;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// How it is done. All of it may be left out, and the body too.
#[derive(Deserialize, ToSchema)]
// A misspelt `emergency` must not be taken for a rotation that can wait.
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = HookKeyRotateRequest)]
pub struct RotateBody {
    /// How long the next key is published before it signs, in seconds; 3600 where nothing is said. Verifiers may keep the key set of before
    /// for a minute.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 120, maximum = 2592000, example = 3600)]
    publish_ahead: Option<u64>,
    /// How long the key of before stays published after that, in seconds; 3900 where nothing is said: the longest JWT lives for 3600.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 300, maximum = 2592000, example = 3900)]
    grace: Option<u64>,
    /// The new key signs at once, and all others are withdrawn. Goes with neither of the two above.
    #[serde(default)]
    emergency: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HookKeyRotationRequest)]
pub struct ScheduleBody {
    /// How often the key rotates by itself, in seconds; null: never.
    #[serde(default, deserialize_with = "said")]
    #[schema(required, value_type = Option<u64>, minimum = 86400, maximum = 315360000, example = 7776000)]
    rotate_every: Option<Option<u64>>,
}

/// Tells null from a member that is not there.
fn said<'de, D: Deserializer<'de>>(member: D) -> Result<Option<Option<u64>>, D::Error> {
    whole(member).map(Some)
}

/// What the keys of a hook key are doing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HookKeyRotation)]
pub struct RotationWire {
    #[schema(pattern = "^HKY[0-9A-Za-z]{17}$")]
    id: String,
    name: String,
    /// How often it rotates by itself, in seconds; null where it does not.
    #[schema(required)]
    rotate_every: Option<u64>,
    /// When another key signs; null where none is under way or due.
    #[schema(format = DateTime, required)]
    next_rotation: Option<String>,
    /// Each key that is published, in the order in which they sign.
    versions: Vec<VersionWire>,
}

/// One key of a hook key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HookKeyVersion)]
pub struct VersionWire {
    /// The `kid` of the public key.
    #[schema(format = Uuid)]
    key_id: String,
    #[schema(value_type = VersionStatusSchema)]
    status: &'static str,
    /// From when on it signs, will sign, or has signed.
    #[schema(format = DateTime)]
    signs_from: String,
    /// Until when a retired one is published; null for the others.
    #[schema(format = DateTime, required)]
    published_until: Option<String>,
}

impl From<&Timeline> for RotationWire {
    fn from(timeline: &Timeline) -> Self {
        Self {
            id: timeline.key.id.to_string(),
            name: timeline.key.name.to_string(),
            rotate_every: timeline.key.rotate_every.map(|every| every.as_secs()),
            next_rotation: timeline.next_rotation().map(Timestamp::to_wire),
            versions: timeline.moments().iter().map(VersionWire::from).collect(),
        }
    }
}

impl From<&Moment<'_>> for VersionWire {
    fn from(moment: &Moment<'_>) -> Self {
        Self {
            key_id: moment.key_id.to_string(),
            status: moment.phase.as_str(),
            signs_from: moment.signs_from.to_wire(),
            published_until: moment.until.map(Timestamp::to_wire),
        }
    }
}

/// Rotate a hook key
///
/// Makes the next key, which is published at once and signs later; the one before it stays published until its grace ends. The hook key
/// keeps its `id`, its name and its uses; its `keyId` changes when the next key signs. In an emergency the new key signs at once and all
/// others are withdrawn: verifiers may take the old key set for another minute.
#[utoipa::path(post, path = "/vault/v1/hook-keys/{key}/rotate", tag = "Hook keys", operation_id = "rotateHookKey",
    params(("key" = NameSchema, Path, description = "The key's `id` or name")),
    request_body(content = Option<RotateBody>, example = json!({"publishAhead": 3600, "grace": 3900})),
    responses((status = 200, description = "What the keys of the hook key are doing now", body = RotationWire)))]
pub async fn rotate(
    granted: Granted<InlineHooksManage>,
    key: web::Path<String>,
    body: OptionalJsonBody<RotateBody>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let RotateBody { publish_ahead, grace, emergency } = body.0;
    let rotation = Rotation::new(publish_ahead, grace, emergency.unwrap_or(false)).map_err(VaultError::from)?;
    let timeline = shared.vault.hook_key_rotate(&granted.actor(), &granted.caller().org.id, &key, rotation).await?;
    Ok(json(&RotationWire::from(&timeline)))
}

/// Retrieve the rotation of a hook key
///
/// Each of its keys that is published: the one that signs, the next one, and those that have signed.
#[utoipa::path(get, path = "/vault/v1/hook-keys/{key}/rotation", tag = "Hook keys", operation_id = "getHookKeyRotation",
    params(("key" = NameSchema, Path, description = "The key's `id` or name")),
    responses((status = 200, description = "What the keys of the hook key are doing", body = RotationWire)))]
pub async fn get(
    granted: Granted<InlineHooksRead>,
    key: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let timeline = shared.vault.hook_key_timeline(&granted.caller().org.id, &key).await?;
    Ok(json(&RotationWire::from(&timeline)))
}

/// Change how often a hook key rotates by itself
///
/// Each next key is published an hour before it signs. What is under way goes on.
#[utoipa::path(put, path = "/vault/v1/hook-keys/{key}/rotation", tag = "Hook keys", operation_id = "putHookKeyRotation",
    params(("key" = NameSchema, Path, description = "The key's `id` or name")),
    request_body(content = ScheduleBody, example = json!({"rotateEvery": 7776000})),
    responses((status = 200, description = "What the keys of the hook key are doing", body = RotationWire)))]
pub async fn put(
    granted: Granted<InlineHooksManage>,
    key: web::Path<String>,
    body: JsonBody<ScheduleBody>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let Some(every) = body.0.rotate_every else {
        return Err(ApiError::MalformedBody(
            "rotateEvery: missing; send a number of seconds, or null for never".into(),
        ));
    };
    let every = every.map(rotate_every).transpose().map_err(VaultError::from)?;
    let timeline = shared.vault.hook_key_schedule(&granted.actor(), &granted.caller().org.id, &key, every).await?;
    Ok(json(&RotationWire::from(&timeline)))
}

/// An answer.
pub fn example() -> RotationWire {
    let version = |key_id: &str, status, signs_from: &str, until: Option<&str>| VersionWire {
        key_id: key_id.into(),
        status,
        signs_from: signs_from.into(),
        published_until: until.map(str::to_owned),
    };
    let next = "2025-10-24T14:06:07.000Z";
    RotationWire {
        id: "HKYr9awje8zXYgZF41d7".into(),
        name: "My hook key".into(),
        rotate_every: Some(7_776_000),
        next_rotation: Some(next.into()),
        versions: vec![
            version("902775a2-49fc-4ebc-90ea-b15b9b30440b", "signing", "2025-07-26T13:06:07.000Z", None),
            version("0b7e3c52-8d1f-4c3a-9a64-5d2e8f1b7c90", "next", next, None),
        ],
    }
}
