//! Who uses which key. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::{Refusable, StoreError};
use super::page::Page;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{KeyReference, StoredKeyReference};
use crate::domain::id::{HookKeyId, InlineHookId, OrgId};
use crate::domain::inline_hook::InlineHook;
use crate::domain::name::Name;
use async_trait::async_trait;

/// Where a page ended: org, key and consumer, as they are in the database.
pub type KeyReferenceCursor = (Vec<u8>, Vec<u8>, Vec<u8>);

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
    /// A page of the uses of all keys; `Corrupt` for a row that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn key_reference_page(
        &mut self,
        from: Option<KeyReferenceCursor>,
        limit: u32,
    ) -> Result<Page<Result<StoredKeyReference, StoreError>, KeyReferenceCursor>, StoreError>;
}

#[async_trait]
pub trait KeyReferenceWrite: KeyReferenceRead {
    /// Makes the reference of another program, or gives the one that is there its new kind and name. Refused for the cap, or a key
    /// that is not there.
    async fn key_reference_put(&mut self, org: &OrgId, key: &HookKeyId, reference: &KeyReference) -> Refusable<()>;

    /// Makes the reference of a hook, which is there, to its key, if it has one, or gives it the hook's name.
    async fn key_reference_put_hook(&mut self, hook: &InlineHook, since: Timestamp) -> Result<(), StoreError>;

    /// Removes the reference of a hook, if it has one.
    async fn key_reference_delete_hook(&mut self, org: &OrgId, hook: &InlineHookId) -> Result<(), StoreError>;

    /// Records that the key signed for its consumer.
    async fn key_reference_touch(
        &mut self,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Removes the reference of another program. Returns whether there was one.
    async fn key_reference_delete(&mut self, org: &OrgId, key: &HookKeyId, consumer: &Name)
    -> Result<bool, StoreError>;
}
