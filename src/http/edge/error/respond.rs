//! The response to a failure, and its line in the log.

use super::ApiError;
use super::oauth::{self, OAuthErrorBody};
use crate::domain::chain::Chain;
use crate::vault::Vault;
use crate::vault::error::VaultError;
use crate::vault::oauth::error::{ProofError, TokenRequestError};
use actix_web::HttpResponse;
use actix_web::http::{Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

impl ApiError {
    /// The response, logged on the way: the only place that does both.
    #[must_use]
    pub fn respond(&self, vault: &Vault, request_id: &str) -> HttpResponse {
        let answer = self.answer();
        if let Self::Vault(error) = self {
            vault.observe(error);
        }
        let error_id = error_id(vault);
        if answer.status.is_server_error() {
            tracing::error!(request_id, error_id, status = answer.status.as_u16(), code = answer.code, error = %Chain(self), "failed");
        } else {
            tracing::info!(request_id, error_id, status = answer.status.as_u16(), code = answer.code, error = %Chain(self), "refused");
        }
        let mut response = HttpResponse::build(answer.status);
        match self {
            Self::UnknownMethod { allowed } => {
                let allowed: Vec<_> = allowed.iter().map(Method::as_str).collect();
                response.insert_header((header::ALLOW, allowed.join(", ")));
            }
            Self::AccessToken { error, realm } => {
                response.insert_header((header::WWW_AUTHENTICATE, oauth::token_challenge(realm, error)));
            }
            Self::Proof { error, realm } => {
                response.insert_header((header::WWW_AUTHENTICATE, oauth::proof_challenge(realm, error)));
            }
            Self::ScopeTooSmall { needed, realm: Some(realm) } => {
                response.insert_header((header::WWW_AUTHENTICATE, oauth::scope_challenge(realm, *needed)));
            }
            Self::Vault(VaultError::TokenRequest(TokenRequestError::Proof(ProofError::Nonce(nonce)))) => {
                response.insert_header(("dpop-nonce", nonce.as_str()));
            }
            _ => {}
        }
        match self.oauth_body() {
            // RFC 6749, clause 5.2.
            Some(body) => response.insert_header((header::CACHE_CONTROL, "no-store")).json(body),
            None => response.json(answer.body(error_id)),
        }
    }

    /// The body of what is answered in OAuth's own form.
    #[must_use]
    pub fn oauth_body(&self) -> Option<OAuthErrorBody> {
        match self {
            Self::OAuthRequest(error) => Some(oauth::request_answer(error).1),
            Self::Vault(VaultError::TokenRequest(error)) => Some(oauth::answer(error).1),
            _ => None,
        }
    }
}

/// `oae` and base64url of 16 random bytes (wire.md §2).
fn error_id(vault: &Vault) -> String {
    format!("oae{}", URL_SAFE_NO_PAD.encode(vault.request_bytes()))
}
