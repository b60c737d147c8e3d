//! API tokens: what is kept of them. The token itself is shown once and never stored.

use super::clock::Timestamp;
use super::id::{ApiTokenId, OrgId, UserId};
use super::name::Name;
use super::scope::Scopes;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub org_id: OrgId,
    pub user_id: UserId,
    pub name: Name,
    pub scopes: Scopes,
    pub created: Timestamp,
    /// `None` for a token that lives until it is revoked.
    pub expires: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
}

/// Whether a token is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStatus {
    Active,
    Expired,
    Revoked,
}

impl ApiToken {
    #[must_use]
    pub fn status(&self, now: Timestamp) -> TokenStatus {
        if self.revoked.is_some() {
            TokenStatus::Revoked
        } else if self.expires.is_some_and(|expires| expires <= now) {
            TokenStatus::Expired
        } else {
            TokenStatus::Active
        }
    }
}

impl TokenStatus {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A token as it is at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredApiToken {
    pub token: ApiToken,
    pub hash: TokenHash,
}

/// SHA-256 of a token: what the database keeps and looks up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);
