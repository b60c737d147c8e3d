use crate::cli::error::CliError;
use crate::cli::flags::RegistryFlags;
use crate::cli::output;
use crate::vault::Registry;
use crate::vault::custody::audit::checkpoint::Checkpoint;
use crate::vault::custody::audit::export::verify_export;
use crate::vault::custody::audit::verify::{Verdict, Whole};
use clap::Args;
use serde_json::json;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

/// Check that no entry was altered, removed, added or reordered
#[derive(Args)]
#[command(
    after_help = "Reads the whole trail, and names the first entry that is not as it was written; exits with 1 where there is one, or where a file
has entries that the checkpoint does not cover.
What the vault itself cannot know is that all of the database is an older one: a checkpoint tells, if it was kept elsewhere.

Example:
  hookvault audit verify --checkpoint kept.checkpoint"
)]
pub struct Verify {
    /// A checkpoint that was kept elsewhere, of `audit checkpoint`
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The key that it is signed with; without it, the vault's
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Check what `audit export` has printed, against the checkpoint, without the vault
    #[arg(long, value_name = "FILE", requires_all = ["checkpoint", "key"])]
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The org's name, id or domain; without it, the default org
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    registry: RegistryFlags,
}

impl Verify {
    pub async fn run(self) -> Result<(), CliError> {
        let verdict = match &self.file {
            Some(path) => self.of_file(path)?,
            None => self.registry.work(false, async |registry: &Registry| self.of_vault(registry).await).await?,
        };
        let as_json = self.json;
        match verdict {
            Ok(Whole { size, uncovered, .. }) if uncovered > 0 => {
                let reason = format!(
                    "the first {size} entries are as they were written; {uncovered} more {} not covered by the checkpoint",
                    if uncovered == 1 { "is" } else { "are" }
                );
                if as_json {
                    output::print_json(
                        &json!({"whole": false, "entries": size, "uncovered": uncovered, "reason": reason}),
                    )?;
                }
                Err(CliError::new(
                    reason,
                    format!(
                        "sign a checkpoint that covers them with `hookvault audit checkpoint`, and export again; `head -n {size}` keeps \
                         what this one covers"
                    ),
                ))
            }
            Ok(Whole { size, forgotten, root, uncovered: _ }) => {
                let root: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
                if as_json {
                    output::print_json(&json!({"whole": true, "entries": size, "forgotten": forgotten, "root": root}))?;
                }
                let gone = if forgotten > 0 {
                    format!("; the texts of the first {forgotten} are forgotten")
                } else {
                    String::new()
                };
                output::tell(&format!("{size} entries are as they were written{gone}; the root is {root}"));
                Ok(())
            }
            Err(broken) => {
                if as_json {
                    output::print_json(&json!({"whole": false, "reason": broken.to_string()}))?;
                } else {
                    output::print(&format!("{broken}\n"))?;
                }
                Err(CliError::new(
                    "the audit trail is not as it was written",
                    "keep the database as it is for whoever looks into it, and see who can write to it",
                ))
            }
        }
    }

    async fn of_vault(&self, registry: &Registry) -> Result<Verdict, CliError> {
        let org = registry.org_pick(self.org.as_deref()).await?;
        let key = match (&self.key, &self.checkpoint) {
            (Some(key), _) => Some(key.clone()),
            (None, Some(_)) => registry.audit_verifier_key(&org.id).await?,
            (None, None) => None,
        };
        let checkpoint = match (&self.checkpoint, key) {
            (None, _) => None,
            (Some(path), Some(key)) => Some(read_checkpoint(path, &key)?),
            (Some(_), None) => {
                return Err(CliError::new(
                    "the vault has never signed a checkpoint for this org",
                    "give the key that was printed with the checkpoint: --key",
                ));
            }
        };
        Ok(registry.audit_verify(&org.id, checkpoint.as_ref()).await?)
    }

    fn of_file(&self, path: &PathBuf) -> Result<Verdict, CliError> {
        let (Some(checkpoint), Some(key)) = (&self.checkpoint, &self.key) else {
            return Err(CliError::new("a file needs a checkpoint and its key", "give --checkpoint and --key"));
        };
        let checkpoint = read_checkpoint(checkpoint, key)?;
        let unreadable = |error| CliError::new(format!("{} cannot be read: {error}", path.display()), "check the path");
        let file = fs::File::open(path).map_err(unreadable)?;
        let lines = BufReader::new(file).lines().collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        Ok(verify_export(&lines, &checkpoint))
    }
}

fn read_checkpoint(path: &PathBuf, key: &str) -> Result<Checkpoint, CliError> {
    let note = fs::read(path)
        .map_err(|error| CliError::new(format!("{} cannot be read: {error}", path.display()), "check the path"))?;
    Checkpoint::open(&note, key).map_err(|reason| {
        CliError::new(
            format!("the checkpoint {} {reason}", path.display()),
            "give the file as `audit checkpoint` has printed it, and the key that it has told",
        )
    })
}
