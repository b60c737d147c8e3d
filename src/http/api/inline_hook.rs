//! `/api/v1/inlineHooks`: the inline hooks API (wire.md §6).

use crate::domain::inline_hook::{HookStatus, InlineHook};
use crate::http::api::inline_hook_schema::{self, HookCreate, HookReplace, HookUpdate};
use crate::http::api::inline_hook_wire::{InlineHookBody, InlineHookWire};
use crate::http::edge::authentication::{Granted, InlineHooksManage, InlineHooksRead};
use crate::http::edge::error::ApiError;
use crate::http::edge::extract::{JsonBody, JsonObject};
use crate::http::edge::host::host;
use crate::http::edge::json::json;
use crate::http::edge::org_url::org_url;
use crate::http::openapi::value::TypeFilterSchema;
use crate::http::shared::Shared;
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

/// The pairs of a query, in their order.
type Query = web::Query<Vec<(String, String)>>;

fn answer<R>(granted: &Granted<R>, shared: &Shared, request: &HttpRequest, hook: &InlineHook) -> HttpResponse {
    json(&wire(granted, shared, request, hook))
}

fn wire<R>(granted: &Granted<R>, shared: &Shared, request: &HttpRequest, hook: &InlineHook) -> InlineHookWire {
    InlineHookWire::new(hook, &org_url(shared, &granted.caller().org, host(request)))
}

/// List all inline hooks
///
/// In order of creation, perhaps of one type alone. There are at most 100, and no pages.
#[utoipa::path(get, path = "/api/v1/inlineHooks", tag = "Inline hooks", operation_id = "listInlineHooks",
    params(("type" = inline(Option<TypeFilterSchema>), Query, description = "Only hooks of this type; of all where it is empty")),
    responses((status = 200, description = "The inline hooks of the org", body = [InlineHookWire])))]
pub async fn list(
    granted: Granted<InlineHooksRead>,
    query: Query,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let only = query.iter().find(|(name, value)| name == "type" && !value.is_empty()).map(|(_, value)| value.as_str());
    let hooks = shared.vault.inline_hook_list(&granted.caller().org.id, only).await?;
    let hooks: Vec<_> = hooks.iter().map(|hook| wire(&granted, &shared, &request, hook)).collect();
    Ok(json(&hooks))
}

/// Create an inline hook
///
/// It is active at once. Secrets (`authScheme.value`, `clientSecret`) are sealed, and no answer shows them. `hookKeyId` may
/// be the key's id or its name; the key cannot be deleted while the hook uses it.
#[utoipa::path(post, path = "/api/v1/inlineHooks", tag = "Inline hooks", operation_id = "createInlineHook",
    request_body(content = HookCreate, example = inline_hook_schema::example),
    responses((status = 200, description = "The hook", body = InlineHookWire)))]
pub async fn create(
    granted: Granted<InlineHooksManage>,
    body: JsonBody<InlineHookBody>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let hook = shared.vault.inline_hook_create(&granted.actor(), &granted.caller().org.id, &body.0.into()).await?;
    Ok(answer(&granted, &shared, &request, &hook))
}

/// Retrieve an inline hook
#[utoipa::path(get, path = "/api/v1/inlineHooks/{id}", tag = "Inline hooks", operation_id = "getInlineHook",
    params(("id" = String, Path, pattern = "^cal[0-9A-Za-z]{17}$", description = "The hook's `id`")),
    responses((status = 200, description = "The hook", body = InlineHookWire)))]
pub async fn get(
    granted: Granted<InlineHooksRead>,
    id: web::Path<String>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let hook = shared.vault.inline_hook_get(&granted.caller().org.id, &id).await?;
    Ok(answer(&granted, &shared, &request, &hook))
}

/// Update an inline hook
///
/// What the body leaves out stays as it is, secrets included.
#[utoipa::path(post, path = "/api/v1/inlineHooks/{id}", tag = "Inline hooks", operation_id = "updateInlineHook",
    params(("id" = String, Path, pattern = "^cal[0-9A-Za-z]{17}$", description = "The hook's `id`")),
    request_body(content = HookUpdate, example = json!({"name": "My renamed hook"})),
    responses((status = 200, description = "The hook as it is now", body = InlineHookWire)))]
pub async fn update(
    granted: Granted<InlineHooksManage>,
    id: web::Path<String>,
    body: JsonBody<InlineHookBody>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let hook = shared.vault.inline_hook_change(&granted.actor(), &granted.caller().org.id, &id, body.0.into()).await?;
    Ok(answer(&granted, &shared, &request, &hook))
}

/// Replace an inline hook
///
/// The body must be whole, its secret included: none is kept. The type cannot change; the status stays.
#[utoipa::path(put, path = "/api/v1/inlineHooks/{id}", tag = "Inline hooks", operation_id = "replaceInlineHook",
    params(("id" = String, Path, pattern = "^cal[0-9A-Za-z]{17}$", description = "The hook's `id`")),
    request_body(content = HookReplace, example = inline_hook_schema::example),
    responses((status = 200, description = "The hook as it is now", body = InlineHookWire)))]
pub async fn replace(
    granted: Granted<InlineHooksManage>,
    id: web::Path<String>,
    body: JsonBody<InlineHookBody>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let hook = shared.vault.inline_hook_replace(&granted.actor(), &granted.caller().org.id, &id, body.0.into()).await?;
    Ok(answer(&granted, &shared, &request, &hook))
}

/// Delete an inline hook
///
/// For good, and only while it is inactive. Its key, if it has one, is free again.
#[utoipa::path(delete, path = "/api/v1/inlineHooks/{id}", tag = "Inline hooks", operation_id = "deleteInlineHook",
    params(("id" = String, Path, pattern = "^cal[0-9A-Za-z]{17}$", description = "The hook's `id`")),
    responses((status = 204, description = "Deleted, and its secret off the disk")))]
pub async fn delete(
    granted: Granted<InlineHooksManage>,
    id: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    shared.vault.inline_hook_delete(&granted.actor(), &granted.caller().org.id, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Activate an inline hook
#[utoipa::path(post, path = "/api/v1/inlineHooks/{id}/lifecycle/activate", tag = "Inline hooks",
    operation_id = "activateInlineHook", params(("id" = String, Path, pattern = "^cal[0-9A-Za-z]{17}$", description = "The hook's `id`")),
    responses((status = 200, description = "The hook, active", body = InlineHookWire)))]
pub async fn activate(
    granted: Granted<InlineHooksManage>,
    id: web::Path<String>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let hook =
        shared.vault.inline_hook_switch(&granted.actor(), &granted.caller().org.id, &id, HookStatus::Active).await?;
    Ok(answer(&granted, &shared, &request, &hook))
}

/// Deactivate an inline hook
#[utoipa::path(post, path = "/api/v1/inlineHooks/{id}/lifecycle/deactivate", tag = "Inline hooks",
    operation_id = "deactivateInlineHook", params(("id" = String, Path, pattern = "^cal[0-9A-Za-z]{17}$", description = "The hook's `id`")),
    responses((status = 200, description = "The hook, inactive", body = InlineHookWire)))]
pub async fn deactivate(
    granted: Granted<InlineHooksManage>,
    id: web::Path<String>,
    request: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let hook =
        shared.vault.inline_hook_switch(&granted.actor(), &granted.caller().org.id, &id, HookStatus::Inactive).await?;
    Ok(answer(&granted, &shared, &request, &hook))
}

/// Execute an inline hook
///
/// Sends the body to the hook as it is, with a token or a secret as the channel says, and answers with what the hook
/// answers; where that is nothing, with `{}`. All of it together may take 3 s.
#[utoipa::path(post, path = "/api/v1/inlineHooks/{id}/execute", tag = "Inline hooks", operation_id = "executeInlineHook",
    params(("id" = String, Path, pattern = "^cal[0-9A-Za-z]{17}$", description = "The hook's `id`")),
    request_body(content = Object, description = "What the hook gets", example = json!({"data": {}})),
    responses((status = 200, description = "What the hook answered", body = Object)))]
pub async fn execute(
    granted: Granted<InlineHooksManage>,
    id: web::Path<String>,
    payload: JsonObject,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let answer = shared.vault.inline_hook_execute(&granted.actor(), &granted.caller().org.id, &id, payload.0).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(answer))
}

/// Examples of answers, made by the code that answers.
pub mod example {
    use super::{HookStatus, InlineHook, InlineHookWire, Value, json};

    const ORG: &str = "https://keys.example.com";

    pub fn list() -> [InlineHookWire; 1] {
        [active()]
    }

    pub fn active() -> InlineHookWire {
        InlineHookWire::new(&InlineHook::example(), ORG)
    }

    pub fn inactive() -> InlineHookWire {
        InlineHookWire::new(&InlineHook { status: HookStatus::Inactive, ..InlineHook::example() }, ORG)
    }

    /// What a hook answers, not the vault.
    pub fn executed() -> Value {
        json!({"commands": []})
    }
}
