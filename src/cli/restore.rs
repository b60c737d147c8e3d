use super::age::read_identities;
use super::error::CliError;
use super::flags::{self, DatabaseFlags, MasterKeyFlags};
use super::operator::operator;
use super::output;
use super::proof::{contents, print_counts, refusal, warn_of_rotation};
use crate::app::{Before, Parts, Restoration, Restored, StartError};
use crate::config::{DatabaseConfig, MasterKeySource};
use clap::Args;
use std::path::PathBuf;

/// Restore a backup into a database of either engine
#[derive(Args)]
#[command(
    after_help = "The backup is verified first, all of it. Then one transaction puts it into the database, which may be made for it,
and compares it there: where anything fails, nothing was restored. A vault that is there is refused. With --force the
backup takes the place of what is there, damaged or under another master key as it may be: a file of SQLite is kept as
NAME.replaced-MOMENT, in PostgreSQL the vault goes with the same transaction. Stop the servers first. What was revoked or
deleted after the backup counts again, and what was made after it is gone.

Example:
  hookvault restore vault.backup --database-url sqlite://restored.db --master-key-file master.key"
)]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// The identity of age that opens it, where it is encrypted
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Put it in the place of what is there, whatever that is
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl Restore {
    pub async fn run(self) -> Result<(), CliError> {
        let sources = flags::sources([self.database.flags(), self.master_key.flags()])?;
        let database = DatabaseConfig::from_sources(&sources)?;
        let master_key = MasterKeySource::from_sources(&sources)?;
        let identities = self.identity.as_deref().map(read_identities).transpose()?;
        let (actor, parts) = (operator(), Parts::real());
        let restoration = Restoration {
            backup: &self.file,
            identities: identities.as_ref(),
            database: &database,
            master_key: &master_key,
            replaces: self.force,
        };
        let restored = restoration.run(&actor, &parts).await;
        let Restored { proof, before } = restored.map_err(|error| match error {
            StartError::Backup(error) => refusal(&self.file, error),
            error => error.into(),
        })?;
        print_counts(&proof)?;
        warn_of_rotation(&proof);
        match before {
            Before::Nothing => {}
            Before::Kept(path) => output::tell(&format!(
                "what was there before is {} now, with what was beside it; delete it once nothing of it is of use",
                path.display()
            )),
            Before::Gone { planted } => {
                output::tell("what was in the database before is gone");
                for what in planted {
                    output::tell(&format!("the {what} was none of the vault's, and is gone, too"));
                }
            }
        }
        let vault = flags::naming(&self.database, &self.master_key);
        output::tell(&format!(
            "restored into {}: {}\nhint: run `hookvault check{vault}`, and `hookvault audit verify{vault}` with a checkpoint that was kept \
             elsewhere; revoke and delete again what was revoked or deleted since, then start the servers",
            database.url,
            contents(&proof)
        ));
        Ok(())
    }
}
