//! Why there is no master key where the settings say that it is, and what to do about it.

use super::master_key_command::CommandError;
use crate::config::variable::MASTER_KEY_COMMAND;

/// Why a master key cannot be had. Nothing of a secret is in here.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("systemd has provided no credential {name}")]
    NoCredential { name: String },
    #[error("{MASTER_KEY_COMMAND} {0}")]
    Command(CommandError),
}

impl MasterKeyError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoCredential { name } => {
                format!(
                    "add LoadCredential={name}:FILE to the unit, or LoadCredentialEncrypted={name}:FILE, and reload it"
                )
            }
            Self::Command(_) => {
                "what it says on stderr is above; run it by hand as the vault's user, with >/dev/null".into()
            }
        }
    }
}
