//! Public keys for others to read, and the forms in which verifiers do.

pub use crate::crypto::jwk::{RsaMembers, rsa_members};
use crate::crypto::rsa_key;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{HookKey, PublicKey, SealedHookKey};
use crate::domain::hook_key_version::{HookKeyVersion, Standing};
use crate::domain::id::{HookKeyId, KeyId};
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use std::collections::HashMap;

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

/// One of the keys of a hook key, with its `kid`: the one that signs, the next one, or one that is retired. Where it has a private half,
/// that is the right one; that of a retired key was when it signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedVersion {
    key_id: KeyId,
    public_key: PublicKey,
}

impl PublishedVersion {
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

/// What verifiers need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKeys {
    pub keys: Vec<PublishedVersion>,
    /// When the passing of time alone takes the first of them away.
    pub until: Option<Timestamp>,
}

impl From<&PublishedKey> for PublishedVersion {
    fn from(key: &PublishedKey) -> Self {
        Self { key_id: key.key().key_id, public_key: key.public_key().clone() }
    }
}

impl Vault {
    /// A key that does not sign, and is not over.
    ///
    /// # Errors
    /// [`VaultError::KeyDamaged`].
    pub(in crate::vault) async fn published_version(
        &self,
        version: HookKeyVersion,
    ) -> Result<PublishedVersion, VaultError> {
        self.compare(version.sealed().as_slice()).await?;
        Ok(PublishedVersion { key_id: version.key_id, public_key: version.public_key })
    }

    /// All keys that verifiers need of these hook keys. Of each hook key the one that signs comes first, for those who read no further;
    /// then the next one, then those that are retired.
    ///
    /// # Arguments
    /// `versions`: of these hook keys, in any order.
    ///
    /// # Errors
    /// [`VaultError::KeyDamaged`] for the first that is.
    pub(in crate::vault) async fn published_versions(
        &self,
        keys: Vec<SealedHookKey>,
        versions: Vec<HookKeyVersion>,
    ) -> Result<PublishedKeys, VaultError> {
        self.compare(&keys).await?;
        self.compare(&versions.iter().filter_map(HookKeyVersion::sealed).collect::<Vec<_>>()).await?;
        let now = self.registry.clock.now();
        let mut of_key: HashMap<HookKeyId, (Vec<_>, Vec<_>)> = HashMap::new();
        let mut until = None;
        for version in versions.into_iter().filter(|version| !version.is_over(now)) {
            until = until.into_iter().chain(version.until()).min();
            let (next, retired) = of_key.entry(version.hook_key_id).or_default();
            let list = if matches!(version.standing, Standing::Next { .. }) { next } else { retired };
            list.push(PublishedVersion { key_id: version.key_id, public_key: version.public_key });
        }
        let mut published = Vec::with_capacity(keys.len());
        for SealedHookKey { key, .. } in keys {
            let (next, retired) = of_key.remove(&key.id).unwrap_or_default();
            published.push(PublishedVersion { key_id: key.key_id, public_key: key.public_key });
            published.extend(next.into_iter().chain(retired));
        }
        Ok(PublishedKeys { keys: published, until })
    }

    /// # Errors
    /// [`VaultError::KeyDamaged`].
    pub(in crate::vault) async fn published(&self, key: SealedHookKey) -> Result<PublishedKey, VaultError> {
        self.compare(std::slice::from_ref(&key)).await?;
        Ok(PublishedKey(key.key))
    }
}

/// Public keys as PEM (RFC 7468, clause 13). In front of each stands its `kid`, which readers skip (clause 5.2).
///
/// # Errors
/// [`VaultError::PublicKey`] for a key that is none.
pub fn pem(keys: &[PublishedVersion]) -> Result<String, VaultError> {
    keys.iter()
        .map(|key| Ok(format!("kid: {}\n{}", key.key_id, rsa_key::public_key_pem(&key.public_key)?)))
        .collect::<Result<_, rsa_key::NotAPublicKey>>()
        .map_err(VaultError::PublicKey)
}
