//! What of the things that a trail tells of is there.

use super::checkpoint::verifier_key_of;
use super::fact::{Discrepancy, Fact, FactKind, owned};
use crate::domain::audit::Target;
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::domain::inline_hook::{CONSUMER_KIND, HookStatus};
use crate::repository::error::StoreError;
use crate::repository::store::ReadTx;
use crate::vault::error::VaultError;
use crate::vault::hooks::inline_hook;
use crate::vault::keys::hook_key;
use std::collections::{HashMap, HashSet};

/// What is there of an org, each with the moment since when it, or what it belongs to, is.
#[derive(Default)]
pub(super) struct Present {
    pub(super) facts: HashMap<Fact, Timestamp>,
    /// Of these nothing can be said: a row of theirs is damaged, which others tell.
    unreadable: HashSet<FactKind>,
    /// Rows that are changed in their place, each with what would be told of it now.
    pub(super) rows: Vec<(Fact, Target)>,
    pub(super) faults: Vec<Discrepancy>,
}

impl Present {
    /// # Errors
    /// Those of the store that are no damage.
    pub(super) async fn read(view: &mut dyn ReadTx, org: &OrgId) -> Result<Self, VaultError> {
        let mut present = Self::default();
        present.read_keys(view, org).await?;
        present.read_hooks(view, org).await?;
        present.read_access(view, org).await?;
        Ok(present)
    }

    /// Whether it is there; `None` where nobody can say.
    pub(super) fn has(&self, fact: &Fact) -> Option<bool> {
        (!self.unreadable.contains(&fact.kind)).then(|| self.facts.contains_key(fact))
    }

    fn add(&mut self, fact: Fact, since: Timestamp) {
        self.facts.insert(fact, since);
    }

    /// What was read; where a row of it is damaged, none of these kinds is compared. Where the whole cannot be read, nothing is: an
    /// engine may answer nothing more in this view.
    fn readable<T>(&mut self, read: Result<Vec<T>, StoreError>, kinds: &[FactKind]) -> Result<Vec<T>, VaultError> {
        match read.map_err(VaultError::from) {
            Err(error @ VaultError::Damaged(StoreError::Damaged(_))) => Err(error),
            Err(error) if error.is_damage() => {
                self.unreadable.extend(kinds);
                Ok(Vec::new())
            }
            read => read,
        }
    }

    async fn read_keys(&mut self, view: &mut dyn ReadTx, org: &OrgId) -> Result<(), VaultError> {
        let all = [FactKind::HookKey, FactKind::SigningVersion, FactKind::PublishedVersion, FactKind::KeyReference];
        let keys = self.readable(view.hook_key_list(org).await, &all)?;
        let versions = view.hook_key_version_list(org, None).await;
        let versions = self.readable(versions, &[FactKind::PublishedVersion])?;
        for key in keys {
            let (id, since) = (key.id.as_str(), key.created);
            self.add(Fact::of(FactKind::HookKey, id), since);
            self.rows.push((Fact::of(FactKind::HookKey, id), hook_key::row_target(&key)));
            let current = key.key_id.to_string();
            self.add(owned(FactKind::SigningVersion, &current, id), since);
            self.add(owned(FactKind::PublishedVersion, &current, id), since);
            // One that is over stays until it is told that it went.
            for version in versions.iter().filter(|version| version.hook_key_id == key.id) {
                self.add(owned(FactKind::PublishedVersion, &version.key_id.to_string(), id), since);
            }
            let references = view.key_reference_list(org, &key.id).await;
            for reference in self.readable(references, &[FactKind::KeyReference])? {
                if reference.consumer_kind.as_str() != CONSUMER_KIND {
                    self.add(owned(FactKind::KeyReference, reference.consumer_id.as_str(), id), reference.since);
                }
            }
        }
        Ok(())
    }

    async fn read_hooks(&mut self, view: &mut dyn ReadTx, org: &OrgId) -> Result<(), VaultError> {
        let hooks = view.inline_hook_list(org).await.and_then(|hooks| hooks.into_iter().collect());
        for hook in self.readable(hooks, &[FactKind::InlineHook, FactKind::ActiveInlineHook])? {
            self.add(Fact::of(FactKind::InlineHook, hook.id.as_str()), hook.created);
            self.rows.push((Fact::of(FactKind::InlineHook, hook.id.as_str()), inline_hook::row_target(&hook)));
            if hook.status == HookStatus::Active {
                self.add(Fact::of(FactKind::ActiveInlineHook, hook.id.as_str()), hook.created);
            }
            if let Some(key) = hook.channel.auth.hook_key_id() {
                let uses = view.key_reference_list(org, key).await;
                let uses = self.readable(uses, &[FactKind::KeyReference])?;
                let is_known = uses.iter().any(|reference| reference.consumer_id.as_str() == hook.id.as_str());
                if !is_known && !self.unreadable.contains(&FactKind::KeyReference) {
                    self.faults.push(Discrepancy::Unreferenced { hook: hook.id.clone(), key: key.clone() });
                }
            }
        }
        Ok(())
    }

    async fn read_access(&mut self, view: &mut dyn ReadTx, org: &OrgId) -> Result<(), VaultError> {
        let tokens = view.api_token_list_unrevoked(org).await;
        for token in self.readable(tokens, &[FactKind::ApiToken])? {
            self.add(Fact::of(FactKind::ApiToken, token.id.as_str()), token.created);
        }
        let apps = view.service_app_list_of_org(org).await;
        let of_apps = [FactKind::ServiceApp, FactKind::ActiveServiceApp, FactKind::ClientKey];
        for app in self.readable(apps, &of_apps)? {
            self.add(Fact::of(FactKind::ServiceApp, app.id.as_str()), app.created);
            if app.active {
                self.add(Fact::of(FactKind::ActiveServiceApp, app.id.as_str()), app.created);
            }
            let keys = view.service_app_key_list(&app.id).await;
            for key in self.readable(keys, &[FactKind::ClientKey])? {
                self.add(owned(FactKind::ClientKey, key.kid.as_str(), app.id.as_str()), key.created);
            }
        }
        let signing = view.signing_key_list(org).await;
        for key in self.readable(signing, &[FactKind::SigningKey])? {
            self.add(Fact::of(FactKind::SigningKey, &key.key_id.to_string()), key.created);
        }
        let key = view.audit_key_find(org).await.map(|key| key.into_iter().collect());
        for key in self.readable(key, &[FactKind::AuditKey])? {
            self.add(Fact::of(FactKind::AuditKey, &verifier_key_of(org, &key)), key.created);
        }
        Ok(())
    }
}
