use crate::cli::error::CliError;
use crate::cli::flags::RegistryFlags;
use crate::cli::output;
use crate::domain::audit::EventKind;
use crate::domain::clock::Timestamp;
use crate::domain::id::OrgId;
use crate::vault::Registry;
use crate::vault::custody::audit::reading::{AuditEntry, AuditQuery};
use clap::Args;
use serde_json::{Value, json};
use std::time::Duration;

/// How many entries are in memory at a time.
const PAGE: u32 = 500;

/// How often a tail that follows looks for more.
const PAUSE: Duration = Duration::from_secs(1);

/// How many are listed where nobody says since when.
const NEWEST: u32 = 50;

const HEAD: [&str; 6] = ["NUMBER", "TIME", "EVENT", "WHO", "OUTCOME", "TARGET"];

/// List entries, oldest first
#[derive(Args)]
#[command(
    after_help = "Without --since the newest 50.\n\nExample:\n  hookvault audit list --type system.hook.key.deleted --since 2026-01-01T00:00:00Z"
)]
pub struct List {
    /// From this moment on
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this moment
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Of this type; give it again for more
    #[arg(long = "type", value_name = "EVENT")]
    kinds: Vec<String>,
    /// Print each entry as it is, JSON on a line
    #[arg(long)]
    json: bool,
    /// The org's name, id or domain; without it, the default org
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Print the newest entries, and perhaps those that come
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault audit tail --follow")]
pub struct Tail {
    /// How many
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    number: u32,
    /// Go on with what comes
    #[arg(long, short)]
    follow: bool,
    /// Print each entry as it is, JSON on a line
    #[arg(long)]
    json: bool,
    /// The org's name, id or domain; without it, the default org
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    registry: RegistryFlags,
}

/// Print the whole trail, an entry on a line, as it was written
#[derive(Args)]
#[command(
    after_help = "`audit verify --file` checks it against a checkpoint, without the vault. Of an entry that is forgotten for its
age the hash alone is left.\n\nExample:\n  hookvault audit export > trail.jsonl"
)]
pub struct Export {
    /// The org's name, id or domain; without it, the default org
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    registry: RegistryFlags,
}

impl List {
    pub async fn run(self) -> Result<(), CliError> {
        let time = |flag: &str, text: &Option<String>| {
            let parse = |text: &String| {
                Timestamp::parse(text).map_err(|reason| {
                    CliError::new(format!("{flag}: `{text}` {reason}"), "write it as 2026-01-31T12:00:00Z")
                })
            };
            text.as_ref().map(parse).transpose()
        };
        let (since, until) = (time("--since", &self.since)?, time("--until", &self.until)?);
        let query = AuditQuery { since, until, kinds: self.kinds, limit: PAGE, ..AuditQuery::default() };
        for kind in query.kinds.iter().filter(|kind| !EventKind::ALL.iter().any(|known| known.as_str() == *kind)) {
            output::tell(&format!(
                "hint: {kind} is no type of this version; entries name theirs, such as {}",
                EventKind::HookKeyCreated.as_str()
            ));
        }
        let list = async |registry: &Registry| {
            let org = registry.org_pick(self.org.as_deref()).await?;
            if query.since.is_some() {
                return each(registry, &org.id, query, |entries| print(&entries, self.json)).await;
            }
            let query = AuditQuery { limit: NEWEST, is_descending: true, ..query };
            let mut entries = registry.audit_list(&org.id, &query).await?;
            entries.reverse();
            print(&entries, self.json)?;
            if entries.len() >= NEWEST as usize {
                output::tell(&format!("hint: these are the newest {NEWEST}; --since shows what was before"));
            }
            Ok(())
        };
        self.registry.work(false, list).await
    }
}

impl Tail {
    pub async fn run(self) -> Result<(), CliError> {
        let tail = async |registry: &Registry| {
            let org = registry.org_pick(self.org.as_deref()).await?;
            let newest = AuditQuery { limit: self.number, is_descending: true, ..AuditQuery::default() };
            let mut entries = registry.audit_list(&org.id, &newest).await?;
            entries.reverse();
            print(&entries, self.json)?;
            let mut from = entries.last().map_or(0, |entry| entry.number + 1);
            if !self.follow {
                return Ok::<_, CliError>(());
            }
            loop {
                tokio::time::sleep(PAUSE).await;
                let query = AuditQuery { from: Some(from), limit: PAGE, ..AuditQuery::default() };
                let entries = registry.audit_list(&org.id, &query).await?;
                print_later(&entries, self.json)?;
                from = entries.last().map_or(from, |entry| entry.number + 1);
            }
        };
        self.registry.work(false, tail).await
    }
}

impl Export {
    pub async fn run(self) -> Result<(), CliError> {
        let export = async |registry: &Registry| {
            let org = registry.org_pick(self.org.as_deref()).await?;
            registry.audit_export(&org.id, |line| output::print(&format!("{line}\n"))).await
        };
        self.registry.work(false, export).await
    }
}

/// Hands all that a query asks for to `use_entries`, page by page.
async fn each(
    registry: &Registry,
    org: &OrgId,
    mut query: AuditQuery,
    use_entries: impl Fn(Vec<AuditEntry>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    loop {
        let entries = registry.audit_list(org, &query).await?;
        let (is_last, last) = (entries.len() < query.limit as usize, entries.last().map(|entry| entry.number));
        use_entries(entries)?;
        match last {
            Some(last) if !is_last => query.from = Some(last + 1),
            _ => return Ok(()),
        }
    }
}

fn print(entries: &[AuditEntry], as_json: bool) -> Result<(), CliError> {
    if as_json { print_lines(entries) } else { output::print_table(HEAD, &rows(entries)) }
}

/// Behind what is printed already.
fn print_later(entries: &[AuditEntry], as_json: bool) -> Result<(), CliError> {
    if as_json { print_lines(entries) } else { output::print_more(HEAD, &rows(entries)) }
}

fn print_lines(entries: &[AuditEntry]) -> Result<(), CliError> {
    let mut texts = entries.iter().filter_map(|entry| entry.text.as_deref());
    texts.try_for_each(|text| output::print(&format!("{text}\n")))
}

fn rows(entries: &[AuditEntry]) -> Vec<[String; 6]> {
    entries.iter().map(cells).collect()
}

fn cells(entry: &AuditEntry) -> [String; 6] {
    let text: Value = entry.text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(json!({}));
    let word = |pointer: &str| text.pointer(pointer).and_then(Value::as_str).unwrap_or("-").to_owned();
    let count = text.pointer("/debugContext/debugData/count").and_then(Value::as_u64).unwrap_or(1);
    let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
    [
        entry.number.to_string(),
        entry.published.to_wire(),
        entry.kind.clone(),
        word("/actor/displayName"),
        word("/outcome/result"),
        format!("{}{times}", word("/target/0/displayName")),
    ]
}
