use super::error::CliError;
use super::flags::{self, DatabaseFlags, MasterKeyFlags};
use super::output;
use crate::app::{self, Parts};
use crate::config::Config;
use clap::Args;

/// Check that every private key in the vault can be opened and fits its public key
#[derive(Args)]
#[command(
    after_help = "Prints the keys that are damaged, and exits with 1 where there is one.\n\nExample:\n  hookvault check --master-key-file master.key --database-url sqlite://backup.db"
)]
pub struct Check {
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl Check {
    pub async fn run(self) -> Result<(), CliError> {
        let config = Config::from_sources(&flags::sources([self.database.flags(), self.master_key.flags()])?)?;
        let vault = app::open_vault(&config, false, 0, &Parts::real()).await?;
        let damaged = vault.hook_keys_damaged().await;
        vault.close().await;
        let damaged = damaged?;
        for key in &damaged {
            output::print(&format!("{} ({}): {}\n", key.id, key.name, key.reason))?;
        }
        if damaged.is_empty() {
            eprintln!("all private keys are sound");
            return Ok(());
        }
        Err(CliError::new(
            format!("{} private key(s) are damaged", damaged.len()),
            "restore the database file from a backup, or delete these keys and make new ones",
        ))
    }
}
