use super::error::CliError;
use super::output;
use crate::app::{self, Parts};
use crate::config::MasterKeyOpener;
use clap::{Args, Subcommand};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// Make the key that seals all private keys
#[derive(Subcommand)]
#[command(after_help = "Example:\n  hookvault master-key generate --out master.key")]
pub enum MasterKeyCommand {
    Generate(Generate),
}

/// Make a new master key
#[derive(Args)]
#[command(after_help = "Keep it apart from the database and from its backups: whoever has both has the private
keys, and without it nobody has them.\n\nExample:\n  hookvault master-key generate --out master.key")]
pub struct Generate {
    /// Write it to a new file that only you may read, instead of stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Derive it from the passphrase in this file (Argon2id), and write how: only both together are the key
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl MasterKeyCommand {
    pub fn run(self) -> Result<(), CliError> {
        match self {
            Self::Generate(generate) => generate.run(),
        }
    }
}

impl Generate {
    fn run(self) -> Result<(), CliError> {
        let opener = self.passphrase_file.map_or(MasterKeyOpener::Nothing, MasterKeyOpener::Passphrase);
        let (key, text) = app::make_master_key(&opener, &Parts::real().random)?;
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
