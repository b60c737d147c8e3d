//! Why there is no backup, or why one does not count.

use super::decoding::NoItem;
use crate::crypto::age_file::AgeError;
use crate::domain::clock::Timestamp;
use crate::domain::sealed::MasterKeyId;
use crate::repository::error::{Conflict, StoreError};
use crate::vault::error::VaultError;
use std::io;
use std::path::PathBuf;

/// `Display` says what happened, and where.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path} is there already")]
    Exists { path: PathBuf },
    #[error("{path} is there, and is no backup")]
    NotReplaced { path: PathBuf },
    #[error("{path} cannot be written")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} cannot be opened")]
    Open { path: PathBuf, source: io::Error },
    #[error("the folder {path} cannot be used")]
    Folder { path: PathBuf, source: io::Error },
    #[error("the vault cannot be read")]
    Vault(#[source] VaultError),
    #[error("the copy to prove it on cannot be used")]
    Scratch(#[source] VaultError),
    #[error("line 1 is not the first line of a backup of hookvault")]
    NoBackup,
    #[error("line 1: it is of the form {format}, which this version does not know")]
    LaterForm { format: u64 },
    #[error(
        "line 1: it was made with the master key {made_with} of {}, but the master key given is {given}",
        .since.to_wire()
    )]
    WrongMasterKey { made_with: MasterKeyId, since: Timestamp, given: MasterKeyId },
    #[error("line {line} ({what}) is not as it was written, or a line before it was removed, added or moved")]
    Altered { line: u64, what: String },
    #[error("line {line} ({what}) is no item: {reason}")]
    NoItem { line: u64, what: String, reason: NoItem },
    #[error("line {line} is longer than any that was written")]
    TooLong { line: u64 },
    #[error("it is cut off in line {line}")]
    CutOff { line: u64 },
    #[error("there is more after its last line {line}")]
    More { line: u64 },
    #[error("line {line} cannot be read")]
    Read { line: u64, source: io::Error },
    #[error("it is encrypted")]
    Encrypted,
    #[error("it cannot be decrypted")]
    Decrypt(#[source] AgeError),
    #[error("the {kind} number {number} cannot be restored: {conflict}")]
    Refused { kind: &'static str, number: u64, conflict: Conflict },
    #[error("what was restored from it is not what it says")]
    Differs,
    #[error("it is not sound: {}", .findings.join("; "))]
    Unsound { findings: Vec<String> },
    #[error("a task was stopped half-way")]
    Task(#[from] tokio::task::JoinError),
}

impl BackupError {
    pub(super) fn scratch(error: StoreError) -> Self {
        Self::Scratch(error.into())
    }
}
