//! What a client is told of a failure: status, code and words (wire.md §2).

use crate::domain::invalid::{Invalid, InvalidField};
use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The one form of an error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub struct ErrorBody {
    #[schema(pattern = "^E[0-9]{7}$", example = "E0000007")]
    error_code: &'static str,
    error_summary: String,
    /// The same as `errorCode`.
    #[schema(pattern = "^E[0-9]{7}$", example = "E0000007")]
    error_link: &'static str,
    /// The id that the server's log has too.
    #[schema(pattern = "^oae[A-Za-z0-9_-]{22}$", example = "oaegRIfbw2PTMWy0XIIvWM_bg")]
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
    pub code: &'static str,
    summary: String,
    causes: Vec<String>,
}

impl Answer {
    pub fn new(status: StatusCode, code: &'static str, summary: impl Into<String>) -> Self {
        Self { status, code, summary: summary.into(), causes: Vec::new() }
    }

    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
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

pub fn validation(what: &str) -> Answer {
    Answer::new(StatusCode::BAD_REQUEST, "E0000001", format!("Api validation failed: {what}"))
}

/// One cause for each member that breaks a rule; the summary names the first.
pub fn invalid(fields: &[InvalidField]) -> Answer {
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

pub fn bad_credential() -> Answer {
    Answer::new(StatusCode::UNAUTHORIZED, "E0000011", "Invalid token provided")
}

pub fn forbidden() -> Answer {
    Answer::new(StatusCode::FORBIDDEN, "E0000006", "You do not have permission to perform the requested action")
}

pub fn malformed() -> Answer {
    Answer::new(StatusCode::BAD_REQUEST, "E0000003", "The request body was not well-formed.")
}

pub fn internal() -> Answer {
    Answer::new(StatusCode::INTERNAL_SERVER_ERROR, "E0000009", "Internal Server Error")
}

pub fn unavailable() -> Answer {
    Answer::new(StatusCode::SERVICE_UNAVAILABLE, "E0000010", "Service is in read only mode")
}

pub fn protocol_answer(status: StatusCode) -> Answer {
    let cause = match status {
        StatusCode::REQUEST_TIMEOUT => "The request did not arrive in time.",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            "The head of the request is too large, or has more than 96 headers."
        }
        StatusCode::BAD_REQUEST => "The request is not well-formed HTTP.",
        // The HTTP library has no others; whatever it may learn to send is told by its status.
        other => other.canonical_reason().unwrap_or("The request was refused."),
    };
    malformed().with_status(status).because(cause)
}
