//! What a person reads when a command fails: what happened, then what to do.

use crate::app::{self, StartError};
use crate::config::{ConfigError, DataDir};
use crate::domain::chain::Chain;
use crate::domain::hook_key::KeyReference;
use crate::telemetry::TelemetryError;
use crate::vault::error::{Conflict, Kind, Kinship, VaultError};
use clap::error::ErrorKind;

const FAILURE: u8 = 1;
const USAGE: u8 = 2;

pub struct CliError {
    pub message: String,
    pub hint: String,
    /// What the process ends with.
    pub code: u8,
}

impl CliError {
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), code: FAILURE }
    }

    /// The same of something that was taken back: as if it had never been, or else what is left.
    #[must_use]
    pub fn undone(self, undo: Result<(), VaultError>, outcome: &str, left: &str) -> Self {
        let outcome = match undo {
            Ok(()) => outcome.to_owned(),
            Err(undo) => format!("{left} is left, as it could not be taken back: {}", Chain(&undo)),
        };
        Self { message: format!("{}; {outcome}", self.message), ..self }
    }

    /// In our form, what clap says at length.
    pub fn usage(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            let usage = text.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or("hookvault");
            let command = usage.trim_end_matches(" <COMMAND>");
            return Self { code: USAGE, ..Self::new("a command is missing", format!("`{command} --help` lists them")) };
        }
        let mut paragraphs = text.split("\n\n");
        let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ").trim();
        let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
        let usage = text.lines().find_map(|line| line.strip_prefix("Usage: "));
        let hint = match (tip, usage) {
            (Some(tip), _) => tip.to_owned(),
            (None, Some(usage)) => format!("usage is `{usage}`; --help tells more"),
            (None, None) => "try --help".to_owned(),
        };
        Self { message: message.lines().map(str::trim).collect::<Vec<_>>().join(" "), hint, code: USAGE }
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        // A person who has used `dev` here, and forgot that its vault is elsewhere.
        let hint = match DataDir::here().filter(|_| error.is_nothing_there()) {
            Some(folder) => {
                format!(
                    "the vault of `hookvault dev` in this folder is used with --data-dir {}",
                    folder.path().display()
                )
            }
            None => error.hint(),
        };
        Self::new(Chain(&error).to_string(), hint)
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string(), error.hint)
    }
}

impl From<TelemetryError> for CliError {
    fn from(error: TelemetryError) -> Self {
        Self::new(error.to_string(), "write it as info or hookvault=debug,info")
    }
}

impl From<VaultError> for CliError {
    fn from(error: VaultError) -> Self {
        let hint = match &error {
            VaultError::NotFound { kind, .. } => match kind {
                Kind::Org => "`hookvault org list` shows all orgs".into(),
                Kind::InlineHook => "`hookvault hook list` shows all inline hooks".into(),
                Kind::HookKey | Kind::KeyReference => "`hookvault key list` shows all hook keys".into(),
                Kind::ServiceApp => "`hookvault app list` shows all service apps".into(),
                Kind::ClientKey => "`hookvault app show` shows the keys of an app".into(),
                Kind::AuditEntry => "`hookvault audit list` shows entries and their numbers".into(),
                Kind::ApiToken | Kind::User => "`hookvault token list` shows all tokens".into(),
            },
            VaultError::Ambiguous { .. } => "give the id instead of the name".into(),
            VaultError::Invalid(_) => "see --help for the form of each value".into(),
            VaultError::Name(_) => "give it another name".into(),
            VaultError::Import(_) => {
                "give one RSA private key of 2048 to 4096 bits, as PKCS#8 or PKCS#1 (PEM or DER) or a JWK, not encrypted".into()
            }
            VaultError::ImportRelated { kinship: Kinship::Same, .. } => {
                "use the one that is there; `hookvault key list` shows all hook keys".into()
            }
            VaultError::ImportRelated { kinship: Kinship::CommonFactor, name, .. } => format!(
                "import neither: make a new key for each; `hookvault key rotate '{name}' --emergency` replaces the one that is there at once"
            ),
            VaultError::Unwrap(_) => "encrypt the key with RSA-OAEP-256 and A256GCM to the public key of a key of the vault".into(),
            VaultError::KeyInUse { users } => {
                let user = |user: &KeyReference| format!("{} {}", user.consumer_kind, user.consumer_name);
                format!("take it out of these first: {}", users.iter().map(user).collect::<Vec<_>>().join(", "))
            }
            VaultError::HookActive => "deactivate it first: POST /api/v1/inlineHooks/ID/lifecycle/deactivate".into(),
            VaultError::AppActive => "deactivate it first: `hookvault app deactivate`".into(),
            VaultError::HookKeyRotating { .. } | VaultError::HookKeyRetiredCap { .. } => {
                "rotate again after that, or use --emergency if a key is in wrong hands".into()
            }
            VaultError::RotationUnderWay { .. } => {
                "wait until it does, or use --revoke if a key is in wrong hands".into()
            }
            VaultError::Conflict(conflict) => match conflict {
                Conflict::ServiceAppName => "choose another name, or delete the other app first".into(),
                Conflict::ClientKid => "give the key another kid, or remove the other key first".into(),
                Conflict::ApiTokenName => "choose another name, or revoke the other token first".into(),
                Conflict::OrgName | Conflict::OrgDomain | Conflict::OrgDefault => {
                    "`hookvault org list` shows all orgs".into()
                }
                Conflict::HookKeyName => "choose another name; `hookvault key list` shows all hook keys".into(),
                Conflict::InlineHookName => "choose another name; `hookvault hook list` shows all inline hooks".into(),
                Conflict::HookKeyCap => "delete one that is not needed: `hookvault key delete`".into(),
                Conflict::InlineHookCap | Conflict::KeyReferenceCap => "delete one that is not needed first".into(),
                Conflict::HookKeyMissing
                | Conflict::HookKeyNext
                | Conflict::SigningKeyGeneration
                | Conflict::MasterKey => "try again".into(),
            },
            other => app::store_hint(other),
        };
        Self::new(Chain(&error).to_string(), hint)
    }
}
