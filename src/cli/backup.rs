mod verify;

use super::age::RecipientFlags;
use super::error::CliError;
use super::flags::{self, DatabaseFlags, MasterKeyFlags};
use super::{output, proof};
use crate::app::{self, Parts};
use crate::cli::operator::operator;
use crate::config::{DatabaseConfig, MasterKeySource, Sources, backup_recipients};
use crate::domain::chain::Chain;
use crate::vault::custody::backup::making::Destination;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Back up the vault while it is in use, or verify a backup
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "The backup is written beside its place, read back and verified as by `hookvault backup verify`, and only then gets
its name. It holds names and addresses in the clear unless it is encrypted, to those named here or in HOOKVAULT_BACKUP_RECIPIENTS.
Private keys and secrets stay sealed. Keep the master key elsewhere: without it no backup is worth anything.

Example:
  hookvault backup vault.backup.age --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
)]
pub struct Backup {
    #[command(subcommand)]
    command: Option<BackupCommand>,
    /// The file to make
    #[arg(required = true, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replace the file, if it is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    recipients: RecipientFlags,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

#[derive(Subcommand)]
enum BackupCommand {
    Verify(verify::Verify),
}

impl Backup {
    pub async fn run(self) -> Result<(), CliError> {
        match (self.command, self.file) {
            (Some(BackupCommand::Verify(verify)), _) => verify.run().await,
            (None, Some(file)) => {
                let sources = flags::sources([self.database.flags(), self.master_key.flags()])?;
                let mut recipients = self.recipients.read()?;
                if recipients.is_empty() {
                    recipients = app::read_recipients(backup_recipients(&sources).as_deref())?;
                }
                back_up(Destination { path: &file, replaces: self.force, recipients: &recipients }, &sources).await
            }
            (None, None) => Err(CliError::new("the file to make is missing", "`hookvault backup --help` tells more")),
        }
    }
}

async fn back_up(to: Destination<'_>, sources: &Sources) -> Result<(), CliError> {
    let database = DatabaseConfig::from_sources(sources)?;
    let master_key = MasterKeySource::from_sources(sources)?;
    let made = app::back_up(&database, &master_key, to.clone(), &operator(), &Parts::real()).await?;
    proof::print_counts(&made.proof)?;
    let encrypted = match to.recipients.count() {
        0 => "not encrypted".to_owned(),
        count => format!("encrypted to {count} recipient(s)"),
    };
    output::tell(&format!("{} is made and verified, {encrypted}: {}", to.path.display(), proof::contents(&made.proof)));
    proof::warn_of_rotation(&made.proof);
    if let Some(error) = made.untold {
        output::tell(&format!("warning: the audit trail does not tell of it: {}", Chain(&error)));
    }
    Ok(())
}
