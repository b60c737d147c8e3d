//! The constraints that a write may break, by the names that SQLite gives them. Foreign keys have none: where one could be broken,
//! the same transaction has looked before.

use crate::repository::error::Conflict;
use sqlx::sqlite::SqliteError;

/// Extended result codes (<https://sqlite.org/rescode.html>).
mod code {
    pub const CHECK: &str = "275";
    pub const NOT_NULL: &str = "1299";
    pub const PRIMARY_KEY: &str = "1555";
    pub const UNIQUE: &str = "2067";
}

/// Code, then the columns, or of a check its name, as SQLite's message has them after `constraint failed: `. No free slot leaves NULL; two writers never pick
/// the same one, and if they did the slot's uniqueness would tell.
const CONSTRAINTS: [(&str, &str, Conflict); 20] = [
    (code::UNIQUE, "org.name", Conflict::OrgName),
    (code::UNIQUE, "org.domain", Conflict::OrgDomain),
    (code::UNIQUE, "org.is_default", Conflict::OrgDefault),
    (code::UNIQUE, "hook_key.org_id, hook_key.name", Conflict::HookKeyName),
    (code::UNIQUE, "hook_key.org_id, hook_key.slot", Conflict::HookKeyCap),
    (code::NOT_NULL, "hook_key.slot", Conflict::HookKeyCap),
    (code::UNIQUE, "hook_key_version.org_id, hook_key_version.hook_key_id", Conflict::HookKeyNext),
    (code::CHECK, "hook_key_reference_slot", Conflict::KeyReferenceCap),
    (
        code::UNIQUE,
        "hook_key_reference.org_id, hook_key_reference.hook_key_id, hook_key_reference.slot",
        Conflict::KeyReferenceCap,
    ),
    (code::UNIQUE, "inline_hook.org_id, inline_hook.name", Conflict::InlineHookName),
    (code::UNIQUE, "inline_hook.org_id, inline_hook.slot", Conflict::InlineHookCap),
    (code::NOT_NULL, "inline_hook.slot", Conflict::InlineHookCap),
    (code::UNIQUE, "api_token.org_id, api_token.name", Conflict::ApiTokenName),
    (code::UNIQUE, "api_token.hash", Conflict::ApiTokenName),
    (code::UNIQUE, "service_app.org_id, service_app.name", Conflict::ServiceAppName),
    (code::UNIQUE, "service_app_key.app_id, service_app_key.kid", Conflict::ClientKid),
    (code::PRIMARY_KEY, "signing_key.org_id, signing_key.generation", Conflict::SigningKeyGeneration),
    (code::UNIQUE, "signing_key.org_id, signing_key.generation", Conflict::SigningKeyGeneration),
    (code::PRIMARY_KEY, "master_key.only", Conflict::MasterKey),
    (code::UNIQUE, "master_key.only", Conflict::MasterKey),
];

/// The rule that a failed statement would have broken, if it is one of ours.
pub fn broken(error: &sqlx::Error) -> Option<Conflict> {
    let database = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    let (code, message) = (sqlx::error::DatabaseError::code(database)?, sqlx::error::DatabaseError::message(database));
    let (_, columns) = message.split_once(" constraint failed: ")?;
    CONSTRAINTS.iter().find(|(known, name, _)| *known == code && *name == columns).map(|(_, _, conflict)| *conflict)
}
