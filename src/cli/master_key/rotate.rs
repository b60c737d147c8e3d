use crate::app::{self, Parts};
use crate::cli::error::CliError;
use crate::cli::flags::{self, DatabaseFlags, Flags, MasterKeyFlags};
use crate::cli::operator::operator;
use crate::cli::output;
use crate::config::{DataDir, DatabaseConfig, MasterKeySource, variable};
use crate::domain::sealed::MasterKeyId;
use crate::vault::custody::master_key_rotation::{Rotated, Wishes};
use clap::Args;

/// Seal the vault with another master key, while servers run
#[derive(Args)]
#[command(
    after_help = "Servers go along; start each with the new key from then on. Both keys open everything until it is done. Where it ends early, run it again.

Example:
  hookvault master-key rotate --to-master-key-file new.key"
)]
pub struct Rotate {
    /// The file that holds the new key
    #[arg(long, value_name = "FILE", help_heading = "The new key")]
    to_master_key_file: Option<String>,
    /// The credential from systemd that is the new key
    #[arg(long, value_name = "NAME", help_heading = "The new key")]
    to_master_key_credential: Option<String>,
    /// The command that prints the new key
    #[arg(long, value_name = "LINE", help_heading = "The new key")]
    to_master_key_command: Option<String>,
    /// The file with the passphrase that opens it
    #[arg(long, value_name = "FILE", help_heading = "The new key")]
    to_master_key_passphrase_file: Option<String>,
    /// The PKCS#11 library of the token that opens it
    #[arg(long, value_name = "LIBRARY", help_heading = "The new key")]
    to_pkcs11_module: Option<String>,
    /// The label of the token
    #[arg(long, value_name = "LABEL", help_heading = "The new key")]
    to_pkcs11_token: Option<String>,
    /// The label of the key on it
    #[arg(long, value_name = "LABEL", help_heading = "The new key")]
    to_pkcs11_key: Option<String>,
    /// The file that holds its PIN
    #[arg(long, value_name = "FILE", help_heading = "The new key")]
    to_pkcs11_pin_file: Option<String>,
    /// Let the old key open everything, too, until this is run again without
    #[arg(long)]
    keep_old: bool,
    /// Others may have the old key: keep the new one out of the database. Stop all servers first
    #[arg(long, conflicts_with = "keep_old")]
    leaked: bool,
    /// Go back to the old key while it is not over; the new one is needed only where it was kept out of the database
    #[arg(long, conflicts_with_all = ["keep_old", "leaked"])]
    give_up: bool,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl Rotate {
    /// As the settings of the key that is in use.
    fn next(&self) -> Flags {
        vec![
            (variable::MASTER_KEY_FILE, self.to_master_key_file.clone()),
            (variable::MASTER_KEY_CREDENTIAL, self.to_master_key_credential.clone()),
            (variable::MASTER_KEY_COMMAND, self.to_master_key_command.clone()),
            (variable::MASTER_KEY_PASSPHRASE_FILE, self.to_master_key_passphrase_file.clone()),
            (variable::PKCS11_MODULE, self.to_pkcs11_module.clone()),
            (variable::PKCS11_TOKEN, self.to_pkcs11_token.clone()),
            (variable::PKCS11_KEY, self.to_pkcs11_key.clone()),
            (variable::PKCS11_PIN_FILE, self.to_pkcs11_pin_file.clone()),
        ]
    }

    pub async fn run(self) -> Result<(), CliError> {
        let sources = flags::sources([self.database.flags(), self.master_key.flags()])?;
        let database = DatabaseConfig::from_sources(&sources)?;
        let old = MasterKeySource::from_sources(&sources)?;
        let next = MasterKeySource::from_sources(&sources.of_target(self.next()))?;
        let place = match DataDir::from_sources(&sources)? {
            Some(folder) => format!("put it into {}", folder.master_key().display()),
            None => "put it where the settings of all servers say".to_owned(),
        };
        let (operator, parts) = (operator(), Parts::real());
        if self.give_up {
            let (rotated, id) = app::give_up_rotation(&database, [&old, &next], &operator, &parts).await?;
            output::tell(&told(rotated, id, &place));
            return Ok(());
        }
        let next = if next.is_missing() { unnamed(&database, &old, &parts).await? } else { &next };
        let wishes = Wishes { old_is_known_to_others: self.leaked, keep_old: self.keep_old };
        let users = if self.leaked { app::database_users(&database).await? } else { None };
        let (rotated, id) = app::rotate_master_key(&database, [&old, next], wishes, &operator, &parts).await?;
        let is_done = rotated != Rotated::Before;
        if let Some(who) = users.filter(|_| is_done) {
            output::tell(&format!(
                "warning: the database is in use: {who}; no server on it learns the new key with --leaked: each one that runs answers 503 \
                 until it is started with that"
            ));
        }
        output::tell(&told(rotated, id, &place));
        if self.leaked && is_done {
            output::tell(
                "hint: who has the old key and a copy or a backup of before has the private keys in it, and the secrets of hooks: rotate \
                 each hook key (`hookvault key rotate NAME --emergency`), give the hooks new secrets, and back up anew",
            );
        }
        Ok(())
    }
}

/// Where the new key is when no flag says so: the key in use is the one of a rotation that was begun.
async fn unnamed<'a>(
    database: &DatabaseConfig,
    in_use: &'a MasterKeySource,
    parts: &Parts,
) -> Result<&'a MasterKeySource, CliError> {
    match app::rotation_under_way(database, in_use, parts).await? {
        Some(([_, to], given)) if to == given => Ok(in_use),
        Some(([from, to], _)) => Err(CliError::new(
            format!("the new master key is not named, and a rotation to {to} is under way"),
            format!(
                "name {to} with --to-master-key-file, or as the key in use; to go back, add --give-up, with {from} as the key in use"
            ),
        )),
        None => Err(CliError::new(
            "the new master key is not named",
            "make one by `hookvault master-key generate --out new.key`, then add --to-master-key-file new.key",
        )),
    }
}

/// What has become of it, and what to do then.
fn told(rotated: Rotated, id: MasterKeyId, place: &str) -> String {
    match rotated {
        Rotated::Before => format!("the master key is {id} already\nhint: {place}, if it is not there yet"),
        Rotated::Withdrawn { next } => {
            format!("the rotation to {next} is taken back, and nothing was under it: the master key is {id}, as before")
        }
        Rotated::Done { old, rows } => format!(
            "sealed {rows} row(s) anew: the master key is {id} now, and {old} opens nothing any more\nhint: {place} before the next \
             start, and keep {old} apart for as long as there are backups under it"
        ),
        Rotated::OldStillOpens { old, rows } => format!(
            "sealed {rows} row(s) anew: the master key is {id} now, and {old} still opens everything\nhint: {place}, and run this \
             again without --keep-old"
        ),
    }
}
