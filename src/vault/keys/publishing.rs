//! Public keys for others to read, and the forms in which verifiers do.

pub use crate::crypto::jwk::{RsaMembers, rsa_members};
use crate::crypto::rsa_key;
use crate::domain::hook_key::{HookKey, PublicKey, SealedHookKey};
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;

/// A key whose public half belongs to its private one: no other half is shown to anybody.
#[derive(Debug, Clone)]
pub struct PublishedKey(HookKey);

impl PublishedKey {
    /// A key that was made just now: its public half has not been in a database yet.
    pub(in crate::vault) fn new(made: HookKey) -> Self {
        Self(made)
    }

    /// A key for documents. Nobody has its private half.
    #[must_use]
    pub fn example() -> Self {
        Self(HookKey::example())
    }

    #[must_use]
    pub fn key(&self) -> &HookKey {
        &self.0
    }

    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }
}

impl Vault {
    /// # Errors
    /// [`VaultError::KeyDamaged`].
    pub(in crate::vault) async fn published(&self, key: SealedHookKey) -> Result<PublishedKey, VaultError> {
        self.compare(std::slice::from_ref(&key)).await?;
        Ok(PublishedKey(key.key))
    }

    /// # Errors
    /// [`VaultError::KeyDamaged`] for the first that is.
    pub(in crate::vault) async fn published_all(
        &self,
        keys: Vec<SealedHookKey>,
    ) -> Result<Vec<PublishedKey>, VaultError> {
        self.compare(&keys).await?;
        Ok(keys.into_iter().map(|key| PublishedKey(key.key)).collect())
    }
}

/// Public keys as PEM (RFC 7468, clause 13). In front of each stands its `kid`, which readers skip (clause 5.2).
///
/// # Errors
/// [`VaultError::PublicKey`] for a key that is none.
pub fn pem(keys: &[PublishedKey]) -> Result<String, VaultError> {
    keys.iter()
        .map(|key| Ok(format!("kid: {}\n{}", key.key().key_id, rsa_key::public_key_pem(key.public_key())?)))
        .collect::<Result<_, rsa_key::NotAPublicKey>>()
        .map_err(VaultError::PublicKey)
}
