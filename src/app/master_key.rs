//! Reads the master key from where the settings say it is.

use super::master_key_command::output_of;
use super::master_key_error::MasterKeyError;
use super::start_error::StartError;
use crate::config::MasterKeySource;
use crate::config::variable::{MASTER_KEY, MASTER_KEY_COMMAND};
use crate::crypto::master_key::MasterKey;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

/// # Errors
/// [`StartError`].
pub fn read_master_key(source: &MasterKeySource) -> Result<MasterKey, StartError> {
    let (text, origin) = read_text(source)?;
    MasterKey::parse(&text).map_err(|reason| StartError::MasterKeyForm { origin, reason })
}

/// What stands where the master key is, and how the user would name that place.
fn read_text(source: &MasterKeySource) -> Result<(Zeroizing<String>, String), StartError> {
    Ok(match source {
        MasterKeySource::Missing => return Err(StartError::NoMasterKey),
        MasterKeySource::Text(text) => (text.clone(), MASTER_KEY.to_owned()),
        MasterKeySource::File(path) => (read_secret_file(path)?, path.display().to_string()),
        MasterKeySource::Credential { folder, name } => match read_secret_file(&folder.join(name)) {
            Err(StartError::SecretFile { reason, .. }) if reason.kind() == ErrorKind::NotFound => {
                return Err(MasterKeyError::NoCredential { name: name.clone() }.into());
            }
            read => (read?, format!("the credential {name}")),
        },
        MasterKeySource::Command(line) => {
            let output = output_of(line).map_err(MasterKeyError::Command)?;
            // What is no text is no master key either.
            let text = str::from_utf8(&output).unwrap_or_default().to_owned();
            (Zeroizing::new(text), format!("the output of {MASTER_KEY_COMMAND}"))
        }
    })
}

/// The content of a file that nobody may read for whom it is not meant.
///
/// # Errors
/// [`StartError::SecretFile`], [`StartError::NotAFile`] or [`StartError::SecretReadableByOthers`].
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<String>, StartError> {
    let unreadable = |reason| StartError::SecretFile { path: path.to_owned(), reason };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    // A pipe, as the shell's <(…) makes one, will do as well.
    if !metadata.is_file() && !metadata.file_type().is_fifo() {
        return Err(StartError::NotAFile { path: path.to_owned() });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if !is_private(mode, metadata.uid()) {
        return Err(StartError::SecretReadableByOthers { path: path.to_owned(), mode });
    }
    fs::read_to_string(path).map(Zeroizing::new).map_err(unreadable)
}

/// Whether a file with this mode and this owner is read by those alone for whom it is meant.
///
/// That is its owner; of a file of root's also the group that root gave it. Secrets are mounted like that (mode 0440): by
/// Kubernetes for a pod's `fsGroup`, by systemd as a credential, whose access list shows as rights of the group. The vault
/// cannot narrow what is mounted, and who could have widened it is root, who reads everything. A group that an ordinary owner
/// lets in is more often a careless umask. Nobody else may read it, and no group may write it.
fn is_private(mode: u32, owner: u32) -> bool {
    let forbidden = if owner == 0 { 0o037 } else { 0o077 };
    mode & forbidden == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_may_be_read_by_its_owner_and_by_the_group_of_a_mounted_one() {
        for (mode, owner) in [(0o600, 1000), (0o400, 1000), (0o600, 0), (0o440, 0), (0o640, 0)] {
            assert!(is_private(mode, owner), "{mode:o} of {owner}");
        }
        for (mode, owner) in [(0o440, 1000), (0o640, 1000), (0o604, 1000), (0o444, 0), (0o460, 0), (0o444, 1000)] {
            assert!(!is_private(mode, owner), "{mode:o} of {owner}");
        }
    }
}
