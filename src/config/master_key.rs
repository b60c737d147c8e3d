//! Where the master key is.

use super::data_dir::DataDir;
use super::sources::{ConfigError, Sources};
use super::variable;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Where the master key is. There is no `Debug`: it may be here.
pub enum MasterKeySource {
    Text(Zeroizing<String>),
    File(PathBuf),
    Missing,
}

impl MasterKeySource {
    /// # Errors
    /// [`ConfigError`] where both forms are given.
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        if let Some(folder) = DataDir::from_sources(sources)? {
            return Ok(Self::File(folder.master_key()));
        }
        match (sources.get(variable::MASTER_KEY), sources.get(variable::MASTER_KEY_FILE)) {
            (Some(_), Some((_, file_origin))) => Err(ConfigError::new(
                format!("both {} and {file_origin} are set", variable::MASTER_KEY),
                "set one of them: it must be clear which master key counts",
            )),
            (Some((text, _)), None) => Ok(Self::Text(Zeroizing::new(text.to_owned()))),
            (None, Some((path, _))) => Ok(Self::File(PathBuf::from(path))),
            (None, None) => Ok(Self::Missing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sources::variables;

    #[test]
    fn a_master_key_comes_from_one_place() {
        let both = variables(&[(variable::MASTER_KEY, "a"), (variable::MASTER_KEY_FILE, "b")]);
        assert!(MasterKeySource::from_sources(&Sources::new([], both, variables(&[])).unwrap()).is_err());
    }
}
