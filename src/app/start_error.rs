//! Why the vault does not start, and what to do about it.

use super::hint::{backup_hint, of_target, store_hint, untold_hint, way_back_hint};
use super::master_key_error::MasterKeyError;
use super::removal::removal;
use crate::crypto::age_file::NoRecipients;
use crate::crypto::master_key::NotAMasterKey;
use crate::domain::master_key::DatedMasterKey;
use crate::repository::error::{OpenError, StoreError};
use crate::vault::custody::backup::BackupError;
use crate::vault::custody::master_key_rotation::RotationError;
use crate::vault::custody::master_key_standing::NoWayBack;
use crate::vault::custody::moving::MoveError;
use crate::vault::custody::sealing::SealingError;
use crate::vault::error::VaultError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the vault does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("there is no master key")]
    NoMasterKey,
    /// Somewhere is a vault, or a backup of one.
    #[error("no master key is named, and {of} is sealed with {}", .keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))]
    MasterKeyNeeded { of: String, keys: Vec<DatedMasterKey> },
    #[error("the secret file {path} cannot be read: {reason}")]
    SecretFile { path: PathBuf, reason: io::Error },
    /// It is not shown.
    #[error("a secret itself stands where the name of the file that holds it belongs")]
    SecretForPath,
    #[error("{path} is not a file")]
    NotAFile { path: PathBuf },
    #[error("the secret file {path} can be read by others (mode {mode:04o})")]
    SecretReadableByOthers { path: PathBuf, mode: u32 },
    #[error("the content of {origin} {reason}")]
    MasterKeyForm { origin: String, reason: NotAMasterKey },
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the database has {} pending migration(s): {}", .pending.len(), .pending.join(", "))]
    Pending { pending: Vec<String> },
    #[error(transparent)]
    Sealing(#[from] SealingError),
    #[error("the master key is not rotated yet")]
    Rotation(#[from] RotationError),
    #[error("the rotation of the master key cannot be given up")]
    NoWayBack(#[from] NoWayBack),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the target cannot be opened")]
    MoveTarget(#[source] Box<StartError>),
    #[error("nothing was moved")]
    Move(#[from] MoveError),
    #[error("the master key cannot be encrypted")]
    Recovery(#[source] io::Error),
    #[error("HOOKVAULT_BACKUP_RECIPIENTS: {0}")]
    BackupRecipients(NoRecipients),
    #[error("HOOKVAULT_BACKUP_DIR cannot be used")]
    BackupFolder(#[source] BackupError),
    #[error(
        "there is no vault in {database} yet, but HOOKVAULT_BACKUP_DIR has backups of one, the newest {}",
        .newest.display()
    )]
    BackupsOfAnother { database: String, newest: PathBuf },
    #[error("the folder for temporary files {folder} cannot be used")]
    Temporary { folder: PathBuf, source: io::Error },
    #[error("no backup was made")]
    NoBackup(#[source] BackupError),
    #[error("the backup does not count")]
    Backup(#[source] BackupError),
    #[error("nothing was restored")]
    Restore(#[source] MoveError),
    /// Where `--force` does not help either.
    #[error("what is in the database cannot be replaced")]
    NotReplaced(#[source] Box<StartError>),
    /// Where a file is there.
    #[error("nothing was restored: {0}")]
    RestoreOver(OpenError),
    #[error("nothing was restored: the database is in use: {who}")]
    InUse { who: String },
    #[error("the address {address} cannot be listened on: {reason}")]
    Listen { address: SocketAddr, reason: io::Error },
    #[error("HOOKVAULT_TRUSTED_ISSUERS names an org that cannot be picked")]
    TrustedIssuerOrg(#[source] VaultError),
    #[error("HOOKVAULT_TRUSTED_ISSUERS has the issuer {issuer} twice for the org {org}")]
    TrustedIssuerTwice { issuer: String, org: String },
    #[error("TLS for calls to hooks cannot be set up")]
    Outbound(#[source] reqwest::Error),
    #[error("the server cannot run: {0}")]
    Server(#[from] io::Error),
}

impl StartError {
    /// Whether there is nothing to open: no master key is named, or no database is where it was looked for.
    #[must_use]
    pub fn is_nothing_there(&self) -> bool {
        match self {
            Self::NoMasterKey => true,
            Self::Open(error) => error.is_nothing_there(),
            _ => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoMasterKey => "make one with `hookvault master-key generate --out master.key`, then set \
                                  HOOKVAULT_MASTER_KEY_FILE=master.key"
                .into(),
            Self::MasterKeyNeeded { .. } => {
                "name the file that holds it with --master-key-file or in HOOKVAULT_MASTER_KEY_FILE, or another place as the server's settings \
                 do; a new master key opens nothing that is there"
                    .into()
            }
            Self::SecretFile { .. } | Self::NotAFile { .. } => "check the path, and who owns the file".into(),
            Self::SecretForPath => "write it into a file that only you may read (mode 0600), and name that file".into(),
            Self::SecretReadableByOthers { path, .. } => format!("chmod 600 {}", path.display()),
            Self::Open(error) => error.hint().to_owned(),
            Self::NotReplaced(_) => {
                "it is as it was; restore into another database with --database-url: for PostgreSQL an empty one, as \
                 `createdb -E UTF8 -T template0 NAME` makes it"
                    .into()
            }
            Self::RestoreOver(error) => {
                format!("{}; or put the backup in the place of what is there with --force", error.hint())
            }
            Self::MasterKeyForm { .. } => "`hookvault master-key generate` prints one of the right form".into(),
            Self::MasterKey(error) => error.hint(),
            Self::Pending { .. } => "back up the file, then run `hookvault migrate`".into(),
            Self::Sealing(SealingError::WrongMasterKey { sealed_with, .. }) => {
                format!("give the master key whose id is {sealed_with}; without it the private keys cannot be opened")
            }
            Self::Sealing(SealingError::OtherRotation { old, next, given, .. }) if given == old || given == next => {
                let other = if given == old { next } else { old };
                format!(
                    "{other} is needed, too: it is not in the database (--leaked); go on by `hookvault master-key rotate --leaked` with {old} as \
                     the key in use and {next} as the new one, or back with --give-up added, for which {old} is enough while nothing is under {next}"
                )
            }
            Self::Sealing(SealingError::OtherRotation { old, next, .. }) => format!("give the master key {old} or {next}"),
            Self::Sealing(SealingError::Untold(rotation)) => untold_hint(rotation),
            Self::Rotation(RotationError::Another { next, .. }) => {
                format!(
                    "go on with that one first, by giving the master key {next} as the next one, or go back by `hookvault master-key rotate \
                     --give-up`"
                )
            }
            Self::Rotation(RotationError::NotSecret) => {
                "end this rotation without --leaked, then rotate with --leaked to a key that was never there".into()
            }
            Self::Rotation(RotationError::Damaged(damaged)) => {
                let removal = removal(damaged).map_or_else(String::new, |removal| format!(", or remove it: {removal}"));
                format!("run `hookvault check`; restore what is damaged from a backup{removal}; then rotate")
            }
            Self::Rotation(RotationError::Ended) => "`hookvault check` says with which master key it opens now".into(),
            Self::Rotation(RotationError::Left(_)) => "see who writes, and run it again: it goes on where it was".into(),
            Self::Rotation(RotationError::Vault(error)) => format!("{}; run it again: it goes on where it was", store_hint(error)),
            Self::NoWayBack(error) => way_back_hint(error),
            Self::Sealing(SealingError::RowsUnsealed) => "run `hookvault migrate` with the master key".into(),
            Self::Sealing(SealingError::NeverServed) => {
                "where an earlier version made them and no server was ever started on them, run `hookvault migrate --seal` with the \
                 master key once"
                    .into()
            }
            Self::Sealing(SealingError::ProbeDamaged(_) | SealingError::RecordMissing) => "restore the database file from a backup".into(),
            Self::Sealing(SealingError::Vault(error)) | Self::Vault(error) => store_hint(error),
            Self::MoveTarget(error) => of_target(&error.hint()),
            Self::Move(MoveError::Same | MoveError::NotEmpty) => {
                "name an empty database with --to; one in which a server has started once is not empty".into()
            }
            Self::Move(MoveError::Source(error)) => store_hint(error),
            Self::Move(MoveError::Target(error)) => of_target(&store_hint(error)),
            Self::Move(MoveError::Refused { .. } | MoveError::Differs { .. }) => {
                "run `hookvault check` on the vault, and see that nothing else is in the target".into()
            }
            Self::BackupRecipients(NoRecipients::Nobody) => "name one or more, or unset it for backups that are not encrypted".into(),
            Self::BackupRecipients(NoRecipients::Other { .. }) => {
                "`age-keygen -y IDENTITY-FILE` prints the recipient of an identity, which stays secret; separate several by commas".into()
            }
            Self::BackupsOfAnother { database, newest } => format!(
                "bring it back with `hookvault restore {} --database-url {database}`; or, for a new and empty vault, name another folder",
                newest.display()
            ),
            Self::Temporary { .. } => "make it, or name another one with TMPDIR; meanwhile backups are proved in another one".into(),
            Self::BackupFolder(error) | Self::NoBackup(error) | Self::Backup(error) => backup_hint(error),
            Self::Restore(MoveError::NotEmpty) => {
                "name another database with --database-url, or put the backup in the place of the vault with --force".into()
            }
            Self::Restore(MoveError::Target(VaultError::Unavailable(StoreError::OtherMasterKey { .. }))) => {
                "the vault that is there has another master key: restore into another database with --database-url, or in its place with \
                 --force"
                    .into()
            }
            Self::Restore(MoveError::Target(VaultError::Damaged(_))) => {
                "restore into another database with --database-url, or in the place of what is damaged with --force".into()
            }
            Self::InUse { .. } => {
                "stop every server on it, and what copies it, then restore; a server that goes on would write to what is replaced".into()
            }
            Self::Restore(MoveError::Target(error)) => store_hint(error),
            Self::Restore(_) => "see that nothing else is in the database, and restore into an empty one".into(),
            Self::TrustedIssuerOrg(_) => "`hookvault org list` shows all orgs".into(),
            Self::TrustedIssuerTwice { .. } => "keep one of the two; `scopes` may map several scopes".into(),
            Self::Listen { .. } => "choose another address with --listen; port 0 takes any free one".into(),
            Self::Outbound(_) | Self::Server(_) | Self::Recovery(_) => "see the cause above".into(),
        }
    }
}
