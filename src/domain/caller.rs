//! Who sent a request, once that is established.

use super::clock::Timestamp;
use super::id::{ApiTokenId, UserId};
use super::name::Name;
use super::org::Org;
use super::scope::Scopes;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub org: Org,
    pub token_id: ApiTokenId,
    pub token_name: Name,
    pub token_created: Timestamp,
    pub user_id: UserId,
    pub scopes: Scopes,
}
