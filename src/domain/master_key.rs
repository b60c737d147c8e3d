//! Which master keys seal the database, as the database itself tells it.
//!
//! 1. One is recorded. While it is rotated, the next one is recorded beside it: what is written is sealed with the next one from then on,
//!    and what is there is sealed anew in small steps.
//! 2. Each of the two is there sealed under the other, so that a process that was started with either can open everything.
//! 3. When nothing is under the old one any more, the record of the next one takes its place, and the old one opens nothing.

use super::clock::Timestamp;
use super::sealed::{MasterKeyId, Place, Sealed};
use std::fmt;

/// A master key, and since when the database has been sealed with it: by that people find the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedMasterKey {
    pub id: MasterKeyId,
    pub since: Timestamp,
}

impl fmt::Display for DatedMasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the master key {} of {}", self.id, self.since.to_wire())
    }
}

/// Which master key seals the database, and a known value under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyRecord {
    pub id: MasterKeyId,
    pub probe: Sealed,
    pub created: Timestamp,
}

/// A rotation that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyRotation {
    pub next: MasterKeyRecord,
    /// The next key under the old one; `None` where others may have the old one.
    pub sealed_next: Option<Sealed>,
    /// The old key under the next one.
    pub sealed_old: Option<Sealed>,
}

impl MasterKeyRotation {
    /// The place that the next key is bound to.
    pub const NEXT: Place<'static> = Place { org: "", table: "master_key_rotation", row: "1", column: "sealed_next" };

    /// The place that the old key is bound to.
    pub const OLD: Place<'static> = Place { org: "", table: "master_key_rotation", row: "1", column: "sealed_old" };
}

/// All that the database tells of its master keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeys {
    pub record: MasterKeyRecord,
    pub rotation: Option<MasterKeyRotation>,
}

impl MasterKeys {
    /// The one that seals what is written now.
    #[must_use]
    pub fn current(&self) -> &MasterKeyRecord {
        self.rotation.as_ref().map_or(&self.record, |rotation| &rotation.next)
    }
}
