use super::arguments::{parse_name, parse_scopes};
use super::error::CliError;
use super::flags::RegistryFlags;
use super::output::{self, secret_text};
use crate::domain::api_token::{ApiToken, TokenStatus};
use crate::domain::clock::Timestamp;
use crate::domain::id::PrefixedId as _;
use crate::domain::name::Name;
use crate::domain::org::Org;
use crate::domain::scope::{Scope, Scopes};
use crate::vault::Registry;
use clap::{Args, Subcommand};
use serde::Serialize;

/// Make, list and revoke API tokens
#[derive(Subcommand)]
#[command(
    after_help = "All of it works while the server runs, which notices at once.\n\nExample:\n  hookvault token list"
)]
pub enum TokenCommand {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make an API token and print it
#[derive(Args)]
#[command(after_help = "It is shown this once: only its hash is kept.\n\nScopes:
  okta.inlineHooks.read     list and read keys and hooks
  okta.inlineHooks.manage   the same, and create, change and delete them, and call hooks
  hookvault.keys.use        sign with keys

Example:
  hookvault token create --name terraform --scope okta.inlineHooks.manage --expires 30d")]
pub struct Create {
    /// What the token is for; unique among the org's tokens
    #[arg(long)]
    name: String,
    /// What it may do; give it again for more
    #[arg(long, required = true)]
    scope: Vec<String>,
    /// How long it lives, such as 30d or 12h; without it, until it is revoked
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// The org's name, id or domain; without it, the default org
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// List all API tokens, expired and revoked ones too
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault token list --json")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Revoke an API token: it stops working with the next request
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault token revoke terraform")]
pub struct Revoke {
    /// The token's id or name
    token: String,
    #[command(flatten)]
    registry: RegistryFlags,
}

impl TokenCommand {
    pub async fn run(self) -> Result<(), CliError> {
        let (Self::Create(Create { registry, .. })
        | Self::List(List { registry, .. })
        | Self::Revoke(Revoke { registry, .. })) = &self;
        // Read before the database is opened, so that a mistake makes no file.
        let create = if let Self::Create(create) = &self { Some(create.parse()?) } else { None };
        let opened = registry.open(create.is_some()).await?;
        let result = match (&self, create) {
            (Self::List(list), _) => list.run(&opened.registry).await,
            (Self::Revoke(revoke), _) => revoke.run(&opened.registry).await,
            (Self::Create(_), Some(wanted)) => wanted.run(&opened.registry).await,
            (Self::Create(_), None) => Ok(()),
        };
        opened.close().await;
        result
    }
}

/// A token to be made, parsed.
struct Wanted {
    name: Name,
    scopes: Scopes,
    lifetime: Option<std::time::Duration>,
    org: Option<String>,
}

impl Create {
    fn parse(&self) -> Result<Wanted, CliError> {
        let name = parse_name(&self.name)?;
        let scopes = parse_scopes(&self.scope)?;
        let lifetime = self.expires.as_deref().map(|text| {
            humantime::parse_duration(text).ok().filter(|lifetime| lifetime.as_secs() > 0).ok_or_else(|| {
                CliError::new(
                    format!("--expires: `{text}` is not a duration of at least a second"),
                    "write it as 30d or 12h",
                )
            })
        });
        Ok(Wanted { name, scopes, lifetime: lifetime.transpose()?, org: self.org.clone() })
    }
}

impl Wanted {
    async fn run(self, registry: &Registry) -> Result<(), CliError> {
        let org = registry.org_pick(self.org.as_deref()).await?;
        let expires = self.lifetime.map(|lifetime| registry.clock().now().after(lifetime)).transpose();
        let expires =
            expires.map_err(|reason| CliError::new(format!("--expires {reason}"), "write it as 30d or 12h"))?;
        let (token, secret) = registry.api_token_create(&org.id, self.name, self.scopes, expires).await?;
        if let Err(error) = output::print_only_copy(&secret_text(&[secret.expose(), "\n"])) {
            let undo = registry.api_token_revoke(token.id.as_str()).await.map(drop);
            return Err(error.undone(undo, "the token is revoked", &format!("the token {}", token.id)));
        }
        let until = expires.map_or_else(|| "it is revoked".to_owned(), Timestamp::to_wire);
        output::tell(&format!("token {} of the org {}, until {until}; it is not shown again", token.id, org.name));
        Ok(())
    }
}

#[derive(Serialize)]
struct TokenLine {
    id: String,
    name: String,
    org: String,
    scopes: Vec<&'static str>,
    status: &'static str,
    created: String,
    expires: Option<String>,
    revoked: Option<String>,
}

impl TokenLine {
    fn new(token: &ApiToken, orgs: &[Org], now: Timestamp) -> Self {
        let org = orgs.iter().find(|org| org.id == token.org_id);
        Self {
            id: token.id.to_string(),
            name: token.name.to_string(),
            org: org.map_or_else(|| token.org_id.to_string(), |org| org.name.to_string()),
            scopes: token.scopes.iter().map(Scope::as_str).collect(),
            status: TokenStatus::as_str(token.status(now)),
            created: token.created.to_wire(),
            expires: token.expires.map(Timestamp::to_wire),
            revoked: token.revoked.map(Timestamp::to_wire),
        }
    }
}

impl List {
    async fn run(&self, registry: &Registry) -> Result<(), CliError> {
        let (tokens, orgs) = (registry.api_token_list().await?, registry.org_list().await?);
        let now = registry.clock().now();
        let lines: Vec<_> = tokens.iter().map(|token| TokenLine::new(token, &orgs, now)).collect();
        if self.json {
            return output::print_json(&lines);
        }
        let rows: Vec<_> = lines
            .into_iter()
            .map(|line| {
                let expires = line.expires.unwrap_or_else(|| "-".into());
                [line.id, line.name, line.org, line.status.into(), line.created, expires, line.scopes.join(" ")]
            })
            .collect();
        output::print_table(["ID", "NAME", "ORG", "STATUS", "CREATED", "EXPIRES", "SCOPES"], &rows)
    }
}

impl Revoke {
    async fn run(&self, registry: &Registry) -> Result<(), CliError> {
        let token = registry.api_token_revoke(&self.token).await?;
        output::tell(&format!("token {} ({}) is revoked", token.id, token.name));
        Ok(())
    }
}
