//! `/api/v1/users/me`: who a token acts for. The Terraform provider asks at start (wire.md §4).

use crate::domain::caller::Credential;
use crate::http::edge::authentication::{AnyCredential, Granted};
use crate::http::edge::error::ApiError;
use crate::http::edge::json::json;
use crate::http::openapi::value;
use crate::vault::error::{Kind, VaultError};
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserWire {
    #[schema(pattern = "^00u[0-9A-Za-z]{17}$")]
    id: String,
    #[schema(schema_with = value::active)]
    status: &'static str,
    #[schema(format = DateTime)]
    created: String,
    #[schema(format = DateTime)]
    activated: String,
    #[schema(format = DateTime)]
    last_updated: String,
    profile: Profile,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserProfile)]
pub struct Profile {
    login: String,
    email: String,
    first_name: &'static str,
    /// The name of the token.
    last_name: String,
}

/// Retrieve the current user
///
/// hookvault has no users: each API token acts as one of its own. Service apps act for themselves, so there is none.
#[utoipa::path(get, path = "/api/v1/users/me", tag = "Vault", operation_id = "getCurrentUser",
    responses((status = 200, description = "The user that the token acts for", body = UserWire)))]
pub async fn me(granted: Granted<AnyCredential>) -> Result<HttpResponse, ApiError> {
    let Credential::ApiToken { name, created, user_id, .. } = &granted.caller().credential else {
        // A program that acts for itself is no user.
        return Err(VaultError::NotFound { kind: Kind::User, id: "me".into() }.into());
    };
    let created = created.to_wire();
    // A reserved top-level domain (RFC 6761, clause 6.4): nobody gets mail by mistake.
    let login = format!("{user_id}@hookvault.invalid");
    Ok(json(&UserWire {
        id: user_id.to_string(),
        status: "ACTIVE",
        created: created.clone(),
        activated: created.clone(),
        last_updated: created,
        profile: Profile { login: login.clone(), email: login, first_name: "API token", last_name: name.to_string() },
    }))
}
