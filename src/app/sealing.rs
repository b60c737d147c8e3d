//! What opens a database: the master key, as what seals values and rows, and the password.

use super::master_key::{read_master_key, read_secret_file};
use super::parts::Parts;
use super::start_error::StartError;
use crate::config::{DatabaseConfig, MasterKeySource};
use crate::crypto::envelope::Envelope;
use crate::crypto::keyring::Keyring;
use crate::crypto::master_key::MasterKey;
use crate::crypto::row_seal::RowSeals;
use crate::repository::url::DatabaseUrl;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What is sealed with a master key: values, and rows.
#[derive(Clone)]
pub struct Sealing {
    pub(super) envelope: Envelope,
    pub(super) rows: Arc<RowSeals>,
}

impl Sealing {
    pub fn new(master_key: &MasterKey, parts: &Parts) -> Self {
        let keyring = Arc::new(Keyring::new(master_key));
        let envelope = Envelope::new(keyring.clone(), parts.random.clone());
        Self { envelope, rows: Arc::new(RowSeals::new(keyring)) }
    }

    /// # Errors
    /// [`StartError`].
    pub(super) fn read(source: &MasterKeySource, parts: &Parts) -> Result<Self, StartError> {
        Ok(Self::new(&read_master_key(source)?, parts))
    }

    /// For a database of which no row is read or written.
    pub(super) fn of_nothing(parts: &Parts) -> Self {
        Self::new(&MasterKey::generate(&parts.random), parts)
    }
}

/// The address with its password, which may be in a file of its own.
///
/// # Errors
/// Those of [`read_secret_file`].
pub(super) fn database_url(database: &DatabaseConfig) -> Result<DatabaseUrl, StartError> {
    Ok(match (&database.url, &database.password_file) {
        (DatabaseUrl::Postgres(url), Some(path)) => {
            let password = Zeroizing::new(read_secret_file(path)?.trim_end_matches(['\r', '\n']).to_owned());
            DatabaseUrl::Postgres(url.clone().with_password(password))
        }
        (url, _) => url.clone(),
    })
}
