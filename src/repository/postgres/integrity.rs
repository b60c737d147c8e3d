//! Whether the database is sound, as far as it can be asked: its checksums, its constraints, and what refers to nothing.

use super::error::store_error;
use super::planted::planted;
use super::query::query_scalar;
use crate::repository::error::StoreError;
use crate::repository::store::Finding;
use sqlx::PgConnection;

/// Pages whose checksum did not fit when they were read, where the cluster keeps checksums.
const CHECKSUMS: &str = "
    SELECT 'pages with a wrong checksum: ' || checksum_failures FROM pg_stat_database
    WHERE datname = current_database() AND checksum_failures > 0";

/// Constraints that were switched off, indexes that are not complete, and triggers of foreign keys that do not run.
const SWITCHED_OFF: &str = "
    SELECT 'the constraint ' || conname || ' of ' || conrelid::regclass || ' was never checked'
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND NOT convalidated
    UNION ALL
    SELECT 'the index ' || indexrelid::regclass || ' is not complete'
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = current_schema()::regnamespace AND NOT (indisvalid AND indisready)
    UNION ALL
    SELECT DISTINCT 'foreign keys of ' || tgrelid::regclass || ' are switched off'
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = current_schema()::regnamespace AND tgisinternal AND tgenabled NOT IN ('O', 'A')";

/// Numbers of rows that another hand has used up.
const USED_UP: &str = "
    SELECT format('the numbers of the rows of %1$s are used up, so that none can be added: `SELECT setval(''%1$s_seq_seq'', \
                   (SELECT coalesce(max(seq), 0) + 1 FROM %1$s))` gives them back', replace(sequencename, '_seq_seq', ''))
    FROM pg_sequences WHERE schemaname = current_schema() AND last_value = max_value";

/// What the migrations make: the constraints and indexes that rules rest on, by table and name.
const EXPECTED: &str = "
    SELECT 'the rule ' || name || ' of ' || relation || ' is missing' FROM (VALUES
        ('org', 'org_id_unique'), ('org', 'org_name_unique'), ('org', 'org_domain_unique'), ('org', 'org_default'),
        ('hook_key', 'hook_key_id_unique'), ('hook_key', 'hook_key_key_id_unique'), ('hook_key', 'hook_key_name_unique'),
        ('hook_key', 'hook_key_slot_unique'), ('hook_key', 'hook_key_of_org_unique'), ('hook_key', 'hook_key_slot_check'),
        ('hook_key', 'hook_key_org_id_fkey'),
        ('hook_key_reference', 'hook_key_reference_pkey'), ('hook_key_reference', 'hook_key_reference_slot_unique'),
        ('hook_key_reference', 'hook_key_reference_key_fkey'), ('hook_key_reference', 'hook_key_reference_hook_fkey'),
        ('hook_key_reference', 'hook_key_reference_slot'),
        ('inline_hook', 'inline_hook_id_unique'), ('inline_hook', 'inline_hook_name_unique'),
        ('inline_hook', 'inline_hook_slot_unique'), ('inline_hook', 'inline_hook_slot_check'),
        ('inline_hook', 'inline_hook_key_fkey'), ('inline_hook', 'inline_hook_with_key'),
        ('api_token', 'api_token_id_unique'), ('api_token', 'api_token_hash_unique'), ('api_token', 'api_token_name'),
        ('service_app', 'service_app_id_unique'), ('service_app', 'service_app_name_unique'),
        ('service_app_key', 'service_app_key_kid_unique'),
        ('signing_key', 'signing_key_generation'), ('signing_key', 'signing_key_key_id_unique'),
        ('used_token_id', 'used_token_id_pkey'), ('master_key', 'master_key_only'),
        ('audit_head', 'audit_head_pkey'), ('audit_entry', 'audit_entry_pkey'), ('audit_node', 'audit_node_pkey'),
        ('audit_key', 'audit_key_pkey')
    ) AS rules (relation, name)
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = to_regclass(relation) AND conname = name)
      AND NOT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = to_regclass(relation) AND indexrelid = to_regclass(name) AND indisunique)";

/// Rows that refer to rows that are not there, as a restored copy or a switched-off constraint may leave them.
const ORPHANS: [(&str, &str); 4] = [
    (
        "hook_key refers to rows of org that are missing",
        "SELECT EXISTS (SELECT 1 FROM hook_key AS k LEFT JOIN org AS o ON o.id = k.org_id WHERE o.id IS NULL)",
    ),
    (
        "hook_key_reference refers to rows of hook_key that are missing",
        "SELECT EXISTS (SELECT 1 FROM hook_key_reference AS r LEFT JOIN hook_key AS k ON k.org_id = r.org_id AND k.id = r.hook_key_id
         WHERE k.id IS NULL)",
    ),
    (
        "hook_key_reference refers to rows of inline_hook that are missing",
        "SELECT EXISTS (SELECT 1 FROM hook_key_reference AS r LEFT JOIN inline_hook AS h ON h.org_id = r.org_id
         AND h.hook_key_id = r.hook_key_id AND h.id = r.inline_hook_id WHERE r.inline_hook_id IS NOT NULL AND h.id IS NULL)",
    ),
    (
        "service_app_key refers to rows of service_app that are missing",
        "SELECT EXISTS (SELECT 1 FROM service_app_key AS k LEFT JOIN service_app AS a ON a.id = k.app_id WHERE a.id IS NULL)",
    ),
];

/// Says what is wrong. In one view.
///
/// # Errors
/// [`StoreError`] where it cannot be looked at for another reason than damage.
pub async fn examine(connection: &mut PgConnection) -> Result<Vec<Finding>, StoreError> {
    // It may read whole tables.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut *connection).await.map_err(store_error)?;
    let mut findings = Vec::new();
    let checksums: Vec<String> = query_scalar(CHECKSUMS).fetch_all(&mut *connection).await.map_err(store_error)?;
    findings.extend(checksums.into_iter().map(Finding::Damaged));
    for look in [EXPECTED, SWITCHED_OFF, USED_UP] {
        let found: Vec<String> = query_scalar(look).fetch_all(&mut *connection).await.map_err(store_error)?;
        findings.extend(found.into_iter().map(Finding::Broken));
    }
    findings.extend(planted(connection).await?.into_iter().map(Finding::from));
    for (finding, look) in ORPHANS {
        let is_there: bool = query_scalar(look).fetch_one(&mut *connection).await.map_err(store_error)?;
        if is_there {
            findings.push(Finding::Broken(finding.to_owned()));
        }
    }
    Ok(findings)
}
