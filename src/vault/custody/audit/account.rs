//! Whether what a trail tells is so: a row that was removed, or an old one that was put back, has nothing in its seal that would show it.

use super::fact::{Discrepancy, Fact, FactKind, TELLING, told};
use super::record::Record;
use crate::domain::actor::Actor;
use crate::domain::audit::{AuditEntry, Event, EventKind};
use crate::domain::id::{ApiTokenId, ClientKid, HookKeyId, InlineHookId, KeyId, OrgId, PrefixedId as _, ServiceAppId};
use crate::domain::inline_hook::HookStatus;
use crate::domain::name::Name;
use crate::repository::audit::AuditQuery;
use crate::repository::error::StoreError;
use crate::repository::store::{ReadTx, Serial};
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;
use std::collections::HashMap;

/// How many entries are in memory at a time.
const PAGE: u32 = 500;

impl Registry {
    /// Compares what the trail of an org tells with what is there. Texts that are forgotten tell nothing. What the trail has told wrongly for
    /// its own damage, or a row that cannot be read, is named by others.
    ///
    /// # Errors
    /// Those of the store that are no damage.
    pub async fn audit_compare(&self, org: &OrgId) -> Result<Vec<Discrepancy>, VaultError> {
        let mut account = Account::default();
        loop {
            // A view for each page: none is held for long. The last entries and what is there are seen in one.
            let mut view = self.store.read().await?;
            let Some(head) = readable(view.audit_head_find(org).await)?.flatten() else { return Ok(Vec::new()) };
            if head.forgotten > account.begun {
                // What was forgotten meanwhile may have been the end of something.
                account = Account { begun: head.forgotten, next: head.forgotten, last_words: HashMap::new() };
            }
            let kinds = TELLING.iter().map(|kind| kind.as_str().to_owned()).collect();
            let query = AuditQuery { from: Some(account.next), kinds, limit: PAGE, ..AuditQuery::default() };
            let entries = view.audit_entry_list(org, &query).await?;
            let is_last = entries.len() < PAGE as usize;
            for entry in entries {
                let Some(entry) = readable(entry)? else { return Ok(Vec::new()) };
                account.hear(&entry);
            }
            account.settle(&mut *view, org).await?;
            if is_last {
                return account.compare(&mut *view, org).await;
            }
        }
    }

    /// Tells the trail that what is missing is lost for good, so that nobody waits for it any more. Returns what that is; what was put back
    /// is not among it, since it can be taken away by whoever may.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn audit_accept_loss(&self, actor: &Actor, org: &OrgId) -> Result<Vec<Fact>, VaultError> {
        let found = self.audit_compare(org).await?.into_iter();
        let lost: Vec<_> = found
            .filter_map(|found| match found {
                Discrepancy::Missing { fact, .. } => Some(fact),
                Discrepancy::PutBack { .. } => None,
            })
            .collect();
        if !lost.is_empty() {
            let tx = self.store.write(actor, Serial::No).await?;
            let event = Event::new(EventKind::LossAccepted, lost.iter().map(Fact::target));
            self.commit(tx, Record::Of(org, vec![event])).await?;
        }
        Ok(lost)
    }
}

/// What was heard so far.
#[derive(Default)]
struct Account {
    begun: u64,
    next: u64,
    /// Of each thing whether it is there, and the entry that says so. What is gone, and really is, is dropped: so this grows with what is
    /// there, and not with what ever was.
    last_words: HashMap<Fact, (bool, u64)>,
}

impl Account {
    fn hear(&mut self, entry: &AuditEntry) {
        self.next = entry.number + 1;
        for (fact, is) in entry.text.iter().flat_map(|text| told(&entry.kind, text)) {
            if !is {
                self.last_words.retain(|other, _| !other.goes_with(&fact));
            }
            self.last_words.insert(fact, (is, entry.number));
        }
    }

    /// Drops what is gone as was told.
    async fn settle(&mut self, view: &mut dyn ReadTx, org: &OrgId) -> Result<(), VaultError> {
        let gone: Vec<_> = self.last_words.iter().filter(|(_, (is, _))| !is).map(|(fact, _)| fact.clone()).collect();
        for fact in gone {
            if !is_there(view, org, &fact).await?.unwrap_or_default() {
                self.last_words.remove(&fact);
            }
        }
        Ok(())
    }

    async fn compare(self, view: &mut dyn ReadTx, org: &OrgId) -> Result<Vec<Discrepancy>, VaultError> {
        let mut found: Vec<Discrepancy> = Vec::new();
        let mut words: Vec<_> = self.last_words.into_iter().map(|(fact, (is, entry))| (entry, fact, is)).collect();
        words.sort();
        for (entry, fact, is) in words {
            match (is, is_there(view, org, &fact).await?) {
                (true, Some(false)) if found.iter().any(|found| found.explains(&fact)) => {}
                (true, Some(false)) => found.push(Discrepancy::Missing { fact, entry }),
                (false, Some(true)) => found.push(Discrepancy::PutBack { fact, entry }),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// `None` where the row cannot be read, or the id is of no form that is known.
async fn is_there(view: &mut dyn ReadTx, org: &OrgId, fact: &Fact) -> Result<Option<bool>, VaultError> {
    let found = match fact.kind {
        FactKind::HookKey => match HookKeyId::parse(&fact.id) {
            Ok(id) => view.hook_key_find(org, &id).await.map(|key| key.is_some()),
            Err(_) => return Ok(None),
        },
        FactKind::InlineHook | FactKind::ActiveInlineHook => match InlineHookId::parse(&fact.id) {
            Ok(id) => view.inline_hook_find(org, &id).await.map(|stored| {
                let is = |status: HookStatus| fact.kind == FactKind::InlineHook || status == HookStatus::Active;
                stored.is_some_and(|stored| is(stored.hook.status))
            }),
            Err(_) => return Ok(None),
        },
        FactKind::ApiToken => match ApiTokenId::parse(&fact.id) {
            Ok(id) => {
                let token = view.api_token_find(&id).await;
                token.map(|token| token.is_some_and(|token| token.org_id == *org && token.revoked.is_none()))
            }
            Err(_) => return Ok(None),
        },
        FactKind::ServiceApp | FactKind::ActiveServiceApp => match ServiceAppId::parse(&fact.id) {
            Ok(id) => view.service_app_find(&id).await.map(|app| {
                let is = |active: bool| fact.kind == FactKind::ServiceApp || active;
                app.is_some_and(|app| app.org_id == *org && is(app.active))
            }),
            Err(_) => return Ok(None),
        },
        FactKind::SigningKey => match KeyId::parse(&fact.id) {
            Ok(id) => view.signing_key_find_sealed(org, &id).await.map(|key| key.is_some()),
            Err(_) => return Ok(None),
        },
        FactKind::ClientKey => match (fact.owner(ServiceAppId::parse), ClientKid::parse(&fact.id)) {
            (Some(app), Ok(kid)) => {
                view.service_app_key_list(&app).await.map(|keys| keys.iter().any(|key| key.kid == kid))
            }
            _ => return Ok(None),
        },
        FactKind::KeyReference => match (fact.owner(HookKeyId::parse), Name::known(&fact.id)) {
            (Some(key), Ok(consumer)) => {
                view.key_reference_find(org, &key, &consumer).await.map(|reference| reference.is_some())
            }
            _ => return Ok(None),
        },
    };
    readable(found)
}

/// `None` for what is damaged.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, VaultError> {
    match read.map_err(VaultError::from) {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.is_damage() => Ok(None),
        Err(error) => Err(error),
    }
}
