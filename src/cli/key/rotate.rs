//! Another key for a hook key, now or from time to time.

use crate::cli::error::CliError;
use crate::cli::flags::VaultFlags;
use crate::cli::key::listing::KeyLine;
use crate::cli::operator::operator;
use crate::cli::output;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key_version::{MAX_JWT_LIFETIME, Rotation, Timeline, rotate_every};
use crate::domain::id::KeyId;
use crate::domain::invalid::{Invalid, InvalidField};
use crate::domain::org::Org;
use crate::domain::signing_key::Phase;
use crate::vault::Vault;
use clap::Args;
use std::time::Duration;

/// Make the next key of a hook key, which signs an hour later
#[derive(Args)]
#[command(
    after_help = "Id, name and uses stay, and hooks follow by themselves. Until it signs the next key is published, so that
verifiers know it in time; the one before it stays published until the last JWT has expired. A running
server does each when its time has come. With --emergency the new key signs at once, and all others are
withdrawn: verifiers may take them for another minute. With --every nothing is made now, but each
time by the server.

Example:
  hookvault key rotate 'My hook key'
  hookvault key rotate 'My hook key' --every 90d"
)]
pub struct Rotate {
    /// The key's id or name
    key: String,
    /// How long the next key is published before it signs (default: 1h; from 2m to 30d)
    #[arg(long, value_name = "DURATION", conflicts_with_all = ["emergency", "every"])]
    ahead: Option<String>,
    /// How long the key before it stays published then (default: 65m; from 5m to 30d)
    #[arg(long, value_name = "DURATION", conflicts_with_all = ["emergency", "every"])]
    grace: Option<String>,
    /// Sign with the new key at once, and withdraw all others
    #[arg(long, conflicts_with = "every")]
    emergency: bool,
    /// Rotate by itself that often (from 1d to 3650d), or never
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// Print JSON, as `key list` does
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    vault: VaultFlags,
}

impl Rotate {
    pub async fn run(self) -> Result<(), CliError> {
        match &self.every {
            Some(every) => self.schedule(every).await,
            None => self.rotate().await,
        }
    }

    async fn rotate(&self) -> Result<(), CliError> {
        let seconds = |flag, text: &Option<String>| text.as_deref().map(|text| seconds(flag, text)).transpose();
        let (ahead, grace) = (seconds("--ahead", &self.ahead)?, seconds("--grace", &self.grace)?);
        let rotation = Rotation::new(ahead, grace, self.emergency).map_err(|invalid| refused(&invalid))?;
        let rotate =
            async |vault: &Vault, org: &Org| vault.hook_key_rotate(&operator(), &org.id, &self.key, rotation).await;
        let timeline = self.vault.work(rotate).await?;
        if self.json {
            output::print_json(&KeyLine::from(&timeline))?;
        }
        let print_id = |id: &KeyId| if self.json { Ok(()) } else { output::print(&format!("{id}\n")) };
        match (rotation, timeline.moments().last()) {
            (Rotation::Planned { grace, .. }, Some(next)) if next.phase == Phase::Next => {
                print_id(&next.key_id)?;
                output::tell(&format!(
                    "the next key of {} is published, and signs from {} on; the key {} stays published for {} after that",
                    timeline.key.name,
                    next.signs_from.to_wire(),
                    timeline.key.key_id,
                    words(grace.as_secs())
                ));
                if grace < MAX_JWT_LIFETIME {
                    output::tell(&format!(
                        "warning: a JWT may live for {}; one that lives for longer than {} when the next key signs cannot be verified any more then",
                        words(MAX_JWT_LIFETIME.as_secs()),
                        words(grace.as_secs())
                    ));
                }
            }
            _ => {
                print_id(&timeline.key.key_id)?;
                output::tell(&format!(
                    "{} signs with it from now on, and all other keys of it are withdrawn; verifiers may take them for another minute",
                    timeline.key.name
                ));
            }
        }
        Ok(())
    }

    async fn schedule(&self, every: &str) -> Result<(), CliError> {
        let every = match every {
            "never" => None,
            text => Some(rotate_every(seconds("--every", text)?).map_err(|invalid| refused(&[invalid]))?),
        };
        let schedule =
            async |vault: &Vault, org: &Org| vault.hook_key_schedule(&operator(), &org.id, &self.key, every).await;
        let timeline = self.vault.work(schedule).await?;
        if self.json {
            output::print_json(&KeyLine::from(&timeline))?;
        }
        output::tell(&told(&timeline, every));
        Ok(())
    }
}

fn told(timeline: &Timeline, every: Option<Duration>) -> String {
    let name = &timeline.key.name;
    let next = timeline.next_rotation().map(Timestamp::to_wire);
    match (every, next) {
        (Some(every), Some(next)) => {
            format!("{name} rotates every {}; the next key signs from {next} on", words(every.as_secs()))
        }
        (_, Some(next)) => {
            format!("{name} rotates by itself no more; the next key is there already, and signs from {next} on")
        }
        (_, None) => format!("{name} does not rotate by itself"),
    }
}

fn seconds(flag: &str, text: &str) -> Result<u64, CliError> {
    let duration = humantime::parse_duration(text);
    duration
        .map(|duration| duration.as_secs())
        .map_err(|_| CliError::new(format!("{flag}: `{text}` is not a duration"), "write it as 90d, 12h or 30m"))
}

/// In the words of the flags.
fn refused(invalid: &[InvalidField]) -> CliError {
    let line = |invalid: &InvalidField| {
        let flag = match invalid.field {
            "publishAhead" => "--ahead",
            "rotateEvery" => "--every",
            _ => "--grace",
        };
        match invalid.reason {
            Invalid::SecondsBetween { from, to, why } => {
                format!("{flag} is not from {} to {}: {why}", words(from), words(to))
            }
            reason => format!("{flag} {reason}"),
        }
    };
    CliError::new(invalid.iter().map(line).collect::<Vec<_>>().join("; "), "write it as 90d, 12h or 30m")
}

/// In the largest unit that it is whole in.
fn words(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
    let whole = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}
