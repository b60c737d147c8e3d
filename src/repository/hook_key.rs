//! Hook keys in the store. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::{Refusable, StoreError};
use super::page::{Page, Seq};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{HookKey, KeyReference, SealedHookKey};
use crate::domain::id::{HookKeyId, KeyId, OrgId};
use crate::domain::name::Name;
use crate::domain::sealed::Sealed;
use async_trait::async_trait;

#[async_trait]
pub trait HookKeyRead: Send {
    /// In order of creation.
    async fn hook_key_list(&mut self, org: &OrgId) -> Result<Vec<HookKey>, StoreError>;
    async fn hook_key_find(&mut self, org: &OrgId, id: &HookKeyId) -> Result<Option<HookKey>, StoreError>;
    /// How many keys the org has.
    async fn hook_key_count(&mut self, org: &OrgId) -> Result<u32, StoreError>;
    async fn hook_key_find_by_name(&mut self, org: &OrgId, name: &Name) -> Result<Option<HookKey>, StoreError>;
    /// With the private half as it is at rest.
    async fn hook_key_find_sealed(&mut self, org: &OrgId, id: &HookKeyId) -> Result<Option<SealedHookKey>, StoreError>;
    async fn hook_key_find_sealed_by_key_id(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<SealedHookKey>, StoreError>;
    /// In order of creation.
    async fn hook_key_list_sealed(&mut self, org: &OrgId) -> Result<Vec<SealedHookKey>, StoreError>;
    /// A page of the keys of all orgs, in order of creation; `Corrupt` for a row that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn hook_key_page_sealed(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<SealedHookKey, StoreError>, Seq>, StoreError>;
}

/// How the deletion of a key ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyDeletion {
    Deleted,
    Missing,
    /// By these, longest first; at least one.
    InUse(Vec<KeyReference>),
}

#[async_trait]
pub trait HookKeyWrite: HookKeyRead {
    /// Refused for the name or the cap.
    async fn hook_key_insert(&mut self, key: &HookKey, sealed_pkcs8: &Sealed) -> Refusable<()>;

    /// Returns the name that it had, and the key as it is now; or `None` where there is none. Refused for the name.
    async fn hook_key_rename(
        &mut self,
        org: &OrgId,
        id: &HookKeyId,
        name: &Name,
        now: Timestamp,
    ) -> Refusable<Option<(Name, SealedHookKey)>>;

    /// Writes all of a key but its name anew, and its private half where there is another one. Who calls this has read the key in the
    /// same transaction, and asked for that to be serial. Returns whether there was one.
    async fn hook_key_replace(&mut self, key: &HookKey, sealed_pkcs8: Option<&Sealed>) -> Result<bool, StoreError>;

    /// Deletes a key that nobody uses, and all of its versions. A key in use ends the transaction, as every refusal does.
    async fn hook_key_delete(&mut self, org: &OrgId, id: &HookKeyId) -> Result<KeyDeletion, StoreError>;
}
