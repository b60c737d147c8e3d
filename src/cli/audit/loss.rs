use crate::cli::error::CliError;
use crate::cli::flags::RegistryFlags;
use crate::cli::operator::operator;
use crate::cli::output;
use crate::domain::chain::Chain;
use crate::vault::Registry;
use crate::vault::custody::audit::fact::Fact;
use crate::vault::error::VaultError;
use clap::Args;

/// Tell the trail that what is missing is lost for good
#[derive(Args)]
#[command(
    after_help = "`check` names what the trail tells of and the database has no more, because somebody else has removed it. Where it is not in a
backup either, this lets `check` go on without it. Prints what is given up; the trail tells who has done so.

Example:
  hookvault audit accept-loss"
)]
pub struct AcceptLoss {
    /// The org's name, id or domain; without it, the default org
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    registry: RegistryFlags,
}

impl AcceptLoss {
    pub async fn run(self) -> Result<(), CliError> {
        let accept = async |registry: &Registry| {
            let org = registry.org_pick(self.org.as_deref()).await?;
            registry.audit_accept_loss(&operator(), &org.id).await.map_err(|error| match error {
                VaultError::TrailBroken { .. } => CliError::new(
                    Chain(&error).to_string(),
                    "nothing was given up, since nobody knows what that trail would tell; a trail is not mended: put a backup in the place of the \
                     vault by `hookvault restore FILE --force`",
                ),
                error => error.into(),
            })
        };
        let lost = self.registry.work(false, accept).await?;
        for fact in &lost {
            output::print(&format!("{fact}\n"))?;
        }
        output::tell(&format!("{} thing(s) are given up as lost", lost.len()));
        if lost.iter().any(Fact::is_audit_key) {
            output::tell(
                "hint: the next `hookvault audit checkpoint` makes a new key and prints it: keep it beside the checkpoints from then on; earlier \
                 ones are verified with the key that was kept with them, by --key",
            );
        }
        Ok(())
    }
}
