//! What is due of rotations, whether anybody calls or not. Any server does it, and whoever comes second finds nothing to do.

use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind};
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{HookKey, SealedHookKey};
use crate::domain::hook_key_version::{HookKeyVersion, PUBLISHED_AHEAD, Rotation, Standing, place};
use crate::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use crate::repository::error::StoreError;
use crate::repository::store::Serial;
use crate::vault::custody::audit::record::Record;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use crate::vault::keys::hook_key::row_target;
use crate::vault::keys::rotation::withdraw;

/// How many hook keys are in memory at a time.
const PAGE: u32 = 50;

/// A hook key with which something is due.
type Due = Result<(OrgId, HookKeyId), StoreError>;

impl Vault {
    /// Lets next keys sign whose time has come, withdraws retired ones that are over, and makes the next one of those hook keys that
    /// rotate by themselves. What it looks for is found by an index: most times there is nothing.
    ///
    /// # Errors
    /// Those of the store; of several hook keys with which something is wrong, that of the last.
    pub async fn hook_key_upkeep(&self) -> Result<(), VaultError> {
        let now = self.registry.clock.now();
        let mut result = Ok(());
        let mut after = None;
        loop {
            let page = self.registry.store.read().await?.hook_key_version_page_due(now, after, PAGE).await?;
            for due in page.items {
                // One key's trouble is not another's.
                result = self.told(self.turn(due).await).and(result);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        loop {
            let mut view = self.registry.store.read().await?;
            let page = view.hook_key_page_rotating(now, PUBLISHED_AHEAD, after, PAGE).await?;
            drop(view);
            for due in page.items {
                result = self.told(self.rotate_scheduled(due).await).and(result);
            }
            after = page.next;
            if after.is_none() {
                return result;
            }
        }
    }

    /// Damage is told once, and not with every look.
    fn told(&self, result: Result<(), VaultError>) -> Result<(), VaultError> {
        result.inspect_err(|error| self.observe(error))
    }

    async fn rotate_scheduled(&self, due: Due) -> Result<(), VaultError> {
        let (org, id) = due?;
        match self.hook_key_rotate(&Actor::Vault, &org, id.as_str(), Rotation::USUAL).await {
            Ok(timeline) => {
                let from = timeline.next_rotation().map(Timestamp::to_wire);
                tracing::info!(%org, %id, from, "made the next key of a hook key");
                Ok(())
            }
            // Another server was faster, or it was deleted, or it has to wait.
            Err(
                VaultError::HookKeyRotating { .. } | VaultError::HookKeyRetiredCap { .. } | VaultError::NotFound { .. },
            ) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn turn(&self, due: Due) -> Result<(), VaultError> {
        let (org, id) = due?;
        let now = self.registry.clock.now();
        let mut tx = self.registry.store.read().await?;
        let Some(signing) = tx.hook_key_find_sealed(&org, &id).await? else { return Ok(()) };
        let versions = tx.hook_key_version_list(&org, Some(&id)).await?;
        drop(tx);
        let key = signing.key.clone();
        let over: Vec<_> =
            versions.iter().filter(|version| version.is_over(now)).map(|version| version.key_id).collect();
        if let Some(next) = versions.into_iter().find(|version| version.is_due(now)) {
            self.promote(signing, next).await?;
        }
        if over.is_empty() {
            return Ok(());
        }
        let mut tx = self.registry.store.write(&Actor::Vault, Serial::Org(&org)).await?;
        let events = withdraw(&mut *tx, &key, &over).await?;
        // Another server may have been faster.
        if events.is_empty() { Ok(()) } else { self.commit(tx, Record::Of(&org, events)).await }
    }

    /// The next key takes the place of the one that signs, which is retired.
    async fn promote(&self, signing: SealedHookKey, next: HookKeyVersion) -> Result<(), VaultError> {
        let (Some(sealed), Standing::Next { grace, .. }) = (next.sealed(), &next.standing) else { return Ok(()) };
        // The halves of both belong together: the one is to sign, and of the other nobody can ask that again.
        self.compare(std::slice::from_ref(&signing)).await?;
        self.compare(std::slice::from_ref(&sealed)).await?;
        let (org, id) = (&next.org_id, &next.hook_key_id);
        // Each place has a seal of its own; this takes microseconds.
        let row = next.key_id.to_string();
        let pkcs8 = self.envelope.open(place(org, &row), &sealed.sealed_pkcs8).map_err(VaultError::KeyUnusable)?;
        let mut tx = self.registry.store.write(&Actor::Vault, Serial::Org(org)).await?;
        let resealed = self.envelope.seal(signing.place(), &pkcs8);
        drop(pkcs8);
        let found = tx.hook_key_find(org, id).await?;
        let Some(before) = found.filter(|key| key.key_id == signing.key.key_id) else { return Ok(()) };
        // Another server was faster, or all were replaced in an emergency.
        if !tx.hook_key_version_delete(org, &next.key_id).await? {
            return Ok(());
        }
        let now = self.registry.clock.now();
        let retired = HookKeyVersion {
            org_id: org.clone(),
            hook_key_id: id.clone(),
            key_id: before.key_id,
            public_key: before.public_key.clone(),
            signs_from: before.signs_from,
            birth: before.birth.clone(),
            standing: Standing::Retired { until: now.after(*grace).map_err(|reason| reason.at("grace"))? },
        };
        let key = HookKey {
            key_id: next.key_id,
            public_key: next.public_key.clone(),
            birth: next.birth.clone(),
            signs_from: now,
            last_updated: now,
            ..before
        };
        tx.hook_key_replace(&key, Some(&resealed)).await?;
        tx.hook_key_version_insert(&retired).await??;
        let promoted = row_target(&key).with("key_id", key.key_id).with("previous_key_id", retired.key_id);
        self.commit(tx, Record::Of(org, vec![Event::new(EventKind::HookKeyPromoted, [promoted])])).await?;
        // One that signs no more does not stay parsed here.
        self.parsed_hook_keys.forget(id);
        tracing::info!(%org, %id, kid = %key.key_id, "a hook key signs with its next key");
        Ok(())
    }
}
