use super::error::CliError;
use super::flags::{self, DatabaseFlags, MasterKeyFlags, ServerFlags};
use super::output;
use crate::app::{App, Parts, Signals};
use crate::config::Config;
use clap::Args;

/// Serve the vault, and back it up each day where HOOKVAULT_BACKUP_DIR names a folder (docs/settings.md has every variable)
#[derive(Args)]
#[command(after_help = "Example:
  hookvault master-key generate --out master.key
  hookvault serve --master-key-file master.key --database-url sqlite://vault.db")]
pub struct Serve {
    #[command(flatten)]
    server: ServerFlags,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl Serve {
    pub async fn run(self) -> Result<(), CliError> {
        let sources = flags::sources([self.server.flags(), self.database.flags(), self.master_key.flags()])?;
        let _log = flags::start_log(&sources)?;
        let config = Config::from_sources(&sources)?;
        // The master key may be in it.
        drop(sources);
        let database = config.database.url.clone();
        let app = App::start(config, &Parts::real()).await?;
        let signals = Signals::catch()?;
        let address = app.address();
        output::greet(&format!("hookvault serves {database} on http://{address}\n"), address);
        Ok(app.run_until(signals).await?)
    }
}
