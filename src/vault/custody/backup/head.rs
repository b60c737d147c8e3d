//! The first line of a backup, and the last.

use crate::domain::clock::Timestamp;
use crate::domain::master_key::DatedMasterKey;
use crate::domain::sealed::MasterKeyId;
use serde::{Deserialize, Serialize};

/// Of this form; a later one has another number.
pub(super) const FORMAT: u64 = 1;

/// How each of them begins, whatever its form.
pub(super) const BEGIN: &[u8] = b"{\"hookvaultBackup\":";

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Random, so that no two backups have a line in common.
    pub id: String,
    /// The moment of the vault that it has.
    pub made: Timestamp,
    /// The version of this program.
    pub version: String,
    /// Whose MACs the lines carry.
    pub master_key: MasterKeyId,
    /// When that was recorded.
    pub master_key_since: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HeadLine {
    hookvault_backup: u64,
    id: String,
    made: String,
    version: String,
    master_key: String,
    master_key_since: String,
}

/// What every form has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyHeadLine {
    hookvault_backup: u64,
}

/// Why a line is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHead {
    Form,
    Later(u64),
}

impl Head {
    /// The one that opens it.
    pub(super) fn dated_master_key(&self) -> DatedMasterKey {
        DatedMasterKey { id: self.master_key, since: self.master_key_since }
    }

    pub(super) fn to_line(&self) -> String {
        let line = HeadLine {
            hookvault_backup: FORMAT,
            id: self.id.clone(),
            made: self.made.to_wire(),
            version: self.version.clone(),
            master_key: self.master_key.to_string(),
            master_key_since: self.master_key_since.to_wire(),
        };
        serde_json::to_string(&line).expect("texts and numbers are JSON")
    }

    pub(super) fn from_line(line: &str) -> Result<Self, NoHead> {
        let AnyHeadLine { hookvault_backup } = serde_json::from_str(line).map_err(|_| NoHead::Form)?;
        if hookvault_backup != FORMAT {
            return Err(NoHead::Later(hookvault_backup));
        }
        let line: HeadLine = serde_json::from_str(line).map_err(|_| NoHead::Form)?;
        Ok(Self {
            made: Timestamp::parse(&line.made).map_err(|_| NoHead::Form)?,
            master_key: MasterKeyId::parse(&line.master_key).map_err(|_| NoHead::Form)?,
            master_key_since: Timestamp::parse(&line.master_key_since).map_err(|_| NoHead::Form)?,
            id: line.id,
            version: line.version,
        })
    }
}

/// What the last line says: how many items there are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    end: u64,
}

pub(super) fn end_line(items: u64) -> String {
    serde_json::to_string(&EndLine { end: items }).expect("a number is JSON")
}

/// How many items there are, where the line is the last one.
pub(super) fn end_of(line: &str) -> Option<u64> {
    serde_json::from_str(line).ok().map(|EndLine { end }| end)
}
