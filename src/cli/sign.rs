use super::error::CliError;
use super::flags::VaultFlags;
use super::hook::read_object;
use super::output;
use crate::cli::operator::operator;
use crate::domain::org::Org;
use crate::vault::Vault;
use clap::Args;
use serde_json::{Map, Value};

/// Sign claims as a JWT (RS256) and print it
#[derive(Args)]
#[command(after_help = "The vault fills in iat, exp and jti.

Example:
  hookvault sign 'My key' --claims claims.json --ttl 60")]
pub struct Sign {
    /// The key's name or id
    key: String,
    /// A file with the claims, a JSON object, or - for stdin
    #[arg(long, value_name = "FILE")]
    claims: String,
    /// How many seconds it lives, at most 3600 [default: 300]
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<u64>,
    /// A registered consumer of the key, whose use is recorded
    #[arg(long, value_name = "ID")]
    consumer: Option<String>,
    #[command(flatten)]
    vault: VaultFlags,
}

impl Sign {
    pub async fn run(self) -> Result<(), CliError> {
        let claims: Map<String, Value> = serde_json::from_slice(&read_object(&self.claims)?)
            .map_err(|error| CliError::new(format!("the claims cannot be read: {error}"), "give a JSON object"))?;
        let sign = async |vault: &Vault, org: &Org| {
            vault.jwt_sign(&operator(), &org.id, &self.key, claims, self.ttl, self.consumer.as_deref()).await
        };
        output::print(&format!("{}\n", self.vault.work(sign).await?))
    }
}
