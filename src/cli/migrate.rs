use super::error::CliError;
use super::flags::{self, DatabaseFlags, MasterKeyFlags};
use super::output;
use crate::app::{self, Parts};
use crate::config::{DataDir, DatabaseConfig, MasterKeySource};
use crate::vault::custody::sealing::NeverServed;
use clap::Args;

/// Bring the database to the form that this version needs
#[derive(Args)]
#[command(
    after_help = "Prints each migration that it runs. All of them run, or none. With the master key, rows of versions before
seals get theirs; without, the first command or server with the key does that.\n\nExample:\n  hookvault migrate --check || hookvault migrate"
)]
pub struct Migrate {
    /// Print what is pending and change nothing; exit with 1 where something is
    #[arg(long)]
    check: bool,
    /// Seal rows that an earlier version made in a vault no server was ever started on
    #[arg(long, conflicts_with = "check")]
    seal: bool,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl Migrate {
    pub async fn run(self) -> Result<(), CliError> {
        let sources = flags::sources([self.database.flags(), self.master_key.flags()])?;
        let database = DatabaseConfig::from_sources(&sources)?;
        // Its master key would be missing.
        if let Some(folder) = DataDir::from_sources(&sources)?
            && !folder.has_vault()
        {
            let path = folder.path().display();
            let hint = format!("`hookvault dev --data-dir {path}` makes all of it");
            return Err(CliError::new(format!("there is no vault in {path}"), hint));
        }
        let never_served = if self.seal { NeverServed::Adopt } else { NeverServed::Refuse };
        let (migrations, sealed_rows) = if self.check {
            (app::migrations_pending(&database, &Parts::real()).await?, 0)
        } else {
            let master_key = MasterKeySource::from_sources(&sources)?;
            app::migrate(&database, &master_key, never_served, &Parts::real()).await?
        };
        for migration in &migrations {
            output::print(&format!("{migration}\n"))?;
        }
        if migrations.is_empty() {
            output::tell("nothing is pending");
        }
        flags::tell_sealed(sealed_rows);
        if self.check && !migrations.is_empty() {
            return Err(CliError::new(
                format!("{} migration(s) are pending", migrations.len()),
                "run `hookvault migrate`",
            ));
        }
        Ok(())
    }
}
