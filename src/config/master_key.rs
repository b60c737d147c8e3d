//! Where the master key is, and what opens it there.

use super::data_dir::DataDir;
use super::sources::{ConfigError, Sources};
use super::variable;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Where the master key is, and what opens it there.
pub struct MasterKeySource {
    pub place: MasterKeyPlace,
    pub opener: MasterKeyOpener,
    /// How the user would name its settings.
    names: Names,
}

/// How the user would name the settings of a master key, to say which one is missing or too much.
#[derive(Debug, Clone)]
pub struct Names {
    pub command: String,
    pub passphrase_file: String,
    pub pkcs11: [String; 4],
}

impl Names {
    fn of(sources: &Sources) -> Self {
        Self {
            command: sources.name_of(variable::MASTER_KEY_COMMAND),
            passphrase_file: sources.name_of(variable::MASTER_KEY_PASSPHRASE_FILE),
            pkcs11: variable::PKCS11.map(|name| sources.name_of(name)),
        }
    }
}

/// Where the text of the master key is. There is no `Debug`: it may be here.
pub enum MasterKeyPlace {
    Text(Zeroizing<String>),
    File(PathBuf),
    /// What systemd has put into the folder of the service's credentials.
    Credential {
        folder: PathBuf,
        name: String,
    },
    /// A line for the shell, which prints it.
    Command(Zeroizing<String>),
    Missing,
}

/// What opens the text.
pub enum MasterKeyOpener {
    /// Nothing: it is the key.
    Nothing,
    /// The passphrase in this file.
    Passphrase(PathBuf),
    /// A key of a PKCS#11 token.
    Token(TokenConfig),
}

/// How to reach a key of a PKCS#11 token.
pub struct TokenConfig {
    /// The library that speaks with it.
    pub module: PathBuf,
    /// Its label.
    pub token: String,
    /// The label of the key.
    pub key: String,
    /// The file that holds the PIN.
    pub pin_file: PathBuf,
}

impl MasterKeySource {
    /// # Errors
    /// [`ConfigError`] where there are two, or a credential that systemd has not provided.
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        match DataDir::from_sources(sources)? {
            Some(folder) => Ok(Self::of_folder(&folder)),
            None => Ok(Self { place: place(sources)?, opener: opener(sources)?, names: Names::of(sources) }),
        }
    }

    /// A place where the key itself is.
    #[must_use]
    pub fn plain(place: MasterKeyPlace) -> Self {
        Self { place, opener: MasterKeyOpener::Nothing, names: Names::of(&Sources::default()) }
    }

    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// That of the vault in a data folder.
    #[must_use]
    pub fn of_folder(folder: &DataDir) -> Self {
        Self::plain(MasterKeyPlace::File(folder.master_key()))
    }

    /// Whether no place is named.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.place, MasterKeyPlace::Missing)
    }
}

fn place(sources: &Sources) -> Result<MasterKeyPlace, ConfigError> {
    let mut given = variable::MASTER_KEY_PLACES
        .into_iter()
        .filter_map(|name| sources.get(name).map(|(value, origin)| (name, value, origin)));
    let Some((name, value, origin)) = given.next() else { return Ok(MasterKeyPlace::Missing) };
    if let Some((_, _, other)) = given.next() {
        return Err(ConfigError::new(
            format!("both {origin} and {other} are set"),
            "set one of them: it must be clear which master key counts",
        ));
    }
    match name {
        variable::MASTER_KEY => Ok(MasterKeyPlace::Text(Zeroizing::new(value.to_owned()))),
        variable::MASTER_KEY_CREDENTIAL => credential(sources, value, &origin),
        variable::MASTER_KEY_COMMAND => Ok(MasterKeyPlace::Command(Zeroizing::new(value.to_owned()))),
        _ => Ok(MasterKeyPlace::File(PathBuf::from(value))),
    }
}

fn opener(sources: &Sources) -> Result<MasterKeyOpener, ConfigError> {
    match (sources.get(variable::MASTER_KEY_PASSPHRASE_FILE), token(sources)?) {
        (Some((_, origin)), Some(_)) => Err(ConfigError::new(
            format!("both {origin} and {} are set", sources.name_of(variable::PKCS11_MODULE)),
            "set one of them: it must be clear what opens the master key",
        )),
        (Some((path, _)), None) => Ok(MasterKeyOpener::Passphrase(PathBuf::from(path))),
        (None, Some(token)) => Ok(MasterKeyOpener::Token(token)),
        (None, None) => Ok(MasterKeyOpener::Nothing),
    }
}

fn token(sources: &Sources) -> Result<Option<TokenConfig>, ConfigError> {
    let given = variable::PKCS11.map(|name| sources.get(name));
    let Some((_, origin)) = given.iter().flatten().next() else { return Ok(None) };
    match &given {
        [Some((module, _)), Some((token, _)), Some((key, _)), Some((pin_file, _))] => Ok(Some(TokenConfig {
            module: PathBuf::from(module),
            token: (*token).to_owned(),
            key: (*key).to_owned(),
            pin_file: PathBuf::from(pin_file),
        })),
        _ => {
            let missing = variable::PKCS11.into_iter().filter(|name| sources.get(name).is_none());
            let missing = missing.map(|name| sources.name_of(name));
            Err(ConfigError::new(
                format!("{origin} is set, but not {}", missing.collect::<Vec<_>>().join(", ")),
                "a PKCS#11 token wants all four: its module, its label, the label of the key, and the file with the PIN",
            ))
        }
    }
}

fn credential(sources: &Sources, name: &str, origin: &str) -> Result<MasterKeyPlace, ConfigError> {
    if name.contains('/') || [".", ".."].contains(&name) {
        return Err(ConfigError::new(
            format!("{origin}: `{name}` is not the name of a credential"),
            "write what stands before the colon in LoadCredential=, as master.key",
        ));
    }
    match sources.credentials() {
        Some(folder) => Ok(MasterKeyPlace::Credential { folder: folder.to_owned(), name: name.to_owned() }),
        None => Err(ConfigError::new(
            format!(
                "{origin} is set, but CREDENTIALS_DIRECTORY is not: this was not started by systemd with a credential"
            ),
            format!(
                "start it by a unit that has LoadCredential={name}:FILE, or by `systemd-run --pipe --wait -p LoadCredential={name}:FILE`"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::variables;

    #[test]
    fn a_master_key_comes_from_one_place() {
        for (at, name) in variable::MASTER_KEY_PLACES.into_iter().enumerate() {
            for other in &variable::MASTER_KEY_PLACES[at + 1..] {
                let both = variables(&[(name, "a"), (other, "b")]);
                let refused = MasterKeySource::from_sources(&Sources::new([], both, variables(&[])).unwrap());
                assert_eq!(refused.err().unwrap().to_string(), format!("both {name} and {other} are set"));
            }
        }
    }
}
