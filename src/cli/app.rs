//! Service apps: who may get access tokens, and with which keys.

mod keys;
mod listing;

use super::arguments::{parse_name, parse_scopes};
use super::damage;
use super::error::CliError;
use super::flags::RegistryFlags;
use super::output;
use crate::cli::operator::operator;
use crate::crypto::private_jwk::Generated;
use crate::domain::id::PrefixedId as _;
use crate::domain::service_app::{AppKey, ServiceApp};
use crate::vault::Registry;
use crate::vault::error::VaultError;
use clap::{Args, Subcommand};
use keys::{KeyFlags, Keys};
use listing::{AppLine, kids};

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
#[command(
    after_help = "With --generate it prints what the official SDKs read from the environment: keep that in a file
that only you may read (umask 077). `hookvault token create --help` explains the scopes.

Example:
  hookvault app create --name ci --scope okta.inlineHooks.manage --generate > app.env
  hookvault app create --name ci --scope okta.inlineHooks.read --public-key key.pem"
)]
pub struct Create {
    /// What it is called; unique among the org's apps
    #[arg(long)]
    name: String,
    /// What it may ask for; give it again for more
    #[arg(long, required = true)]
    scope: Vec<String>,
    #[command(flatten)]
    key: KeyFlags,
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
#[command(after_help = "While an app has several keys, its assertions must say which one signed them (kid).

Example:
  hookvault app add-key ci --public-key next.pem")]
pub struct AddKey {
    /// The app's client id or name
    app: String,
    #[command(flatten)]
    key: KeyFlags,
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
    #[arg(allow_hyphen_values = true)]
    kid: String,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Let a service app get tokens again
#[derive(Args)]
#[command(after_help = "Those of before its deactivation stay dead.\n\nExample:\n  hookvault app activate ci")]
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
#[command(
    after_help = "One that is damaged is removed, by its client id, also while it is active.\n\nExample:\n  hookvault app delete ci"
)]
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

impl Create {
    async fn run(self) -> Result<(), CliError> {
        // Read before the database is opened, so that a mistake makes no file.
        let name = parse_name(&self.name)?;
        let scopes = parse_scopes(&self.scope)?;
        let Keys { public, private } = self.key.obtain()?;
        let create = async |registry: &Registry| {
            let org = registry.org_pick(self.org.as_deref()).await?;
            let (app, keys) =
                registry.service_app_create(&operator(), &org.id, name, scopes, self.dpop, public).await?;
            let line = AppLine::new(&app, &keys, &[org]);
            if let Err(error) = self.print(&app, &line, private.as_ref()) {
                // Nobody has its private key.
                let undo = take_back(registry, &app).await;
                return Err(error.undone(undo, "no service app was made", &format!("the service app {}", app.id)));
            }
            Ok::<_, CliError>((app, keys))
        };
        let (app, keys) = self.registry.work(true, create).await?;
        output::tell(&format!("service app {} ({}) with the key {}", app.id, app.name, kids(&keys)));
        if self.key.generate {
            output::tell("the private key is not kept here and not shown again");
        }
        Ok(())
    }

    fn print(&self, app: &ServiceApp, line: &AppLine, private: Option<&Generated>) -> Result<(), CliError> {
        match private {
            Some(private) if self.json => output::print_only_copy(&keys::json(line, private, self.key.pem)?),
            Some(private) => output::print_only_copy(&keys::environment(app, private, self.key.pem)),
            None if self.json => output::print_json(line),
            None => output::print(&format!("{}\n", app.id)),
        }
    }
}

async fn take_back(registry: &Registry, app: &ServiceApp) -> Result<(), VaultError> {
    registry.service_app_set_active(&operator(), app.id.as_str(), false).await?;
    registry.service_app_delete(&operator(), app.id.as_str()).await.map(drop)
}

impl List {
    async fn run(self) -> Result<(), CliError> {
        let list = async |registry: &Registry| {
            let (listed, orgs) = (registry.service_app_list().await?, registry.org_list().await?);
            let (apps, damaged) = damage::split(listed);
            let lines: Vec<_> = apps.iter().map(|(app, keys)| AppLine::new(app, keys, &orgs)).collect();
            Ok::<_, VaultError>((lines, damaged))
        };
        let (lines, damaged) = self.registry.work(false, list).await?;
        if self.json {
            output::print_json(&lines)?;
        } else {
            output::print_table(AppLine::COLUMNS, &lines.into_iter().map(AppLine::cells).collect::<Vec<_>>())?;
        }
        damage::refuse(damaged)
    }
}

impl Show {
    async fn run(self) -> Result<(), CliError> {
        let show = async |registry: &Registry| {
            let (app, keys) = registry.service_app_get(&self.app).await?;
            let org = registry.org_pick(Some(app.org_id.as_str())).await?;
            Ok::<_, VaultError>(AppLine::new(&app, &keys, &[org]))
        };
        output::print_json(&self.registry.work(false, show).await?)
    }
}

impl AddKey {
    async fn run(self) -> Result<(), CliError> {
        let Keys { public, private } = self.key.obtain()?;
        let add = async |registry: &Registry| {
            let (app, keys) = registry.service_app_add_keys(&operator(), &self.app, public).await?;
            if let Err(error) = self.print(&keys, private.as_ref()) {
                let mut undo = Ok(());
                for AppKey { kid, .. } in &keys {
                    let removed = registry.service_app_remove_key(&operator(), app.id.as_str(), kid.as_str()).await;
                    undo = undo.and(removed.map(drop));
                }
                return Err(error.undone(
                    undo,
                    "no key was added",
                    &format!("of the service app the key {}", kids(&keys)),
                ));
            }
            Ok::<_, CliError>((app, keys))
        };
        let (app, keys) = self.registry.work(false, add).await?;
        output::tell(&format!("service app {} ({}) has the key {}, too", app.id, app.name, kids(&keys)));
        Ok(())
    }

    fn print(&self, keys: &[AppKey], private: Option<&Generated>) -> Result<(), CliError> {
        match private {
            Some(private) => output::print_only_copy(&keys::line(private, self.key.pem)),
            None => output::print(&keys.iter().map(|key| format!("{}\n", key.kid)).collect::<String>()),
        }
    }
}

impl RemoveKey {
    async fn run(self) -> Result<(), CliError> {
        let remove =
            async |registry: &Registry| registry.service_app_remove_key(&operator(), &self.app, &self.kid).await;
        let (app, left) = self.registry.work(false, remove).await?;
        let rest = match left {
            0 => "; it has none left and gets no tokens".to_owned(),
            left => format!("; {left} left"),
        };
        output::tell(&format!("the key {} of the service app {} ({}) is removed{rest}", self.kid, app.id, app.name));
        Ok(())
    }
}

async fn set_active(app: &str, registry: &RegistryFlags, active: bool) -> Result<(), CliError> {
    let set = async |registry: &Registry| registry.service_app_set_active(&operator(), app, active).await;
    let app = registry.work(false, set).await?;
    let what = if active { "active" } else { "deactivated: its tokens work no more" };
    output::tell(&format!("service app {} ({}) is {what}", app.id, app.name));
    Ok(())
}

impl Delete {
    async fn run(self) -> Result<(), CliError> {
        let delete = async |registry: &Registry| registry.service_app_delete(&operator(), &self.app).await;
        match self.registry.work(false, delete).await? {
            Some(app) => output::tell(&format!("service app {} ({}) is deleted", app.id, app.name)),
            None => output::tell(&format!("the row {} was damaged, and is removed with its keys", self.app)),
        }
        Ok(())
    }
}
