use super::error::CliError;
use super::flags::{self, DatabaseFlags};
use super::output;
use crate::app;
use crate::config::DatabaseConfig;
use crate::repository::Store as _;
use clap::Args;

/// Bring the database to the form that this version needs
///
/// Prints each migration that it runs. All of them run, or none.
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault migrate --check || hookvault migrate")]
pub struct Migrate {
    /// Print what is pending and change nothing; exit with 1 where something is
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    database: DatabaseFlags,
}

impl Migrate {
    pub async fn run(self) -> Result<(), CliError> {
        let database = DatabaseConfig::from_sources(&flags::sources([self.database.flags()])?)?;
        let store = app::open_store(&database, !self.check).await?;
        let migrations =
            if self.check { store.pending_migrations().await } else { store.migrate().await };
        store.close().await;
        let migrations = migrations.map_err(app::StartError::from)?;
        for migration in &migrations {
            output::print(&format!("{migration}\n"))?;
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
