use super::error::CliError;
use super::flags::{self, DatabaseFlags};
use super::output;
use crate::app;
use crate::config::{DataDir, DatabaseConfig};
use clap::Args;

/// Bring the database to the form that this version needs
#[derive(Args)]
#[command(
    after_help = "Prints each migration that it runs. All of them run, or none.\n\nExample:\n  hookvault migrate --check || hookvault migrate"
)]
pub struct Migrate {
    /// Print what is pending and change nothing; exit with 1 where something is
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

impl Migrate {
    pub async fn run(self) -> Result<(), CliError> {
        let sources = flags::sources([self.database.flags()])?;
        let database = DatabaseConfig::from_sources(&sources)?;
        // Its master key would be missing.
        if let Some(folder) = DataDir::from_sources(&sources)?
            && !folder.has_vault()
        {
            let path = folder.path().display();
            let hint = format!("`hookvault dev --data-dir {path}` makes all of it");
            return Err(CliError::new(format!("there is no vault in {path}"), hint));
        }
        let migrations = app::migrate(&database, self.check).await?;
        for migration in &migrations {
            output::print(&format!("{migration}\n"))?;
        }
        if migrations.is_empty() {
            output::tell("nothing is pending");
        }
        if self.check && !migrations.is_empty() {
            return Err(CliError::new(
                format!("{} migration(s) are pending", migrations.len()),
                "run `hookvault migrate`",
            ));
        }
        Ok(())
    }
}
