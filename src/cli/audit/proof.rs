use crate::cli::error::CliError;
use crate::cli::flags::VaultFlags;
use crate::cli::operator::operator;
use crate::cli::output;
use crate::domain::org::Org;
use crate::vault::Vault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::json;

/// Sign how long the trail is and what is in it, to be kept elsewhere
#[derive(Args)]
#[command(
    after_help = "A note of C2SP (c2sp.org/tlog-checkpoint) that others can verify, too. Keep it where who writes the database cannot write,
with the key: `audit verify --checkpoint` then finds an older database as well.

Example:
  hookvault audit checkpoint > kept.checkpoint"
)]
pub struct Checkpoint {
    #[command(flatten)]
    vault: VaultFlags,
}

/// Prove that an entry is in the trail, without the rest of it
#[derive(Args)]
#[command(
    after_help = "Prints JSON: the entry, its hash, the audit path (RFC 6962), and the checkpoint that it leads to.

Example:
  hookvault audit prove 17"
)]
pub struct Prove {
    /// The number of the entry, as `audit list` shows it
    number: u64,
    #[command(flatten)]
    vault: VaultFlags,
}

impl Checkpoint {
    pub async fn run(self) -> Result<(), CliError> {
        let sign = async |vault: &Vault, org: &Org| vault.audit_checkpoint(&operator(), &org.id).await;
        let checkpoint = self.vault.work(sign).await?;
        output::print(&checkpoint.note)?;
        output::tell(&format!("{} entries, signed with the key {}", checkpoint.size, checkpoint.verifier_key));
        Ok(())
    }
}

impl Prove {
    pub async fn run(self) -> Result<(), CliError> {
        let prove = async |vault: &Vault, org: &Org| vault.audit_prove(&operator(), &org.id, self.number).await;
        let proof = self.vault.work(prove).await?;
        let base64 = |hash: &[u8; 32]| STANDARD.encode(hash);
        output::print_json(&json!({
            "number": proof.number,
            "entry": proof.text,
            "leafHash": base64(&proof.leaf),
            "path": proof.path.iter().map(base64).collect::<Vec<_>>(),
            "treeSize": proof.checkpoint.size,
            "rootHash": base64(&proof.checkpoint.root),
            "checkpoint": proof.checkpoint.note,
            "verifierKey": proof.checkpoint.verifier_key,
        }))
    }
}
