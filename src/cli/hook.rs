use super::damage;
use super::diagnosis;
use super::error::CliError;
use super::flags::VaultFlags;
use super::output;
use crate::cli::operator::operator;
use crate::config::variable;
use crate::domain::id::{InlineHookId, PrefixedId as _};
use crate::domain::inline_hook::InlineHook;
use crate::domain::org::Org;
use crate::vault::Vault;
use crate::vault::error::VaultError;
use crate::vault::hooks::call::HookCall;
use crate::vault::hooks::call::trace::Step;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::io::Read as _;
use std::time::Duration;

/// Call, list and delete inline hooks
#[derive(Subcommand)]
#[command(
    after_help = "Hooks are made and changed through the API, /api/v1/inlineHooks.\n\nExample:\n  hookvault hook list"
)]
pub enum HookCommand {
    Test(Test),
    List(List),
    Delete(Delete),
}

/// Call an inline hook, print each step, and say what is wrong
#[derive(Args)]
#[command(after_help = "A real call, also of a hook that is inactive. Tokens and secrets are shown by their length.

Example:
  hookvault hook test 'My hook' --data-dir hookvault-data")]
pub struct Test {
    /// The hook's name or id
    hook: String,
    /// A file with the JSON object to send, or - for stdin [default: a small one]
    #[arg(long, value_name = "FILE")]
    payload: Option<String>,
    /// Hosts and networks that hooks may be in, besides the public internet
    #[arg(long, value_name = "LIST", help_heading = "Settings")]
    hook_allow: Option<String>,
    #[command(flatten)]
    vault: VaultFlags,
}

/// List all inline hooks
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault hook list --json")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    vault: VaultFlags,
}

/// Delete an inline hook for good
#[derive(Args)]
#[command(after_help = "Only one that is inactive; one that is damaged is deleted by its id, also while it is active.

Example:
  hookvault hook delete 'My hook'")]
pub struct Delete {
    /// The hook's id or name
    hook: String,
    #[command(flatten)]
    vault: VaultFlags,
}

impl HookCommand {
    pub async fn run(self) -> Result<(), CliError> {
        match self {
            Self::Test(test) => test.run().await,
            Self::List(list) => list.run().await,
            Self::Delete(delete) => delete.run().await,
        }
    }
}

impl Test {
    async fn run(self) -> Result<(), CliError> {
        let given = self.payload.as_deref().map(read_object).transpose()?;
        let payload = given.unwrap_or_else(|| br#"{"eventType":"hookvault.test","data":{}}"#.to_vec());
        let allow = vec![(variable::HOOK_ALLOW, self.hook_allow)];
        let test = async |vault: &Vault, org: &Org| {
            let started = vault.clock().elapsed();
            let call = vault.inline_hook_test(&operator(), &org.id, &self.hook, payload).await?;
            Ok::<_, VaultError>((call, vault.clock().elapsed().saturating_sub(started)))
        };
        let (call, took) = self.vault.work_with([allow], test).await?;
        output::print(&screen(&call))?;
        match &call.outcome {
            Ok(_) => output::print(&format!("{}: the hook answered, {} in all\n", output::good("ok"), millis(took))),
            Err(error) => Err(CliError::new(output::visible(&error.to_string()), diagnosis::hint(error, &call))),
        }
    }
}

/// A JSON object from a file or stdin, as it stands there.
pub fn read_object(path: &str) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(path).map(|content| bytes = content)
    };
    read.map_err(|error| CliError::new(format!("{path} cannot be read: {error}"), "check the path; - is stdin"))?;
    serde_json::from_slice::<Map<String, Value>>(&bytes).map_err(|error| {
        CliError::new(format!("{path} is not a JSON object: {error}"), "write it as {\"name\": \"value\"}")
    })?;
    Ok(bytes)
}

fn screen(call: &HookCall) -> String {
    let hook = &call.hook;
    let name = output::visible(hook.name.as_str());
    let mut text = format!("{name} ({}), {}, {}\n", hook.id, hook.hook_type.as_str(), hook.status.as_str());
    for (number, Step { title, sent, received, took }) in call.steps.iter().enumerate() {
        // Writing to a String does not fail.
        let _ = write!(text, "\n{}. {} ({})\n", number + 1, output::visible(title), millis(*took));
        for (mark, lines) in [('>', sent), ('<', received)] {
            for line in lines.iter().flat_map(|line| line.lines()) {
                let _ = writeln!(text, "   {mark} {}", output::visible(line));
            }
        }
    }
    text.push('\n');
    text
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

#[derive(Serialize)]
struct HookLine {
    id: String,
    name: String,
    #[serde(rename = "type")]
    hook_type: &'static str,
    status: &'static str,
    uri: String,
    key: Option<String>,
}

impl From<InlineHook> for HookLine {
    fn from(hook: InlineHook) -> Self {
        Self {
            id: hook.id.to_string(),
            name: hook.name.to_string(),
            hook_type: hook.hook_type.as_str(),
            status: hook.status.as_str(),
            uri: hook.channel.uri.to_string(),
            key: hook.channel.auth.hook_key_id().map(ToString::to_string),
        }
    }
}

impl List {
    async fn run(self) -> Result<(), CliError> {
        let list = async |vault: &Vault, org: &Org| vault.inline_hook_list_each(&org.id).await;
        let (hooks, damaged) = damage::split(self.vault.work(list).await?);
        let lines: Vec<HookLine> = hooks.into_iter().map(HookLine::from).collect();
        if self.json {
            output::print_json(&lines)?;
            return damage::refuse(damaged);
        }
        let rows: Vec<_> = lines
            .into_iter()
            .map(|line| {
                let key = line.key.unwrap_or_else(|| "-".into());
                [line.id, line.name, line.status.into(), line.hook_type.into(), key, line.uri]
            })
            .collect();
        output::print_table(["ID", "NAME", "STATUS", "TYPE", "KEY", "URI"], &rows)?;
        damage::refuse(damaged)
    }
}

impl Delete {
    async fn run(self) -> Result<(), CliError> {
        let delete = async |vault: &Vault, org: &Org| {
            let id = id_of(vault, org, self.hook).await?;
            vault.inline_hook_delete(&operator(), &org.id, &id).await.map(|()| id)
        };
        let id = self.vault.work(delete).await?;
        output::tell(&format!("inline hook {id} is deleted"));
        Ok(())
    }
}

/// The id of the hook with this name; any other text as it is. What has the form of an id is never a name.
async fn id_of(vault: &Vault, org: &Org, id_or_name: String) -> Result<String, VaultError> {
    if InlineHookId::parse(&id_or_name).is_ok() {
        return Ok(id_or_name);
    }
    let (hooks, _) = damage::split(vault.inline_hook_list_each(&org.id).await?);
    let named = hooks.iter().find(|hook| hook.name.as_str() == id_or_name);
    Ok(named.map_or(id_or_name, |hook| hook.id.to_string()))
}
