use super::error::CliError;
use super::flags::{self, ServerFlags};
use super::output;
use crate::app::{self, App, Parts, Signals};
use crate::config::{self, DataDir, variable};
use crate::crypto::master_key::MasterKey;
use crate::crypto::token_secret::TokenSecret;
use crate::domain::api_token::TokenStatus;
use crate::domain::name::Name;
use crate::domain::scope::Scopes;
use crate::vault::Registry;
use crate::vault::error::VaultError;
use clap::Args;
use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

/// Serve a vault for development, and make all that it needs
#[derive(Args)]
#[command(after_help = "Makes the data folder, the database, the master key, an org and a token with every scope where
they are missing, and keeps them: after a restart everything is as it was.

Example:
  hookvault dev --data-dir ./my-vault")]
pub struct Dev {
    /// Where everything is kept [default: hookvault-data]
    #[arg(long, value_name = "FOLDER", conflicts_with = "ephemeral")]
    data_dir: Option<String>,
    /// Keep nothing: a vault in a temporary folder, removed at the end
    #[arg(long)]
    ephemeral: bool,
    #[command(flatten)]
    server: ServerFlags,
}

/// What the token of a data folder is called.
const TOKEN_NAME: &str = "dev";

/// A data folder that is there.
struct Folder {
    files: DataDir,
    /// Removes the folder when dropped.
    _temporary: Option<TempDir>,
}

impl Dev {
    pub async fn run(self) -> Result<(), CliError> {
        let sources = flags::sources([self.server.flags(), vec![(variable::DATA_DIR, self.data_dir.clone())]])?;
        flags::start_log(&sources)?;
        let data_dir = config::dev_data_dir(&sources)?;
        let folder = if self.ephemeral { Folder::temporary()? } else { Folder::permanent(data_dir)? };
        let parts = Parts::real();
        folder.ensure_master_key(&parts)?;
        folder.refuse_open_token()?;
        let app = App::start(folder.files.config(&sources)?, &parts).await?;
        let signals = Signals::catch()?;
        let token = folder.ensure_token(&parts, app.vault().registry()).await?;
        output::print(&banner(&folder, reachable(app.address()), &token, self.ephemeral))?;
        Ok(app.run_until(signals).await?)
    }
}

impl Folder {
    fn temporary() -> Result<Self, CliError> {
        let temporary = TempDir::with_prefix("hookvault-").map_err(|error| unusable(&std::env::temp_dir(), &error))?;
        Ok(Self { files: DataDir::new(temporary.path().to_owned()), _temporary: Some(temporary) })
    }

    fn permanent(path: PathBuf) -> Result<Self, CliError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(|error| unusable(&path, &error))?;
        let path = fs::canonicalize(&path).map_err(|error| unusable(&path, &error))?;
        Ok(Self { files: DataDir::new(path), _temporary: None })
    }

    fn ensure_master_key(&self, parts: &Parts) -> Result<(), CliError> {
        let path = self.files.master_key();
        // Looked at first: another process that is just beginning writes the key before the database.
        let sealed = self.files.database().exists();
        if path.exists() {
            return Ok(());
        }
        if sealed {
            return Err(CliError::new(
                format!("{} is missing, and {} is sealed with it", path.display(), self.files.database().display()),
                "put the master key back, or begin anew with another --data-dir",
            ));
        }
        let key = MasterKey::generate(&parts.random).to_text();
        // Where another process was faster, its key counts.
        write_secret(&path, &key).map(drop).map_err(|error| unusable(&path, &error))
    }

    /// Before anything is served.
    fn refuse_open_token(&self) -> Result<(), CliError> {
        if self.files.token().exists() {
            app::read_secret_file(&self.files.token())?;
        }
        Ok(())
    }

    /// The token in the folder. It is written first and registered then, so that processes that start at once agree on
    /// one, and none is left behind that nobody knows.
    async fn ensure_token(&self, parts: &Parts, registry: &Registry) -> Result<TokenSecret, CliError> {
        let path = self.files.token();
        // A file whose token is no longer accepted is replaced; a third time only where another process does the same.
        for _ in 0..3 {
            if !path.exists() {
                let secret = TokenSecret::generate(&parts.random);
                write_secret(&path, secret.expose()).map_err(|error| unusable(&path, &error))?;
            }
            if let Some(secret) = TokenSecret::parse(app::read_secret_file(&path)?.trim())
                && register(registry, &secret).await?
            {
                return Ok(secret);
            }
            fs::remove_file(&path).map_err(|error| unusable(&path, &error))?;
        }
        Err(CliError::new(format!("{} does not stay as it was written", path.display()), "start again"))
    }
}

/// Makes sure that a token is accepted. `false` where it was revoked.
async fn register(registry: &Registry, secret: &TokenSecret) -> Result<bool, CliError> {
    if let Some(status) = registry.api_token_status(secret).await? {
        // A token of an earlier version lacks the scopes that came after it.
        registry.api_token_rescope(secret, TOKEN_NAME, &Scopes::all()).await?;
        return Ok(status == TokenStatus::Active);
    }
    let name = Name::parse(TOKEN_NAME).map_err(|reason| CliError::new(format!("the name {reason}"), "report this"))?;
    let org = registry.org_pick(None).await?;
    match registry.api_token_register(&org.id, name, Scopes::all(), None, secret).await {
        Ok(_) => Ok(true),
        // Either another process has registered this one meanwhile, or the file of an earlier one was lost.
        Err(VaultError::TokenNameTaken) => {
            if registry.api_token_status(secret).await?.is_none() {
                registry.api_token_revoke(TOKEN_NAME).await?;
                return Box::pin(register(registry, secret)).await;
            }
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a file that only its owner may read, whole or not at all. Returns whether it was made: an existing one stays.
fn write_secret(path: &Path, text: &str) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

fn unusable(path: &Path, error: &io::Error) -> CliError {
    CliError::new(
        format!("{} cannot be used: {error}", path.display()),
        "choose a folder that you may write to with --data-dir",
    )
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn banner(folder: &Folder, address: SocketAddr, token: &TokenSecret, ephemeral: bool) -> String {
    let (url, token) = (format!("http://{address}"), token.expose());
    let kept = if ephemeral { "until it stops, in" } else { "in" };
    format!(
        r#"hookvault is running at {url} (documents: {url}/docs)
Its data is kept {kept} {folder}

Token with every scope:
  {token}

Create a key:
  curl -H 'Authorization: SSWS {token}' -H 'Content-Type: application/json' -d '{{"name":"My hook key"}}' {url}/api/v1/hook-keys

See each step of a call of one of its inline hooks (hooks on this machine are allowed):
  hookvault hook test 'My hook' --data-dir {folder}

For the official SDKs (the last three lines let Python, Go and Java speak plain http):
  export OKTA_CLIENT_ORGURL={url}
  export OKTA_CLIENT_TOKEN={token}
  export OKTA_TESTING_TESTINGDISABLEHTTPSCHECK=true
  export OKTA_TESTING_DISABLE_HTTPS_CHECK=true
  export OKTA_TESTING_DISABLEHTTPSCHECK=true

Or with OAuth 2.0, as a service app, whose exports this prints:
  hookvault app create --name my-app --scope okta.inlineHooks.manage --generate --data-dir {folder}

In Go also, because its SDK drops the port of the address:
  configuration.Host = "{address}"

For Terraform:
  export OKTA_ORG_NAME=hookvault OKTA_BASE_URL=example.com
  export OKTA_HTTP_PROXY={url}
  export OKTA_API_TOKEN={token}

Ctrl-C stops it.
"#,
        folder = folder.files.path().display(),
    )
}
