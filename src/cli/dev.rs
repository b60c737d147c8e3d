use super::error::CliError;
use super::flags::{self, ServerFlags};
use super::output;
use crate::app::{App, Parts};
use crate::config::{self, Config, DatabaseConfig, MasterKeySource, ServerConfig, variable};
use crate::crypto::master_key::MasterKey;
use crate::crypto::token_secret::TokenSecret;
use crate::domain::api_token::ApiToken;
use crate::domain::id::PrefixedId as _;
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

/// The files of a data folder.
struct Folder {
    path: PathBuf,
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
        let config = Config {
            server: ServerConfig::from_sources(&sources)?,
            database: DatabaseConfig { path: folder.database(), migrate: true },
            master_key: MasterKeySource::File(folder.master_key()),
        };
        let app = App::start(config, &parts).await?;
        let token = folder.ensure_token(app.vault().registry()).await?;
        output::print(&banner(&folder, reachable(app.address()), &token, self.ephemeral))?;
        Ok(app.run_until_signal().await?)
    }
}

impl Folder {
    fn temporary() -> Result<Self, CliError> {
        let temporary = TempDir::with_prefix("hookvault-").map_err(|error| unusable(&std::env::temp_dir(), &error))?;
        Ok(Self { path: temporary.path().to_owned(), _temporary: Some(temporary) })
    }

    fn permanent(path: PathBuf) -> Result<Self, CliError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(|error| unusable(&path, &error))?;
        let path = fs::canonicalize(&path).map_err(|error| unusable(&path, &error))?;
        Ok(Self { path, _temporary: None })
    }

    fn database(&self) -> PathBuf {
        self.path.join("hookvault.db")
    }

    fn master_key(&self) -> PathBuf {
        self.path.join("master.key")
    }

    fn token(&self) -> PathBuf {
        self.path.join("token")
    }

    fn ensure_master_key(&self, parts: &Parts) -> Result<(), CliError> {
        let path = self.master_key();
        if path.exists() {
            return Ok(());
        }
        if self.database().exists() {
            return Err(CliError::new(
                format!("{} is missing, and {} is sealed with it", path.display(), self.database().display()),
                "put the master key back, or begin anew with another --data-dir",
            ));
        }
        let key = MasterKey::generate(&parts.random).to_text();
        // Where another process was faster, its key counts.
        write_secret(&path, &key).map(drop).map_err(|error| unusable(&path, &error))
    }

    /// The token in the folder, or a new one where that is missing or no longer accepted.
    async fn ensure_token(&self, registry: &Registry) -> Result<TokenSecret, CliError> {
        let path = self.token();
        if let Some(kept) = self.kept_token(registry).await? {
            return Ok(kept);
        }
        if path.exists() {
            fs::remove_file(&path).map_err(|error| unusable(&path, &error))?;
        }
        let (token, secret) = create_token(registry).await?;
        if write_secret(&path, secret.expose()).map_err(|error| unusable(&path, &error))? {
            return Ok(secret);
        }
        // Another process was faster: its token is the one that is kept.
        registry.api_token_revoke(token.id.as_str()).await?;
        let kept = self.kept_token(registry).await?;
        kept.ok_or_else(|| CliError::new(format!("{} holds no token", path.display()), "start again"))
    }

    async fn kept_token(&self, registry: &Registry) -> Result<Option<TokenSecret>, CliError> {
        let text = fs::read_to_string(self.token()).unwrap_or_default();
        let Some(kept) = TokenSecret::parse(text.trim()) else { return Ok(None) };
        Ok(registry.api_token_find_active(&kept).await?.map(|_| kept))
    }
}

async fn create_token(registry: &Registry) -> Result<(ApiToken, TokenSecret), CliError> {
    let org = registry.org_pick(None).await?;
    let mut name = "dev".to_owned();
    for number in 2.. {
        let parsed = Name::parse(&name).map_err(|reason| CliError::new(format!("the name {reason}"), "report this"))?;
        match registry.api_token_create(&org.id, parsed, Scopes::all(), None).await {
            Ok(made) => return Ok(made),
            // The file of an earlier token was lost.
            Err(VaultError::TokenNameTaken) => name = format!("dev {number}"),
            Err(error) => return Err(error.into()),
        }
    }
    unreachable!("there are more numbers than tokens")
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

For the official SDKs (the last three lines let Python, Go and Java speak plain http):
  export OKTA_CLIENT_ORGURL={url}
  export OKTA_CLIENT_TOKEN={token}
  export OKTA_TESTING_TESTINGDISABLEHTTPSCHECK=true
  export OKTA_TESTING_DISABLE_HTTPS_CHECK=true
  export OKTA_TESTING_DISABLEHTTPSCHECK=true

In Go also, because its SDK drops the port of the address:
  configuration.Host = "{address}"

For Terraform:
  export OKTA_ORG_NAME=hookvault OKTA_BASE_URL=example.com
  export OKTA_HTTP_PROXY={url}
  export OKTA_API_TOKEN={token}

Ctrl-C stops it.
"#,
        folder = folder.path.display(),
    )
}
