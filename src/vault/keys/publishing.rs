//! Public keys in the forms that verifiers read.

use crate::crypto::rsa_key;
use crate::domain::hook_key::HookKey;
use crate::domain::id::OrgId;
use crate::vault::Vault;
use crate::vault::error::VaultError;
use crate::vault::keys::hook_key::get_key;

impl Vault {
    /// # Errors
    /// [`VaultError::NotFound`] or one of the store.
    pub async fn hook_key_get_by_id_or_name(&self, org: &OrgId, key: &str) -> Result<HookKey, VaultError> {
        let mut tx = self.registry.store.read().await?;
        get_key(&mut *tx, org, key).await
    }
}

/// Public keys as PEM (RFC 7468, clause 13). In front of each stands its `kid`, which readers skip (clause 5.2).
///
/// # Errors
/// [`VaultError::PublicKey`] for a key that is none.
pub fn pem(keys: &[HookKey]) -> Result<String, VaultError> {
    keys.iter()
        .map(|key| Ok(format!("kid: {}\n{}", key.key_id, rsa_key::public_key_pem(&key.public_key)?)))
        .collect::<Result<_, rsa_key::NotAPublicKey>>()
        .map_err(VaultError::PublicKey)
}
