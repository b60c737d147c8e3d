//! What the vault takes of the machine: memory, time to start, room on the disk.

use super::reads::{self, READERS};
use crate::bench::error::BenchError;
use crate::bench::load::Requests;
use crate::bench::process;
use crate::bench::row::Sample;
use crate::bench::settings::Settings;
use crate::bench::subject::{Subject, UNLIMITED};
use std::time::Duration;
use std::{env, fs};

const MEBIBYTE: f64 = 1_048_576.0;

/// After so long without work a server that was just started has made what it keeps ready.
const STILL: Duration = Duration::from_secs(1);

/// Memory as it is now.
const RESIDENT: &str = "VmRSS";

/// The size of this program's file, as it is.
///
/// # Errors
/// [`BenchError::Spawn`] where it is not there any more.
pub fn binary() -> Result<Vec<Sample>, BenchError> {
    let file = env::current_exe().and_then(fs::metadata).map_err(BenchError::Spawn)?;
    #[expect(clippy::cast_precision_loss, reason = "no program is that large")]
    let size = file.len() as f64 / MEBIBYTE;
    Ok(vec![Sample::alone(size)])
}

/// Memory of a server that was just started, when its pool is full.
///
/// # Errors
/// [`BenchError`].
pub async fn memory_idle(subject: &mut Subject, settings: &Settings) -> Result<Vec<Sample>, BenchError> {
    let mut samples = Vec::new();
    for _ in 0..settings.pairs {
        let server = subject.restart().await?.id();
        process::idle(server, STILL).await;
        samples.extend(process::memory(server, RESIDENT).map(Sample::alone));
    }
    Ok(samples)
}

/// With many orgs: how long a start takes, in milliseconds, and memory right after it.
///
/// # Errors
/// [`BenchError`].
pub async fn start(subject: &mut Subject, settings: &Settings) -> Result<[Vec<Sample>; 2], BenchError> {
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..settings.pairs {
        let server = subject.restart().await?;
        samples[0].push(Sample::alone(server.ready_after.as_secs_f64() * 1000.0));
        samples[1].extend(process::memory(server.id(), RESIDENT).map(Sample::alone));
    }
    Ok(samples)
}

/// Memory after the key set of each of many orgs was read over and over.
///
/// # Arguments
/// `hosts`: of the orgs.
///
/// # Errors
/// [`BenchError`].
pub async fn memory_loaded(
    subject: &mut Subject,
    settings: &Settings,
    hosts: &[String],
) -> Result<Vec<Sample>, BenchError> {
    let requests: Vec<_> = hosts.iter().map(|host| reads::key_set(host)).collect();
    let mut samples = Vec::new();
    for _ in 0..settings.pairs {
        let server = subject.restart().await?.id();
        let mut once = requests.clone().into_iter();
        subject.load(READERS, UNLIMITED, Requests::each(move || once.next())).await?;
        let mut again = requests.clone().into_iter().cycle();
        subject.load(READERS, settings.time, Requests::each(move || again.next())).await?;
        samples.extend(process::memory(server, RESIDENT).map(Sample::alone));
    }
    Ok(samples)
}
