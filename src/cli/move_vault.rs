use super::error::CliError;
use super::flags::{self, DatabaseFlags};
use super::operator::operator;
use super::output;
use crate::app::{self, Parts};
use crate::config::{DatabaseConfig, variable};
use clap::Args;

/// Copy the vault into an empty database of the other engine, or of the same
#[derive(Args)]
#[command(
    after_help = "Stop the servers first: what they write after the copy is not in it. While it is made, nobody can
write to the vault. Private keys stay sealed, and no master key is needed. All of it is compared with the vault before
it counts: where anything fails, nothing was moved. The vault itself stays as it is.

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
}

impl Move {
    pub async fn run(self) -> Result<(), CliError> {
        let from = DatabaseConfig::from_sources(&flags::sources([self.database.flags()])?)?;
        let to = DatabaseConfig::target(&self.to, self.to_password_file.as_deref())?;
        let moved = app::move_vault(&from, &to, &operator(), &Parts::real()).await?;
        let rows: Vec<_> = moved.into_iter().map(|(kind, count)| [kind.to_owned(), count.to_string()]).collect();
        output::print_table(["KIND", "COUNT"], &rows)?;
        output::tell(&format!(
            "the vault is in {} now; what is in {} is as it was\nhint: set {}={0}, run `hookvault check`, start the servers, and \
             keep the old one from every server",
            to.url,
            from.url,
            variable::DATABASE_URL
        ));
        Ok(())
    }
}
