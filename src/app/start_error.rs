//! Why the vault does not start, and what to do about it.

use super::master_key_error::MasterKeyError;
use super::removal::{removal, removal_of_row};
use crate::config::variable::{DATABASE_PASSWORD_FILE, DATABASE_URL};
use crate::crypto::age_file::{AgeError, NoRecipients};
use crate::crypto::master_key::NotAMasterKey;
use crate::domain::master_key::DatedMasterKey;
use crate::repository::error::{OpenError, StoreError};
use crate::vault::custody::audit::master_keys::UntoldRotation;
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

/// What to do about a rotation of which the audit trail does not tell.
fn untold_hint(rotation: &UntoldRotation) -> String {
    let UntoldRotation { from, to, .. } = rotation;
    let what = if rotation.is_over() {
        format!(
            "the vault is under {to}; end it again by `hookvault master-key rotate --master-key-file FILE --to-master-key-file FILE`, both \
             with {to}"
        )
    } else {
        format!("take it back by `hookvault master-key rotate --give-up` with the master key {from}")
    };
    format!("somebody else has written to the database: find out who; {what}; or restore a backup with --force")
}

/// What to do about a rotation that is not given up.
fn way_back_hint(error: &NoWayBack) -> String {
    match error {
        NoWayBack::NoRotation => "there is nothing to go back from: rotate to the master key that is wanted".into(),
        NoWayBack::Forward { given, from } => format!(
            "to go back, give the master key {from} as the one in use; to end this one, run `hookvault master-key rotate` with {given} as \
             the new key"
        ),
        NoWayBack::OtherKey { from, to, .. } => {
            format!("give the master key {from} as the one in use, and {to} as the new one, if somebody has it")
        }
        NoWayBack::Lost { to, .. } => format!(
            "name the master key {to} with --to-master-key-file; where nobody has it, these rows are lost: put a backup of before in the \
             place of the vault by `hookvault restore --force`"
        ),
        NoWayBack::Vault(error) => store_hint(error),
    }
}

/// The same about the target of a copy.
fn of_target(hint: &str) -> String {
    hint.replace(DATABASE_PASSWORD_FILE, "--to-password-file").replace(DATABASE_URL, "--to")
}

/// What to do about a backup that was not made, or does not count.
fn backup_hint(error: &BackupError) -> String {
    match error {
        BackupError::NotReplaced { .. } => "name another file; one that is a backup is replaced with --force".into(),
        BackupError::Exists { .. } => "name a new file, or replace the one that is there with --force".into(),
        BackupError::Write { .. } => "name a file in a folder that you may write to, on a disk with room for it".into(),
        BackupError::Open { .. } | BackupError::Read { .. } => "check the path, and who owns the file".into(),
        BackupError::Folder { .. } => {
            "make it, so that the vault's user may write to it; a unit of systemd names it with ReadWritePaths=".into()
        }
        BackupError::Vault(error) => store_hint(error),
        BackupError::Scratch(VaultError::Store(_) | VaultError::Damaged(_)) => {
            "run `hookvault check` on the vault that it is of: a row may refer to one that is missing".into()
        }
        BackupError::Scratch(_) => {
            "make room in the folder for temporary files, or name another one with TMPDIR".into()
        }
        BackupError::WrongMasterKey { made_with, .. } => format!("give the master key whose id is {made_with}"),
        BackupError::LaterForm { .. } | BackupError::NoItem { .. } => {
            "use the hookvault version that made it, or a newer one".into()
        }
        BackupError::Encrypted => "name the file with an identity of age that opens it with --identity".into(),
        BackupError::Decrypt(AgeError::OtherRecipients) => {
            "name the identity of one of its recipients with --identity; where that is given, use another copy of it"
                .into()
        }
        BackupError::Unsound { .. } => "run `hookvault check` on the vault, and use an earlier backup".into(),
        BackupError::NoBackup
        | BackupError::Altered { .. }
        | BackupError::TooLong { .. }
        | BackupError::CutOff { .. }
        | BackupError::More { .. }
        | BackupError::Decrypt(_)
        | BackupError::Refused { .. }
        | BackupError::Differs => "use another copy of it, or an earlier backup".into(),
        BackupError::Task(_) => "try again".into(),
    }
}

/// What to do about a use case that failed at the store.
#[must_use]
pub fn store_hint(error: &VaultError) -> String {
    match error {
        VaultError::Busy(_) => "another process holds the database; try again".into(),
        VaultError::Full(_) => "make room on the disk, then try again".into(),
        VaultError::Empty => "check that HOOKVAULT_DATABASE_URL names a vault that has been used".into(),
        VaultError::Damaged(StoreError::Unwritten) => "nothing was changed; `hookvault check` names what stands in the way, and what removes it".into(),
        VaultError::Damaged(StoreError::Missing { table: "audit_key", .. }) => {
            "restore the database from a backup; or give the key up with `hookvault audit accept-loss`, then a new one is made".into()
        }
        VaultError::Damaged(StoreError::Exhausted { .. }) => "`hookvault check` names it, and the statement that mends it".into(),
        VaultError::Damaged(StoreError::Taken { .. }) => {
            "`hookvault audit verify` looks at the whole trail; restore the database from a backup".into()
        }
        VaultError::Damaged(_) => {
            let removal = error.damaged_row().and_then(|(table, row)| removal_of_row(table, row));
            let removal = removal.map_or_else(String::new, |removal| format!(", or remove what is damaged: {removal}"));
            format!("restore the database file from a backup{removal}")
        }
        VaultError::Unavailable(StoreError::OtherMasterKey { sealed_with, .. }) => {
            format!("the master key was rotated: start it again with {sealed_with}")
        }
        VaultError::Unavailable(_) | VaultError::Store(_) => {
            "check that HOOKVAULT_DATABASE_URL names a hookvault database on a healthy disk, or a PostgreSQL server that runs and takes \
             writes"
                .into()
        }
        VaultError::KeyUnusable(_)
        | VaultError::KeyCannotSign(_)
        | VaultError::KeyDamaged { .. }
        | VaultError::TrailBroken { .. }
        | VaultError::PublicKey(_) => "run `hookvault check`, and restore the database file from a backup".into(),
        _ => "see the log".into(),
    }
}
