use super::error::CliError;
use super::flags::RegistryFlags;
use super::output;
use crate::cli::operator::operator;
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::vault::Registry;
use clap::{Args, Subcommand};
use serde::Serialize;

/// Make and list orgs
#[derive(Subcommand)]
#[command(after_help = "Each has its own keys, names, cap and tokens, and answers on its own domain.
Most vaults need one, which is there.\n\nExample:\n  hookvault org list")]
pub enum OrgCommand {
    Create(Create),
    List(List),
}

/// Make an org and print its id
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault org create staging --domain staging.example.com")]
pub struct Create {
    /// What it is called
    name: String,
    /// The host name under which it answers
    #[arg(long)]
    domain: Option<String>,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// List all orgs
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault org list --json")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    registry: RegistryFlags,
}

impl OrgCommand {
    pub async fn run(self) -> Result<(), CliError> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List(list) => list.run().await,
        }
    }
}

impl Create {
    async fn run(self) -> Result<(), CliError> {
        let name = Name::parse(&self.name)
            .map_err(|reason| CliError::new(format!("`{}` {reason}", self.name), "give it another name"))?;
        let domain = self.domain.as_deref().map(|text| {
            Domain::parse(text).map_err(|reason| {
                CliError::new(format!("--domain: `{text}` {reason}"), "write it as staging.example.com")
            })
        });
        let domain = domain.transpose()?;
        let create = async |registry: &Registry| registry.org_create(&operator(), name, domain).await;
        let org = self.registry.work(true, create).await?;
        output::print(&format!("{}\n", org.id))?;
        if org.domain.is_none() {
            output::tell("without a domain nobody can reach it: requests are told apart by their host");
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct OrgLine {
    id: String,
    name: String,
    domain: Option<String>,
    default: bool,
    created: String,
}

impl From<Org> for OrgLine {
    fn from(org: Org) -> Self {
        Self {
            id: org.id.to_string(),
            name: org.name.to_string(),
            domain: org.domain.map(|domain| domain.to_string()),
            default: org.is_default,
            created: org.created.to_wire(),
        }
    }
}

impl List {
    async fn run(self) -> Result<(), CliError> {
        let listed = self.registry.work(false, Registry::org_list).await?;
        let lines: Vec<OrgLine> = listed.into_iter().map(OrgLine::from).collect();
        if self.json {
            return output::print_json(&lines);
        }
        let rows: Vec<_> = lines
            .into_iter()
            .map(|line| {
                let default = if line.default { "yes" } else { "no" };
                [line.id, line.name, line.domain.unwrap_or_else(|| "-".into()), default.into(), line.created]
            })
            .collect();
        output::print_table(["ID", "NAME", "DOMAIN", "DEFAULT", "CREATED"], &rows)
    }
}
