//! What is encrypted by age: to whom, and who opens it.

use super::error::CliError;
use crate::app;
use crate::crypto::age_file::{Identities, Recipients};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};

/// Whom something is encrypted to.
#[derive(Args)]
pub struct RecipientFlags {
    /// Encrypt it to this recipient of age (age1…); give it again for more
    #[arg(long, value_name = "RECIPIENT")]
    recipient: Vec<String>,
    /// Encrypt it to the recipients in this file, one a line
    #[arg(long, value_name = "FILE")]
    recipients_file: Option<PathBuf>,
}

impl RecipientFlags {
    pub fn read(&self) -> Result<Recipients, CliError> {
        let mut text = self.recipient.join("\n");
        if let Some(path) = &self.recipients_file {
            let read = fs::read_to_string(path).map_err(|error| {
                CliError::new(
                    format!("{} cannot be read: {error}", path.display()),
                    "check the path, and who owns the file",
                )
            })?;
            text = [text, read].join("\n");
        }
        let recipients = Recipients::parse(&text).map_err(|reason| {
            CliError::new(reason.to_string(), "`age-keygen -y` prints the recipient of an identity")
        })?;
        match &self.recipients_file {
            Some(path) if recipients.is_empty() => Err(CliError::new(
                format!("there is no recipient in {}", path.display()),
                "write one a line into it, as `age-keygen -y` prints them",
            )),
            _ => Ok(recipients),
        }
    }
}

/// The identities in a file that only its owner may read.
pub fn read_identities(path: &Path) -> Result<Identities, CliError> {
    let text = app::read_secret_file(path)?;
    Identities::parse(&text).map_err(|reason| {
        CliError::new(
            format!("{} {reason}", path.display()),
            "what a plugin or a passphrase opens, decrypt with `age -d` first",
        )
    })
}
