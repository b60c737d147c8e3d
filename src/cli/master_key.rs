mod rotate;

use super::age::RecipientFlags;
use super::error::CliError;
use super::flags::{self, MasterKeyFlags};
use super::output;
use crate::app::{self, Parts, StartError};
use crate::config::{DatabaseConfig, MasterKeyOpener, MasterKeySource, TokenConfig, variable};
use crate::domain::chain::Chain;
use clap::{Args, Subcommand};
use rotate::Rotate;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Make the key that seals all private keys, put another in its place, and make copies of it for people
#[derive(Subcommand)]
#[command(after_help = "Example:\n  hookvault master-key generate --out master.key")]
pub enum MasterKeyCommand {
    Generate(Generate),
    Rotate(Box<Rotate>),
    Recovery(Recovery),
}

/// Encrypt the master key to people, any of whom can open it with age
#[derive(Args)]
#[command(
    after_help = "For the day on which the machine, the TPM or the token is gone that has the master key: the key itself is
encrypted, wherever it is kept. Each recipient opens the file alone, without hookvault: `age -d -i IDENTITY FILE` prints
the key. It is text, so it can be printed on paper.

Example:
  hookvault master-key recovery --recipients-file owners --out master.key.age"
)]
pub struct Recovery {
    #[command(flatten)]
    recipients: RecipientFlags,
    /// Write it to a new file, instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The data folder of `hookvault dev`, whose master key is meant
    #[arg(long, value_name = "FOLDER", help_heading = "Settings")]
    data_dir: Option<String>,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

/// Make a new master key
#[derive(Args)]
#[command(after_help = "Keep it apart from the database and from its backups: whoever has both has the private
keys, and without it nobody has them. What is written with a passphrase or a token opens
nothing without that.\n\nExample:\n  hookvault master-key generate --out master.key")]
pub struct Generate {
    /// Write it to a new file that only you may read, instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Derive it from the passphrase in this file, and write how
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Have a key of a PKCS#11 token seal it, through this library
    #[arg(long, value_name = "LIBRARY", conflicts_with = "passphrase_file")]
    #[arg(requires_all = ["pkcs11_token", "pkcs11_key", "pkcs11_pin_file"])]
    pkcs11_module: Option<PathBuf>,
    /// The label of the token
    #[arg(long, value_name = "LABEL", requires = "pkcs11_module")]
    pkcs11_token: Option<String>,
    /// The label of its key, AES or RSA
    #[arg(long, value_name = "LABEL", requires = "pkcs11_module")]
    pkcs11_key: Option<String>,
    /// The file that holds the PIN
    #[arg(long, value_name = "FILE", requires = "pkcs11_module")]
    pkcs11_pin_file: Option<PathBuf>,
}

impl MasterKeyCommand {
    pub async fn run(self) -> Result<(), CliError> {
        match self {
            Self::Generate(generate) => generate.run(),
            Self::Rotate(rotate) => rotate.run().await,
            Self::Recovery(recovery) => recovery.run().await,
        }
    }
}

impl Recovery {
    async fn run(self) -> Result<(), CliError> {
        let recipients = self.recipients.read()?;
        if recipients.is_empty() {
            return Err(CliError::new(
                "there is nobody to encrypt the master key to",
                "name one or more with --recipient or --recipients-file; `age-keygen -o FILE` makes an identity and prints its recipient",
            ));
        }
        let sources = flags::sources([vec![(variable::DATA_DIR, self.data_dir)], self.master_key.flags()])?;
        let (id, text) = app::recovery_text(&MasterKeySource::from_sources(&sources)?, &recipients)?;
        match app::compare_master_key(id, &DatabaseConfig::from_sources(&sources)?, &Parts::real()).await {
            // One that was rotated away is of no use on that day.
            Err(error @ StartError::Sealing(_)) => return Err(error.into()),
            Err(error) => output::tell(&format!("warning: {id} was not compared with the vault: {}", Chain(&error))),
            Ok(Some(next)) => output::tell(&format!(
                "warning: a rotation from {id} to {next} is under way: do the same with {next}, which alone opens the vault after it"
            )),
            Ok(None) => {}
        }
        write_out(self.out, &text)?;
        output::tell(&format!("master key id: {id}"));
        Ok(())
    }
}

/// Writes a text to a new file that its owner alone may read, or to stdout.
fn write_out(out: Option<PathBuf>, text: &str) -> Result<(), CliError> {
    let Some(path) = out else { return output::print(text) };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        CliError::new(
            format!("{} cannot be written: {error}", path.display()),
            "name a new file: an existing one is never overwritten",
        )
    })
}

impl Generate {
    fn opener(&self) -> MasterKeyOpener {
        let token = (&self.pkcs11_module, &self.pkcs11_token, &self.pkcs11_key, &self.pkcs11_pin_file);
        match (token, &self.passphrase_file) {
            ((Some(module), Some(token), Some(key), Some(pin_file)), _) => MasterKeyOpener::Token(TokenConfig {
                module: module.clone(),
                token: token.clone(),
                key: key.clone(),
                pin_file: pin_file.clone(),
            }),
            (_, Some(file)) => MasterKeyOpener::Passphrase(file.clone()),
            (_, None) => MasterKeyOpener::Nothing,
        }
    }

    fn run(self) -> Result<(), CliError> {
        let (key, text) = app::make_master_key(&self.opener(), &Parts::real().random)?;
        write_out(self.out, &output::secret_text(&[&text, "\n"]))?;
        output::tell(&format!("master key id: {}", key.id()));
        Ok(())
    }
}
