//! The constraints that a write may break, by their names in the migrations.

use crate::repository::error::Conflict;
use sqlx::postgres::PgDatabaseError;

/// No free slot leaves NULL, which has no constraint of a name (PostgreSQL names constraints of NOT NULL since 18): the table and the
/// column tell it.
const NOT_NULL: &str = "23502";

const CONSTRAINTS: [(&str, Conflict); 19] = [
    ("org_name_unique", Conflict::OrgName),
    ("org_domain_unique", Conflict::OrgDomain),
    ("org_default", Conflict::OrgDefault),
    ("hook_key_name_unique", Conflict::HookKeyName),
    ("hook_key_slot_unique", Conflict::HookKeyCap),
    ("hook_key_version_next", Conflict::HookKeyNext),
    ("hook_key_version_key_fkey", Conflict::HookKeyMissing),
    ("hook_key_reference_slot", Conflict::KeyReferenceCap),
    ("hook_key_reference_slot_unique", Conflict::KeyReferenceCap),
    ("hook_key_reference_key_fkey", Conflict::HookKeyMissing),
    ("inline_hook_name_unique", Conflict::InlineHookName),
    ("inline_hook_slot_unique", Conflict::InlineHookCap),
    ("inline_hook_key_fkey", Conflict::HookKeyMissing),
    ("api_token_name", Conflict::ApiTokenName),
    ("api_token_hash_unique", Conflict::ApiTokenName),
    ("service_app_name_unique", Conflict::ServiceAppName),
    ("service_app_key_kid_unique", Conflict::ClientKid),
    ("signing_key_generation", Conflict::SigningKeyGeneration),
    ("master_key_only", Conflict::MasterKey),
];

/// The rule that a failed statement would have broken, if it is one of ours.
pub fn broken(error: &sqlx::Error) -> Option<Conflict> {
    let database = error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?;
    if database.code() == NOT_NULL && database.column() == Some("slot") {
        return match database.table()? {
            "hook_key" => Some(Conflict::HookKeyCap),
            "inline_hook" => Some(Conflict::InlineHookCap),
            _ => None,
        };
    }
    let name = database.constraint()?;
    CONSTRAINTS.iter().find(|(known, _)| *known == name).map(|(_, conflict)| *conflict)
}
