//! Has the master key from where the settings say it is, and makes new ones.

use super::master_key_command::output_of;
use super::master_key_error::MasterKeyError;
use super::start_error::StartError;
use crate::config::variable::MASTER_KEY;
use crate::config::{MasterKeyOpener, MasterKeyPlace, MasterKeySource, Names, TokenConfig};
use crate::crypto::age_file::Recipients;
use crate::crypto::master_key::MasterKey;
use crate::crypto::passphrase::{self, Passphrase};
use crate::crypto::pkcs11::{self, TokenKey};
use crate::crypto::random::Random;
use crate::domain::sealed::MasterKeyId;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::Zeroizing;

/// A new master key, and the text that stands for it: the key itself, or what only the opener opens.
///
/// # Errors
/// [`StartError`].
pub fn make_master_key(
    opener: &MasterKeyOpener,
    random: &Random,
) -> Result<(MasterKey, Zeroizing<String>), StartError> {
    match opener {
        MasterKeyOpener::Nothing => {
            let key = MasterKey::generate(random);
            let text = key.to_text();
            Ok((key, text))
        }
        MasterKeyOpener::Passphrase(file) => {
            let made = read_passphrase(file)?.generate(random);
            let (key, text) =
                made.map_err(|reason| MasterKeyError::of_passphrase(reason, file, file.display().to_string()))?;
            Ok((key, Zeroizing::new(text)))
        }
        MasterKeyOpener::Token(token) => {
            let (key, text) = token_key(token)?.generate(random).map_err(MasterKeyError::Token)?;
            Ok((key, Zeroizing::new(text)))
        }
    }
}

/// # Errors
/// [`StartError`].
pub fn read_master_key(source: &MasterKeySource) -> Result<MasterKey, StartError> {
    let names = source.names();
    let (text, origin) = read_text(&source.place, names)?;
    let text = text.trim();
    match &source.opener {
        MasterKeyOpener::Passphrase(file) if text.starts_with(passphrase::PREFIX) => {
            let opened = read_passphrase(file)?.open(text);
            Ok(opened.map_err(|reason| MasterKeyError::of_passphrase(reason, file, origin))?)
        }
        MasterKeyOpener::Token(token) if text.starts_with(pkcs11::PREFIX) => {
            let opened = token_key(token)?.open(text);
            Ok(opened.map_err(|reason| MasterKeyError::of_token(reason, origin))?)
        }
        _ if text.starts_with(passphrase::PREFIX) => {
            Err(MasterKeyError::NoPassphrase { origin, setting: names.passphrase_file.clone() }.into())
        }
        _ if text.starts_with(pkcs11::PREFIX) => {
            Err(MasterKeyError::NoToken { origin, settings: names.pkcs11.clone() }.into())
        }
        opener => {
            let parsed = MasterKey::parse(text);
            let key = parsed.map_err(|reason| StartError::MasterKeyForm { origin: origin.clone(), reason })?;
            let setting = match opener {
                MasterKeyOpener::Nothing => return Ok(key),
                MasterKeyOpener::Passphrase(_) => names.passphrase_file.clone(),
                MasterKeyOpener::Token(_) => names.pkcs11[0].clone(),
            };
            Err(MasterKeyError::Open { origin, setting }.into())
        }
    }
}

/// The master key itself, wherever it is kept, encrypted to each of the recipients as text; with its id.
///
/// # Errors
/// [`StartError`].
pub fn recovery_text(source: &MasterKeySource, recipients: &Recipients) -> Result<(MasterKeyId, String), StartError> {
    let key = read_master_key(source)?;
    let line = Zeroizing::new(format!("{}\n", key.to_text().as_str()));
    Ok((key.id(), recipients.encrypt_text(&line).map_err(StartError::Recovery)?))
}

fn read_passphrase(file: &Path) -> Result<Passphrase, StartError> {
    Ok(Passphrase::from_file(&read_secret_file(file)?))
}

fn token_key(config: &TokenConfig) -> Result<TokenKey, StartError> {
    let TokenConfig { module, token, key, pin_file } = config;
    let pin = Zeroizing::new(read_secret_file(pin_file)?.trim_end_matches(['\r', '\n']).to_owned());
    Ok(TokenKey { module: module.clone(), token: token.clone(), key: key.clone(), pin })
}

/// What stands where the master key is, and how the user would name that place.
fn read_text(place: &MasterKeyPlace, names: &Names) -> Result<(Zeroizing<String>, String), StartError> {
    Ok(match place {
        MasterKeyPlace::Missing => return Err(StartError::NoMasterKey),
        MasterKeyPlace::Text(text) => (text.clone(), MASTER_KEY.to_owned()),
        MasterKeyPlace::File(path) => (read_secret_file(path)?, path.display().to_string()),
        MasterKeyPlace::Credential { folder, name } => match read_secret_file(&folder.join(name)) {
            Err(StartError::SecretFile { reason, .. }) if reason.kind() == ErrorKind::NotFound => {
                return Err(MasterKeyError::NoCredential { name: name.clone() }.into());
            }
            read => (read?, format!("the credential {name}")),
        },
        MasterKeyPlace::Command(line) => {
            let setting = &names.command;
            let output =
                output_of(line).map_err(|reason| MasterKeyError::Command { setting: setting.clone(), reason })?;
            // What is no text is no master key either.
            let text = str::from_utf8(&output).unwrap_or_default().to_owned();
            (Zeroizing::new(text), format!("the output of {setting}"))
        }
    })
}

/// The content of a file that nobody may read for whom it is not meant.
///
/// # Errors
/// [`StartError::SecretFile`], [`StartError::NotAFile`] or [`StartError::SecretReadableByOthers`]; [`StartError::SecretForPath`] where the
/// path must not be shown.
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<String>, StartError> {
    if is_secret(&path.file_name().unwrap_or_default().to_string_lossy()) {
        return Err(StartError::SecretForPath);
    }
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

/// Whether a text begins like a master key or an identity of age, and is as long.
fn is_secret(text: &str) -> bool {
    text.len() >= 40 && ["hvmk_", "AGE-SECRET-KEY-"].iter().any(|begin| text.starts_with(begin))
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
