//! What is known of damage, so that whoever asks whether the vault is ready learns of it, and nobody is told that there is no such thing
//! where it may be the one that is damaged or gone.

use super::audit::fact::Discrepancy;
use super::damage::Damaged;
use crate::domain::id::OrgId;
use crate::repository::error::StoreError;
use crate::vault::error::VaultError;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The damage that was met or found since everything was last found sound.
#[derive(Default)]
pub(in crate::vault) struct KnownDamage(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// What was met first, or what the last look at everything has found first.
    first: Option<String>,
    /// Of orgs what was met first, or what the last look at them has found first: one that is damaged or missing.
    of_orgs: Option<String>,
    /// What the last look at everything has missed.
    missing: Vec<MissingRow>,
}

struct MissingRow {
    org: OrgId,
    table: &'static str,
    row: String,
}

impl KnownDamage {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was met first.
    pub(in crate::vault) fn first(&self) -> Option<String> {
        let known = self.lock();
        known.first.as_ref().or(known.of_orgs.as_ref()).cloned()
    }

    /// That an org is damaged or missing.
    pub(in crate::vault) fn of_orgs(&self) -> Option<String> {
        self.lock().of_orgs.clone()
    }

    /// That a row of this table is missing: the one with the id, or without one any of the org.
    pub(in crate::vault) fn missing(&self, table: &str, org: &OrgId, id: Option<&str>) -> Option<StoreError> {
        let known = self.lock();
        let is_it = |missing: &&MissingRow| {
            missing.table == table && missing.org == *org && id.is_none_or(|id| missing.row == id)
        };
        let MissingRow { table, row, .. } = known.missing.iter().find(is_it)?;
        Some(StoreError::Missing { table, row: row.clone() })
    }

    /// Keeps damage that was met. Returns whether it is the first.
    pub(in crate::vault) fn met(&self, damage: &VaultError) -> bool {
        let mut known = self.lock();
        let is_first = known.first.is_none();
        known.first.get_or_insert_with(|| damage.to_string());
        if damage.damaged_row().is_some_and(|(table, _)| table == "org") {
            known.of_orgs.get_or_insert_with(|| damage.to_string());
        }
        is_first
    }

    /// Tells what a look at everything has found. Of orgs only a look at those tells, which takes no time: this may be of long ago.
    pub(in crate::vault) fn looked(&self, damaged: &[Damaged]) {
        let mut known = self.lock();
        known.first = damaged.first().map(ToString::to_string);
        known.missing = damaged.iter().filter_map(missing_row).collect();
    }

    /// Tells what a look at the orgs has found. Returns whether that is news.
    pub(in crate::vault) fn looked_at_orgs(&self, damaged: &[Damaged]) -> bool {
        let found = damaged.first().map(ToString::to_string);
        let mut known = self.lock();
        let is_news = found.is_some() && known.of_orgs != found;
        known.of_orgs = found;
        is_news
    }
}

fn missing_row(damaged: &Damaged) -> Option<MissingRow> {
    let Damaged::Told { org, discrepancy: Discrepancy::Missing { fact, .. } } = damaged else { return None };
    let (table, row) = fact.row()?;
    Some(MissingRow { org: org.clone(), table, row: row.to_owned() })
}
