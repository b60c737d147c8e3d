//! Whether the database is sound, and what is sealed still opens.

use super::comparison::compare;
use super::damage::Damaged;
use crate::crypto::envelope::Envelope;
use crate::domain::hook_key::SealedHookKey;
use crate::domain::hook_key_version::HookKeyVersion;
use crate::domain::id::PrefixedId as _;
use crate::domain::inline_hook::StoredInlineHook;
use crate::domain::org::Org;
use crate::domain::signing_key::SealedSigningKey;
use crate::repository::audit::AuditKey;
use crate::repository::error::StoreError;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use tokio::time::Instant;

/// How many rows are in memory at a time.
const PAGE: u32 = 50;

/// Looks at a list page by page, each read in a view of its own.
macro_rules! each_page {
    ($vault:expr, $list:ident, $rows:ident => $look:expr) => {{
        let mut after = None;
        loop {
            let page = $vault.registry.store.read().await?.$list(after, PAGE).await?;
            let $rows = page.items;
            $look;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }};
}

/// What an examination found.
#[derive(Debug, Default)]
pub struct Examination {
    /// How many private keys and secrets can be used, those that sign checkpoints of trails among them.
    pub sound: usize,
    /// How many other rows have a seal that fits: orgs, uses of keys, tokens, apps and their keys, hooks without a secret, retired keys.
    pub rows: usize,
    pub damaged: Vec<Damaged>,
}

impl Examination {
    /// Counts rows of which that they can be read is all there is to find out.
    fn read<T>(&mut self, rows: Vec<Result<T, StoreError>>) {
        let count = rows.len();
        let damaged: Vec<_> = rows.into_iter().filter_map(Result::err).map(Damaged::Row).collect();
        self.rows += count - damaged.len();
        self.damaged.extend(damaged);
    }
}

impl Vault {
    /// Lets the engine look at how it keeps the data; reads every org, use of a key, token and service app; then opens every private
    /// key and every secret of a hook, of all orgs, and compares each key with the public key beside it; and what signs checkpoints of the
    /// trails.
    ///
    /// Page by page: what is in memory does not grow with the vault, no state of the database is held for long, and whoever waits
    /// for a core or a connection gets it in between.
    ///
    /// # Errors
    /// Those of the store that are no damage.
    pub async fn examine(&self) -> Result<Examination, VaultError> {
        let mut examination = Examination::default();
        let found = self.registry.store.examine().await?;
        examination.damaged.extend(found.into_iter().map(Damaged::from));
        for looked in [
            self.examine_orgs(&mut examination).await,
            self.examine_key_references(&mut examination).await,
            self.examine_api_tokens(&mut examination).await,
            self.examine_service_apps(&mut examination).await,
            self.examine_hook_keys(&mut examination).await,
            self.examine_hook_key_versions(&mut examination).await,
            self.examine_inline_hooks(&mut examination).await,
            self.examine_signing_keys(&mut examination).await,
            self.examine_audit(&mut examination).await,
            self.examine_audit_keys(&mut examination).await,
        ] {
            match looked {
                // What stands behind it cannot be read.
                Err(VaultError::Damaged(error)) => examination.damaged.push(unreadable(error)),
                Err(error) if error.is_damage() => examination.damaged.push(Damaged::Store(error.to_string())),
                looked => looked?,
            }
        }
        self.registry.known_damage.looked(&examination.damaged);
        Ok(examination)
    }

    async fn examine_orgs(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, org_page, rows => examination.read(rows))
    }

    async fn examine_key_references(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, key_reference_page, rows => examination.read(rows))
    }

    async fn examine_api_tokens(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, api_token_page, rows => examination.read(rows))
    }

    /// With their keys.
    async fn examine_service_apps(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, service_app_page, rows => {
            let mut view = self.registry.store.read().await?;
            for app in rows.iter().flatten() {
                match view.service_app_key_list(&app.id).await {
                    Err(error @ (StoreError::Corrupt { .. } | StoreError::Forged { .. })) => examination.damaged.push(Damaged::Row(error)),
                    keys => examination.rows += keys?.len(),
                }
            }
            examination.read(rows);
        })
    }

    async fn examine_hook_keys(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, hook_key_page_sealed, rows => self.examine_page(examination, rows, damage_of_key).await?)
    }

    async fn examine_hook_key_versions(&self, examination: &mut Examination) -> Result<(), VaultError> {
        // Of retired ones there is no private half.
        let has_private = |version: &Result<HookKeyVersion, StoreError>| {
            version.as_ref().map_or(true, |version| version.sealed().is_some())
        };
        each_page!(self, hook_key_version_page, rows => {
            let (rows, retired): (Vec<_>, Vec<_>) = rows.into_iter().partition(has_private);
            examination.rows += retired.len();
            self.examine_page(examination, rows, damage_of_version).await?;
        })
    }

    async fn examine_inline_hooks(&self, examination: &mut Examination) -> Result<(), VaultError> {
        // That those without a secret can be read is all there is to find out.
        let has_secret = |hook: &Result<StoredInlineHook, StoreError>| {
            hook.as_ref().map_or(true, |stored| stored.sealed_secret.is_some())
        };
        each_page!(self, inline_hook_page, rows => {
            let (rows, open): (Vec<_>, Vec<_>) = rows.into_iter().partition(has_secret);
            examination.rows += open.len();
            self.examine_page(examination, rows, damage_of_hook).await?;
        })
    }

    async fn examine_signing_keys(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, signing_key_page_sealed, rows => {
            self.examine_page(examination, rows, damage_of_signing_key).await?;
        })
    }

    /// That no trail was changed, and that what the trails tell is so.
    async fn examine_audit(&self, examination: &mut Examination) -> Result<(), VaultError> {
        // By org, not by head: a trail whose head is gone is damaged as well.
        each_page!(self, org_page, orgs => {
            for Org { id, .. } in orgs.into_iter().flatten() {
                match self.registry.audit_verify(&id, None).await? {
                    // What the engine cannot read right is no thing of the trail.
                    Ok(_) if examination.damaged.iter().any(|damaged| matches!(damaged, Damaged::Store(_))) => {}
                    Ok(_) => {
                        let found = self.registry.audit_compare(&id).await?.into_iter();
                        let told = |discrepancy| Damaged::Told { org: id.clone(), discrepancy };
                        examination.damaged.extend(found.map(told));
                    }
                    Err(broken) => examination.damaged.push(Damaged::Audit { org: id, broken }),
                }
            }
        })
    }

    async fn examine_audit_keys(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, audit_key_page, rows => self.examine_page(examination, rows, damage_of_audit_key).await?)
    }

    async fn examine_page<T: Send + 'static>(
        &self,
        examination: &mut Examination,
        items: Vec<T>,
        damage_of: fn(T, &Envelope) -> Option<Damaged>,
    ) -> Result<(), VaultError> {
        let (count, envelope) = (items.len(), self.envelope.clone());
        let started = Instant::now();
        // A third of a millisecond a key: off the async workers.
        let look = move || items.into_iter().filter_map(|item| damage_of(item, &envelope)).collect::<Vec<_>>();
        let damaged = tokio::task::spawn_blocking(look).await?;
        examination.sound += count - damaged.len();
        examination.damaged.extend(damaged);
        // Half of a core at the most.
        tokio::time::sleep(started.elapsed()).await;
        Ok(())
    }
}

fn unreadable(error: StoreError) -> Damaged {
    match error {
        StoreError::Damaged(_) => Damaged::Store(error.finding()),
        // It says of itself that it is damage.
        error => Damaged::Row(error),
    }
}

fn damage_of_key(key: Result<SealedHookKey, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match key {
        Ok(key) => {
            let reason = compare(&key, envelope).err()?;
            Some(Damaged::Key { id: key.key.id, name: key.key.name, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

fn damage_of_version(version: Result<HookKeyVersion, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match version {
        Ok(version) => {
            let reason = compare(&version.sealed()?, envelope).err()?;
            Some(Damaged::NextKey { id: version.hook_key_id, key_id: version.key_id, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

fn damage_of_signing_key(key: Result<SealedSigningKey, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match key {
        Ok(key) => {
            let reason = compare(&key, envelope).err()?;
            Some(Damaged::SigningKey { id: key.key.key_id, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

fn damage_of_hook(stored: Result<StoredInlineHook, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match stored {
        Ok(StoredInlineHook { hook, sealed_secret }) => {
            let reason = envelope.open(hook.secret_place(), &sealed_secret?).err()?;
            Some(Damaged::Hook { id: hook.id, name: hook.name, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}

fn damage_of_audit_key(key: Result<AuditKey, StoreError>, envelope: &Envelope) -> Option<Damaged> {
    match key {
        Ok(AuditKey { org_id, sealed_seed, .. }) => {
            let reason = envelope.open(AuditKey::place(org_id.as_str()), &sealed_seed).err()?;
            Some(Damaged::AuditKey { org: org_id, reason })
        }
        Err(error) => Some(Damaged::Row(error)),
    }
}
