//! The backups that a server makes by itself.

use super::sources::{ConfigError, Sources};
use super::variable;
use crate::domain::keep_rules::KeepRules;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct BackupConfig {
    /// Where they are kept.
    pub folder: PathBuf,
    pub every: Duration,
    pub keep: KeepRules,
    /// Recipients of age; without the setting they are not encrypted.
    pub recipients: Option<String>,
    /// How old the newest may become before the server warns.
    pub max_age: Duration,
}

impl BackupConfig {
    /// `None` where none are to be made.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn from_sources(sources: &Sources) -> Result<Option<Self>, ConfigError> {
        let Some((folder, _)) = sources.get(variable::BACKUP_DIR) else { return none(sources) };
        let every = sources.parse(variable::BACKUP_EVERY, "24h", "write it as 24h or 30m", duration)?;
        let keep = sources.parse(
            variable::BACKUP_KEEP,
            "last=3,daily=7,weekly=4,monthly=12",
            "write it as last=3,daily=7,weekly=4,monthly=12, or all",
            KeepRules::parse,
        )?;
        let max_age = sources.parse(
            variable::BACKUP_MAX_AGE,
            "twice",
            "write it as 50h, or twice for twice the time between two",
            |text| if text == "twice" { Ok(every.saturating_mul(2)) } else { duration(text) },
        )?;
        if max_age < every {
            return Err(ConfigError::new(
                format!(
                    "{} is less than {}: the server would always warn",
                    variable::BACKUP_MAX_AGE,
                    variable::BACKUP_EVERY
                ),
                "leave it out for twice the time between two backups",
            ));
        }
        let recipients = backup_recipients(sources);
        Ok(Some(Self { folder: folder.into(), every, keep, recipients, max_age }))
    }
}

/// Whom backups are encrypted to, by the settings: those of the server, and those that somebody makes without naming others.
#[must_use]
pub fn backup_recipients(sources: &Sources) -> Option<String> {
    sources.get(variable::BACKUP_RECIPIENTS).map(|(text, _)| text.to_owned())
}

/// No folder, and nothing that only makes sense with one: somebody would believe in backups that are not made.
fn none(sources: &Sources) -> Result<Option<BackupConfig>, ConfigError> {
    let others = [variable::BACKUP_EVERY, variable::BACKUP_KEEP, variable::BACKUP_RECIPIENTS, variable::BACKUP_MAX_AGE];
    match others.into_iter().find_map(|name| sources.get(name)) {
        None => Ok(None),
        Some((_, origin)) => Err(ConfigError::new(
            format!("{origin} is set, but not {}: no backup would be made", variable::BACKUP_DIR),
            format!("name the folder for them in {}, or unset {origin}", variable::BACKUP_DIR),
        )),
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    let duration = humantime::parse_duration(text).ok().filter(|duration| duration.as_secs() >= 60);
    duration.ok_or("is not a duration of at least a minute")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::variables;

    fn of(pairs: &[(&str, &str)]) -> Result<Option<BackupConfig>, String> {
        let sources = Sources::new([], variables(pairs), variables(&[])).unwrap();
        BackupConfig::from_sources(&sources).map_err(|error| error.to_string())
    }

    #[test]
    fn a_folder_is_enough_and_what_makes_no_sense_is_refused() {
        assert!(of(&[]).unwrap().is_none());
        assert_eq!(
            of(&[(variable::BACKUP_EVERY, "1h")]).unwrap_err(),
            "HOOKVAULT_BACKUP_EVERY is set, but not HOOKVAULT_BACKUP_DIR: no backup would be made"
        );
        let folder = (variable::BACKUP_DIR, "/backup");
        let usual = of(&[folder]).unwrap().unwrap();
        assert_eq!((usual.every, usual.max_age), (Duration::from_hours(24), Duration::from_hours(48)));
        let hourly = of(&[folder, (variable::BACKUP_EVERY, "1h"), (variable::BACKUP_MAX_AGE, "90m")]).unwrap().unwrap();
        assert_eq!((hourly.every, hourly.max_age), (Duration::from_hours(1), Duration::from_mins(90)));
        assert_eq!(
            of(&[folder, (variable::BACKUP_MAX_AGE, "1h")]).unwrap_err(),
            "HOOKVAULT_BACKUP_MAX_AGE is less than HOOKVAULT_BACKUP_EVERY: the server would always warn"
        );
        let refused = |pair| of(&[folder, pair]).unwrap_err();
        assert_eq!(
            refused((variable::BACKUP_EVERY, "5s")),
            "HOOKVAULT_BACKUP_EVERY: `5s` is not a duration of at least a minute"
        );
        assert_eq!(
            refused((variable::BACKUP_KEEP, "forever")),
            "HOOKVAULT_BACKUP_KEEP: `forever` is not of the form last=3,daily=7,weekly=4,monthly=12,yearly=5 (also hourly), and not all"
        );
    }
}
