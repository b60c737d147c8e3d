use super::error::CliError;
use super::flags::{self, DatabaseFlags, MasterKeyFlags};
use super::output;
use crate::app::{self, Parts};
use crate::config::Config;
use crate::vault::custody::damage::Damaged;
use crate::vault::custody::erasure::PendingErasures;
use crate::vault::custody::examination::Examination;
use crate::vault::custody::master_key_standing::RotationStanding;
use crate::vault::error::VaultError;
use clap::Args;
use serde_json::json;

/// Check that the database is sound, and that every private key and secret in it can be opened
#[derive(Args)]
#[command(
    after_help = "Changes nothing. Prints what is damaged, and exits with 1 where there is one.\n\nExample:\n  hookvault check --master-key-file master.key --database-url sqlite://backup.db"
)]
pub struct Check {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseFlags,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl Check {
    pub async fn run(self) -> Result<(), CliError> {
        let config = Config::from_sources(&flags::sources([self.database.flags(), self.master_key.flags()])?)?;
        let vault = app::open_for_check(config, &Parts::real()).await?;
        let looked = async {
            let examination = vault.examine().await?;
            let pending = match vault.erasure_pending().await {
                // It is among what was found.
                Err(error) if error.is_damage() => None,
                pending => pending?,
            };
            Ok::<_, VaultError>((examination, pending, vault.master_key_rotation_standing().await?))
        };
        let looked = looked.await;
        vault.close().await;
        let (Examination { sound, rows, damaged }, pending, rotation) = looked?;
        if self.json {
            let damaged: Vec<_> = damaged.iter().map(ToString::to_string).collect();
            let pending =
                pending.map(|PendingErasures { count, since }| json!({"count": count, "since": since.to_wire()}));
            let rotation = rotation.as_ref().map(|RotationStanding { from, to, since, left }| {
                json!({"from": from.to_string(), "to": to.to_string(), "since": since.to_wire(), "left": left})
            });
            output::print_json(
                &json!({"sound": sound, "rows": rows, "damaged": damaged, "pendingErasures": pending, "masterKeyRotation": rotation}),
            )?;
        } else {
            output::print_findings(&damaged)?;
        }
        output::tell(&format!("{sound} private key(s) and secret(s) and {rows} other row(s) are sound"));
        if let Some(PendingErasures { count, since }) = pending {
            let since = since.to_wire();
            output::tell(&format!(
                "{count} deletion(s) may still be on the disk, the oldest since {since}: a server erases them once nobody reads \
                 an older state of the database"
            ));
        }
        if let Some(RotationStanding { from, to, since, left }) = rotation {
            let since = since.to_wire();
            output::tell(&format!(
                "a rotation from the master key {from} to {to} is under way since {since}, with {left} row(s) and value(s) left: \
                 `hookvault master-key rotate` ends it, with {to} as the key in use or named by --to-master-key-file, or goes back with \
                 --give-up, and {from} as the key in use"
            ));
        }
        if damaged.is_empty() {
            return Ok(());
        }
        if damaged.iter().all(|damaged| matches!(damaged, Damaged::Planted { .. })) {
            return Err(CliError::new(
                format!("another hand has put {} thing(s) at the tables", damaged.len()),
                "run each statement that is named on the database, then check again: what ran before may have changed or kept anything",
            ));
        }
        if damaged.iter().any(|damaged| {
            matches!(
                damaged,
                Damaged::Store(_)
                    | Damaged::Rule(_)
                    | Damaged::Planted { .. }
                    | Damaged::Row(_)
                    | Damaged::Audit { .. }
            )
        }) {
            let removals: Vec<_> = damaged.iter().filter_map(app::removal).collect();
            let mut hint = "stop the server, and restore the database from a backup".to_owned();
            if !removals.is_empty() {
                hint.push_str(&format!("; or remove what is of no use: {}", removals.join(", ")));
            }
            return Err(CliError::new("the database is damaged", hint));
        }
        if damaged.iter().all(|damaged| matches!(damaged, Damaged::Told { .. })) {
            return Err(CliError::new(
                format!("{} thing(s) are not as the audit trail tells", damaged.len()),
                "revoke, delete or deactivate again what was put back, and change a row of an older state again; restore a backup for what is missing, or give it up: \
                 `hookvault audit accept-loss`",
            ));
        }
        let mut hint = "restore the database file from a backup, or make these keys and hooks anew".to_owned();
        if damaged.iter().any(|damaged| matches!(damaged, Damaged::SigningKey { .. })) {
            hint.push_str("; `hookvault signing-key rotate --revoke` makes a new signing key");
        }
        Err(CliError::new(format!("{} private key(s) or secret(s) are damaged", damaged.len()), hint))
    }
}
