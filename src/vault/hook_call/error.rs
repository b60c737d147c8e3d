//! Why a hook was called in vain.

use crate::domain::hook_url::HookUrl;
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
#[error("{party} {url}: {failure}")]
pub struct CallError {
    pub party: Party,
    pub url: HookUrl,
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
    NotJson(String),
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
    /// As much of each as anybody reads, in characters.
    const SHOWN: usize = 300;

    pub(super) fn new(code: &str, description: Option<&str>) -> Self {
        let short = |text: &str| text.chars().take(Self::SHOWN).collect();
        Self { code: short(code), description: description.map(short) }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.description {
            Some(description) => write!(f, "{} ({description})", self.code),
            None => f.write_str(&self.code),
        }
    }
}
