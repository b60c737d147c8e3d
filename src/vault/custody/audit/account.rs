//! Whether what a trail tells is so: a row that was removed, an old one that was put back, or one of another vault with the same master key has
//! nothing in its seal that would show it.

use super::fact::{Discrepancy, Fact, FactKind, TELLING, told};
use super::present::Present;
use super::state::{self, State};
use super::text::readable_text;
use crate::domain::audit::{AuditEntry, EventKind};
use crate::domain::clock::Timestamp;
use crate::domain::id::{OrgId, PrefixedId as _};
use crate::repository::audit::AuditQuery;
use crate::repository::error::StoreError;
use crate::repository::store::ReadTx;
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;
use std::collections::{HashMap, HashSet};

/// How many entries are in memory at a time.
const PAGE: u32 = 500;

impl Registry {
    /// Compares what the trail of an org tells with what is there. Texts that are forgotten tell nothing, and of what was there before the
    /// first one that is kept nothing is missed in it. What is damaged is named by others.
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
                account = Account { begun: head.forgotten, next: head.forgotten, ..Account::default() };
            }
            let Some(entries) = telling(&mut *view, org, &TELLING, account.next).await? else { return Ok(Vec::new()) };
            let is_last = entries.len() < PAGE as usize;
            for entry in entries {
                account.hear(&entry);
            }
            if is_last {
                let present = Present::read(&mut *view, org).await?;
                let lost = account.lost(&mut *view, &present).await?;
                let Some(since) = first_kept(&mut *view, org, account.begun).await? else { return Ok(lost) };
                drop(view);
                let gone = self.ends_of(org, account.begun, &account.strange(&present)).await?;
                return Ok(account.compare(present, lost, &gone, since));
            }
        }
    }

    /// Of these the entries that tell of their end, as far as there are any.
    async fn ends_of(
        &self,
        org: &OrgId,
        mut next: u64,
        wanted: &HashSet<&Fact>,
    ) -> Result<HashMap<Fact, u64>, VaultError> {
        let mut ends = HashMap::new();
        while !wanted.is_empty() {
            let mut view = self.store.read().await?;
            let Some(entries) = telling(&mut *view, org, &TELLING, next).await? else { break };
            let is_last = entries.len() < PAGE as usize;
            for entry in entries {
                next = entry.number + 1;
                let text = entry.text.as_deref().and_then(readable_text);
                let said = text.iter().flat_map(|text| told(&entry.kind, text));
                ends.extend(
                    said.filter(|(fact, is)| !is && wanted.contains(fact)).map(|(fact, _)| (fact, entry.number)),
                );
            }
            if is_last {
                break;
            }
        }
        Ok(ends)
    }

    /// The orgs of which the trail of the default org tells, each with the number of the entry; `None` where it is damaged.
    ///
    /// # Errors
    /// Those of the store that are no damage.
    pub(in crate::vault::custody) async fn audit_orgs_told(
        &self,
        default: &OrgId,
    ) -> Result<Option<HashMap<OrgId, u64>>, VaultError> {
        let mut account = Account::default();
        loop {
            let mut view = self.store.read().await?;
            let kinds = [EventKind::OrgCreated, EventKind::LossAccepted];
            let Some(entries) = telling(&mut *view, default, &kinds, account.next).await? else { return Ok(None) };
            let is_last = entries.len() < PAGE as usize;
            for entry in entries {
                account.hear(&entry);
            }
            if is_last {
                let orgs = account.alive.into_iter().filter(|(fact, _)| fact.kind == FactKind::Org);
                return Ok(Some(
                    orgs.filter_map(|(fact, entry)| Some((OrgId::parse(&fact.id).ok()?, entry))).collect(),
                ));
            }
        }
    }
}

/// A page of the entries of these kinds; `None` where one is damaged.
async fn telling(
    view: &mut dyn ReadTx,
    org: &OrgId,
    kinds: &[EventKind],
    from: u64,
) -> Result<Option<Vec<AuditEntry>>, VaultError> {
    let kinds = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let query = AuditQuery { from: Some(from), kinds, limit: PAGE, ..AuditQuery::default() };
    let entries = view.audit_entry_list(org, &query).await?;
    readable(entries.into_iter().collect())
}

/// When the first entry was made that has its text.
async fn first_kept(view: &mut dyn ReadTx, org: &OrgId, from: u64) -> Result<Option<Timestamp>, VaultError> {
    let query = AuditQuery { from: Some(from), limit: 1, ..AuditQuery::default() };
    let entries = view.audit_entry_list(org, &query).await?;
    Ok(readable(entries.into_iter().collect::<Result<Vec<_>, _>>())?
        .and_then(|entries| Some(entries.first()?.published)))
}

/// What was heard so far.
#[derive(Default)]
struct Account {
    begun: u64,
    next: u64,
    /// What is there, and the entry that says so.
    alive: HashMap<Fact, u64>,
    /// How rows were after their last change, and the entry that says so.
    states: HashMap<Fact, (State, u64)>,
}

impl Account {
    fn hear(&mut self, entry: &AuditEntry) {
        self.next = entry.number + 1;
        let Some(text) = entry.text.as_deref().and_then(readable_text) else { return };
        match state::told(&entry.kind, &text) {
            Some((row, Some(state))) => drop(self.states.insert(row, (state, entry.number))),
            Some((row, None)) => drop(self.states.remove(&row)),
            None => {}
        }
        for (fact, is) in told(&entry.kind, &text) {
            if is {
                // A hook key signs with one of its keys.
                if fact.kind == FactKind::SigningVersion {
                    self.alive.retain(|other, _| other.kind != fact.kind || other.owner != fact.owner);
                }
                self.alive.insert(fact, entry.number);
            } else {
                self.alive.remove(&fact);
                self.states.remove(&fact);
                if matches!(fact.kind, FactKind::HookKey | FactKind::ServiceApp | FactKind::InlineHook) {
                    self.alive.retain(|other, _| !other.goes_with(&fact));
                }
            }
        }
    }

    /// What should be there, and is not.
    async fn lost(&self, view: &mut dyn ReadTx, present: &Present) -> Result<Vec<Discrepancy>, VaultError> {
        let mut alive: Vec<_> = self.alive.iter().map(|(fact, entry)| (*entry, fact)).collect();
        alive.sort();
        let mut lost: Vec<Discrepancy> = Vec::new();
        for (entry, fact) in alive {
            let is_there = match (fact.kind, OrgId::parse(&fact.id)) {
                (FactKind::Org, Ok(id)) => readable(view.org_find(&id).await)?.map(|org| org.is_some()),
                (FactKind::Org, Err(_)) => None,
                _ => present.has(fact),
            };
            if is_there == Some(false) && !lost.iter().any(|lost| lost.explains(fact)) {
                lost.push(Discrepancy::Missing { fact: fact.clone(), entry });
            }
        }
        Ok(lost)
    }

    /// What is there, and should not be.
    fn strange<'a>(&self, present: &'a Present) -> HashSet<&'a Fact> {
        present.facts.keys().filter(|fact| !self.alive.contains_key(fact)).collect()
    }

    fn compare(
        &self,
        present: Present,
        lost: Vec<Discrepancy>,
        gone: &HashMap<Fact, u64>,
        since: Timestamp,
    ) -> Vec<Discrepancy> {
        let mut strange: Vec<_> = self.strange(&present).into_iter().cloned().collect();
        strange.sort();
        let mut found = lost;
        for fact in strange {
            match gone.get(&fact) {
                Some(entry) => found.push(Discrepancy::PutBack { fact, entry: *entry }),
                // Before that the trail was not there, or is forgotten.
                None if present.facts[&fact] <= since => {}
                None if found.iter().any(|found| found.covers(&fact)) => {}
                None => found.push(Discrepancy::Untold { fact }),
            }
        }
        for (row, target) in present.rows {
            if let Some((state, entry)) = self.states.get(&row)
                && !state.is(&target)
                && !found.iter().any(|found| found.is_of_row(&row))
            {
                found.push(Discrepancy::Outdated { fact: row, entry: *entry });
            }
        }
        found.extend(present.faults);
        found
    }
}

/// `None` for a row that is damaged.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, VaultError> {
    match read.map_err(VaultError::from) {
        Ok(read) => Ok(Some(read)),
        Err(error @ VaultError::Damaged(StoreError::Damaged(_))) => Err(error),
        Err(error) if error.is_damage() => Ok(None),
        Err(error) => Err(error),
    }
}
