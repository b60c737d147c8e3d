//! Logs: structured, to stderr, never a secret.

mod lines;

use lines::{Lines, Writing};
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// How often it is looked whether lines were dropped.
const PAUSE: Duration = Duration::from_secs(1);

/// The filter is not in `EnvFilter`'s syntax, or a logger is running already.
#[derive(Debug, thiserror::Error)]
#[error("the log filter `{filter}` is not usable: {reason}")]
pub struct TelemetryError {
    filter: String,
    reason: String,
}

/// The log of the process. What waits is written before it is dropped.
pub struct Log {
    lines: Lines,
    _writing: Writing,
}

impl Log {
    /// Tells the log how many lines were dropped, whenever some were. Goes on in the background, for as long as the runtime does.
    pub fn tell_dropped(&self) {
        let lines = self.lines.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(PAUSE).await;
                let dropped = lines.dropped();
                if dropped > 0 {
                    tracing::warn!(dropped, "lines of the log were dropped: stderr takes them too slowly");
                }
            }
        });
    }
}

/// Starts logging for the whole process. Nobody waits for stderr: lines are written by a thread of their own, and dropped where it takes
/// too few.
///
/// # Errors
/// [`TelemetryError`].
pub fn start(filter: &str, json: bool) -> Result<Log, TelemetryError> {
    let error = |reason: String| TelemetryError { filter: filter.to_owned(), reason };
    let parsed = EnvFilter::builder().parse(filter).map_err(|cause| error(cause.to_string()))?;
    // What becomes of migrations is logged where they run; the library says of each start that a table is empty or up to date.
    let quiet = "refinery_core=warn".parse().map_err(|cause: ParseError| error(cause.to_string()))?;
    let parsed = if filter.contains("refinery") { parsed } else { parsed.add_directive(quiet) };
    let (lines, writing) = Lines::to(std::io::stderr()).map_err(|cause| error(cause.to_string()))?;
    let written = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .log_internal_errors(false)
        .with_env_filter(parsed)
        .with_writer(move || written.clone())
        .with_target(false);
    let started = if json {
        subscriber.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        subscriber.with_ansi(false).try_init()
    };
    started.map_err(|cause| error(cause.to_string()))?;
    Ok(Log { lines, _writing: writing })
}
