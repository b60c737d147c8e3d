//! API tokens in the store. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::{Refusable, StoreError};
use super::page::{Page, Seq};
use crate::domain::api_token::{ApiToken, StoredApiToken, TokenHash};
use crate::domain::clock::Timestamp;
use crate::domain::id::{ApiTokenId, OrgId};
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use async_trait::async_trait;

#[async_trait]
pub trait ApiTokenRead: Send {
    /// The tokens of all orgs, in order of creation, revoked ones too; `Corrupt` for a row that does not parse.
    async fn api_token_list(&mut self) -> Result<Vec<Result<ApiToken, StoreError>>, StoreError>;
    /// Those of an org that were not revoked, in order of creation.
    async fn api_token_list_unrevoked(&mut self, org: &OrgId) -> Result<Vec<ApiToken>, StoreError>;
    /// A page of the tokens of all orgs with their hashes, in order of creation, revoked ones too; `Corrupt` for a row that does not
    /// parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn api_token_page(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<StoredApiToken, StoreError>, Seq>, StoreError>;
    async fn api_token_find(&mut self, id: &ApiTokenId) -> Result<Option<ApiToken>, StoreError>;
    /// The tokens of this name that are not revoked, of all orgs, in order of creation; of each org there is one at the most.
    ///
    /// # Arguments
    /// `limit`: how many at the most.
    async fn api_token_list_by_name(&mut self, name: &Name, limit: u32) -> Result<Vec<ApiToken>, StoreError>;
    async fn api_token_find_by_hash(&mut self, hash: &TokenHash) -> Result<Option<ApiToken>, StoreError>;
}

#[async_trait]
pub trait ApiTokenWrite: ApiTokenRead {
    /// Refused for the name; a token that is inserted twice has its name twice as well.
    async fn api_token_insert(&mut self, token: &ApiToken, hash: &TokenHash) -> Refusable<()>;

    /// Returns whether there was such a token.
    async fn api_token_rescope(&mut self, id: &ApiTokenId, scopes: &Scopes) -> Result<bool, StoreError>;

    /// Returns whether there was such a token that was not revoked yet.
    async fn api_token_revoke(&mut self, id: &ApiTokenId, now: Timestamp) -> Result<bool, StoreError>;

    /// Removes a row unread: one that cannot be read, and whose id may be none. Returns the org that it named, or `None` where there is no
    /// such row.
    async fn api_token_remove(&mut self, id: &str) -> Result<Option<String>, StoreError>;
}
