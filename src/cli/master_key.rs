mod rotate;

use super::error::CliError;
use super::output;
use crate::app::{self, Parts};
use crate::config::{MasterKeyOpener, TokenConfig};
use clap::{Args, Subcommand};
use rotate::Rotate;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Make the key that seals all private keys, and put another in its place
#[derive(Subcommand)]
#[command(after_help = "Example:\n  hookvault master-key generate --out master.key")]
pub enum MasterKeyCommand {
    Generate(Generate),
    Rotate(Box<Rotate>),
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
        }
    }
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
        match self.out {
            None => output::print(&format!("{}\n", text.as_str()))?,
            Some(path) => OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .and_then(|mut file| writeln!(file, "{}", text.as_str()).and_then(|()| file.sync_all()))
                .map_err(|error| {
                    CliError::new(
                        format!("{} cannot be written: {error}", path.display()),
                        "name a new file: an existing one is never overwritten",
                    )
                })?,
        }
        output::tell(&format!("master key id: {}", key.id()));
        Ok(())
    }
}
