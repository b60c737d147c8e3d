//! Whether a trail is whole: the first entry that was altered, removed, added or reordered is named.

pub use super::broken::{Broken, Verdict, Whole};
use super::checkpoint::Checkpoint;
use crate::crypto::merkle;
use crate::domain::id::OrgId;
use crate::repository::audit::AuditQuery;
use crate::repository::error::StoreError;
use crate::vault::error::VaultError;
use crate::vault::handle::Registry;
use std::collections::HashMap;

/// How many entries are in memory at a time.
const PAGE: u32 = 500;

impl Registry {
    /// Reads the whole trail of an org, page by page.
    ///
    /// # Arguments
    /// `checkpoint`: one that was kept elsewhere, whose signature was checked.
    ///
    /// # Errors
    /// Those of the store that are no damage of the trail.
    pub async fn audit_verify(&self, org: &OrgId, checkpoint: Option<&Checkpoint>) -> Result<Verdict, VaultError> {
        if let Some(other) = checkpoint.filter(|checkpoint| !checkpoint.is_of(org)) {
            return Ok(Err(Broken::OtherTrail(other.origin.clone())));
        }
        let mut tree = Tree::default();
        let mut number = 0;
        let (size, forgotten) = loop {
            // A view for each page: none is held for long, and the trail may grow meanwhile.
            let mut view = self.store.read().await?;
            let head = match view.audit_head_find(org).await {
                Ok(Some(head)) => head,
                Ok(None) | Err(StoreError::Forged { .. } | StoreError::Corrupt { .. }) => return Ok(Err(Broken::Head)),
                Err(error) => return Err(error.into()),
            };
            let (size, forgotten) = (head.size, head.forgotten);
            if let Some(least) = view.audit_entry_least(org).await?.filter(|least| *least < 0) {
                return Ok(Err(Broken::BeforeFirst(least)));
            }
            let query = AuditQuery { from: Some(number), limit: PAGE, ..AuditQuery::default() };
            let entries = view.audit_entry_list(org, &query).await?;
            let is_last = entries.len() < PAGE as usize;
            let mut made = Vec::new();
            for entry in entries {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error @ (StoreError::Forged { .. } | StoreError::Corrupt { .. })) => {
                        return Ok(Err(match number_of(&error).unwrap_or(number) {
                            found if number >= size => Broken::Added(found),
                            found if found > number => Broken::Missing(number),
                            _ => Broken::Altered(number),
                        }));
                    }
                    Err(error) => return Err(error.into()),
                };
                if entry.number > number && number < size {
                    return Ok(Err(Broken::Missing(number)));
                }
                if number >= size {
                    return Ok(Err(Broken::Added(entry.number)));
                }
                match &entry.text {
                    Some(text) if merkle::leaf(text.as_bytes()) != entry.leaf => return Ok(Err(Broken::Text(number))),
                    None if number >= forgotten => return Ok(Err(Broken::TextGone(number))),
                    Some(_) | None => {}
                }
                made.extend(tree.append(entry.leaf).into_iter().map(|node| (number, node)));
                number += 1;
                if let Some(checkpoint) = checkpoint.filter(|checkpoint| checkpoint.size == number)
                    && tree.root() != checkpoint.root
                {
                    return Ok(Err(Broken::NotTheCheckpoint(number)));
                }
            }
            let places: Vec<_> = made.iter().map(|(_, (place, _))| *place).collect();
            let kept: HashMap<_, _> = view.audit_node_list(org, &places).await?.into_iter().collect();
            if let Some((number, _)) = made.iter().find(|(_, (place, hash))| kept.get(place) != Some(hash)) {
                return Ok(Err(Broken::Node(*number)));
            }
            if is_last {
                break (size, forgotten);
            }
        };
        if number < size {
            return Ok(Err(Broken::Missing(number)));
        }
        match checkpoint {
            Some(checkpoint) if checkpoint.size > size => {
                Ok(Err(Broken::Shorter { size, checkpoint: checkpoint.size }))
            }
            _ => Ok(Ok(Whole { size, forgotten, root: tree.root(), uncovered: 0 })),
        }
    }
}

/// Which entry cannot be read: the name of its row ends with the number.
fn number_of(error: &StoreError) -> Option<u64> {
    error.damaged_row()?.1.rsplit_once('/')?.1.parse().ok()
}

/// A tree that grows, of which those nodes are kept that are still needed.
#[derive(Default)]
pub(super) struct Tree {
    size: u64,
    nodes: HashMap<merkle::Place, merkle::Hash>,
}

impl Tree {
    /// Returns the nodes that the entry completes.
    ///
    /// # Panics
    /// Never: the nodes that are needed are kept.
    pub(super) fn append(&mut self, leaf: merkle::Hash) -> Vec<(merkle::Place, merkle::Hash)> {
        let (first, made) =
            merkle::appended(self.size, leaf, |place| self.nodes.get(&place).copied()).expect("they are kept");
        let made: Vec<_> = (first..).zip(made).collect();
        self.nodes.extend(made.iter().copied());
        self.size += 1;
        let needed = merkle::needed_for_root(self.size);
        self.nodes.retain(|place, _| needed.contains(place));
        made
    }

    /// # Panics
    /// Never, as above.
    pub(super) fn root(&self) -> merkle::Hash {
        merkle::root(self.size, |place| self.nodes.get(&place).copied()).expect("they are kept")
    }
}
