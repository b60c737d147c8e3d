//! Ids of assertions and proofs that were used, in the store. Every method fails with an error of the engine.

use super::error::StoreError;
use crate::domain::clock::Timestamp;
use async_trait::async_trait;

#[async_trait]
pub trait UsedTokenIdWrite: Send {
    /// Returns whether it was not there yet. The transaction goes on either way.
    async fn used_token_id_insert(&mut self, hash: &[u8; 32], expires: Timestamp) -> Result<bool, StoreError>;

    /// Removes one, if it is there.
    async fn used_token_id_delete(&mut self, hash: &[u8; 32]) -> Result<(), StoreError>;

    /// Removes those whose tokens are refused for their age. Returns how many.
    async fn used_token_id_clean(&mut self, now: Timestamp) -> Result<u64, StoreError>;
}
