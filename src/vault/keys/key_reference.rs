//! Who uses a key: other programs say so themselves, inline hooks are entered where they are written.

use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Target};
use crate::domain::chain::Chain;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::KeyReference;
use crate::domain::id::{HookKeyId, InlineHookId, OrgId, PrefixedId as _};
use crate::domain::inline_hook::CONSUMER_KIND;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::domain::name::Name;
use crate::repository::store::Serial;
use crate::vault::custody::audit::record::Record;
use crate::vault::error::{Kind, VaultError};
use crate::vault::handle::Vault;
use crate::vault::keys::hook_key::target;
use std::time::Duration;

/// The last use of a key is recorded again after so many seconds: not every signature needs a write.
const USE_PRECISION: i64 = 60;

/// How long a signature waits until its use is recorded.
const RECORDING_PATIENCE: Duration = Duration::from_millis(250);

impl Vault {
    /// Longest first.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] or one of the store.
    pub async fn key_reference_list(&self, org: &OrgId, key: &str) -> Result<Vec<KeyReference>, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let key = self.get_key(&mut *tx, org, key).await?;
        Ok(tx.key_reference_list(org, &key.id).await?)
    }

    /// # Errors
    /// [`VaultError::NotFound`] or one of the store.
    pub async fn key_reference_get(&self, org: &OrgId, key: &str, consumer: &str) -> Result<KeyReference, VaultError> {
        let mut tx = self.registry.store.read().await?;
        let key = self.get_key(&mut *tx, org, key).await?;
        let found = match Name::known(consumer) {
            Ok(id) => tx.key_reference_find(org, &key.id, &id).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| not_found(consumer))
    }

    /// Registers a use of a key, or changes its kind and name.
    ///
    /// # Errors
    /// [`VaultError::Invalid`], [`VaultError::NotFound`] or one of the store.
    pub async fn key_reference_put(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &str,
        consumer: &str,
        kind: &str,
        name: &str,
    ) -> Result<KeyReference, VaultError> {
        let reference = KeyReference {
            consumer_kind: Name::parse(kind).map_err(|reason| reason.at("kind"))?,
            consumer_id: own_consumer(Name::parse(consumer))?,
            consumer_name: Name::parse(name).map_err(|reason| reason.at("name"))?,
            since: self.registry.clock.now(),
            last_used: None,
        };
        if reference.consumer_kind.as_str().eq_ignore_ascii_case(CONSUMER_KIND) {
            return Err(Invalid::Reserved.at("kind").into());
        }
        let mut tx = self.registry.store.write(actor, Serial::No).await?;
        let found = self.get_key(&mut *tx, org, key).await?;
        let is_known = tx.key_reference_find(org, &found.id, &reference.consumer_id).await?.is_some();
        tx.key_reference_put(org, &found.id, &reference).await??;
        let stored = tx.key_reference_find(org, &found.id, &reference.consumer_id).await?;
        let event = if is_known { EventKind::KeyReferenceUpdated } else { EventKind::KeyReferenceCreated };
        self.commit(tx, Record::Of(org, vec![Event::new(event, [target(&found), user_target(&reference)])])).await?;
        stored.ok_or_else(|| not_found(consumer))
    }

    /// # Errors
    /// [`VaultError::Invalid`] for a use that is not the caller's to end, [`VaultError::NotFound`] or one of the store.
    pub async fn key_reference_delete(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &str,
        consumer: &str,
    ) -> Result<(), VaultError> {
        let id = own_consumer(Name::known(consumer))?;
        let mut tx = self.registry.store.write(actor, Serial::No).await?;
        let (key_id, target) = match self.get_key(&mut *tx, org, key).await {
            Ok(found) => (found.id.clone(), target(&found)),
            // A key is not read without its uses: one that is damaged can be ended all the same, by the id of its key.
            Err(error) if error.damaged_row().is_some_and(|(table, _)| table == "hook_key_reference") => {
                let key_id = HookKeyId::parse(key).map_err(|_| error)?;
                (key_id.clone(), Target::new("HookKey", &key_id, None).with("damaged", true))
            }
            Err(error) => return Err(error),
        };
        if !tx.key_reference_delete(org, &key_id, &id).await? {
            return Err(not_found(consumer));
        }
        let targets = [target, Target::of("HookKeyUser", id.as_str(), None)];
        self.commit(tx, Record::Of(org, vec![Event::new(EventKind::KeyReferenceDeleted, targets)])).await
    }

    /// Records that a key has signed for a consumer. That it cannot be recorded, as on a full disk, stops nobody, and nobody
    /// waits long for another program that is writing.
    pub(in crate::vault) async fn key_reference_touch(
        &self,
        actor: &Actor,
        org: &OrgId,
        key: &HookKeyId,
        consumer: &Name,
    ) {
        let (vault, actor) = (self.clone(), actor.clone());
        let (org, key, consumer) = (org.clone(), key.clone(), consumer.clone());
        let recorded = tokio::spawn(async move { vault.record_use(&actor, &org, &key, &consumer).await });
        // It goes on behind the caller's back.
        let _ = tokio::time::timeout(RECORDING_PATIENCE, recorded).await;
    }

    async fn record_use(&self, actor: &Actor, org: &OrgId, key: &HookKeyId, consumer: &Name) {
        let now = self.registry.clock.now();
        let is_recent = |then: Timestamp| now.unix() - then.unix() < USE_PRECISION;
        let touched = async {
            let found = self.registry.store.read().await?.key_reference_find(org, key, consumer).await?;
            if found.is_some_and(|reference| !reference.last_used.is_some_and(is_recent)) {
                let mut tx = self.registry.store.write(actor, Serial::No).await?;
                tx.key_reference_touch(org, key, consumer, now).await?;
                self.commit(tx, Record::Nothing("the use has an entry of its own")).await?;
            }
            Ok::<_, VaultError>(())
        };
        if let Err(error) = touched.await {
            tracing::warn!(error = %Chain(&error), %key, %consumer, "the use of a key could not be recorded");
        }
    }
}

fn user_target(reference: &KeyReference) -> Target {
    Target::of("HookKeyUser", reference.consumer_id.as_str(), Some(reference.consumer_name.as_str()))
        .with("kind", &reference.consumer_kind)
}

/// An id that another program may have. Those of inline hooks belong to the hooks.
fn own_consumer(id: Result<Name, Invalid>) -> Result<Name, InvalidField> {
    let id = id.map_err(|reason| reason.at("consumer"))?;
    if InlineHookId::parse(id.as_str()).is_ok() { Err(Invalid::Reserved.at("consumer")) } else { Ok(id) }
}

fn not_found(consumer: &str) -> VaultError {
    VaultError::NotFound { kind: Kind::KeyReference, id: consumer.to_owned() }
}
