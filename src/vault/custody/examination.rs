//! Whether the database is sound, and what is sealed still opens.

use super::damage::Damaged;
use super::opening::{damage_of_audit_key, damage_of_hook, damage_of_key, damage_of_signing_key, damage_of_version};
use crate::crypto::envelope::Envelope;
use crate::domain::hook_key_version::HookKeyVersion;
use crate::domain::inline_hook::StoredInlineHook;
use crate::domain::org::Org;
use crate::repository::error::StoreError;
use crate::vault::error::VaultError;
use crate::vault::handle::Vault;
use std::collections::HashSet;
use tokio::time::Instant;

/// How many rows are in memory at a time.
const PAGE: u32 = 50;

/// Looks at a list page by page, each read in a view of its own, and that it was all of its table.
macro_rules! each_page {
    ($vault:expr, $table:literal, $list:ident, $rows:ident => $look:expr) => {{
        let (mut from, mut seen) = (None, 0);
        loop {
            let mut view = $vault.registry.store.read().await?;
            let page = view.$list(from, PAGE).await?;
            let counted = if page.next.is_none() { Some(view.row_count($table).await?) } else { None };
            drop(view);
            let $rows = page.items;
            seen += $rows.len() as u64;
            $look;
            from = page.next;
            match counted {
                None => {}
                Some(rows) if rows == seen => return Ok(()),
                // Somebody may have written meanwhile.
                Some(_) => count_in_one_view!($vault, $table, $list),
            }
        }
    }};
}

/// Whether a walk through a list comes by as many rows as its table has.
macro_rules! count_in_one_view {
    ($vault:expr, $table:literal, $list:ident) => {{
        let (mut from, mut seen) = (None, 0);
        let mut view = $vault.registry.store.read().await?;
        let rows = view.row_count($table).await?;
        loop {
            let page = view.$list(from, PAGE).await?;
            seen += page.items.len() as u64;
            from = page.next;
            if from.is_none() {
                let uncounted = StoreError::Uncounted { table: $table, rows, seen };
                return if rows == seen { Ok(()) } else { Err(uncounted.into()) };
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
        match self.registry.store.examine().await.map_err(VaultError::from) {
            Ok(found) => examination.damaged.extend(found.into_iter().map(Damaged::from)),
            Err(VaultError::Damaged(error)) => examination.damaged.push(unreadable(error)),
            Err(error) => return Err(error),
        }
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
            self.examine_used_token_ids(&mut examination).await,
            self.erasure_pending().await.map(drop),
        ] {
            match looked {
                // What stands behind it cannot be read.
                Err(VaultError::Damaged(error)) => examination.damaged.push(unreadable(error)),
                Err(error) if error.is_damage() => examination.damaged.push(Damaged::Store(error.to_string())),
                looked => looked?,
            }
        }
        // Several looks may come by the same.
        let mut said = HashSet::new();
        examination.damaged.retain(|damaged| said.insert(damaged.to_string()));
        self.registry.known_damage.looked(&examination.damaged);
        Ok(examination)
    }

    async fn examine_orgs(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, "org", org_page, rows => examination.read(rows))
    }

    async fn examine_key_references(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, "hook_key_reference", key_reference_page, rows => examination.read(rows))
    }

    async fn examine_api_tokens(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, "api_token", api_token_page, rows => examination.read(rows))
    }

    /// With their keys.
    async fn examine_service_apps(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, "service_app", service_app_page, rows => {
            let mut view = self.registry.store.read().await?;
            for app in rows.iter().flatten() {
                examination.read(view.service_app_key_each(&app.id).await?);
            }
            examination.read(rows);
        })
    }

    async fn examine_hook_keys(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, "hook_key", hook_key_page_sealed, rows => self.examine_page(examination, rows, damage_of_key).await?)
    }

    async fn examine_hook_key_versions(&self, examination: &mut Examination) -> Result<(), VaultError> {
        // Of retired ones there is no private half.
        let has_private = |version: &Result<HookKeyVersion, StoreError>| {
            version.as_ref().map_or(true, |version| version.sealed().is_some())
        };
        each_page!(self, "hook_key_version", hook_key_version_page, rows => {
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
        each_page!(self, "inline_hook", inline_hook_page, rows => {
            let (rows, open): (Vec<_>, Vec<_>) = rows.into_iter().partition(has_secret);
            examination.rows += open.len();
            self.examine_page(examination, rows, damage_of_hook).await?;
        })
    }

    async fn examine_signing_keys(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, "signing_key", signing_key_page_sealed, rows => {
            self.examine_page(examination, rows, damage_of_signing_key).await?;
        })
    }

    /// That no trail was changed, and that what the trails tell is so.
    async fn examine_audit(&self, examination: &mut Examination) -> Result<(), VaultError> {
        // By org, not by head: a trail whose head is gone is damaged as well.
        each_page!(self, "org", org_page, orgs => {
            for Org { id, .. } in orgs.into_iter().flatten() {
                match self.registry.audit_verify(&id, None).await? {
                    // What the engine cannot read right is no thing of the trail.
                    Ok(_) if examination.damaged.iter().any(|damaged| matches!(damaged, Damaged::Store(_))) => {}
                    Ok(_) => match self.registry.audit_compare(&id).await {
                        Ok(found) => {
                            let told = |discrepancy| Damaged::Told { org: id.clone(), discrepancy };
                            examination.damaged.extend(found.into_iter().map(told));
                        }
                        Err(VaultError::Damaged(error)) => examination.damaged.push(unreadable(error)),
                        Err(error) => return Err(error),
                    },
                    Err(broken) => examination.damaged.push(Damaged::Audit { org: id, broken }),
                }
            }
        })
    }

    async fn examine_audit_keys(&self, examination: &mut Examination) -> Result<(), VaultError> {
        each_page!(self, "audit_key", audit_key_page, rows => self.examine_page(examination, rows, damage_of_audit_key).await?)
    }

    async fn examine_used_token_ids(&self, examination: &mut Examination) -> Result<(), VaultError> {
        // They carry no seal, so none of them counts as sound.
        each_page!(self, "used_token_id", used_token_id_page, rows => {
            examination.damaged.extend(rows.into_iter().filter_map(Result::err).map(Damaged::Row));
        })
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
