//! The records of the master keys in the store. Every method fails with an error of the engine, or `Corrupt` for a row that does not
//! parse.

use super::error::{Refusable, StoreError};
use crate::domain::master_key::{MasterKeyRecord, MasterKeyRotation, MasterKeys};
use crate::domain::sealed::MasterKeyId;
use async_trait::async_trait;

#[async_trait]
pub trait MasterKeyRead: Send {
    async fn master_keys(&mut self) -> Result<Option<MasterKeys>, StoreError>;

    /// How many rows and values are sealed with this key, by their own word.
    async fn master_key_uses(&mut self, id: MasterKeyId) -> Result<u64, StoreError>;
}

#[async_trait]
pub trait MasterKeyWrite: MasterKeyRead {
    /// Refused where one is recorded already.
    async fn master_key_insert(&mut self, record: &MasterKeyRecord) -> Refusable<()>;

    /// Puts another record in the place of the one that is there.
    async fn master_key_replace(&mut self, record: &MasterKeyRecord) -> Result<(), StoreError>;

    /// Records a rotation. There must be none.
    async fn master_key_rotation_insert(&mut self, rotation: &MasterKeyRotation) -> Result<(), StoreError>;

    /// Ends the rotation: what is sealed of the two keys goes, and must not stay on the disk.
    async fn master_key_rotation_delete(&mut self) -> Result<(), StoreError>;
}
