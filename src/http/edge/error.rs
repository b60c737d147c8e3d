//! Every failure becomes status and JSON here (wire.md §2), and nowhere else.

mod examples;
mod oauth;

pub use examples::{RaisedBy, examples};
pub use oauth::{OAuthErrorBody, OAuthRequestError, examples as oauth_examples};

use crate::domain::chain::Chain;
use crate::domain::hook_key::{KeyReference, MAX_KEYS_PER_ORG, MAX_REFERENCES_PER_KEY};
use crate::domain::inline_hook::MAX_HOOKS_PER_ORG;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::domain::scope::Scope;
use crate::vault::Vault;
use crate::vault::custody::health::NotReady;
use crate::vault::error::{CredentialError, VaultError};
use crate::vault::hooks::call::{CallError, Failure, Party};
use crate::vault::oauth::error::{AccessTokenError, ProofError, TokenRequestError};
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

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
    #[error("the body is not declared as JSON")]
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

/// The one form of an error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub struct ErrorBody {
    #[schema(example = "E0000007")]
    error_code: &'static str,
    error_summary: String,
    /// The same as `errorCode`.
    error_link: &'static str,
    /// The id that the server's log has too.
    #[schema(example = "oaegRIfbw2PTMWy0XIIvWM_bg")]
    error_id: String,
    error_causes: Vec<ErrorCause>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorCause {
    error_summary: String,
}

/// Status, code and words of an error, before it gets its id.
pub struct Answer {
    pub status: StatusCode,
    code: &'static str,
    summary: String,
    causes: Vec<String>,
}

impl Answer {
    fn new(status: StatusCode, code: &'static str, summary: impl Into<String>) -> Self {
        Self { status, code, summary: summary.into(), causes: Vec::new() }
    }

    fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The body, under this error id.
    #[must_use]
    pub fn body(&self, error_id: String) -> ErrorBody {
        ErrorBody {
            error_code: self.code,
            error_summary: self.summary.clone(),
            error_link: self.code,
            error_id,
            error_causes: self.causes.iter().map(|cause| ErrorCause { error_summary: cause.clone() }).collect(),
        }
    }
}

impl ApiError {
    /// What the client is told.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self {
            Self::Vault(error) => vault_answer(error),
            Self::NotReady(NotReady::Sealing(_)) => unavailable(),
            Self::NotReady(NotReady::NotInPlace(_)) => {
                unavailable().because("The database was replaced or removed while it was open.")
            }
            Self::NotReady(NotReady::Damaged(_)) => {
                unavailable().because("The database is damaged; the log and `hookvault check` say where.")
            }
            Self::MalformedBody(cause) => malformed().because(cause),
            Self::BodyTooLarge { limit } => Answer { status: StatusCode::PAYLOAD_TOO_LARGE, ..malformed() }
                .because(format!("The request body is larger than {limit} bytes.")),
            Self::BodyTooSlow => Answer { status: StatusCode::REQUEST_TIMEOUT, ..malformed() }
                .because("The request body did not arrive in time."),
            Self::MediaType => Answer::new(
                StatusCode::BAD_REQUEST,
                "E0000021",
                "Bad request. Accept and/or Content-Type headers likely do not match supported values.",
            )
            .because("Send a body with `Content-Type: application/json`."),
            Self::NameMissing => invalid(&[Invalid::Blank.at("name")]),
            Self::OAuthRequest(error) => oauth_form(oauth::request_answer(error)),
            Self::AccessToken { error, .. } => bad_credential().because(oauth::token_text(error)),
            Self::Proof { error, .. } => {
                Answer { status: StatusCode::BAD_REQUEST, ..bad_credential() }.because(oauth::proof_text(error))
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
    fn oauth_body(&self) -> Option<OAuthErrorBody> {
        match self {
            Self::OAuthRequest(error) => Some(oauth::request_answer(error).1),
            Self::Vault(VaultError::TokenRequest(error)) => Some(oauth::answer(error).1),
            _ => None,
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

/// `oae` and base64url of 16 random bytes (wire.md §2).
fn error_id(vault: &Vault) -> String {
    format!("oae{}", URL_SAFE_NO_PAD.encode(vault.request_bytes()))
}

fn vault_answer(error: &VaultError) -> Answer {
    match error {
        VaultError::NotFound { kind, id } => {
            Answer::new(StatusCode::NOT_FOUND, "E0000007", format!("Not found: Resource not found: {id} ({kind})"))
        }
        VaultError::Name(reason) => invalid(&[reason.at("name")]),
        VaultError::Invalid(fields) => invalid(fields),
        VaultError::HookKeyUnknown { given } => validation("channel.config.hookKeyId")
            .because(format!("channel.config.hookKeyId: There is no hook key '{given}' in the current organization")),
        VaultError::HookCapReached => validation("InlineHook").because(format!(
            "You have reached the maximum number of inline hooks allowed ({MAX_HOOKS_PER_ORG}). \
             To add another inline hook, you must first delete an existing one."
        )),
        VaultError::ReferenceCapReached => validation("HookKeyReference").because(format!(
            "You have reached the maximum number of registered uses of a key ({MAX_REFERENCES_PER_KEY}). \
             To register another one, you must first end an existing one."
        )),
        VaultError::HookActive => forbidden()
            .because("The inline hook is active. Only inactive inline hooks can be deleted: deactivate it first."),
        VaultError::HookInactive => validation("status")
            .because("status: The inline hook is inactive, which blocks its execution: activate it first."),
        VaultError::Call(error) => call_answer(error),
        VaultError::NameTaken | VaultError::HookNameTaken => {
            validation("name").because("name: An object with this field already exists in the current organization")
        }
        VaultError::CapReached => validation("HookKey").because(format!(
            "You have reached the maximum number of keys allowed ({MAX_KEYS_PER_ORG}). \
             To add another key, you must first delete an existing one."
        )),
        VaultError::KeyInUse { users } => users.iter().fold(forbidden(), |answer, user| answer.because(use_of(user))),
        VaultError::NoCredential => {
            Answer::new(StatusCode::FORBIDDEN, "E0000005", "Invalid session").because(HOW_TO_AUTHENTICATE)
        }
        VaultError::BadCredential(CredentialError::Malformed) => bad_credential().because(HOW_TO_AUTHENTICATE),
        // Which of these it is would help who guesses.
        VaultError::BadCredential(
            CredentialError::Unknown | CredentialError::OtherOrg | CredentialError::Expired | CredentialError::Revoked,
        ) => bad_credential().because(
            "The token is unknown, expired, revoked, or of another org. The server's log says which, beside this errorId.",
        ),
        VaultError::AccessToken(_) | VaultError::Proof(_) => bad_credential(),
        VaultError::TokenRequest(error) => oauth_form(oauth::answer(error)),
        VaultError::IssuerUnavailable(_) => unavailable()
            .because("The keys of the access token's issuer cannot be fetched, so the token cannot be checked now."),
        VaultError::NotErasedYet(_) => unavailable().because(
            "It is done, but the sealed bytes of before are not off the disk yet; the vault goes on trying. \
             Most often a backup or another program is still reading an older state of the database.",
        ),
        VaultError::Busy(_) | VaultError::Full(_) | VaultError::Unavailable(_) => unavailable(),
        VaultError::Damaged(_)
        | VaultError::Store(_)
        | VaultError::OrgNameTaken
        | VaultError::OrgDomainTaken
        | VaultError::TokenNameTaken
        | VaultError::AppNameTaken
        | VaultError::AppKeyIdTaken
        | VaultError::AppActive
        | VaultError::RotationUnderWay { .. }
        | VaultError::Ambiguous { .. }
        | VaultError::Task(_)
        | VaultError::KeyUnusable(_)
        | VaultError::KeyCannotSign(_)
        | VaultError::KeyDamaged { .. }
        | VaultError::Sign(_)
        | VaultError::PublicKey(_)
        | VaultError::Empty => internal(),
    }
}

/// For those who have a token and send it in another way.
const HOW_TO_AUTHENTICATE: &str =
    "Send an API token as `Authorization: SSWS <token>`, or an access token as `Authorization: Bearer <token>`.";

fn validation(what: &str) -> Answer {
    Answer::new(StatusCode::BAD_REQUEST, "E0000001", format!("Api validation failed: {what}"))
}

/// One cause for each member that breaks a rule; the summary names the first.
fn invalid(fields: &[InvalidField]) -> Answer {
    let first = fields.first().map_or("body", |field| field.field);
    fields.iter().fold(validation(first), |answer, InvalidField { field, reason }| {
        let reason = match reason {
            Invalid::Blank => "The field cannot be left blank".to_owned(),
            Invalid::TooLong { .. } => "The field is too long".to_owned(),
            Invalid::ControlCharacter => "The field cannot contain control characters".to_owned(),
            reason => format!("The field {reason}"),
        };
        answer.because(format!("{field}: {reason}"))
    })
}

/// A hook that was called in vain (wire.md §6): no answer in time, an answer that is an error, or none that can be used.
fn call_answer(error: &CallError) -> Answer {
    let answer = match (error.party, &error.failure) {
        (_, Failure::TimedOut { .. }) => {
            Answer::new(StatusCode::GATEWAY_TIMEOUT, "E0000137", "Okta did not receive a response from an inline hook.")
        }
        (Party::Hook, Failure::Status { .. }) => {
            Answer::new(StatusCode::BAD_REQUEST, "E0000135", "An inline hook responded with an error.")
        }
        (Party::TokenEndpoint, Failure::Status { .. })
        | (
            _,
            Failure::Outbound(_)
            | Failure::Redirect { .. }
            | Failure::NotAnObject(_)
            | Failure::NoAccessToken
            | Failure::TokenType(_),
        ) => Answer::new(
            StatusCode::BAD_GATEWAY,
            "E0000134",
            "Okta could not communicate correctly with an inline hook.",
        ),
    };
    answer.because(format!("The call failed at {error}."))
}

fn use_of(user: &KeyReference) -> String {
    let KeyReference { consumer_kind, consumer_id, consumer_name, .. } = user;
    format!(
        "The key is used by {consumer_kind} '{consumer_name}' ({consumer_id}). Only keys that aren't used can be deleted."
    )
}

/// As the log has it.
fn oauth_form((status, body): (StatusCode, OAuthErrorBody)) -> Answer {
    Answer::new(status, body.error, body.error_description)
}

fn bad_credential() -> Answer {
    Answer::new(StatusCode::UNAUTHORIZED, "E0000011", "Invalid token provided")
}

fn forbidden() -> Answer {
    Answer::new(StatusCode::FORBIDDEN, "E0000006", "You do not have permission to perform the requested action")
}

fn malformed() -> Answer {
    Answer::new(StatusCode::BAD_REQUEST, "E0000003", "The request body was not well-formed.")
}

fn internal() -> Answer {
    Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "E0000009", "Internal Server Error")
}

fn unavailable() -> Answer {
    Answer::new(StatusCode::SERVICE_UNAVAILABLE, "E0000010", "Service is in read only mode")
}

fn protocol_answer(status: StatusCode) -> Answer {
    let cause = match status {
        StatusCode::REQUEST_TIMEOUT => "The request did not arrive in time.",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            "The head of the request is too large, or has more than 96 headers."
        }
        StatusCode::BAD_REQUEST => "The request is not well-formed HTTP.",
        // The HTTP library has no others; whatever it may learn to send is told by its status.
        other => other.canonical_reason().unwrap_or("The request was refused."),
    };
    Answer { status, ..malformed() }.because(cause)
}
