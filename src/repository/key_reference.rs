//! Who uses which key. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::StoreError;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::KeyReference;
use crate::domain::id::{HookKeyId, OrgId};
use crate::domain::name::Name;
use async_trait::async_trait;

#[async_trait]
pub trait KeyReferenceRead: Send {
    /// Who uses the key, longest first.
    async fn key_reference_list(&mut self, org: &OrgId, key: &HookKeyId) -> Result<Vec<KeyReference>, StoreError>;
    async fn key_reference_find(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
    ) -> Result<Option<KeyReference>, StoreError>;
}

#[async_trait]
pub trait KeyReferenceWrite: KeyReferenceRead {
    /// Makes the reference, or gives the one that is there its new kind and name.
    ///
    /// # Errors
    /// `Conflict` of the cap, or of a key that is not there.
    async fn key_reference_put(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        reference: &KeyReference,
    ) -> Result<(), StoreError>;

    /// Records that the key signed for its consumer.
    async fn key_reference_touch(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns whether there was one.
    async fn key_reference_delete(&mut self, org: &OrgId, key: &HookKeyId, consumer: &Name)
    -> Result<bool, StoreError>;
}
