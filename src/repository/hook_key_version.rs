//! The keys of a hook key that do not sign, in the store. Every method fails with an error of the engine, or `Corrupt` for a row that
//! does not parse.

use super::error::{Refusable, StoreError};
use super::page::{Key, Page};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key_version::HookKeyVersion;
use crate::domain::id::{HookKeyId, KeyId, OrgId};
use async_trait::async_trait;
use std::time::Duration;

/// Where a page ended: when something was due, and with which hook key.
pub type DueCursor = (i64, String);

/// Hook keys with which something is due.
pub type DuePage = Page<Result<(OrgId, HookKeyId), StoreError>, DueCursor>;

#[async_trait]
pub trait HookKeyVersionRead: Send {
    /// Those of one hook key, or of all of the org.
    async fn hook_key_version_list(
        &mut self,
        org: &OrgId,
        of: Option<&HookKeyId>,
    ) -> Result<Vec<HookKeyVersion>, StoreError>;
    async fn hook_key_version_find(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<HookKeyVersion>, StoreError>;
    /// A page of the hook keys of all orgs whose next key is to sign by now, or whose retired one is over; what waits longest comes
    /// first. `Corrupt` for an id that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn hook_key_version_page_due(
        &mut self,
        now: Timestamp,
        from: Option<DueCursor>,
        limit: u32,
    ) -> Result<DuePage, StoreError>;
    /// The same of those whose next key is to be made by now, as they rotate by themselves.
    ///
    /// # Arguments
    /// `ahead`: how long a next key is published before it signs.
    async fn hook_key_page_rotating(
        &mut self,
        now: Timestamp,
        ahead: Duration,
        from: Option<DueCursor>,
        limit: u32,
    ) -> Result<DuePage, StoreError>;
    /// A page of those of all orgs, by `key_id`; `Corrupt` for a row that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn hook_key_version_page(
        &mut self,
        from: Option<Key>,
        limit: u32,
    ) -> Result<Page<Result<HookKeyVersion, StoreError>, Key>, StoreError>;
}

#[async_trait]
pub trait HookKeyVersionWrite: HookKeyVersionRead {
    /// Refused where there is another next one.
    async fn hook_key_version_insert(&mut self, version: &HookKeyVersion) -> Refusable<()>;

    /// Returns whether there was one.
    async fn hook_key_version_delete(&mut self, org: &OrgId, key_id: &KeyId) -> Result<bool, StoreError>;
}
