use super::error::CliError;
use super::flags::{self, DatabaseFlags, MasterKeyFlags};
use super::operator::operator;
use super::output;
use crate::app::{self, Parts};
use crate::config::{DataDir, DatabaseConfig, MasterKeySource, variable};
use clap::Args;

/// Copy the vault into an empty database of the other engine, or of the same
#[derive(Args)]
#[command(
    after_help = "Stop the servers first: what they write after the copy is not in it. While it is made, nobody can
write to the vault. Private keys stay sealed; with the master key each row is checked to be the vault's own. All of it is
compared with the vault before it counts: where anything fails, nothing was moved. The vault itself stays as it is, but
for an entry of its audit trail that tells of the move.

Example:
  hookvault move --to postgres://hookvault@db.example.com/hookvault --to-password-file db.password"
)]
pub struct Move {
    /// The empty database, as postgres://USER@HOST/NAME or sqlite://PATH
    #[arg(long, value_name = "URL")]
    to: String,
    /// The file that holds its password
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<String>,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl Move {
    pub async fn run(self) -> Result<(), CliError> {
        let sources = flags::sources([self.database.flags(), self.master_key.flags()])?;
        let from = DatabaseConfig::from_sources(&sources)?;
        let to = DatabaseConfig::target(["--to", "--to-password-file"], &self.to, self.to_password_file.as_deref())?;
        let master_key = MasterKeySource::from_sources(&sources)?;
        let moved = app::move_vault(&from, &to, &master_key, &operator(), &Parts::real()).await?;
        let rows: Vec<_> = moved.into_iter().map(|(kind, count)| [kind.to_owned(), count.to_string()]).collect();
        output::print_table(["KIND", "COUNT"], &rows)?;
        let password_file = match self.to_password_file {
            Some(_) => format!(" and {} to the file of its password", variable::DATABASE_PASSWORD_FILE),
            None => String::new(),
        };
        let found_by = match DataDir::from_sources(&sources)? {
            // The folder of `dev` says where its vault is.
            Some(folder) => format!("write {} into {}", to.url, folder.database_url().display()),
            None => format!("set {} to {}{password_file}", variable::DATABASE_URL, to.url),
        };
        output::tell(&format!(
            "the vault is in {} now; what is in {} is as it was, and its audit trail tells of the move\nhint: {found_by}, run `hookvault check`, start the servers, and keep \
             the old one from every server",
            to.url, from.url
        ));
        Ok(())
    }
}
