//! What to do about what a layer below has refused.

use super::removal::removal_of_row;
use crate::config::variable::{DATABASE_PASSWORD_FILE, DATABASE_URL};
use crate::crypto::age_file::AgeError;
use crate::repository::error::StoreError;
use crate::vault::custody::audit::master_keys::UntoldRotation;
use crate::vault::custody::backup::BackupError;
use crate::vault::custody::master_key_standing::NoWayBack;
use crate::vault::error::VaultError;

/// What to do about a rotation of which the audit trail does not tell.
pub(super) fn untold_hint(rotation: &UntoldRotation) -> String {
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
pub(super) fn way_back_hint(error: &NoWayBack) -> String {
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
pub(super) fn of_target(hint: &str) -> String {
    hint.replace(DATABASE_PASSWORD_FILE, "--to-password-file").replace(DATABASE_URL, "--to")
}

/// What to do about a backup that was not made, or does not count.
pub(super) fn backup_hint(error: &BackupError) -> String {
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
