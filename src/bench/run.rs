//! Measures all that was chosen, one after the other.

use super::catalogue::{Entry, Measurement};
use super::error::BenchError;
use super::measure::{footprint, reads, signing, writes};
use super::row::{Row, Sample};
use super::settings::Settings;
use super::subject::Subject;
use serde::Serialize;
use std::thread::available_parallelism;

/// The table, and what it is of.
#[derive(Debug, Serialize)]
pub struct Report {
    pub version: &'static str,
    pub system: String,
    pub cores: usize,
    /// As its address begins.
    pub engine: &'static str,
    pub pairs: usize,
    pub seconds: f64,
    pub rows: Vec<Row>,
}

/// # Arguments
/// `tell`: takes what is done next, in words.
///
/// # Errors
/// [`BenchError`]; nothing is left then, as where this is dropped.
pub async fn run(settings: &Settings, tell: impl Fn(&str)) -> Result<Report, BenchError> {
    tell(&format!("making a vault with {} keys", settings.size.keys));
    let mut subject = Subject::make(settings).await?;
    let mut hosts = Vec::new();
    let mut rows = Vec::new();
    for entry in &settings.chosen {
        if matches!(entry.measurement, Measurement::Start | Measurement::MemoryLoaded) && hosts.is_empty() {
            tell(&format!("making {} orgs of {} keys", settings.size.orgs, settings.size.keys));
            hosts = subject.fill(settings.size.orgs, settings.size.keys).await?;
        }
        tell(entry.rows.first().map_or(entry.name, |row| row.what));
        let samples = Box::pin(measure(entry, &mut subject, settings, &hosts)).await?;
        rows.extend(entry.rows.iter().zip(samples).map(|(spec, samples)| Row::new(spec, &samples)));
    }
    Ok(Report {
        version: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cores: available_parallelism().map_or(1, usize::from),
        engine: subject.engine(),
        pairs: settings.pairs,
        seconds: settings.time.as_secs_f64(),
        rows,
    })
}

/// The samples of each row of the entry.
async fn measure(
    entry: &Entry,
    subject: &mut Subject,
    settings: &Settings,
    hosts: &[String],
) -> Result<Vec<Vec<Sample>>, BenchError> {
    let read = async |request| reads::rate(subject, settings, request).await;
    Ok(match entry.measurement {
        Measurement::Binary => vec![footprint::binary()?],
        Measurement::MemoryIdle => vec![footprint::memory_idle(subject, settings).await?],
        Measurement::Get => vec![read(reads::get(subject)?).await?],
        Measurement::List => vec![read(reads::list(subject)?).await?],
        Measurement::KeySet => vec![read(reads::key_set(&subject.host()?)).await?],
        Measurement::KeySetKnown => vec![read(reads::known_key_set(subject).await?).await?],
        Measurement::Health => vec![read(reads::health(subject)?).await?],
        Measurement::Jwt => vec![signing::jwts(subject, settings).await?],
        Measurement::Assertion => vec![signing::assertions(subject, settings).await?],
        Measurement::AccessToken => vec![signing::access_tokens(subject, settings).await?],
        Measurement::Renames => vec![writes::renames(subject, settings).await?],
        Measurement::ReadsBesideWrites => vec![writes::reads_beside(subject, settings).await?],
        Measurement::Create => vec![writes::creates(subject, settings).await?],
        Measurement::WholeOrg => writes::whole_org(subject, settings).await?.into(),
        Measurement::Start => footprint::start(subject, settings).await?.into(),
        Measurement::MemoryLoaded => vec![footprint::memory_loaded(subject, settings, hosts).await?],
    })
}
