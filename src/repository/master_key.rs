//! The record of the master key in the store. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::{Refusable, StoreError};
use crate::domain::clock::Timestamp;
use crate::domain::sealed::{MasterKeyId, Sealed};
use async_trait::async_trait;

/// Which master key seals the database, and a known value under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyRecord {
    pub id: MasterKeyId,
    pub probe: Sealed,
    pub created: Timestamp,
}

#[async_trait]
pub trait MasterKeyRead: Send {
    async fn master_key_find(&mut self) -> Result<Option<MasterKeyRecord>, StoreError>;
}

#[async_trait]
pub trait MasterKeyWrite: MasterKeyRead {
    /// Refused where one is recorded already.
    async fn master_key_insert(&mut self, record: &MasterKeyRecord) -> Refusable<()>;

    /// Puts another record in the place of the one that is there.
    async fn master_key_replace(&mut self, record: &MasterKeyRecord) -> Result<(), StoreError>;
}
