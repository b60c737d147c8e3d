//! The keys that sign access tokens in the store. Every method fails with an error of the engine, or `Corrupt` for a row that
//! does not parse.

use super::error::{Refusable, StoreError};
use super::page::Page;
use crate::domain::clock::Timestamp;
use crate::domain::id::{KeyId, OrgId};
use crate::domain::sealed::Sealed;
use crate::domain::signing_key::{SealedSigningKey, SigningKey};
use async_trait::async_trait;

/// Where a page ended: org and generation, as they are in the database.
pub type SigningKeyCursor = (Vec<u8>, i64);

#[async_trait]
pub trait SigningKeyRead: Send {
    async fn signing_key_list(&mut self, org: &OrgId) -> Result<Vec<SigningKey>, StoreError>;
    /// A page of the orgs, by id, that have more than one key, or one that signs since that moment or longer;
    /// `Corrupt` for an id that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn signing_key_page_orgs(
        &mut self,
        since: Timestamp,
        from: Option<String>,
        limit: u32,
    ) -> Result<Page<Result<OrgId, StoreError>, String>, StoreError>;
    /// The private key as it is at rest.
    async fn signing_key_find_sealed(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<SealedSigningKey>, StoreError>;
    /// A page of the keys of all orgs; `Corrupt` for a row that does not parse.
    ///
    /// # Arguments
    /// `from`: where it begins.
    async fn signing_key_page_sealed(
        &mut self,
        from: Option<SigningKeyCursor>,
        limit: u32,
    ) -> Result<Page<Result<SealedSigningKey, StoreError>, SigningKeyCursor>, StoreError>;
}

#[async_trait]
pub trait SigningKeyWrite: SigningKeyRead {
    /// Refused for the generation.
    async fn signing_key_insert(&mut self, key: &SigningKey, sealed_pkcs8: &Sealed) -> Refusable<()>;

    /// Returns whether there was one.
    async fn signing_key_delete(&mut self, org: &OrgId, key_id: &KeyId) -> Result<bool, StoreError>;
}
