//! What is encrypted by age: to whom, and who opens it.

use super::error::CliError;
use crate::app;
use crate::crypto::age_file::{Identities, NoRecipients, Recipients};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

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
    /// Those that the flags name; nobody where none of them is given. One that is given and names nobody, as an unset variable of the
    /// shell does, is refused.
    pub fn read(&self) -> Result<Recipients, CliError> {
        let mut recipients = Recipients::default();
        for given in &self.recipient {
            recipients = recipients.and(parse(given, "--recipient")?);
        }
        if let Some(path) = &self.recipients_file {
            let name = path.display().to_string();
            let read = fs::read_to_string(path).map_err(|error| {
                CliError::new(format!("{name} cannot be read: {error}"), "check the path, and who owns the file")
            })?;
            recipients = recipients.and(parse(&Zeroizing::new(read), &name)?);
        }
        Ok(recipients)
    }
}

/// # Arguments
/// `origin`: where the text stands. It is not shown: it may be a secret by mistake.
fn parse(text: &str, origin: &str) -> Result<Recipients, CliError> {
    Recipients::parse(text).map_err(|reason| {
        let hint = match reason {
            NoRecipients::Nobody => "name one or more there, as `age-keygen -y IDENTITY-FILE` prints them",
            NoRecipients::Other { .. } => {
                "`age-keygen -y IDENTITY-FILE` prints the recipient of an identity, which stays secret"
            }
        };
        CliError::new(format!("{origin}: {reason}"), hint)
    })
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
