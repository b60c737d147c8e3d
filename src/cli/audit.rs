mod check;
mod listing;
mod loss;
mod proof;

use super::error::CliError;
use clap::Subcommand;

/// See who did what, and check that nobody has changed it since
#[derive(Subcommand)]
#[command(
    after_help = "Changes, uses of keys, and refusals for lack of rights, in a trail of each org. All of it works while the
server runs, and without one.\n\nExample:\n  hookvault audit list"
)]
pub enum AuditCommand {
    List(listing::List),
    Tail(listing::Tail),
    Export(listing::Export),
    Verify(check::Verify),
    Checkpoint(proof::Checkpoint),
    Prove(proof::Prove),
    AcceptLoss(loss::AcceptLoss),
}

impl AuditCommand {
    pub async fn run(self) -> Result<(), CliError> {
        match self {
            Self::List(list) => list.run().await,
            Self::Tail(tail) => tail.run().await,
            Self::Export(export) => export.run().await,
            Self::Verify(verify) => verify.run().await,
            Self::Checkpoint(checkpoint) => checkpoint.run().await,
            Self::Prove(prove) => prove.run().await,
            Self::AcceptLoss(accept) => accept.run().await,
        }
    }
}
