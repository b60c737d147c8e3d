//! Who sent a request, once that is established.

use super::clock::Timestamp;
use super::id::{ApiTokenId, PrefixedId as _, ServiceAppId, UserId};
use super::name::Name;
use super::org::Org;
use super::scope::Scopes;
use std::fmt;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub org: Arc<Org>,
    pub scopes: Scopes,
    pub credential: Credential,
}

/// What a caller showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    ApiToken {
        id: ApiTokenId,
        name: Name,
        created: Timestamp,
        user_id: UserId,
    },
    /// An access token of the org's own.
    ServiceApp(ServiceAppId),
    /// An access token of a trusted issuer.
    Issuer {
        issuer: String,
        subject: String,
    },
}

/// What requests are counted by, and what the log says.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiToken { id, .. } => f.write_str(id.as_str()),
            Self::ServiceApp(id) => f.write_str(id.as_str()),
            // Escaped: what others wrote makes no line of its own in the log.
            Self::Issuer { issuer, subject } => write!(f, "{}#{}", issuer.escape_debug(), subject.escape_debug()),
        }
    }
}
