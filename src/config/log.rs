//! What is logged, and how.

use super::sources::{ConfigError, Sources};
use super::variable;

/// Our own lines; of the libraries that talk a lot, only what is amiss.
const DEFAULT_LOG: &str = "info,actix_http=off,refinery_core=warn,sqlx=error";

#[derive(Debug, Clone)]
pub struct LogConfig {
    /// In the syntax of tracing-subscriber's `EnvFilter`.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl LogConfig {
    /// # Errors
    /// [`ConfigError`].
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        Ok(Self {
            filter: sources.parse(variable::LOG, DEFAULT_LOG, "", |text| Ok::<_, &str>(text.to_owned()))?,
            format: sources.parse(variable::LOG_FORMAT, "text", "write it as text or json", |text| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("is neither text nor json"),
            })?,
        })
    }
}
