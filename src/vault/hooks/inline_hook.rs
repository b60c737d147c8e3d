//! Inline hooks: make, list, read, change, replace, switch, delete.

use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, LAST_UPDATED, Target};
use crate::domain::clock::Timestamp;
use crate::domain::id::{HookKeyId, InlineHookId, OrgId};
use crate::domain::inline_hook::draft::{Base, HookContent, HookDraft, SecretSource};
use crate::domain::inline_hook::{HookStatus, HookType, InlineHook, StoredInlineHook, secret_place};
use crate::domain::sealed::Sealed;
use crate::repository::error::Conflict;
use crate::repository::store::{Serial, WriteTx};
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;

impl Vault {
    /// In order of creation.
    ///
    /// # Errors
    /// [`VaultError::Invalid`] for a type that is none, or one of the store.
    pub async fn inline_hook_list(&self, org: &OrgId, only: Option<&str>) -> Result<Vec<InlineHook>, VaultError> {
        let only = only.map(HookType::parse).transpose().map_err(|reason| reason.at("type"))?;
        let mut hooks = self.inline_hook_list_each(org).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        hooks.retain(|hook| only.is_none_or(|only| hook.hook_type == only));
        Ok(hooks)
    }

    /// In order of creation; in the place of one that cannot be read, why not.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn inline_hook_list_each(&self, org: &OrgId) -> Result<Vec<Result<InlineHook, VaultError>>, VaultError> {
        let listed = self.registry.store.read().await?.inline_hook_list(org).await?;
        Ok(listed.into_iter().map(|hook| hook.map_err(VaultError::from)).collect())
    }

    /// # Errors
    /// [`VaultError::NotFound`] or one of the store.
    pub async fn inline_hook_get(&self, org: &OrgId, id: &str) -> Result<InlineHook, VaultError> {
        Ok(self.stored_hook(org, id).await?.hook)
    }

    /// # Errors
    /// [`VaultError::Invalid`], [`VaultError::HookKeyUnknown`], [`VaultError::Conflict`] of the name or the
    /// cap, or one of the store.
    pub async fn inline_hook_create(
        &self,
        actor: &Actor,
        org: &OrgId,
        draft: &HookDraft,
    ) -> Result<InlineHook, VaultError> {
        let id: InlineHookId = self.registry.random.id();
        let now = self.registry.clock.now();
        let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
        let key = self.named_key(&mut *tx, org, draft).await?;
        let content = draft.complete(Base::New, key.as_ref(), self.outbound.policy())?;
        let sealed_secret =
            if content.secret == SecretSource::Given { self.seal_secret(org, &id, draft) } else { None };
        let hook = hook_of(content, id, org.clone(), HookStatus::Active, now, now);
        let stored = StoredInlineHook { hook, sealed_secret };
        tx.inline_hook_insert(&stored).await?.map_err(|conflict| key_unknown(conflict, draft))?;
        tx.key_reference_put_hook(&stored.hook, now).await?;
        self.commit(tx, record(org, EventKind::InlineHookCreated, &stored.hook)).await?;
        Ok(stored.hook)
    }

    /// What the draft leaves out stays, the secret included.
    ///
    /// # Errors
    /// As [`Self::inline_hook_create`], or [`VaultError::NotFound`].
    pub async fn inline_hook_change(
        &self,
        actor: &Actor,
        org: &OrgId,
        id: &str,
        draft: HookDraft,
    ) -> Result<InlineHook, VaultError> {
        self.rewrite(actor, org, id, draft, |hook| Base::Changed(hook)).await
    }

    /// The draft must be whole: the reference says that a replacement brings its secret, so none is kept.
    ///
    /// # Errors
    /// As [`Self::inline_hook_change`].
    pub async fn inline_hook_replace(
        &self,
        actor: &Actor,
        org: &OrgId,
        id: &str,
        draft: HookDraft,
    ) -> Result<InlineHook, VaultError> {
        self.rewrite(actor, org, id, draft, |hook| Base::Replaced(hook)).await
    }

    async fn rewrite(
        &self,
        actor: &Actor,
        org: &OrgId,
        id: &str,
        draft: HookDraft,
        base: for<'a> fn(&'a InlineHook) -> Base<'a>,
    ) -> Result<InlineHook, VaultError> {
        let hook_id = self.hook_id_of(org, id).await?;
        let now = self.registry.clock.now();
        let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
        let before = self.find_hook(&mut *tx, org, &hook_id).await?;
        let key = self.named_key(&mut *tx, org, &draft).await?;
        let content = draft.complete(base(&before.hook), key.as_ref(), self.outbound.policy())?;
        let sealed_secret = match content.secret {
            SecretSource::None => None,
            SecretSource::Given => self.seal_secret(org, &hook_id, &draft),
            SecretSource::Kept => before.sealed_secret.clone(),
        };
        let InlineHook { id, org_id, status, created, .. } = before.hook.clone();
        let after = StoredInlineHook { hook: hook_of(content, id, org_id, status, created, now), sealed_secret };
        if before.hook.channel.auth.hook_key_id() != after.hook.channel.auth.hook_key_id() {
            tx.key_reference_delete_hook(org, &hook_id).await?;
        }
        tx.inline_hook_update(&after).await?.map_err(|conflict| key_unknown(conflict, &draft))?;
        tx.key_reference_put_hook(&after.hook, now).await?;
        self.commit(tx, record(org, EventKind::InlineHookUpdated, &after.hook)).await?;
        Ok(after.hook)
    }

    /// Switches a hook on or off; nothing happens where it is so already.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] or one of the store.
    pub async fn inline_hook_switch(
        &self,
        actor: &Actor,
        org: &OrgId,
        id: &str,
        status: HookStatus,
    ) -> Result<InlineHook, VaultError> {
        let hook_id = self.hook_id_of(org, id).await?;
        let now = self.registry.clock.now();
        let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
        let mut stored = self.find_hook(&mut *tx, org, &hook_id).await?;
        if stored.hook.status != status {
            stored.hook.status = status;
            stored.hook.last_updated = now;
            tx.inline_hook_update(&stored).await??;
            tx.key_reference_put_hook(&stored.hook, now).await?;
            let event = match status {
                HookStatus::Active => EventKind::InlineHookActivated,
                HookStatus::Inactive => EventKind::InlineHookDeactivated,
            };
            self.commit(tx, record(org, event, &stored.hook)).await?;
        }
        Ok(stored.hook)
    }

    /// For good, as with keys. One that cannot be read is deleted whether or not it is active.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], [`VaultError::HookActive`] or one of the store.
    pub async fn inline_hook_delete(&self, actor: &Actor, org: &OrgId, id: &str) -> Result<(), VaultError> {
        let hook_id = self.hook_id_of(org, id).await?;
        let mut tx = self.registry.store.write(actor, Serial::Org(org)).await?;
        let target = match tx.inline_hook_find(org, &hook_id).await.map_err(VaultError::from) {
            Ok(None) => return Err(self.hook_absent(&mut *tx, org, id).await),
            Ok(Some(stored)) if stored.hook.status == HookStatus::Active => return Err(VaultError::HookActive),
            Ok(Some(stored)) => target(&stored.hook),
            Err(error) if error.damaged_row() == Some(("inline_hook", id)) => {
                Target::new("InlineHook", &hook_id, None).with("damaged", true)
            }
            Err(error) => return Err(error),
        };
        tx.key_reference_delete_hook(org, &hook_id).await?;
        if !tx.inline_hook_delete(org, &hook_id).await? {
            // A damaged one of another org.
            return Err(self.hook_absent(&mut *tx, org, id).await);
        }
        self.token_cache.forget(&hook_id);
        self.commit(tx, Record::Of(org, vec![Event::new(EventKind::InlineHookDeleted, [target])])).await
    }

    /// The key that the draft names, by its id or its name.
    async fn named_key(
        &self,
        tx: &mut dyn WriteTx,
        org: &OrgId,
        draft: &HookDraft,
    ) -> Result<Option<HookKeyId>, VaultError> {
        let Some(text) = draft.channel.hook_key.as_deref().filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        match self.get_key(tx, org, text).await {
            Ok(key) => Ok(Some(key.id)),
            Err(VaultError::NotFound { .. }) => Err(VaultError::HookKeyUnknown { given: text.to_owned() }),
            Err(error) => Err(error),
        }
    }

    /// In the transaction that writes it: [`Envelope::seal`](crate::crypto::envelope::Envelope::seal) says why.
    fn seal_secret(&self, org: &OrgId, id: &InlineHookId, draft: &HookDraft) -> Option<Sealed> {
        let secret = draft.secret()?;
        Some(self.envelope.seal(secret_place(org, id), secret.expose().as_bytes()))
    }
}

/// What the trail tells of a change of a hook.
fn record<'a>(org: &'a OrgId, kind: EventKind, hook: &InlineHook) -> Record<'a> {
    Record::Of(org, vec![Event::new(kind, [row_target(hook)])])
}

/// A hook as the trail tells of it: the address without its query, where there may be a secret.
pub(in crate::vault) fn target(hook: &InlineHook) -> Target {
    let target = Target::new("InlineHook", &hook.id, Some(&hook.name))
        .with("uri", hook.channel.uri.shown())
        .with("type", hook.hook_type.as_str())
        .with("status", hook.status.as_str());
    match hook.channel.auth.hook_key_id() {
        Some(key) => target.with("hook_key_id", key),
        None => target,
    }
}

/// As [`target`], of a hook whose row was changed: so that an older state of it is known.
pub(in crate::vault) fn row_target(hook: &InlineHook) -> Target {
    target(hook).with(LAST_UPDATED, hook.last_updated.to_wire())
}

/// A key that is not there is named as it was given.
fn key_unknown(conflict: Conflict, draft: &HookDraft) -> VaultError {
    match conflict {
        Conflict::HookKeyMissing => {
            VaultError::HookKeyUnknown { given: draft.channel.hook_key.clone().unwrap_or_default() }
        }
        conflict => conflict.into(),
    }
}

fn hook_of(
    content: HookContent,
    id: InlineHookId,
    org_id: OrgId,
    status: HookStatus,
    created: Timestamp,
    last_updated: Timestamp,
) -> InlineHook {
    let HookContent { name, hook_type, version, channel, secret: _ } = content;
    InlineHook { id, org_id, status, name, hook_type, version, channel, created, last_updated }
}
