//! The keys that sign access tokens in the store. Every method fails with an error of the engine, or `Corrupt` for a row that
//! does not parse.

use super::error::StoreError;
use crate::domain::id::{KeyId, OrgId};
use crate::domain::sealed::Sealed;
use crate::domain::signing_key::{SealedSigningKey, SigningKey};
use async_trait::async_trait;

#[async_trait]
pub trait SigningKeyRead: Send {
    async fn signing_key_list(&mut self, org: &OrgId) -> Result<Vec<SigningKey>, StoreError>;
    /// The private key as it is at rest.
    async fn signing_key_find_sealed(
        &mut self,
        org: &OrgId,
        key_id: &KeyId,
    ) -> Result<Option<SealedSigningKey>, StoreError>;
    /// The private keys of all orgs, as they are at rest; `Corrupt` for a row that does not parse.
    async fn signing_key_list_sealed(&mut self) -> Result<Vec<Result<SealedSigningKey, StoreError>>, StoreError>;
}

#[async_trait]
pub trait SigningKeyWrite: SigningKeyRead {
    /// # Errors
    /// `Conflict` of the generation.
    async fn signing_key_insert(&mut self, key: &SigningKey, sealed_pkcs8: &Sealed) -> Result<(), StoreError>;

    /// Returns whether there was one.
    async fn signing_key_delete(&mut self, org: &OrgId, key_id: &KeyId) -> Result<bool, StoreError>;
}
