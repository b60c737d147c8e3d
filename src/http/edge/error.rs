//! Every failure becomes status and JSON here (wire.md §2), and nowhere else.

pub mod answer;
pub mod oauth;
mod respond;
mod vault;

use crate::domain::invalid::Invalid;
use crate::domain::scope::Scope;
use crate::vault::custody::health::NotReady;
use crate::vault::error::VaultError;
use crate::vault::oauth::error::{AccessTokenError, ProofError};
use actix_web::ResponseError;
use actix_web::http::{Method, StatusCode};
use answer::{Answer, bad_credential, forbidden, internal, invalid, malformed, protocol_answer, unavailable};
use oauth::OAuthRequestError;

/// All that can go wrong between a request and its answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the vault is not ready")]
    NotReady(#[source] NotReady),
    #[error("the body is not a JSON object: {0}")]
    MalformedBody(String),
    #[error("the body is larger than {limit} bytes")]
    BodyTooLarge { limit: usize },
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    #[error("the body is not declared as JSON in UTF-8")]
    MediaType,
    #[error("the name is missing")]
    NameMissing,
    #[error(transparent)]
    OAuthRequest(#[from] OAuthRequestError),
    #[error("the access token does not count: {error}")]
    AccessToken { error: AccessTokenError, realm: String },
    #[error("the DPoP proof does not count: {error}")]
    Proof { error: ProofError, realm: String },
    #[error("the credential lacks the scope {needed}")]
    ScopeTooSmall {
        needed: Scope,
        /// For a credential of OAuth, the address of the org.
        realm: Option<String>,
    },
    #[error("too many requests")]
    RateLimited,
    #[error("there is no such path")]
    UnknownPath,
    #[error("the path has no such method")]
    UnknownMethod { allowed: Vec<Method> },
    #[error("a handler panicked")]
    Panic,
    /// Refused by the HTTP library before a handler saw it.
    #[error("the request is no usable HTTP: {0}")]
    Protocol(StatusCode),
    /// An error that the web framework made by itself.
    #[error("the web framework failed: {0}")]
    Framework(String),
}

impl ApiError {
    /// What the client is told.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self {
            Self::Vault(error) => vault::answer(error),
            Self::NotReady(NotReady::Sealing(_)) => unavailable(),
            Self::NotReady(NotReady::NotInPlace(_)) => {
                unavailable().because("The database was replaced or removed while it was open.")
            }
            Self::NotReady(NotReady::Damaged(_)) => {
                unavailable().because("The database is damaged; the log and `hookvault check` say where.")
            }
            Self::MalformedBody(cause) => malformed().because(cause),
            Self::BodyTooLarge { limit } => malformed()
                .with_status(StatusCode::PAYLOAD_TOO_LARGE)
                .because(format!("The request body is larger than {limit} bytes.")),
            Self::BodyTooSlow => {
                malformed().with_status(StatusCode::REQUEST_TIMEOUT).because("The request body did not arrive in time.")
            }
            Self::MediaType => Answer::new(
                StatusCode::BAD_REQUEST,
                "E0000021",
                "Bad request. Accept and/or Content-Type headers likely do not match supported values.",
            )
            .because("Send a body with `Content-Type: application/json`, in UTF-8."),
            Self::NameMissing => invalid(&[Invalid::Blank.at("name")]),
            Self::OAuthRequest(error) => oauth::as_logged(oauth::request_answer(error)),
            Self::AccessToken { error, .. } => bad_credential().because(oauth::token_text(error)),
            Self::Proof { error, .. } => {
                bad_credential().with_status(StatusCode::BAD_REQUEST).because(oauth::proof_text(error))
            }
            Self::ScopeTooSmall { needed, .. } => forbidden().because(format!("The scope {needed} is needed.")),
            Self::RateLimited => Answer::new(
                StatusCode::TOO_MANY_REQUESTS,
                "E0000047",
                "API call exceeded rate limit due to too many requests.",
            ),
            Self::UnknownPath => Answer::new(StatusCode::NOT_FOUND, "E0000008", "The requested path was not found"),
            Self::UnknownMethod { .. } => Answer::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "E0000022",
                "The endpoint does not support the provided HTTP method",
            ),
            Self::Panic => internal(),
            Self::Protocol(status) => protocol_answer(*status),
            Self::Framework(_) => internal(),
        }
    }

    /// Whether a request counts against its sender: not where the vault could not look a credential up.
    #[must_use]
    pub fn counts_against_sender(&self) -> bool {
        // Who names an issuer that does not answer has work done.
        let issuer = matches!(self, Self::Vault(VaultError::IssuerUnavailable(_)));
        issuer || self.answer().status.is_client_error()
    }
}

/// So that handlers can use `?`. The middleware replaces the response with [`ApiError::respond`], which needs randomness.
impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.answer().status
    }
}
