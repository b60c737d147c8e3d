//! What SQLite alone promises: its file, its constraints against other programs, its migrations.

use super::{change, fresh, hook, key, name, org, sealed, sealer, time, token, with_key, write};
use crate::support::app::{MASTER_KEY, database, migration_names, migrations, other_program, refer, sqlite_program};
use crate::support::seal::seals;
use hookvault::domain::id::{InlineHookId, PrefixedId as _};
use hookvault::domain::row_seal::RowSealer;
use hookvault::repository::error::StoreError;
use hookvault::repository::hook_key::KeyDeletion;
use hookvault::repository::url::DatabaseUrl;
use hookvault::repository::{self, Mode};
use std::sync::Arc;
use tempfile::TempDir;

#[tokio::test]
async fn migrations_run_once_and_are_told_beforehand() {
    let folder = TempDir::new().unwrap();
    let (store, is_new) =
        repository::open(&DatabaseUrl::file(&database(&folder)), Mode::Create, sealer()).await.unwrap();
    assert!(is_new);
    assert_eq!(store.migrations_pending().await.unwrap(), migration_names());
    assert_eq!(store.migrations_pending().await.unwrap(), migration_names(), "looking changes nothing");
    assert_eq!(store.migrate().await.unwrap(), migration_names());
    assert!(store.migrations_pending().await.unwrap().is_empty());
    assert!(store.migrate().await.unwrap().is_empty());
}

/// The switch of a new file to WAL is where SQLite says busy at once, whatever the time-out.
#[tokio::test]
async fn processes_that_start_at_once_open_one_new_file_and_migrate_it_once() {
    for _ in 0..25 {
        let folder = TempDir::new().unwrap();
        let url = DatabaseUrl::file(&database(&folder));
        let start = async || {
            let (store, _) = repository::open(&url, Mode::Create, sealer()).await.unwrap();
            store.migrate().await.unwrap().len()
        };
        let (a, b, c, d) = tokio::join!(start(), start(), start(), start());
        assert_eq!(a + b + c + d, migrations().len());
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let (folder, store) = fresh().await;
    let mut other = sqlite_program(&database(&folder)).await;
    sqlx::query(
        "INSERT INTO refinery_schema_history SELECT 99, 'later', applied_on, checksum FROM refinery_schema_history LIMIT 1",
    )
    .execute(&mut other)
    .await
    .unwrap();
    let error = store.migrate().await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.hint()),
        (
            "the database cannot be migrated: it was written by a newer hookvault, or its migrations were changed",
            "run the hookvault version that wrote it, or a newer one"
        )
    );
}

#[tokio::test]
async fn a_row_that_does_not_parse_is_damage_and_names_its_column() {
    let (folder, store) = fresh().await;
    let org = org(1, true);
    let key = key(1, &org);
    let (token, hash) = token(1, &org);
    write!(store, tx => tx.org_insert(&org)).unwrap();
    write!(store, tx => tx.hook_key_insert(&key, &sealed(1))).unwrap();
    write!(store, tx => tx.api_token_insert(&token, &hash)).unwrap();
    let mut other = sqlite_program(&database(&folder)).await;
    for (damage, column) in [
        ("UPDATE hook_key SET key_id = 'x'", "hook_key.key_id"),
        ("UPDATE hook_key SET key_id = '01010101-0101-4101-8101-010101010101', name = ' '", "hook_key.name"),
        ("UPDATE hook_key SET name = 'a', created = 9223372036854775807", "hook_key.created"),
    ] {
        sqlx::raw_sql(damage).execute(&mut other).await.unwrap();
        let error = store.read().await.unwrap().hook_key_find(&org.id, &key.id).await.unwrap_err();
        let expected = format!("the database is damaged: {column} of the row {} makes no sense", key.id);
        assert_eq!(error.to_string(), expected);
    }
    sqlx::raw_sql("UPDATE api_token SET scopes = 'okta.everything'").execute(&mut other).await.unwrap();
    let error = store.read().await.unwrap().api_token_find_by_hash(&hash).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Corrupt { table: "api_token", ref column, .. } if column == "scopes"),
        "{error:?}"
    );
}

#[tokio::test]
async fn ansqlite_program_cannot_get_round_the_cap_whatever_slot_it_writes() {
    let (folder, store) = fresh().await;
    let (first, second) = (org(1, true), org(2, false));
    write!(store, tx => tx.org_insert(&first)).unwrap();
    write!(store, tx => tx.org_insert(&second)).unwrap();
    for number in 1..=50 {
        write!(store, tx => tx.hook_key_insert(&key(number, &first), &sealed(number))).unwrap();
    }
    write!(store, tx => tx.hook_key_insert(&key(51, &second), &sealed(51))).unwrap();
    let mut other = sqlite_program(&database(&folder)).await;
    for slot in ["51", "0", "NULL", "1"] {
        let insert = format!(
            "INSERT INTO hook_key (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8)
             SELECT 'x', org_id, {slot}, 'x', 'x', 1, 1, modulus, exponent, sealed_pkcs8 FROM hook_key LIMIT 1"
        );
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&mut other).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("constraint failed") && refused.contains("slot"), "{slot}: {refused}");
    }
    let moved = sqlx::query("UPDATE hook_key SET org_id = ? WHERE org_id = ?")
        .bind(first.id.as_str())
        .bind(second.id.as_str())
        .execute(&mut other)
        .await;
    assert!(moved.is_err(), "a key cannot be moved into a full org");
}

#[tokio::test]
async fn foreign_keys_and_checks_keep_a_key_its_uses_and_its_hook_together() {
    let (folder, store, org, first) = with_key().await;
    let second = key(2, &org);
    write!(store, tx => tx.hook_key_insert(&second, &sealed(2))).unwrap();
    let user = hook(1, &org, Some(&first));
    write!(store, tx => tx.inline_hook_insert(&user)).unwrap();
    change!(store, tx => tx.key_reference_put_hook(&user.hook, time(9)));
    let mut other = sqlite_program(&database(&folder)).await;
    let mut uses = other_program(&database(&folder)).await;
    refer(&mut uses, org.id.as_str(), first.id.as_str(), "p1", "one").await.unwrap();
    assert!(
        refer(&mut uses, org.id.as_str(), "HKY99999999999999999", "p3", "three").await.is_err(),
        "of a key that is not there"
    );
    for sql in [
        "DELETE FROM hook_key",
        "DELETE FROM inline_hook",
        "UPDATE inline_hook SET hook_key_id = NULL",
        "UPDATE inline_hook SET hook_key_id = 'HKY00000000000000002'",
        "UPDATE inline_hook SET id = 'cal99999999999999999'",
        "UPDATE hook_key_reference SET consumer_id = 'another' WHERE inline_hook_id IS NOT NULL",
        "UPDATE hook_key_reference SET hook_key_id = 'HKY00000000000000002' WHERE inline_hook_id IS NOT NULL",
        "UPDATE hook_key_reference SET slot = 1 WHERE inline_hook_id IS NOT NULL",
        "UPDATE hook_key_reference SET slot = NULL WHERE inline_hook_id IS NULL",
        "UPDATE hook_key_reference SET slot = 101 WHERE inline_hook_id IS NULL",
        "UPDATE hook_key_reference SET consumer_kind = 'inline hook' WHERE inline_hook_id IS NULL",
        "INSERT INTO hook_key_reference
             (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, inline_hook_id)
         SELECT org_id, id, 'inline hook', 'cal99999999999999999', 'none', 0, 'cal99999999999999999' FROM hook_key",
    ] {
        let refused = sqlx::raw_sql(sql).execute(&mut other).await.unwrap_err().to_string();
        assert!(refused.contains("constraint failed"), "{sql}: {refused}");
    }
}

/// What main has made since its first version opens, with all that refers to a key.
#[tokio::test]
async fn a_vault_of_each_earlier_version_keeps_its_keys_hooks_and_references() {
    let (all, names) = (migrations(), migration_names());
    for version in 1..=all.len() {
        let folder = TempDir::new().unwrap();
        let path = database(&folder);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let mut other = sqlite_program(&path).await;
        for migration in &all[..version] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(migration.sql.clone())).execute(&mut other).await.unwrap();
        }
        history(&mut other, &folder, version).await;
        sqlx::raw_sql(FIRST_ROWS).execute(&mut other).await.unwrap();
        if version >= 2 {
            sqlx::raw_sql(HOOK_ROWS).execute(&mut other).await.unwrap();
        }
        let references = if version < 4 { REFERENCE_ROWS } else { REFERENCE_ROWS_WITH_SLOTS };
        sqlx::raw_sql(references).execute(&mut other).await.unwrap();
        drop(other);
        let (store, _) = repository::open(&DatabaseUrl::file(&path), Mode::Existing, adopting()).await.unwrap();
        assert_eq!(store.migrate().await.unwrap(), names[version..], "of version {version}");
        let (org, id) = (org(1, true).id, key(1, &org(1, true)).id);
        let users = store.read().await.unwrap().key_reference_list(&org, &id).await.unwrap();
        let users: Vec<_> = users.iter().map(|user| user.consumer_id.as_str()).collect();
        let expected: &[_] = if version == 1 { &["p1", "p2"] } else { &["p1", "p2", "cal00000000000000001"] };
        assert_eq!(users, expected);
        for user in expected {
            let user = name(user);
            change!(store, tx => tx.key_reference_delete(&org, &id, &user));
        }
        let hook = InlineHookId::parse("cal00000000000000001").unwrap();
        change!(store, tx => tx.key_reference_delete_hook(&org, &hook));
        change!(store, tx => tx.inline_hook_delete(&org, &hook));
        assert_eq!(change!(store, tx => tx.hook_key_delete(&org, &id)), KeyDeletion::Deleted);
    }
}

/// Rows of earlier versions carry no seals.
fn adopting() -> Arc<dyn RowSealer> {
    let seals = seals(MASTER_KEY);
    seals.adopt(true);
    Arc::new(seals)
}

const FIRST_ROWS: &str = "
    INSERT INTO org (id, name, is_default, created) VALUES ('00o00000000000000001', 'default', 1, 1);
    INSERT INTO hook_key (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8)
    VALUES ('HKY00000000000000001', '00o00000000000000001', 1, '01010101-0101-4101-8101-010101010101', 'a', 1, 1,
            zeroblob(256), x'010001', x'01');";

/// Until the fourth version triggers enter the reference of a hook.
const REFERENCE_ROWS: &str = "
    INSERT INTO hook_key_reference (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since)
    VALUES ('00o00000000000000001', 'HKY00000000000000001', 'program', 'p1', 'one', 1),
           ('00o00000000000000001', 'HKY00000000000000001', 'program', 'p2', 'two', 2);";

const REFERENCE_ROWS_WITH_SLOTS: &str = "
    INSERT INTO hook_key_reference
        (org_id, hook_key_id, consumer_kind, consumer_id, consumer_name, since, slot, inline_hook_id)
    VALUES ('00o00000000000000001', 'HKY00000000000000001', 'program', 'p1', 'one', 1, 1, NULL),
           ('00o00000000000000001', 'HKY00000000000000001', 'program', 'p2', 'two', 2, 2, NULL),
           ('00o00000000000000001', 'HKY00000000000000001', 'inline hook', 'cal00000000000000001', 'hook', 3, NULL,
            'cal00000000000000001');";

const HOOK_ROWS: &str = "
    INSERT INTO inline_hook (id, org_id, slot, status, name, type, version, uri, headers, auth, client_id, token_url,
                             hook_key_id, created, last_updated)
    VALUES ('cal00000000000000001', '00o00000000000000001', 1, 'ACTIVE', 'hook', 'com.okta.import.transform', '1.0.0',
            'https://hooks.example.com/', '[]', 'private_key_jwt', 'c', 'https://login.example.com/', 'HKY00000000000000001', 3, 3);";

/// The record that these migrations have run, as a whole new vault has it.
async fn history(other: &mut sqlx::SqliteConnection, folder: &TempDir, version: usize) {
    let whole = folder.path().join("whole.db");
    let (store, _) = repository::open(&DatabaseUrl::file(&whole), Mode::Create, sealer()).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
    let copy = format!(
        "ATTACH '{}' AS whole; CREATE TABLE refinery_schema_history AS SELECT * FROM whole.refinery_schema_history
         ORDER BY version LIMIT {version}; DETACH whole;",
        whole.display()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(other).await.unwrap();
}
