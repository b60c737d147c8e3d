mod listing;
mod rotate;

use super::error::CliError;
use super::flags::VaultFlags;
use super::input::{self, MAX_KEY_LENGTH};
use super::output;
use crate::cli::operator::operator;
use crate::domain::hook_key_version::Timeline;
use crate::domain::id::{HookKeyId, PrefixedId as _};
use crate::domain::org::Org;
use crate::vault::Vault;
use crate::vault::error::VaultError;
use crate::vault::keys::import::Foreign;
use clap::{Args, Subcommand};
use listing::{KeyDetails, KeyLine, User, VersionLine};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Make and manage hook keys
#[derive(Subcommand)]
#[command(
    after_help = "All of it works while the server runs, which notices at once.\n\nExample:\n  hookvault key list"
)]
pub enum KeyCommand {
    List(List),
    Create(Create),
    Import(Import),
    Show(Show),
    Rename(Rename),
    Rotate(rotate::Rotate),
    Delete(Delete),
}

/// List an org's hook keys
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault key list --json")]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    vault: VaultFlags,
}

/// Make a hook key and print its id
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault key create 'My hook key'")]
pub struct Create {
    /// What it is called; unique among the org's keys
    name: String,
    /// Print JSON, with the public half
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    vault: VaultFlags,
}

/// Take a private key that was made elsewhere, and print its id
#[derive(Args)]
#[command(
    after_help = "RSA of 2048 to 4096 bits, as PKCS#8 or PKCS#1 (PEM or DER) or a JWK, perhaps encrypted to a key of the vault (JWE with
RSA-OAEP-256). It is checked, and refused with the reason. Delete the file afterwards: the vault never gives it back.

Example:
  hookvault key import old.pem --name 'My old key'"
)]
pub struct Import {
    /// The file; - is stdin
    file: PathBuf,
    /// What it is called; unique among the org's keys
    #[arg(long)]
    name: String,
    /// The id or name of the key of the vault that the file is encrypted to
    #[arg(long, value_name = "KEY")]
    encrypted_to: Option<String>,
    /// Print JSON, with the public half
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    vault: VaultFlags,
}

/// Show a hook key, and who uses it
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault key show 'My hook key' --json")]
pub struct Show {
    /// The key's id or name
    key: String,
    /// Print JSON, with the public half
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    vault: VaultFlags,
}

/// Give a hook key another name
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault key rename 'My hook key' 'Orders'")]
pub struct Rename {
    /// The key's id or name
    key: String,
    /// What it is called from now on
    name: String,
    #[command(flatten)]
    vault: VaultFlags,
}

/// Delete a hook key for good
#[derive(Args)]
#[command(
    after_help = "Only one that nobody uses: `key show` tells who does.\n\nExample:\n  hookvault key delete Orders"
)]
pub struct Delete {
    /// The key's id or name
    key: String,
    #[command(flatten)]
    vault: VaultFlags,
}

impl KeyCommand {
    pub async fn run(self) -> Result<(), CliError> {
        match self {
            Self::List(list) => list.run().await,
            Self::Create(create) => create.run().await,
            Self::Import(import) => import.run().await,
            Self::Show(show) => show.run().await,
            Self::Rename(rename) => rename.run().await,
            Self::Rotate(rotate) => rotate.run().await,
            Self::Delete(delete) => delete.run().await,
        }
    }
}

impl List {
    async fn run(self) -> Result<(), CliError> {
        let list = async |vault: &Vault, org: &Org| vault.hook_key_timeline_list(&org.id).await;
        let lines: Vec<_> = self.vault.work(list).await?.iter().map(KeyLine::from).collect();
        if self.json {
            return output::print_json(&lines);
        }
        output::print_table(KeyLine::COLUMNS, &lines.into_iter().map(KeyLine::cells).collect::<Vec<_>>())
    }
}

impl Create {
    async fn run(self) -> Result<(), CliError> {
        let create = async |vault: &Vault, org: &Org| vault.hook_key_create(&operator(), &org.id, &self.name).await;
        let made = self.vault.work(create).await?;
        let key = made.key();
        if self.json {
            output::print_json(&KeyDetails::fresh(&made))?;
        } else {
            output::print(&format!("{}\n", key.id))?;
        }
        output::tell(&format!("hook key {} ({}) with the kid {}", key.id, key.name, key.key_id));
        Ok(())
    }
}

impl Import {
    async fn run(self) -> Result<(), CliError> {
        let text = input::read(&self.file, MAX_KEY_LENGTH)?;
        let jwe = match &self.encrypted_to {
            Some(_) => Zeroizing::new(String::from_utf8_lossy(&text).into_owned()),
            None => Zeroizing::new(String::new()),
        };
        let foreign = match &self.encrypted_to {
            Some(to) => Foreign::Wrapped { jwe: &jwe, to },
            None => Foreign::Plain(text),
        };
        let import =
            async |vault: &Vault, org: &Org| vault.hook_key_import(&operator(), &org.id, &self.name, foreign).await;
        let imported = self.vault.work(import).await?;
        let key = imported.key();
        if self.json {
            output::print_json(&KeyDetails::fresh(&imported))?;
        } else {
            output::print(&format!("{}\n", key.id))?;
        }
        let bits = key.public_key.bits();
        output::tell(&format!("hook key {} ({}) of {bits} bits with the kid {}", key.id, key.name, key.key_id));
        Ok(())
    }
}

impl Show {
    async fn run(self) -> Result<(), CliError> {
        let show = async |vault: &Vault, org: &Org| {
            let key = vault.hook_key_get_by_id_or_name(&org.id, &self.key).await?;
            let id = key.key().id.as_str();
            let users = vault.key_reference_list(&org.id, id).await?;
            let timeline = vault.hook_key_timeline(&org.id, id).await?;
            Ok::<(_, _, Timeline), VaultError>((key, users, timeline))
        };
        let (key, users, timeline) = self.vault.work(show).await?;
        let details = KeyDetails::new(&key, &users, &timeline);
        if self.json {
            return output::print_json(&details);
        }
        let versions: Vec<_> = details.line.versions.iter().map(VersionLine::cells).collect();
        output::print_table(KeyLine::COLUMNS, &[details.line.cells()])?;
        // One that signs alone says nothing more.
        if versions.len() > 1 {
            output::print("\n")?;
            output::print_table(VersionLine::COLUMNS, &versions)?;
        }
        if details.used_by.is_empty() {
            return Ok(());
        }
        output::print("\n")?;
        output::print_table(User::COLUMNS, &details.used_by.into_iter().map(User::cells).collect::<Vec<_>>())
    }
}

impl Rename {
    async fn run(self) -> Result<(), CliError> {
        let rename = async |vault: &Vault, org: &Org| {
            let id = id_of(vault, org, self.key).await?;
            vault.hook_key_rename(&operator(), &org.id, &id, &self.name).await
        };
        let renamed = self.vault.work(rename).await?;
        output::tell(&format!("hook key {} is called {}", renamed.key().id, renamed.key().name));
        Ok(())
    }
}

impl Delete {
    async fn run(self) -> Result<(), CliError> {
        let delete = async |vault: &Vault, org: &Org| {
            let id = id_of(vault, org, self.key).await?;
            vault.hook_key_delete(&operator(), &org.id, &id).await.map(|()| id)
        };
        let id = self.vault.work(delete).await?;
        output::tell(&format!("hook key {id} is deleted"));
        Ok(())
    }
}

/// The id of the key with this name; any other text as it is. What has the form of an id is never a name.
async fn id_of(vault: &Vault, org: &Org, id_or_name: String) -> Result<String, VaultError> {
    if HookKeyId::parse(&id_or_name).is_ok() {
        return Ok(id_or_name);
    }
    // Not one that is opened first: a damaged key can be renamed and deleted, too.
    let keys = vault.hook_key_list(&org.id).await?;
    let named = keys.iter().find(|key| key.name.as_str() == id_or_name);
    Ok(named.map_or(id_or_name, |key| key.id.to_string()))
}
