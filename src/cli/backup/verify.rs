use crate::app::{self, Parts, StartError};
use crate::cli::age::read_identities;
use crate::cli::error::CliError;
use crate::cli::flags::{self, MasterKeyFlags};
use crate::cli::output;
use crate::cli::proof::{contents, print_counts, refusal, warn_of_rotation};
use crate::config::{MasterKeySource, variable};
use crate::domain::chain::Chain;
use crate::domain::clock::Timestamp;
use crate::vault::custody::backup::proof::Proof;
use clap::Args;
use serde_json::{Map, json};
use std::path::PathBuf;
use std::time::Duration;

/// Verify a backup by restoring it where nobody sees it
#[derive(Args)]
#[command(
    after_help = "Needs no database, and changes nothing. Each line must be as it was written; then all of it is restored into an
empty database of its own without a name, below TMPDIR, which is gone afterwards: there all rows, references and audit
trails are checked, every private key and secret is opened, and each key signs. Exits with 1 where anything is wrong,
and says what and where.

Example:
  hookvault backup verify vault.backup.age --identity age.key --master-key-file master.key"
)]
pub struct Verify {
    /// The backup
    file: PathBuf,
    /// The identity of age that opens it, where it is encrypted
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The data folder of `hookvault dev`, whose master key it was made with
    #[arg(long, value_name = "FOLDER", help_heading = "Settings")]
    data_dir: Option<String>,
    #[command(flatten)]
    master_key: MasterKeyFlags,
}

impl Verify {
    pub async fn run(self) -> Result<(), CliError> {
        let sources = flags::sources([vec![(variable::DATA_DIR, self.data_dir)], self.master_key.flags()])?;
        let master_key = MasterKeySource::from_sources(&sources)?;
        let identities = self.identity.as_deref().map(read_identities).transpose()?;
        let parts = Parts::real();
        let proof = app::verify_backup(&self.file, identities.as_ref(), &master_key, &parts).await;
        let proof = match proof {
            Ok(proof) => proof,
            Err(StartError::Backup(error)) => {
                if self.json {
                    // Nothing of it is to be believed.
                    output::print_json(&json!({"findings": [Chain(&error).to_string()]}))?;
                }
                return Err(refusal(&self.file, error));
            }
            Err(error) => return Err(error.into()),
        };
        let age = age(proof.head.made, parts.clock.now());
        if self.json {
            output::print_json(&as_json(&proof))?;
        } else if proof.is_sound() {
            print_counts(&proof)?;
        } else {
            output::print_findings(&proof.findings)?;
        }
        if !proof.is_sound() {
            let message = format!("{} is not sound: {} finding(s)", self.file.display(), proof.findings.len());
            return Err(CliError::new(message, "use an earlier backup"));
        }
        output::tell(&format!("{} is sound: {}, made {age} ago", self.file.display(), contents(&proof)));
        warn_of_rotation(&proof);
        Ok(())
    }
}

fn as_json(proof: &Proof) -> serde_json::Value {
    let counts: Map<_, _> = proof.counts.iter().map(|(kind, count)| ((*kind).to_owned(), json!(count))).collect();
    json!({
        "id": proof.head.id,
        "made": proof.head.made.to_wire(),
        "version": proof.head.version,
        "masterKey": proof.head.master_key.to_string(),
        "masterKeyRotation": proof.rotation.map(|[from, to]| json!({"from": from.to_string(), "to": to.to_string()})),
        "counts": counts,
        "opened": proof.opened,
        "signed": proof.signed,
        "findings": proof.findings,
    })
}

/// How long ago that was; a clock that went back makes it 0 s.
fn age(made: Timestamp, now: Timestamp) -> humantime::FormattedDuration {
    let seconds = u64::try_from(now.unix().saturating_sub(made.unix())).unwrap_or_default();
    humantime::format_duration(Duration::from_secs(seconds))
}
