use super::arguments::{parse_name, parse_scopes};
use super::damage;
use super::error::CliError;
use super::flags::RegistryFlags;
use super::output::{self, secret_text};
use crate::cli::operator::operator;
use crate::domain::api_token::{ApiToken, TokenStatus};
use crate::domain::clock::Timestamp;
use crate::domain::id::PrefixedId as _;
use crate::domain::org::Org;
use crate::domain::scope::Scope;
use crate::vault::Registry;
use crate::vault::error::VaultError;
use clap::{Args, Subcommand};
use serde::Serialize;
use std::slice;
use std::time::Duration;

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
  okta.logs.read            read the audit trail

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
    /// Print JSON
    #[arg(long)]
    json: bool,
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
#[command(after_help = "One that is damaged is removed, by its id.\n\nExample:\n  hookvault token revoke terraform")]
pub struct Revoke {
    /// The token's id or name
    token: String,
    #[command(flatten)]
    registry: RegistryFlags,
}

impl TokenCommand {
    pub async fn run(self) -> Result<(), CliError> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List(list) => list.run().await,
            Self::Revoke(revoke) => revoke.run().await,
        }
    }
}

impl Create {
    async fn run(self) -> Result<(), CliError> {
        // Read before the database is opened, so that a mistake makes no file.
        let name = parse_name(&self.name)?;
        let scopes = parse_scopes(&self.scope)?;
        let lifetime = self.expires.as_deref().map(parse_lifetime).transpose()?;
        let create = async |registry: &Registry| {
            let org = registry.org_pick(self.org.as_deref()).await?;
            let expires = lifetime.map(|lifetime| registry.clock().now().after(lifetime)).transpose();
            let expires =
                expires.map_err(|reason| CliError::new(format!("--expires {reason}"), "write it as 30d or 12h"))?;
            let (token, secret) = registry.api_token_create(&operator(), &org.id, name, scopes, expires).await?;
            let text = if self.json {
                let line = TokenLine::new(&token, slice::from_ref(&org), registry.clock().now());
                output::json_with(&line, "token", &["\"", secret.expose(), "\""])?
            } else {
                secret_text(&[secret.expose(), "\n"])
            };
            if let Err(error) = output::print_only_copy(&text) {
                let undo = registry.api_token_revoke(&operator(), token.id.as_str()).await.map(drop);
                return Err(error.undone(undo, "the token is revoked", &format!("the token {}", token.id)));
            }
            Ok((token, org))
        };
        let (token, org) = self.registry.work(true, create).await?;
        let until = token.expires.map_or_else(|| "it is revoked".to_owned(), Timestamp::to_wire);
        output::tell(&format!("token {} of the org {}, until {until}; it is not shown again", token.id, org.name));
        Ok(())
    }
}

fn parse_lifetime(text: &str) -> Result<Duration, CliError> {
    humantime::parse_duration(text).ok().filter(|lifetime| lifetime.as_secs() > 0).ok_or_else(|| {
        CliError::new(format!("--expires: `{text}` is not a duration of at least a second"), "write it as 30d or 12h")
    })
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
    async fn run(self) -> Result<(), CliError> {
        let list = async |registry: &Registry| {
            let (listed, orgs) = (registry.api_token_list().await?, registry.org_list().await?);
            let (tokens, damaged) = damage::split(listed);
            let now = registry.clock().now();
            let lines: Vec<_> = tokens.iter().map(|token| TokenLine::new(token, &orgs, now)).collect();
            Ok::<_, VaultError>((lines, damaged))
        };
        let (lines, damaged) = self.registry.work(false, list).await?;
        if self.json {
            output::print_json(&lines)?;
            return damage::refuse(damaged);
        }
        let rows: Vec<_> = lines
            .into_iter()
            .map(|line| {
                let expires = line.expires.unwrap_or_else(|| "-".into());
                [line.id, line.name, line.org, line.status.into(), line.created, expires, line.scopes.join(" ")]
            })
            .collect();
        output::print_table(["ID", "NAME", "ORG", "STATUS", "CREATED", "EXPIRES", "SCOPES"], &rows)?;
        damage::refuse(damaged)
    }
}

impl Revoke {
    async fn run(self) -> Result<(), CliError> {
        let revoke = async |registry: &Registry| registry.api_token_revoke(&operator(), &self.token).await;
        match self.registry.work(false, revoke).await? {
            Some(token) => output::tell(&format!("token {} ({}) is revoked", token.id, token.name)),
            None => output::tell(&format!("the row {} was damaged, and is removed", self.token)),
        }
        Ok(())
    }
}
