//! `/.well-known/okta-organization`: which org answers here (wire.md §4).

use crate::http::api::links::{Link, Links};
use crate::http::edge::error::ApiError;
use crate::http::edge::host::host;
use crate::http::edge::json::json;
use crate::http::edge::org_url::org_url;
use crate::http::openapi::value;
use crate::http::shared::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Organization)]
pub struct OrganizationWire {
    #[schema(pattern = "^00o[0-9A-Za-z]{17}$")]
    id: String,
    #[schema(schema_with = value::idx)]
    pipeline: &'static str,
    #[serde(rename = "_links")]
    links: Links,
}

/// Retrieve the org's metadata
#[utoipa::path(get, path = "/.well-known/okta-organization", tag = "Vault", operation_id = "getWellknownOrgMetadata",
    responses((status = 200, description = "The org that answers on this host", body = OrganizationWire)))]
pub async fn metadata(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let host = host(&request);
    let org = shared.vault.registry().org_of_host(host).await?;
    Ok(json(&OrganizationWire {
        id: org.id.to_string(),
        pipeline: "idx",
        links: Links::new([("organization", Link::plain(org_url(&shared, &org, host)))]),
    }))
}
