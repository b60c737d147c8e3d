//! One inline hook, by what a person calls it.

use crate::domain::id::{InlineHookId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::StoredInlineHook;
use crate::domain::name::Name;
use crate::repository::store::ReadTx;
use crate::vault::error::{Kind, VaultError};
use crate::vault::handle::Vault;

impl Vault {
    /// The hook with this id.
    ///
    /// # Errors
    /// As [`Self::hook_absent`], or one of the store.
    pub(in crate::vault) async fn stored_hook(&self, org: &OrgId, id: &str) -> Result<StoredInlineHook, VaultError> {
        let hook_id = self.hook_id_of(org, id).await?;
        let mut tx = self.registry.store.read().await?;
        self.find_hook(&mut *tx, org, &hook_id).await
    }

    /// The hook with this id, in a transaction.
    ///
    /// # Errors
    /// As [`Self::stored_hook`].
    pub(super) async fn find_hook(
        &self,
        tx: &mut dyn ReadTx,
        org: &OrgId,
        id: &InlineHookId,
    ) -> Result<StoredInlineHook, VaultError> {
        match tx.inline_hook_find(org, id).await? {
            Some(found) => Ok(found),
            None => Err(self.hook_absent(tx, org, id.as_str()).await),
        }
    }

    /// Why a hook is not found: there is none, unless a row of the org's hooks is damaged, or known to be missing, which may be the one.
    /// There are 100 at the most to look at.
    pub(super) async fn hook_absent(&self, tx: &mut dyn ReadTx, org: &OrgId, id_or_name: &str) -> VaultError {
        let hooks = tx.inline_hook_list(org).await.and_then(|hooks| hooks.into_iter().collect::<Result<Vec<_>, _>>());
        if let Err(error) = hooks {
            return error.into();
        }
        let id = InlineHookId::parse(id_or_name).is_ok().then_some(id_or_name);
        match self.registry.known_damage.missing("inline_hook", org, id) {
            Some(missing) => missing.into(),
            None => VaultError::NotFound { kind: Kind::InlineHook, id: id_or_name.to_owned() },
        }
    }

    /// The id that a text is.
    ///
    /// # Errors
    /// As [`Self::hook_absent`], or one of the store.
    pub(super) async fn hook_id_of(&self, org: &OrgId, text: &str) -> Result<InlineHookId, VaultError> {
        match InlineHookId::parse(text) {
            Ok(id) => Ok(id),
            Err(_) => Err(self.hook_absent(&mut *self.registry.store.read().await?, org, text).await),
        }
    }

    /// The hook with this id, or else with this name. What has the form of an id is never a name.
    ///
    /// # Errors
    /// As [`Self::stored_hook`].
    pub(in crate::vault) async fn stored_hook_by_id_or_name(
        &self,
        org: &OrgId,
        text: &str,
    ) -> Result<StoredInlineHook, VaultError> {
        let name = match (InlineHookId::parse(text), Name::known(text)) {
            (Err(_), Ok(name)) => name,
            (Ok(_), _) | (_, Err(_)) => return self.stored_hook(org, text).await,
        };
        let mut tx = self.registry.store.read().await?;
        match tx.inline_hook_find_by_name(org, &name).await? {
            Some(found) => Ok(found),
            None => Err(self.hook_absent(&mut *tx, org, text).await),
        }
    }
}
