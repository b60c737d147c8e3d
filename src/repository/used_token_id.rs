//! Ids of assertions and proofs that were used, in the store. Every method fails with an error of the engine.

use super::error::StoreError;
use super::page::{Key, Page};
use crate::domain::clock::Timestamp;
use async_trait::async_trait;

/// SHA-256 of whose it is and its `jti`, and from when on the token is refused for its age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedTokenId {
    pub hash: [u8; 32],
    pub expires: Timestamp,
}

/// Where a page ended: the hash, as it is in the database.
pub type UsedTokenIdCursor = Key;

#[async_trait]
pub trait UsedTokenIdRead: Send {
    /// A page of them, by hash; `Corrupt` for a row that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn used_token_id_page(
        &mut self,
        from: Option<UsedTokenIdCursor>,
        limit: u32,
    ) -> Result<Page<Result<UsedTokenId, StoreError>, UsedTokenIdCursor>, StoreError>;
}

#[async_trait]
pub trait UsedTokenIdWrite: UsedTokenIdRead {
    /// Returns whether it was not there yet. The transaction goes on either way.
    async fn used_token_id_insert(&mut self, hash: &[u8; 32], expires: Timestamp) -> Result<bool, StoreError>;

    /// Removes one, if it is there.
    async fn used_token_id_delete(&mut self, hash: &[u8; 32]) -> Result<(), StoreError>;

    /// Removes those whose tokens are refused for their age. Returns how many.
    async fn used_token_id_clean(&mut self, now: Timestamp) -> Result<u64, StoreError>;
}
