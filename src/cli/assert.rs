use super::error::CliError;
use super::flags::VaultFlags;
use super::output;
use crate::cli::operator::operator;
use crate::domain::org::Org;
use crate::vault::Vault;
use crate::vault::keys::signing::AssertionRequest;
use clap::Args;

/// Sign a client assertion for a token endpoint (RFC 7523) and print it
#[derive(Args)]
#[command(after_help = "Send it as client_assertion, with the client_assertion_type
urn:ietf:params:oauth:client-assertion-type:jwt-bearer.

Example:
  hookvault assert 'My key' --client-id billing --audience https://login.example.com/token")]
pub struct Assert {
    /// The key's name or id
    key: String,
    /// The client; becomes iss and sub
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Who it is for, mostly the token endpoint's URL; becomes aud
    #[arg(long, value_name = "URL")]
    audience: String,
    /// How many seconds it lives, at most 300 [default: 60]
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<u64>,
    /// A registered consumer of the key, whose use is recorded
    #[arg(long, value_name = "ID")]
    consumer: Option<String>,
    #[command(flatten)]
    vault: VaultFlags,
}

impl Assert {
    pub async fn run(self) -> Result<(), CliError> {
        let request = AssertionRequest {
            client_id: &self.client_id,
            audience: &self.audience,
            ttl: self.ttl,
            consumer: self.consumer.as_deref(),
        };
        let sign =
            async |vault: &Vault, org: &Org| vault.client_assertion(&operator(), &org.id, &self.key, request).await;
        output::print(&format!("{}\n", self.vault.work(sign).await?))
    }
}
