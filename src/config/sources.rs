//! Where values come from: flags, the environment, `.env`. The environment is read here and nowhere else.

use super::variable;
use crate::repository::url::DatabaseUrl;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// How strong a flag is, beside others.
pub(super) const FLAG: usize = 0;

const PREFIX: &str = "HOOKVAULT_";

/// Names the folder with the credentials of a service; set by systemd for each that has any.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A setting that cannot be used. The hint says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    message: String,
    pub hint: String,
}

impl ConfigError {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Where values come from, strongest first. Empty values count as absent: compose files set them.
#[derive(Default)]
pub struct Sources {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, Zeroizing<String>>,
    dotenv: BTreeMap<String, Zeroizing<String>>,
    credentials: Option<PathBuf>,
    /// What stands in front of the names of the flags.
    prefix: &'static str,
}

impl Sources {
    /// Flags alone, which are called like others with `to-` in front, and the folder with the credentials.
    #[must_use]
    pub fn of_target(&self, flags: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Self {
        let flags = flags.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Self { flags, credentials: self.credentials.clone(), prefix: "to-", ..Self::default() }
    }

    /// The flags that were given, the environment of the process, and `.env` in the current folder.
    ///
    /// # Errors
    /// [`ConfigError`] for an unknown variable of ours, or a `.env` that cannot be read.
    pub fn read(flags: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Result<Self, ConfigError> {
        let mut environment = BTreeMap::new();
        let mut credentials = None;
        for (name, value) in std::env::vars_os() {
            if name == CREDENTIALS {
                credentials = Some(PathBuf::from(value));
                continue;
            }
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            let value = value.into_string().map_err(|_| {
                ConfigError::new(format!("the value of {name} is not UTF-8"), format!("set {name} again"))
            })?;
            environment.insert(name.to_owned(), Zeroizing::new(value));
        }
        let path = Path::new(".env");
        let dotenv = read_dotenv(path)?;
        if let Some(secret) = secret_in(&dotenv) {
            let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o7777);
            if mode & 0o077 != 0 {
                return Err(ConfigError::new(
                    format!(".env holds {secret} and can be read by others (mode {mode:04o})"),
                    "chmod 600 .env",
                ));
            }
        }
        Ok(Self { credentials, ..Self::new(flags, environment, dotenv)? })
    }

    pub(super) fn new(
        flags: impl IntoIterator<Item = (&'static str, Option<String>)>,
        environment: BTreeMap<String, Zeroizing<String>>,
        dotenv: BTreeMap<String, Zeroizing<String>>,
    ) -> Result<Self, ConfigError> {
        for (names, origin) in [(environment.keys(), "the environment"), (dotenv.keys(), ".env")] {
            for name in names {
                if name.starts_with(PREFIX) && !variable::ALL.contains(&name.as_str()) {
                    return Err(ConfigError::new(
                        format!("{name} in {origin} is not a setting of hookvault"),
                        format!("unset it; {}", nearest(name)),
                    ));
                }
            }
        }
        let flags = flags.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Ok(Self { flags, environment, dotenv, credentials: None, prefix: "" })
    }

    /// The value, and how the user would name where it stands.
    pub(super) fn get(&self, name: &'static str) -> Option<(&str, String)> {
        if let Some(value) = self.flags.get(name) {
            return Some((value, flag_of(self.prefix, name)));
        }
        let environment = self.environment.get(name).filter(|value| !value.is_empty());
        if let Some(value) = environment {
            return Some((value, name.to_owned()));
        }
        let dotenv = self.dotenv.get(name).filter(|value| !value.is_empty());
        dotenv.map(|value| (value.as_str(), format!("{name} in .env")))
    }

    /// How the user would name a setting that is not there.
    pub(super) fn name_of(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { flag_of(self.prefix, name) }
    }

    /// The folder with the credentials that systemd has provided.
    pub(super) fn credentials(&self) -> Option<&Path> {
        self.credentials.as_deref()
    }

    /// How strong the source is that has the value: [`FLAG`], or more for a weaker one.
    pub(super) fn rank(&self, name: &'static str) -> Option<usize> {
        let filled = |map: &BTreeMap<String, Zeroizing<String>>| map.get(name).is_some_and(|value| !value.is_empty());
        [self.flags.contains_key(name), filled(&self.environment), filled(&self.dotenv)].iter().position(|has| *has)
    }

    pub(super) fn parse<T, E: Display>(
        &self,
        name: &'static str,
        default: &str,
        hint: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        let (value, origin) = self.get(name).unwrap_or((default, name.to_owned()));
        parse(value).map_err(|reason| ConfigError::new(format!("{origin}: `{value}` {reason}"), hint))
    }
}

/// What of a `.env` is not for everybody.
fn secret_in(dotenv: &BTreeMap<String, Zeroizing<String>>) -> Option<&'static str> {
    if dotenv.get(variable::MASTER_KEY).is_some_and(|value| !value.is_empty()) {
        return Some("the master key");
    }
    match DatabaseUrl::parse(dotenv.get(variable::DATABASE_URL)?) {
        Ok(DatabaseUrl::Postgres(url)) if url.password().is_some() => Some("the password of the database"),
        _ => None,
    }
}

fn read_dotenv(path: &Path) -> Result<BTreeMap<String, Zeroizing<String>>, ConfigError> {
    // A parse error quotes the line, and the line may hold a secret: only its position is told.
    let unreadable = |reason: &str| {
        ConfigError::new(format!(".env cannot be read: {reason}"), "see .env.example for the form of its lines")
    };
    match dotenvy::from_path_iter(path) {
        Ok(lines) => lines
            .enumerate()
            .map(|(index, line)| match line {
                Ok((name, value)) => Ok((name, Zeroizing::new(value))),
                Err(dotenvy::Error::Io(error)) => Err(unreadable(&error.to_string())),
                Err(_) => Err(unreadable(&format!("its setting number {} is not NAME=value", index + 1))),
            })
            .collect(),
        Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(unreadable(&error.to_string())),
    }
}

/// `--rate-limit` for `HOOKVAULT_RATE_LIMIT`.
fn flag_of(prefix: &str, name: &str) -> String {
    format!("--{prefix}{}", name.trim_start_matches(PREFIX).to_ascii_lowercase().replace('_', "-"))
}

/// Below this nobody would call two names alike (Jaro-Winkler: 0 to 1).
const ALIKE: f64 = 0.8;

fn nearest(name: &str) -> String {
    let given = name.trim_start_matches(PREFIX).to_ascii_uppercase();
    let likeness = |known: &str| strsim::jaro_winkler(known.trim_start_matches(PREFIX), &given);
    let known = variable::ALL.iter().map(|known| (likeness(known), known));
    match known.filter(|(likeness, _)| *likeness >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, known)) => format!("perhaps {known} was meant"),
        None => ".env.example lists all settings".to_owned(),
    }
}

/// Of an environment or a `.env`.
#[cfg(test)]
pub(super) fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, Zeroizing<String>> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_variable_of_ours_is_refused_and_the_likely_one_named() {
        let error = |name: &str| Sources::new([], variables(&[(name, "x")]), variables(&[])).err().unwrap();
        assert_eq!(
            error("HOOKVAULT_LISTNE").to_string(),
            "HOOKVAULT_LISTNE in the environment is not a setting of hookvault"
        );
        for (given, meant) in [
            ("HOOKVAULT_LISTNE", variable::LISTEN),
            ("HOOKVAULT_LOG_LEVEL", variable::LOG),
            ("HOOKVAULT_MASTERKEY", variable::MASTER_KEY),
            ("HOOKVAULT_DATABASE", variable::DATABASE_URL),
            ("HOOKVAULT_DATADIR", variable::DATA_DIR),
            ("HOOKVAULT_RATE_LIMITS", variable::RATE_LIMIT),
        ] {
            assert_eq!(error(given).hint, format!("unset it; perhaps {meant} was meant"));
        }
        assert_eq!(error("HOOKVAULT_COLOUR").hint, "unset it; .env.example lists all settings");
        assert!(Sources::new([], variables(&[]), variables(&[("HOOKVAULT_NO", "x"), ("OTHER", "y")])).is_err());
        assert!(Sources::new([], variables(&[]), variables(&[("OTHER", "y")])).is_ok());
    }
}
