//! Logs: structured, to stderr, never a secret.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// The filter is not in `EnvFilter`'s syntax, or a logger is running already.
#[derive(Debug, thiserror::Error)]
#[error("the log filter `{filter}` is not usable: {reason}")]
pub struct TelemetryError {
    filter: String,
    reason: String,
}

/// Starts logging for the whole process.
///
/// # Errors
/// [`TelemetryError`].
pub fn start(filter: &str, json: bool) -> Result<(), TelemetryError> {
    let error = |reason: String| TelemetryError { filter: filter.to_owned(), reason };
    let parsed = EnvFilter::builder().parse(filter).map_err(|cause| error(cause.to_string()))?;
    // What becomes of migrations is logged where they run; the library says of each start that a table is empty or up to date.
    let quiet = "refinery_core=warn".parse().map_err(|cause: ParseError| error(cause.to_string()))?;
    let parsed = if filter.contains("refinery") { parsed } else { parsed.add_directive(quiet) };
    // A log that cannot be written (a full disk, a pipe without a reader) must not stop what is logged.
    let subscriber = tracing_subscriber::fmt()
        .log_internal_errors(false)
        .with_env_filter(parsed)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = if json {
        subscriber.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        subscriber.with_ansi(false).try_init()
    };
    started.map_err(|cause| error(cause.to_string()))
}
