mod folder;
mod screen;

use super::error::CliError;
use super::flags::{self, ServerFlags};
use super::output;
use crate::app::{self, App, Parts, Signals};
use crate::config::{Config, DataDir, ServerConfig, variable};
use clap::Args;
use folder::Folder;

/// Serve a vault for development, and make all that it needs
#[derive(Args)]
#[command(
    after_help = "Makes what is missing of data folder, database, master key, org and token with every scope, and keeps it.

Example:
  hookvault dev --data-dir ./my-vault"
)]
pub struct Dev {
    /// Where everything is kept [default: hookvault-data]
    #[arg(long, value_name = "FOLDER", conflicts_with = "ephemeral")]
    data_dir: Option<String>,
    /// Keep the vault in this PostgreSQL database, as postgres://USER@HOST/NAME, from now on
    #[arg(long, value_name = "URL", conflicts_with = "ephemeral")]
    database_url: Option<String>,
    /// Keep nothing: a vault in a temporary folder, removed at the end
    #[arg(long)]
    ephemeral: bool,
    /// Make a key, a hook and a receiver of its calls, to try
    #[arg(long)]
    with_example: bool,
    #[command(flatten)]
    server: ServerFlags,
}

impl Dev {
    pub async fn run(self) -> Result<(), CliError> {
        let own =
            vec![(variable::DATA_DIR, self.data_dir.clone()), (variable::DATABASE_URL, self.database_url.clone())];
        let sources = flags::sources([self.server.flags(), own])?;
        let _log = flags::start_log(&sources)?;
        let (given, server) = (DataDir::of_dev(&sources)?, ServerConfig::from_sources(&sources)?);
        if !self.ephemeral {
            Folder::refuse_running(&given)?;
        }
        // Before anything is made, so that an address in use leaves nothing behind.
        let listener = app::listen(server.listen)?;
        let mut folder = if self.ephemeral { Folder::temporary()? } else { Folder::permanent(&given)? };
        let parts = Parts::real();
        let config = Config::of_folder(&folder.files, &sources)?;
        let (server, password) = (config.database.server(), config.database.password_file.clone());
        folder.ensure_master_key(&parts)?;
        folder.refuse_open_token()?;
        let app = App::start_on(listener, config, &parts).await?;
        folder.keep_database_url(server.as_deref())?;
        let signals = Signals::catch()?;
        let address = screen::reachable(app.address());
        folder.announce(&format!("http://{address}"))?;
        let token = folder.ensure_token(&parts, app.vault().registry()).await?;
        if self.with_example {
            app::start_example(app.vault(), &parts).await?;
        }
        let example = self.with_example.then_some(app::EXAMPLE_HOOK);
        let mut welcome = screen::welcome(&folder, server.as_deref(), address, &token, example);
        if let Some(file) = password.filter(|_| server.is_some()) {
            welcome.heading.push(screen::password_of_other_shells(&file));
        }
        let greeting = format!("{welcome}\nCtrl-C stops it.\n");
        app.welcome(welcome);
        output::greet(&greeting, address);
        Ok(app.run_until(signals).await?)
    }
}
