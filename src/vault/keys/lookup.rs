//! One hook key, by what a person calls it.

use crate::domain::hook_key::HookKey;
use crate::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use crate::domain::name::Name;
use crate::repository::error::StoreError;
use crate::repository::store::ReadTx;
use crate::vault::error::{Kind, VaultError};
use crate::vault::handle::Vault;

impl Vault {
    /// The key with this id, or else with this name.
    ///
    /// # Errors
    /// As [`Self::key_absent`], or one of the store.
    pub(in crate::vault) async fn get_key(
        &self,
        tx: &mut dyn ReadTx,
        org: &OrgId,
        id_or_name: &str,
    ) -> Result<HookKey, VaultError> {
        match find_key(tx, org, id_or_name).await? {
            Some(key) => Ok(key),
            None => Err(self.key_absent(tx, org, id_or_name).await),
        }
    }

    /// Why a key is not found: there is none, unless a row of the org's keys is damaged, or known to be missing, which may be the one.
    /// There are 50 at the most to look at.
    pub(in crate::vault) async fn key_absent(&self, tx: &mut dyn ReadTx, org: &OrgId, id_or_name: &str) -> VaultError {
        if let Err(error) = tx.hook_key_list(org).await {
            return error.into();
        }
        let id = HookKeyId::parse(id_or_name).is_ok().then_some(id_or_name);
        match self.registry.known_damage.missing("hook_key", org, id) {
            Some(missing) => missing.into(),
            None => VaultError::NotFound { kind: Kind::HookKey, id: id_or_name.to_owned() },
        }
    }

    /// The id that a text is.
    ///
    /// # Errors
    /// As [`Self::key_absent`], or one of the store.
    pub(in crate::vault) async fn key_id_of(&self, org: &OrgId, text: &str) -> Result<HookKeyId, VaultError> {
        match HookKeyId::parse(text) {
            Ok(id) => Ok(id),
            Err(_) => Err(self.key_absent(&mut *self.registry.store.read().await?, org, text).await),
        }
    }
}

/// The key with this id, or else with this name. What has the form of an id is never a name: the id of a deleted key must not
/// become another key.
async fn find_key(tx: &mut dyn ReadTx, org: &OrgId, id_or_name: &str) -> Result<Option<HookKey>, StoreError> {
    if let Ok(id) = HookKeyId::parse(id_or_name) {
        return tx.hook_key_find(org, &id).await;
    }
    match Name::known(id_or_name) {
        Ok(name) => tx.hook_key_find_by_name(org, &name).await,
        Err(_) => Ok(None),
    }
}
