//! Service apps: who may get access tokens, and with which keys.

use super::error::CliError;
use super::flags::RegistryFlags;
use super::output;
use crate::crypto::jwk;
use crate::crypto::private_jwk::{self, Generated};
use crate::domain::id::PrefixedId as _;
use crate::domain::name::Name;
use crate::domain::org::Org;
use crate::domain::scope::{Scope, Scopes};
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::vault::Registry;
use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;
use std::io::Read as _;
use zeroize::Zeroizing;

/// Make and manage service apps, which get access tokens by OAuth 2.0
#[derive(Subcommand)]
#[command(
    after_help = "All of it works while the server runs, which notices at once.\n\nExample:\n  hookvault app list"
)]
pub enum AppCommand {
    Create(Create),
    List(List),
    Show(Show),
    AddKey(AddKey),
    RemoveKey(RemoveKey),
    Activate(Activate),
    Deactivate(Deactivate),
    Delete(Delete),
}

/// Make a service app and print its client id
#[derive(Args)]
#[command(group = ArgGroup::new("key").required(true).args(["public_key", "generate"]))]
#[command(after_help = "With --generate it prints what the official SDKs read from the environment.

Example:
  hookvault app create --name ci --scope okta.inlineHooks.manage --generate > app.env
  hookvault app create --name ci --scope okta.inlineHooks.read --public-key key.pem")]
pub struct Create {
    /// What it is called; unique among the org's apps
    #[arg(long)]
    name: String,
    /// What it may ask for; give it again for more
    #[arg(long, required = true)]
    scope: Vec<String>,
    /// Its public key: a JWK, a set of them, or PEM; - for stdin
    #[arg(long, value_name = "FILE")]
    public_key: Option<String>,
    /// Make a key pair, and print the private key, which is not kept
    #[arg(long)]
    generate: bool,
    /// Print the private key as PEM, not as JWK
    #[arg(long, requires = "generate")]
    pem: bool,
    /// Bind its tokens to a key, by DPoP
    #[arg(long)]
    dpop: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The org's name, id or domain; without it, the default org
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// List all service apps
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault app list --json")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Show a service app with its public keys, as JSON
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault app show ci")]
pub struct Show {
    /// The app's client id or name
    app: String,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Add a public key to a service app and print its kid
#[derive(Args)]
#[command(group = ArgGroup::new("key").required(true).args(["public_key", "generate"]))]
#[command(after_help = "While an app has several keys, its assertions must say which one signed them (kid).

Example:
  hookvault app add-key ci --public-key next.pem")]
pub struct AddKey {
    /// The app's client id or name
    app: String,
    /// A JWK, a set of them, or PEM; - for stdin
    #[arg(long, value_name = "FILE")]
    public_key: Option<String>,
    /// Make a key pair, and print the private key, which is not kept
    #[arg(long)]
    generate: bool,
    /// Print the private key as PEM, not as JWK
    #[arg(long, requires = "generate")]
    pem: bool,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Remove a public key from a service app
#[derive(Args)]
#[command(after_help = "Tokens that it has helped to get live on, up to an hour; `app deactivate` stops them.

Example:
  hookvault app remove-key ci 6SBz0oNBcbT5gvNhJZZrY5WVnnEfYVE1TKBF5WbsG5U")]
pub struct RemoveKey {
    /// The app's client id or name
    app: String,
    /// The key's kid
    kid: String,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Let a service app get tokens again
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault app activate ci")]
pub struct Activate {
    /// The app's client id or name
    app: String,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Let a service app get no tokens, and those that it has work no more
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault app deactivate ci")]
pub struct Deactivate {
    /// The app's client id or name
    app: String,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Delete a deactivated service app and its keys
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault app delete ci")]
pub struct Delete {
    /// The app's client id or name
    app: String,
    #[command(flatten)]
    registry: RegistryFlags,
}

impl AppCommand {
    pub async fn run(self) -> Result<(), CliError> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List(list) => list.run().await,
            Self::Show(show) => show.run().await,
            Self::AddKey(add) => add.run().await,
            Self::RemoveKey(remove) => remove.run().await,
            Self::Activate(Activate { app, registry }) => set_active(&app, &registry, true).await,
            Self::Deactivate(Deactivate { app, registry }) => set_active(&app, &registry, false).await,
            Self::Delete(delete) => delete.run().await,
        }
    }
}

/// Keys for an app: given, or made here.
struct Keys {
    public: Vec<jwk::Named>,
    private: Option<Generated>,
}

impl Keys {
    fn obtain(public_key: Option<&str>) -> Result<Self, CliError> {
        match public_key {
            Some(file) => Ok(Self { public: read_public_keys(file)?, private: None }),
            None => {
                let generated = private_jwk::generate(&crate::app::Parts::real().random);
                Ok(Self { public: vec![generated.public()], private: Some(generated) })
            }
        }
    }
}

fn read_public_keys(file: &str) -> Result<Vec<jwk::Named>, CliError> {
    // It may be a private key by mistake.
    let mut text = Zeroizing::new(String::new());
    let read = if file == "-" {
        std::io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| CliError::new(format!("--public-key: {file} cannot be read: {error}"), "check the path"))?;
    jwk::parse(&text).map_err(|reason| {
        let hint = match reason {
            jwk::NotAVerifyingKey::Private => {
                "`openssl pkey -in FILE -pubout` writes the public half of a PEM; of a JWK leave out all but kty, kid, n, e or crv, x, y"
            }
            _ => "give RSA of 2048 to 8192 bits, P-256, P-384 or P-521, as JWK, JWK set or PEM",
        };
        CliError::new(format!("--public-key: the key in {file} {reason}"), hint)
    })
}

pub(super) fn parse_scopes(given: &[String]) -> Result<Scopes, CliError> {
    let scopes = given.iter().map(|scope| {
        Scope::parse(scope).map_err(|reason| {
            let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            CliError::new(format!("--scope: `{scope}` {reason}"), format!("the scopes are {}", known.join(", ")))
        })
    });
    Scopes::new(scopes.collect::<Result<Vec<_>, _>>()?)
        .map_err(|reason| CliError::new(format!("--scope {reason}"), "give at least one"))
}

impl Create {
    async fn run(self) -> Result<(), CliError> {
        // Read before the database is opened, so that a mistake makes no file.
        let name = Name::parse(&self.name)
            .map_err(|reason| CliError::new(format!("--name: `{}` {reason}", self.name), "give it another name"))?;
        let scopes = parse_scopes(&self.scope)?;
        let Keys { public, private } = Keys::obtain(self.public_key.as_deref())?;
        let opened = self.registry.open(true).await?;
        let created = async {
            let org = opened.registry.org_pick(self.org.as_deref()).await?;
            opened.registry.service_app_create(&org.id, name, scopes, self.dpop, public).await
        };
        let created = created.await;
        opened.close().await;
        let (app, keys) = created?;
        match private {
            Some(private) if self.json => output::print_json(&serde_json::json!({
                "clientId": app.id.as_str(),
                "privateKey": if self.pem { private.pem().as_str().into() } else { private.jwk() },
            }))?,
            Some(private) => output::print(&environment(&app, &private, self.pem))?,
            None if self.json => output::print_json(&AppLine::new(&app, &keys))?,
            None => output::print(&format!("{}\n", app.id))?,
        }
        output::tell(&format!("service app {} ({}) with the key {}", app.id, app.name, kids(&keys)));
        if self.generate {
            output::tell("the private key is not kept here and not shown again");
        }
        Ok(())
    }
}

/// What the official SDKs read (wire.md §5): Node calls the `kid` KEYID, Go PRIVATEKEYID; a JWK has its own.
fn environment(app: &ServiceApp, private: &Generated, pem: bool) -> String {
    let key = if pem { private.pem() } else { Zeroizing::new(private.jwk().to_string()) };
    let mut lines = vec![
        "OKTA_CLIENT_AUTHORIZATIONMODE=PrivateKey".to_owned(),
        format!("OKTA_CLIENT_CLIENTID={}", app.id),
        format!("OKTA_CLIENT_SCOPES='{}'", app.scopes),
        format!("OKTA_CLIENT_PRIVATEKEY='{}'", key.trim_end()),
    ];
    if pem {
        lines.extend(["KEYID", "PRIVATEKEYID"].map(|name| format!("OKTA_CLIENT_{name}={}", private.kid())));
    }
    if app.dpop_bound {
        lines.push("OKTA_CLIENT_DPOPENABLED=true".to_owned());
    }
    lines.iter().map(|line| format!("export {line}\n")).collect()
}

fn kids(keys: &[AppKey]) -> String {
    keys.iter().map(|key| format!("{} ({})", key.kid, key.key.kind())).collect::<Vec<_>>().join(", ")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppLine {
    client_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    status: &'static str,
    dpop: bool,
    scopes: Vec<&'static str>,
    created: String,
    last_updated: String,
    keys: Vec<KeyLine>,
}

#[derive(Serialize)]
struct KeyLine {
    kid: String,
    kind: String,
    created: String,
    jwk: serde_json::Map<String, serde_json::Value>,
}

impl AppLine {
    fn new(app: &ServiceApp, keys: &[AppKey]) -> Self {
        Self {
            client_id: app.id.to_string(),
            name: app.name.to_string(),
            org: None,
            status: status(app),
            dpop: app.dpop_bound,
            scopes: app.scopes.iter().map(Scope::as_str).collect(),
            created: app.created.to_wire(),
            last_updated: app.last_updated.to_wire(),
            keys: keys.iter().map(KeyLine::from).collect(),
        }
    }

    fn of(mut self, app: &ServiceApp, orgs: &[Org]) -> Self {
        self.org = Some(org_name(app, orgs));
        self
    }
}

impl From<&AppKey> for KeyLine {
    fn from(key: &AppKey) -> Self {
        Self {
            kid: key.kid.to_string(),
            kind: key.key.kind(),
            created: key.created.to_wire(),
            jwk: jwk::members(&key.key),
        }
    }
}

fn status(app: &ServiceApp) -> &'static str {
    if app.active { "ACTIVE" } else { "INACTIVE" }
}

fn org_name(app: &ServiceApp, orgs: &[Org]) -> String {
    orgs.iter().find(|org| org.id == app.org_id).map_or_else(|| app.org_id.to_string(), |org| org.name.to_string())
}

impl List {
    async fn run(self) -> Result<(), CliError> {
        let opened = self.registry.open(false).await?;
        let listed = self.print(&opened.registry).await;
        opened.close().await;
        listed
    }

    async fn print(&self, registry: &Registry) -> Result<(), CliError> {
        let (apps, orgs) = (registry.service_app_list().await?, registry.org_list().await?);
        if self.json {
            let mut lines = Vec::new();
            for (app, _) in &apps {
                let (app, keys) = registry.service_app_get(app.id.as_str()).await?;
                lines.push(AppLine::new(&app, &keys).of(&app, &orgs));
            }
            return output::print_json(&lines);
        }
        let rows: Vec<_> = apps
            .iter()
            .map(|(app, keys)| {
                let dpop = if app.dpop_bound { "yes" } else { "no" };
                let (org, scopes) = (org_name(app, &orgs), app.scopes.to_string());
                [
                    app.id.to_string(),
                    app.name.to_string(),
                    org,
                    status(app).into(),
                    dpop.into(),
                    keys.to_string(),
                    scopes,
                ]
            })
            .collect();
        output::print_table(["CLIENT ID", "NAME", "ORG", "STATUS", "DPOP", "KEYS", "SCOPES"], &rows)
    }
}

impl Show {
    async fn run(self) -> Result<(), CliError> {
        let opened = self.registry.open(false).await?;
        let found = async {
            let (app, keys) = opened.registry.service_app_get(&self.app).await?;
            Ok::<_, CliError>(AppLine::new(&app, &keys).of(&app, &opened.registry.org_list().await?))
        };
        let found = found.await;
        opened.close().await;
        output::print_json(&found?)
    }
}

impl AddKey {
    async fn run(self) -> Result<(), CliError> {
        let Keys { public, private } = Keys::obtain(self.public_key.as_deref())?;
        let opened = self.registry.open(false).await?;
        let added = opened.registry.service_app_add_keys(&self.app, public).await;
        opened.close().await;
        let (app, keys) = added?;
        match private {
            Some(private) if self.pem => output::print(&private.pem())?,
            Some(private) => output::print(&format!("{}\n", private.jwk()))?,
            None => output::print(&keys.iter().map(|key| format!("{}\n", key.kid)).collect::<String>())?,
        }
        output::tell(&format!("service app {} ({}) has the key {}, too", app.id, app.name, kids(&keys)));
        Ok(())
    }
}

impl RemoveKey {
    async fn run(self) -> Result<(), CliError> {
        let opened = self.registry.open(false).await?;
        let removed = opened.registry.service_app_remove_key(&self.app, &self.kid).await;
        opened.close().await;
        let (app, left) = removed?;
        let rest = match left {
            0 => "; it has none left and gets no tokens".to_owned(),
            left => format!("; {left} left"),
        };
        output::tell(&format!("the key {} of the service app {} ({}) is removed{rest}", self.kid, app.id, app.name));
        Ok(())
    }
}

async fn set_active(app: &str, registry: &RegistryFlags, active: bool) -> Result<(), CliError> {
    let opened = registry.open(false).await?;
    let done = opened.registry.service_app_set_active(app, active).await;
    opened.close().await;
    let app = done?;
    let what = if active { "active" } else { "deactivated: its tokens work no more" };
    output::tell(&format!("service app {} ({}) is {what}", app.id, app.name));
    Ok(())
}

impl Delete {
    async fn run(self) -> Result<(), CliError> {
        let opened = self.registry.open(false).await?;
        let deleted = opened.registry.service_app_delete(&self.app).await;
        opened.close().await;
        let app = deleted?;
        output::tell(&format!("service app {} ({}) is deleted", app.id, app.name));
        Ok(())
    }
}
