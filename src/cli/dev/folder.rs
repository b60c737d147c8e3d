//! The data folder of `dev`: made where it is missing, held by one process at a time.

use crate::app::{self, Parts};
use crate::cli::error::CliError;
use crate::cli::operator::operator;
use crate::cli::program::quote;
use crate::config::DataDir;
use crate::crypto::master_key::MasterKey;
use crate::crypto::token_secret::TokenSecret;
use crate::domain::api_token::TokenStatus;
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::vault::Registry;
use crate::vault::error::{Conflict, VaultError};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use tempfile::{NamedTempFile, TempDir};

/// What the token of a data folder is called.
const TOKEN_NAME: &str = "dev";

/// A data folder that is there, and ours until it is dropped.
pub struct Folder {
    pub files: DataDir,
    lock: Lock,
    /// Removes the folder when dropped.
    temporary: Option<TempDir>,
}

impl Folder {
    /// One that is removed at the end.
    pub fn temporary() -> Result<Self, CliError> {
        // Named here: by itself it would be what the umask leaves.
        let temporary =
            tempfile::Builder::new().prefix("hookvault-").permissions(Permissions::from_mode(0o700)).tempdir();
        let temporary = temporary.map_err(|error| unusable(&std::env::temp_dir(), &error))?;
        let files = DataDir::new(temporary.path().to_owned());
        Ok(Self { lock: Lock::take(&files)?, files, temporary: Some(temporary) })
    }

    /// One that stays, made where it is missing.
    pub fn permanent(given: &DataDir) -> Result<Self, CliError> {
        let path = given.path();
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| unusable(path, &error))?;
        let files = DataDir::new(fs::canonicalize(path).map_err(|error| unusable(path, &error))?);
        Ok(Self { lock: Lock::take(&files)?, files, temporary: None })
    }

    /// # Errors
    /// Where another process serves this folder.
    pub fn refuse_running(given: &DataDir) -> Result<(), CliError> {
        if given.lock().exists() { Lock::take(given).map(drop) } else { Ok(()) }
    }

    pub fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// Tells whoever comes next where the vault is served.
    pub fn announce(&mut self, url: &str) -> Result<(), CliError> {
        self.lock.0.write_all(url.as_bytes()).map_err(|error| unusable(&self.files.lock(), &error))
    }

    /// Tells every command that is told of the folder where its database is.
    ///
    /// # Arguments
    /// `server`: its address, where it is not in the folder.
    pub fn keep_database_url(&self, server: Option<&str>) -> Result<(), CliError> {
        let path = self.files.database_url();
        match server.filter(|_| !path.exists()) {
            Some(url) => write_secret(&path, url).map_err(|error| unusable(&path, &error)),
            None => Ok(()),
        }
    }

    pub fn ensure_master_key(&self, parts: &Parts) -> Result<(), CliError> {
        let path = self.files.master_key();
        if path.exists() {
            return Ok(());
        }
        if self.files.has_vault() {
            let folder = self.files.path().display();
            return Err(CliError::new(
                format!("{} is missing, and the vault of {folder} is sealed with it", path.display()),
                "put the master key back, or begin anew with another --data-dir",
            ));
        }
        let key = MasterKey::generate(&parts.random).to_text();
        write_secret(&path, &key).map_err(|error| unusable(&path, &error))
    }

    /// Before anything is served.
    pub fn refuse_open_token(&self) -> Result<(), CliError> {
        if self.files.token().exists() {
            app::read_secret_file(&self.files.token())?;
        }
        Ok(())
    }

    /// The token in the folder, or a new one in the place of one that is no longer accepted. It is written first and
    /// registered then, so that none is left behind that nobody knows.
    pub async fn ensure_token(&self, parts: &Parts, registry: &Registry) -> Result<TokenSecret, CliError> {
        let path = self.files.token();
        if path.exists()
            && let Some(secret) = TokenSecret::parse(app::read_secret_file(&path)?.trim())
            && registry.api_token_status(&secret).await? == Some(TokenStatus::Active)
        {
            // A token of an earlier version lacks the scopes that came after it.
            registry.api_token_rescope(&operator(), &secret, TOKEN_NAME, &Scopes::all()).await?;
            return Ok(secret);
        }
        let secret = TokenSecret::generate(&parts.random);
        write_secret(&path, secret.expose()).map_err(|error| unusable(&path, &error))?;
        let name = || Name::parse(TOKEN_NAME).map_err(VaultError::Name);
        let org = registry.org_pick(None).await?;
        match registry.api_token_register(&operator(), &org.id, name()?, Scopes::all(), None, &secret).await {
            // The file of the one with this name was lost.
            Err(VaultError::Conflict(Conflict::ApiTokenName)) => {
                registry.api_token_revoke(&operator(), TOKEN_NAME).await?;
                registry.api_token_register(&operator(), &org.id, name()?, Scopes::all(), None, &secret).await?;
            }
            registered => drop(registered?),
        }
        Ok(secret)
    }
}

/// The file that says who serves a folder, locked. The operating system unlocks it, whatever becomes of the process.
struct Lock(File);

impl Lock {
    /// # Errors
    /// Where another process has it: with the address where that one serves.
    fn take(files: &DataDir) -> Result<Self, CliError> {
        let path = files.lock();
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(|error| unusable(&path, &error))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(already_running(files)),
            // Not every file system has locks; the database has its own.
            Ok(()) | Err(TryLockError::Error(_)) => {
                file.set_len(0).map_err(|error| unusable(&path, &error))?;
                Ok(Self(file))
            }
        }
    }
}

fn already_running(files: &DataDir) -> CliError {
    let folder = files.path().display();
    let (running, hint) = match fs::read_to_string(files.lock()) {
        Ok(url) if !url.is_empty() => (
            format!("the vault in {folder} runs already, at {url}"),
            format!("use it there, or stop it first; its token is in {}", quote(&files.token().display().to_string())),
        ),
        _ => (format!("the vault in {folder} is being started already"), "use that one, or stop it first".to_owned()),
    };
    CliError::new(running, hint)
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn unusable(path: &Path, error: &io::Error) -> CliError {
    CliError::new(
        format!("{} cannot be used: {error}", path.display()),
        "choose a folder that you may write to with --data-dir",
    )
}
