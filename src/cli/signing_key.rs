//! The keys that sign access tokens.

use super::error::CliError;
use super::flags::VaultFlags;
use super::output;
use crate::cli::operator::operator;
use crate::domain::org::Org;
use crate::domain::signing_key::{Phase, SigningKey};
use crate::vault::Vault;
use crate::vault::oauth::signing_key::Rotation;
use clap::{Args, Subcommand};
use serde::Serialize;

/// List and rotate the keys that sign access tokens
#[derive(Subcommand)]
#[command(after_help = "The server rotates them by itself every 90 days.\n\nExample:\n  hookvault signing-key list")]
pub enum SigningKeyCommand {
    List(List),
    Rotate(Rotate),
}

/// List an org's keys, with what each is doing
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault signing-key list --json")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    vault: VaultFlags,
}

/// Make the next key, which signs a quarter of an hour later
#[derive(Args)]
#[command(
    after_help = "Until then it is published, so that verifiers know it in time. The old key stays published until its
last token has expired, so no token stops working. With --revoke all do: some clients get new
ones by themselves (the Node SDK), others have to be started again (the Python SDK).

Example:
  hookvault signing-key rotate"
)]
pub struct Rotate {
    /// Delete the old keys and sign with the new one at once
    #[arg(long)]
    revoke: bool,
    #[command(flatten)]
    vault: VaultFlags,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyLine {
    kid: String,
    status: &'static str,
    created: String,
    signs_from: String,
}

impl SigningKeyCommand {
    pub async fn run(self) -> Result<(), CliError> {
        match self {
            Self::List(list) => list.run().await,
            Self::Rotate(rotate) => rotate.run().await,
        }
    }
}

impl List {
    async fn run(self) -> Result<(), CliError> {
        let list = async |vault: &Vault, org: &Org| vault.signing_key_list(&org.id).await;
        let line = |(key, phase): (SigningKey, Phase)| KeyLine {
            kid: key.key_id.to_string(),
            status: phase.as_str(),
            created: key.created.to_wire(),
            signs_from: key.signs_from.to_wire(),
        };
        let lines: Vec<_> = self.vault.work(list).await?.into_iter().map(line).collect();
        if self.json {
            return output::print_json(&lines);
        }
        let row = |line: KeyLine| [line.kid, line.status.to_owned(), line.created, line.signs_from];
        output::print_table(["KID", "STATUS", "CREATED", "SIGNS FROM"], &lines.into_iter().map(row).collect::<Vec<_>>())
    }
}

impl Rotate {
    async fn run(self) -> Result<(), CliError> {
        let rotation = if self.revoke { Rotation::Revoking } else { Rotation::Planned };
        let rotate = async |vault: &Vault, org: &Org| vault.signing_key_rotate(&operator(), &org.id, rotation).await;
        let key = self.vault.work(rotate).await?;
        output::print(&format!("{}\n", key.key_id))?;
        output::tell(&match rotation {
            Rotation::Planned => format!("the next key is published, and signs from {} on", key.signs_from.to_wire()),
            Rotation::Revoking => "it signs from now on; no token of before works any more".to_owned(),
        });
        Ok(())
    }
}
