//! Writes, beside those of SQLite alone, and what they do to reads.

use super::reads::{self, READERS};
use crate::bench::error::BenchError;
use crate::bench::load::{Load, Requests};
use crate::bench::process;
use crate::bench::raw_store::RawStore;
use crate::bench::request::Request;
use crate::bench::row::Sample;
use crate::bench::settings::Settings;
use crate::bench::spread::percentile;
use crate::bench::subject::{KEYS, Subject, WRITERS};
use std::time::Duration;

/// After so long without work there are keys for the next create: one takes half of it to make.
const PAUSE: Duration = Duration::from_millis(200);

/// The same for a whole org, whose keys may be made at leisure.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// # Errors
/// [`BenchError`].
pub async fn renames(subject: &Subject, settings: &Settings) -> Result<Vec<Sample>, BenchError> {
    let mut raw = RawStore::open(&subject.folder().join("updates.db")).await?;
    let mut samples = Vec::new();
    for round in 0..settings.pairs {
        let ceiling = raw.updates(settings.time).await?;
        let renames = rename_requests(subject, &format!("rename {round}"))?;
        samples.push(Sample::beside(subject.load(WRITERS, settings.time, renames).await?.rate, ceiling));
    }
    raw.close().await?;
    Ok(samples)
}

/// Renames without end, of one key after the other.
fn rename_requests(subject: &Subject, label: &str) -> Result<Requests, BenchError> {
    let (host, token, keys) = (subject.host()?, subject.token.clone(), subject.keys.clone());
    let (mut keys, mut number, label) = (keys.into_iter().cycle(), 0, label.to_owned());
    Ok(Requests::each(move || {
        number += 1;
        let path = format!("{KEYS}/{}", keys.next()?);
        let body = format!(r#"{{"name":"{label} {number}"}}"#);
        Some(Request::json("PUT", &path, &host, body).by(&token).bytes())
    }))
}

/// How long a GET takes, and how long while there are renames.
///
/// # Errors
/// [`BenchError`].
pub async fn reads_beside(subject: &Subject, settings: &Settings) -> Result<Vec<Sample>, BenchError> {
    let request = reads::get(subject)?;
    let load = || subject.load(READERS, settings.time, Requests::Same(request.clone()));
    let mut samples = Vec::new();
    for round in 0..settings.pairs {
        let mut alone = load().await?;
        let renames = rename_requests(subject, &format!("beside {round}"))?;
        let writing =
            Load { address: subject.address()?, connections: WRITERS, requests: renames, time: settings.time };
        let (mut beside, _) = futures_util::future::try_join(load(), writing.run()).await?;
        samples.push(Sample::beside(beside.within(99)?, alone.within(99)?));
    }
    Ok(samples)
}

/// One create after the other, each when the pool is full, and each with an insert after it: the ones in the middle.
///
/// # Errors
/// [`BenchError`].
pub async fn creates(subject: &Subject, settings: &Settings) -> Result<Vec<Sample>, BenchError> {
    let mut raw = RawStore::open(&subject.folder().join("inserts.db")).await?;
    let mut samples = Vec::new();
    for round in 0..settings.pairs {
        let tenant = subject.make_org(&format!("create-{round}")).await?;
        let (mut creates, mut inserts) = (Vec::new(), Vec::new());
        for number in 1..=settings.size.creates {
            process::idle(subject.server()?.id(), PAUSE).await;
            creates.push(subject.create(&tenant, number..=number).await?.within(100)?);
            inserts.push(raw.insert().await?);
        }
        let middle = |mut times: Vec<f64>| percentile(&mut times, 50).ok_or(BenchError::Late);
        samples.push(Sample::beside(middle(creates)?, middle(inserts)?));
    }
    raw.close().await?;
    Ok(samples)
}

/// All keys of an org at once, when the pool is full: the one in the middle, and the slowest.
///
/// # Errors
/// [`BenchError`].
pub async fn whole_org(subject: &Subject, settings: &Settings) -> Result<[Vec<Sample>; 2], BenchError> {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..settings.pairs {
        let tenant = subject.make_org(&format!("whole-{round}")).await?;
        process::idle(subject.server()?.id(), LONG_PAUSE).await;
        let mut created = subject.create(&tenant, 1..=settings.size.keys).await?;
        samples[0].push(Sample::alone(created.within(50)?));
        samples[1].push(Sample::alone(created.within(100)?));
    }
    Ok(samples)
}
