//! Why there is no master key where the settings say that it is, and what to do about it.

use super::master_key_command::CommandError;
use crate::crypto::passphrase::{MIN_LENGTH, PassphraseError};
use crate::crypto::pkcs11::TokenError;
use std::path::{Path, PathBuf};

/// Why a master key cannot be had. Nothing of a secret is in here.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("systemd has provided no credential {name}")]
    NoCredential { name: String },
    #[error("{setting} {reason}")]
    Command { setting: String, reason: CommandError },
    #[error("the master key of {origin} is opened by a passphrase, and none is named")]
    NoPassphrase { origin: String, setting: String },
    #[error("the master key of {origin} is opened by a PKCS#11 token, and none is named")]
    NoToken { origin: String, settings: [String; 4] },
    #[error(transparent)]
    Token(TokenError),
    #[error("the content of {origin} is the master key itself, but {setting} is set")]
    Open { origin: String, setting: String },
    #[error("the content of {origin} is not what `hookvault master-key generate` writes")]
    Form { origin: String },
    #[error("the passphrase in {} does not open {origin}", .file.display())]
    WrongPassphrase { file: PathBuf, origin: String },
    #[error("the passphrase in {} has fewer than {MIN_LENGTH} characters", .file.display())]
    ShortPassphrase { file: PathBuf },
    #[error("there is too little memory to derive the master key from the passphrase")]
    NoMemory,
}

impl MasterKeyError {
    /// # Arguments
    /// `file`: where the passphrase is. `origin`: where the text is that it opens.
    pub(super) fn of_passphrase(reason: PassphraseError, file: &Path, origin: String) -> Self {
        match reason {
            PassphraseError::TooShort => Self::ShortPassphrase { file: file.to_owned() },
            PassphraseError::Form => Self::Form { origin },
            PassphraseError::Wrong => Self::WrongPassphrase { file: file.to_owned(), origin },
            PassphraseError::NoMemory => Self::NoMemory,
        }
    }

    /// # Arguments
    /// `origin`: where the text is that the token opens.
    pub(super) fn of_token(reason: TokenError, origin: String) -> Self {
        match reason {
            TokenError::Form => Self::Form { origin },
            reason => Self::Token(reason),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoCredential { name } => {
                format!(
                    "add LoadCredential={name}:FILE to the unit, or LoadCredentialEncrypted={name}:FILE, and reload it"
                )
            }
            Self::Command { .. } => {
                "what it says on stderr is above; run it by hand as the vault's user, with >/dev/null".into()
            }
            Self::NoPassphrase { setting, .. } => format!("name the file that holds it in {setting}"),
            Self::NoToken { settings, .. } => format!("say how to reach it in {}", settings.join(", ")),
            Self::Token(error) => token_hint(error).into(),
            Self::Open { setting, .. } => {
                let leave =
                    if setting.starts_with("--") { format!("leave {setting} out") } else { format!("unset {setting}") };
                format!("{leave}, or name the file that `hookvault master-key generate` wrote with it")
            }
            Self::Form { .. } => "put the copy back that you keep elsewhere".into(),
            Self::WrongPassphrase { .. } => "give the one with which it was made; nothing else opens it".into(),
            Self::ShortPassphrase { .. } => {
                "take one that nobody guesses, such as `head -c 15 /dev/urandom | base64` prints".into()
            }
            Self::NoMemory => "it takes 64 MiB for a moment; see what else is running".into(),
        }
    }
}

fn token_hint(error: &TokenError) -> &'static str {
    match error {
        TokenError::Module { .. } => {
            "name the library of who made the token, such as /usr/lib/softhsm/libsofthsm2.so; a statically linked hookvault loads none"
        }
        TokenError::NoToken { .. } => {
            "`pkcs11-tool --module MODULE --list-token-slots` shows what the module sees, run as the vault's user"
        }
        TokenError::TwoTokens { .. } => "give one of them another label",
        TokenError::WrongPin { .. } => {
            "it was tried once; look at the PIN before you start this again: a token locks itself after a few"
        }
        TokenError::PinLocked { .. } => "its security officer can set a new one",
        TokenError::LastTry { .. } => {
            "log in with the right PIN once by `pkcs11-tool --module MODULE --login --list-objects`, then start this again"
        }
        TokenError::NoKey { .. } | TokenError::TwoKeys { .. } => {
            "`pkcs11-tool --module MODULE --login --list-objects` shows the keys of the token"
        }
        TokenError::Refused { .. } | TokenError::Unlike { .. } => {
            "it must be the key with which the file was made, and may encrypt and decrypt"
        }
        TokenError::Form => "put the copy back that you keep elsewhere",
    }
}
