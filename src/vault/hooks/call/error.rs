//! Why a hook was called in vain.

use crate::domain::http_url::HttpUrl;
use crate::outbound::OutboundError;
use std::fmt;

/// Who was being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    TokenEndpoint,
    Hook,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TokenEndpoint => "the token endpoint",
            Self::Hook => "the hook",
        })
    }
}

/// Names the party, its address and what happened; holds nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{party} {}: {failure}", .url.shown())]
pub struct CallError {
    pub party: Party,
    pub url: HttpUrl,
    pub failure: Failure,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("no answer within the {seconds} s that the whole call may take")]
    TimedOut { seconds: u64 },
    #[error("it redirects (status {status}), and redirects are not followed")]
    Redirect { status: u16 },
    /// For a token endpoint, with the error it names (RFC 6749, clause 5.2).
    #[error("it answered with status {status}{}", .oauth.as_ref().map(|error| format!(": {error}")).unwrap_or_default())]
    Status { status: u16, oauth: Option<OAuthError> },
    #[error("its answer is not a JSON object: {0}")]
    NotAnObject(NotAnObject),
    #[error("its answer has no access_token")]
    NoAccessToken,
    #[error("it gives tokens of the type {0}, not Bearer")]
    TokenType(String),
}

/// What a token endpoint says of a refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    pub code: String,
    pub description: Option<String>,
}

impl OAuthError {
    pub(super) fn new(code: &str, description: Option<&str>) -> Self {
        Self { code: short(code), description: description.map(short) }
    }
}

/// As much of a text from the other side as anybody reads, and nothing of it that a terminal would obey.
pub(super) fn short(text: &str) -> String {
    const SHOWN: usize = 300;
    let harmless = |c: char| if c.is_alphanumeric() || matches!(c, ' '..='~' | '…') { c } else { '?' };
    text.chars().take(SHOWN).map(harmless).collect()
}

/// Why a body is no JSON object. What it holds instead may be a secret, so it is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObject {
    #[error("it is other JSON")]
    OtherJson,
    #[error("it is no JSON from line {line}, column {column} on")]
    NoJson { line: usize, column: usize },
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.description {
            Some(description) => write!(f, "{} ({description})", self.code),
            None => f.write_str(&self.code),
        }
    }
}
