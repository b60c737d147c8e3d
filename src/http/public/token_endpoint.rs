//! `/oauth2/v1/token`: access tokens for service apps (wire.md §5).

use crate::domain::signing_key::TOKEN_LIFETIME;
use crate::http::edge::authentication;
use crate::http::edge::error::ApiError;
use crate::http::edge::error::oauth::OAuthRequestError;
use crate::http::edge::extract::Form;
use crate::http::edge::host::host;
use crate::http::edge::json::json;
use crate::http::edge::org_url::issuer_url;
use crate::http::openapi::value;
use crate::http::shared::Shared;
use crate::vault::oauth::grant::TokenRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

pub const TOKEN_PATH: &str = "/oauth2/v1/token";

/// All that is read.
const PARAMETERS: [&str; 6] =
    ["grant_type", "scope", "client_id", "client_secret", "client_assertion_type", "client_assertion"];

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The parameters, for the documents: they are read one by one.
#[derive(ToSchema)]
#[schema(as = TokenRequest)]
#[expect(dead_code, reason = "it describes the form and is never made")]
pub struct TokenForm {
    #[schema(schema_with = value::client_credentials)]
    grant_type: String,
    #[schema(schema_with = value::scopes)]
    scope: String,
    #[schema(schema_with = value::assertion_type)]
    client_assertion_type: String,
    /// A JWT that the app has signed: `iss` and `sub` are its client id, `aud` is the address of this endpoint.
    client_assertion: String,
}

/// In this order on the wire.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub struct TokenWire {
    /// `DPoP` for a token that is bound to a key.
    #[schema(schema_with = value::token_type)]
    token_type: &'static str,
    /// In seconds.
    #[schema(example = 3600)]
    expires_in: u64,
    access_token: String,
    scope: String,
}

/// Request an access token
///
/// For a service app that proves who it is by `private_key_jwt` (RFC 7523). An app that was made with `--dpop` needs a DPoP proof,
/// too (RFC 9449): first without a nonce, then with the one from the answer's `dpop-nonce`. An assertion with a `jti` counts once,
/// one without until it expires.
#[utoipa::path(post, path = TOKEN_PATH, tag = "OAuth 2.0", operation_id = "getAccessToken",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The access token", body = TokenWire)))]
pub async fn token(request: HttpRequest, form: Form, shared: web::Data<Shared>) -> Result<HttpResponse, ApiError> {
    // RFC 6749, clause 3.2.
    if let Some(repeated) = form.repeated(&PARAMETERS) {
        return Err(OAuthRequestError::Repeated(repeated).into());
    }
    let host = host(&request);
    let org = shared.vault.registry().org_of_host(host).await?;
    let issuer = issuer_url(&shared, &org, host)?;
    let token_url = format!("{issuer}{TOKEN_PATH}");
    let proofs = authentication::proofs(request.headers());
    let facts = authentication::facts_of(&request);
    let granted = shared.vault.token_grant(TokenRequest {
        org: &org,
        issuer: &issuer,
        token_url: &token_url,
        grant_type: form.get("grant_type"),
        scope: form.get("scope"),
        client_id: form.get("client_id"),
        has_secret: form.get("client_secret").is_some() || request.headers().contains_key(AUTHORIZATION),
        assertion_type: form.get("client_assertion_type"),
        assertion: form.get("client_assertion"),
        proofs: &proofs,
        facts: &facts,
    });
    let granted = granted.await?;
    let mut response = json(&TokenWire {
        token_type: if granted.next_nonce.is_some() { "DPoP" } else { "Bearer" },
        expires_in: TOKEN_LIFETIME.as_secs(),
        access_token: granted.access_token,
        scope: granted.scopes.to_string(),
    });
    if let Some(nonce) = granted.next_nonce.and_then(|nonce| nonce.parse().ok()) {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    Ok(response)
}

/// An answer, as an example.
#[must_use]
pub fn example() -> TokenWire {
    TokenWire {
        token_type: "Bearer",
        expires_in: TOKEN_LIFETIME.as_secs(),
        access_token: "eyJhbGciOiJSUzI1NiIsImtpZCI6Ij….…".into(),
        scope: "okta.inlineHooks.manage".into(),
    }
}
