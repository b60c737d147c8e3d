//! `/.well-known/okta-organization`: which org answers here (wire.md §4).

use super::error::ApiError;
use super::{Shared, auth, json};
use crate::domain::org::Org;
use crate::domain::public_url::PublicUrl;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(as = Organization)]
pub struct OrganizationWire {
    #[schema(pattern = "^00o[0-9A-Za-z]{17}$")]
    id: String,
    #[schema(example = "idx")]
    pipeline: &'static str,
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OrganizationLinks)]
pub struct Links {
    organization: Link,
}

#[derive(Serialize, ToSchema)]
pub struct Link {
    href: String,
}

/// Retrieve the org's metadata
#[utoipa::path(get, path = "/.well-known/okta-organization", tag = "Vault", operation_id = "getWellknownOrgMetadata",
    responses((status = 200, description = "The org that answers on this host", body = OrganizationWire)))]
pub async fn metadata(request: HttpRequest, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    let host = auth::host(&request);
    let org = shared.vault.registry().org_of_host(host).await?;
    Ok(json(&OrganizationWire {
        id: org.id.to_string(),
        pipeline: "idx",
        links: Links { organization: Link { href: org_url(&shared, &org, host) } },
    }))
}

/// An org with a domain is reached under it; the default org under the public URL; without one, under the address that
/// the client used.
fn org_url(shared: &Shared, org: &Org, host: Option<&str>) -> String {
    let scheme = shared.public_url.as_ref().map_or("http", |url| url.scheme());
    // A host that is none is not repeated.
    let used = host.and_then(|host| PublicUrl::parse(&format!("{scheme}://{host}")).ok());
    match (&org.domain, &shared.public_url, used) {
        (None, Some(url), _) => url.to_string(),
        (_, _, Some(used)) => used.to_string(),
        (Some(domain), _, None) => format!("{scheme}://{domain}"),
        (None, None, None) => format!("{scheme}://localhost"),
    }
}
