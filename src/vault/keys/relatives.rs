//! Keys that an imported one must have nothing in common with: all of its org, next and retired ones too.

use crate::crypto::import::kinship;
use crate::domain::actor::Actor;
use crate::domain::hook_key::PublicKey;
use crate::domain::id::{KeyId, OrgId};
use crate::domain::name::Name;
use crate::repository::error::StoreError;
use crate::repository::store::{ReadTx, Serial, WriteTx};
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use std::collections::{HashMap, HashSet};

impl Vault {
    /// Begins a write in which the key shares nothing with any key that its org has. Others that import wait until it is over.
    ///
    /// Two keys are compared in up to a few milliseconds, and there may be hundreds, so that is done before; only where others have come
    /// meanwhile it is begun again, with these alone.
    ///
    /// # Errors
    /// [`VaultError::ImportRelated`], or one of the store.
    pub(super) async fn write_beside_unrelated(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &PublicKey,
    ) -> Result<Box<dyn WriteTx>, VaultError> {
        let mut view = self.registry.store.read().await?;
        let others = keys_of(&mut *view, org).await?;
        drop(view);
        let mut compared: HashSet<_> = others.iter().map(|other| other.key_id).collect();
        self.refuse_related(key, others).await?;
        loop {
            let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
            let mut others = keys_of(&mut *tx, org).await?;
            others.retain(|other| compared.insert(other.key_id));
            if others.is_empty() {
                return Ok(tx);
            }
            drop(tx);
            self.refuse_related(key, others).await?;
        }
    }

    /// Off the async workers, and no more at once than keys are made.
    async fn refuse_related(&self, key: &PublicKey, others: Vec<Other>) -> Result<(), VaultError> {
        let permit = self.key_makers.clone().acquire_owned().await.expect("the semaphore is never closed");
        let key = key.clone();
        let compared = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            others.into_iter().find_map(|other| kinship(&key, &other.public_key).map(|kinship| (kinship, other)))
        });
        match compared.await? {
            Some((kinship, Other { key_id: kid, name, .. })) => Err(VaultError::ImportRelated { kinship, kid, name }),
            None => Ok(()),
        }
    }
}

/// The public half of a key, and the name of its hook key.
struct Other {
    key_id: KeyId,
    name: Name,
    public_key: PublicKey,
}

/// All keys of the org.
async fn keys_of(tx: &mut (impl ReadTx + ?Sized), org: &OrgId) -> Result<Vec<Other>, StoreError> {
    let keys = tx.hook_key_list(org).await?;
    let names: HashMap<_, _> = keys.iter().map(|key| (key.id.clone(), key.name.clone())).collect();
    let versions = tx.hook_key_version_list(org, None).await?.into_iter().filter_map(|version| {
        // One is never without its hook key, by a foreign key.
        let name = names.get(&version.hook_key_id)?.clone();
        Some(Other { key_id: version.key_id, name, public_key: version.public_key })
    });
    let versions: Vec<_> = versions.collect();
    let signing = keys.into_iter().map(|key| Other { key_id: key.key_id, name: key.name, public_key: key.public_key });
    Ok(signing.chain(versions).collect())
}
