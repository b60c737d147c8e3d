//! Whether the trail tells of the rotation of the master key that the database tells of. Nothing seals the rows of master keys, so old
//! ones can be put back, and ones be made up. Where there is no rotation, the seals of all rows show which key is the right one.

use super::broken::Broken;
use super::reading::as_written;
use super::text::{Text, readable_text};
use crate::domain::audit::{AuditEntry, EventKind};
use crate::domain::id::OrgId;
use crate::domain::master_key::{MasterKeyRotation, MasterKeys};
use crate::domain::sealed::MasterKeyId;
use crate::repository::audit::AuditQuery;
use crate::repository::store::ReadTx;
use crate::vault::error::VaultError;
use std::fmt;

/// How many entries are in memory at a time.
const PAGE: u32 = 500;

/// A rotation of which the trail of the default org does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntoldRotation {
    pub from: MasterKeyId,
    pub to: MasterKeyId,
    last: Option<Word>,
}

/// What an entry tells of master keys.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    entry: u64,
    /// Or else it has begun.
    is_over: bool,
    /// The ids of the key that seals from then on, and of the one before, as they are written; `None` where the text is forgotten.
    ids: Option<(String, String)>,
}

impl UntoldRotation {
    /// Whether the key that it goes to is the one of the vault, by the last word of the trail: then rows of before its end were put back.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let Some(Word { is_over: true, ids, .. }) = &self.last else { return false };
        self.from != self.to && ids.as_ref().is_none_or(|(to, _)| *to != self.from.to_string())
    }
}

impl fmt::Display for UntoldRotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, last } = self;
        write!(
            f,
            "the database tells of a rotation from the master key {from} to {to}, and the audit trail does not: "
        )?;
        match last {
            None => f.write_str("it has no word of one"),
            Some(Word { entry, is_over, ids }) => {
                write!(f, "its last word, entry {entry}, is that one ")?;
                f.write_str(if *is_over { "was done" } else { "has begun" })?;
                ids.as_ref().map_or(Ok(()), |(to, previous)| write!(f, ", from {previous} to {to}"))
            }
        }
    }
}

/// The rotation that the database tells of, where the trail does not.
///
/// # Errors
/// Those of the store; a trail that was changed since the rotation began, as it may have told of its end.
pub(in crate::vault::custody) async fn untold(
    view: &mut dyn ReadTx,
    told: &MasterKeys,
) -> Result<Option<UntoldRotation>, VaultError> {
    let Some(MasterKeyRotation { next, .. }) = &told.rotation else { return Ok(None) };
    let (from, to) = (told.record.id, next.id);
    let last = last_word(view).await?;
    let is_told = from != to
        && last.as_ref().is_some_and(|Word { is_over, ids, .. }| {
            !is_over && ids.as_ref().is_none_or(|ids| *ids == (to.to_string(), from.to_string()))
        });
    Ok((!is_told).then_some(UntoldRotation { from, to, last }))
}

async fn last_word(view: &mut dyn ReadTx) -> Result<Option<Word>, VaultError> {
    let Some(org) = view.org_find_default().await? else { return Ok(None) };
    let kinds = [EventKind::MasterKeyRotationStarted, EventKind::MasterKeyRotated];
    let kinds = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let query = AuditQuery { is_descending: true, kinds, limit: 1, ..AuditQuery::default() };
    let Some(entry) = view.audit_entry_list(&org.id, &query).await?.into_iter().next() else { return Ok(None) };
    let entry = as_written(entry)?;
    expect_all_from(view, &org.id, entry.number).await?;
    let is_over = entry.kind == EventKind::MasterKeyRotated.as_str();
    Ok(Some(Word { entry: entry.number, is_over, ids: ids_in(&entry) }))
}

/// That each entry from this one on is there with its seal, so that there was no later word.
async fn expect_all_from(view: &mut dyn ReadTx, org: &OrgId, first: u64) -> Result<(), VaultError> {
    let broken = |broken| VaultError::TrailBroken { org: org.clone(), broken };
    let head = view.audit_head_find(org).await?.ok_or_else(|| broken(Broken::Head))?;
    let mut number = first;
    loop {
        let query = AuditQuery { from: Some(number), limit: PAGE, ..AuditQuery::default() };
        let entries = view.audit_entry_list(org, &query).await?;
        if entries.is_empty() {
            return if number < head.size { Err(broken(Broken::Missing(number))) } else { Ok(()) };
        }
        for entry in entries {
            if entry?.number != number {
                return Err(broken(Broken::Missing(number)));
            }
            number += 1;
        }
    }
}

fn ids_in(entry: &AuditEntry) -> Option<(String, String)> {
    let Text { target } = readable_text(entry.text.as_ref()?)?;
    let target = target.into_iter().next()?;
    let previous = target.detail_entry?.get("previous")?.as_str()?.to_owned();
    Some((target.id, previous))
}
