//! Whether the public half of a key belongs to its private one.
//!
//! Whoever can write to the database could put another half into the row, and have it published under the same `kid`. So none is
//! published, and no token is verified with one, that was not compared. What was is remembered by a hash of both halves and their
//! place: reading it again costs that hash alone.

use super::damage::DamageReason;
use crate::crypto::envelope::Envelope;
use crate::crypto::private_key;
use crate::domain::hook_key::{PublicKey, SealedHookKey};
use crate::domain::hook_key_version::{SealedNextKey, place};
use crate::domain::id::KeyId;
use crate::domain::sealed::{Place, Sealed};
use crate::domain::signing_key::SealedSigningKey;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use sha2::{Digest as _, Sha256};

/// A key of either kind, as it is at rest.
pub(in crate::vault) trait KeyAtRest: Clone + Send + 'static {
    fn key_id(&self) -> KeyId;

    /// Looks at both halves and the place that the private one is bound to.
    fn look<R>(&self, look: impl FnOnce(Place<'_>, &Sealed, &PublicKey) -> R) -> R;
}

impl KeyAtRest for SealedHookKey {
    fn key_id(&self) -> KeyId {
        self.key.key_id
    }

    fn look<R>(&self, look: impl FnOnce(Place<'_>, &Sealed, &PublicKey) -> R) -> R {
        look(self.place(), &self.sealed_pkcs8, &self.key.public_key)
    }
}

impl KeyAtRest for SealedNextKey {
    fn key_id(&self) -> KeyId {
        self.key_id
    }

    fn look<R>(&self, look: impl FnOnce(Place<'_>, &Sealed, &PublicKey) -> R) -> R {
        look(place(&self.org_id, &self.key_id.to_string()), &self.sealed_pkcs8, &self.public_key)
    }
}

impl KeyAtRest for SealedSigningKey {
    fn key_id(&self) -> KeyId {
        self.key.key_id
    }

    fn look<R>(&self, look: impl FnOnce(Place<'_>, &Sealed, &PublicKey) -> R) -> R {
        look(self.place(&self.key.key_id.to_string()), &self.sealed_pkcs8, &self.key.public_key)
    }
}

/// Opens the private half and compares. Takes some 0.3 ms: not on an async worker.
///
/// # Errors
/// [`DamageReason`].
pub(in crate::vault) fn compare(key: &impl KeyAtRest, envelope: &Envelope) -> Result<(), DamageReason> {
    key.look(|place, sealed, beside| {
        let pkcs8 = envelope.open(place, sealed)?;
        let own = private_key::public_half(&pkcs8).map_err(|_| DamageReason::NoPrivateKey)?;
        if own == *beside { Ok(()) } else { Err(DamageReason::WrongPublicKey) }
    })
}

impl Vault {
    /// Compares each of the keys, unless that was done before.
    ///
    /// # Errors
    /// [`VaultError::KeyDamaged`] for the first that is.
    pub(in crate::vault) async fn compare<K: KeyAtRest>(&self, keys: &[K]) -> Result<(), VaultError> {
        let digests: Vec<_> = keys.iter().map(digest).collect();
        let fresh = {
            let mut compared = self.compared_keys.lock();
            let is_fresh = |(_, digest): &(&K, [u8; 32])| compared.get(digest).is_none();
            keys.iter().zip(digests).filter(is_fresh).map(|(key, digest)| (key.clone(), digest)).collect::<Vec<_>>()
        };
        if fresh.is_empty() {
            return Ok(());
        }
        let vault = self.clone();
        let compared = tokio::task::spawn_blocking(move || {
            for (key, digest) in fresh {
                compare(&key, &vault.envelope)
                    .map_err(|reason| VaultError::KeyDamaged { kid: key.key_id(), reason })?;
                vault.compared_keys.lock().put(digest, ());
            }
            Ok(())
        });
        compared.await?
    }
}

/// Of both halves and their place, each part with its length in front.
fn digest(key: &impl KeyAtRest) -> [u8; 32] {
    key.look(|place, sealed, public_key| {
        let place = [place.org, place.table, place.row, place.column].map(str::as_bytes);
        let halves = [public_key.modulus.as_slice(), public_key.exponent.as_slice(), sealed.as_bytes()];
        let mut hash = Sha256::new();
        for part in place.into_iter().chain(halves) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    })
}
