//! `/healthz` and `/readyz`, for those who run the service. Neither is rate limited.

use crate::http::edge::error::ApiError;
use crate::http::edge::json::json;
use crate::http::openapi::value;
use crate::http::shared::Shared;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusWire {
    #[schema(schema_with = value::ok)]
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
pub struct ReadinessWire {
    #[schema(schema_with = value::ok)]
    status: &'static str,
    /// What somebody should look after although the vault is ready: backups that fail or grow old, a rotation of the master key that is not over
    warnings: Vec<String>,
}

/// Whether the process is alive
#[utoipa::path(get, path = "/healthz", tag = "Operations", operation_id = "getHealth",
    responses((status = 200, description = "It is", body = StatusWire)))]
pub async fn alive() -> HttpResponse {
    json(&StatusWire { status: "ok" })
}

/// Whether the database and the master key are usable, and no damage is known
#[utoipa::path(get, path = "/readyz", tag = "Operations", operation_id = "getReadiness",
    responses((status = 200, description = "They are", body = ReadinessWire)))]
pub async fn ready(shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let warnings = shared.vault.health().await.map_err(ApiError::NotReady)?;
    Ok(json(&ReadinessWire { status: "ok", warnings }))
}
