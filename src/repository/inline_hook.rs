//! Inline hooks in the store. Every method fails with an error of the engine, or `Corrupt` for a row that does not parse.

use super::error::{Refusable, StoreError};
use super::page::{Page, Seq};
use crate::domain::id::{InlineHookId, OrgId};
use crate::domain::inline_hook::{InlineHook, StoredInlineHook};
use crate::domain::name::Name;
use async_trait::async_trait;

#[async_trait]
pub trait InlineHookRead: Send {
    /// In order of creation; `Corrupt` for a row that does not parse.
    async fn inline_hook_list(&mut self, org: &OrgId) -> Result<Vec<Result<InlineHook, StoreError>>, StoreError>;
    async fn inline_hook_find(
        &mut self,
        org: &OrgId,
        id: &InlineHookId,
    ) -> Result<Option<StoredInlineHook>, StoreError>;
    async fn inline_hook_find_by_name(
        &mut self,
        org: &OrgId,
        name: &Name,
    ) -> Result<Option<StoredInlineHook>, StoreError>;
    /// A page of the hooks of all orgs, in order of creation; `Corrupt` for a row that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn inline_hook_page(
        &mut self,
        from: Option<Seq>,
        limit: u32,
    ) -> Result<Page<Result<StoredInlineHook, StoreError>, Seq>, StoreError>;
}

/// The reference of a hook to its key is written beside it ([`super::key_reference`]).
#[async_trait]
pub trait InlineHookWrite: InlineHookRead {
    /// Refused for the name, the cap or a key that is not there.
    async fn inline_hook_insert(&mut self, hook: &StoredInlineHook) -> Refusable<()>;

    /// Everything but id, org and creation as it is here. Refused for the name or a key that is not there. A reference to a key that
    /// it has no more must be gone before.
    async fn inline_hook_update(&mut self, hook: &StoredInlineHook) -> Refusable<()>;

    /// Returns whether there was one. Its reference must be gone before.
    async fn inline_hook_delete(&mut self, org: &OrgId, id: &InlineHookId) -> Result<bool, StoreError>;
}
