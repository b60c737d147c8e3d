//! What PostgreSQL alone is for. `tests/postgres.rs` runs these, on a cluster of its own.

use crate::support::app::{READ, TestApp, migration_names};
use crate::support::database;
use crate::support::process::{Served, add_setting, hookvault, key_folder, run};
use sqlx::AnyConnection;
use std::collections::BTreeSet;
use tempfile::TempDir;

async fn count(other: &mut AnyConnection, of: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {of}"))).fetch_one(other).await.unwrap()
}

#[tokio::test]
#[ignore = "of PostgreSQL"]
async fn three_first_starts_at_once_make_one_default_org_and_one_record_of_the_master_key() {
    for _ in 0..5 {
        let folder = key_folder();
        let file = folder.path().join("hookvault.db");
        database::make(&file).await;
        add_setting(folder.path(), "HOOKVAULT_DATABASE_URL", &database::url_text(&file));
        let start = || {
            let mut command = hookvault(folder.path());
            command.args(["serve", "--listen", "127.0.0.1:0", "--master-key-file", "master.key", "--key-pool", "0"]);
            std::thread::spawn(move || Served::start(&mut command))
        };
        let servers = [start(), start(), start()].map(|server| server.join().unwrap());
        for server in &servers {
            assert_eq!(server.get("/readyz").await.unwrap().0, 200);
        }
        let mut other = database::other_program(&file).await;
        assert_eq!((count(&mut other, "org").await, count(&mut other, "master_key").await), (1, 1));
        assert_eq!(count(&mut other, "refinery_schema_history").await, i64::try_from(migration_names().len()).unwrap());
    }
}

#[tokio::test]
#[ignore = "of PostgreSQL"]
async fn dev_keeps_its_vault_where_it_was_told_once_and_every_command_finds_it() {
    let folder = TempDir::new().unwrap();
    let at = |file: &str| database::url_text(&folder.path().join(file));
    for file in ["one.db", "two.db"] {
        database::make(&folder.path().join(file)).await;
    }
    let dev = |flags: &[&str]| {
        let mut command = hookvault(folder.path());
        command.args(["dev", "--listen", "127.0.0.1:0", "--data-dir", "data"]).args(flags);
        command
    };
    let mut server = Served::start(&mut dev(&["--database-url", &at("one.db")]));
    let token = std::fs::read_to_string(folder.path().join("data/token")).unwrap();
    assert_eq!(server.client(token.trim()).create("key").await.unwrap().0, 200);
    let listed = run(hookvault(folder.path()).args(["key", "list", "--data-dir", "data"]));
    assert_eq!((listed.code, listed.stdout.lines().count()), (0, 2), "{}", listed.stderr);
    server.terminate();
    let mut server = Served::start(&mut dev(&[]));
    assert!(server.client(token.trim()).list().await.unwrap().1.contains("\"key\""));
    server.terminate();
    assert!(!folder.path().join("data/hookvault.db").exists());
    let other = run(&mut dev(&["--database-url", &at("two.db")]));
    assert_eq!(other.code, 1);
    let expected = format!("error: the vault of {}/data is in {}\n", folder.path().display(), at("one.db"));
    assert!(other.stderr.contains(&expected) && other.stderr.contains("data/database-url\n"), "{}", other.stderr);
}

/// As a restart of PostgreSQL, or a balancer that drops what is idle, does it.
#[tokio::test]
#[ignore = "of PostgreSQL"]
async fn connections_that_were_ended_are_replaced_and_no_request_notices() {
    let app = TestApp::start().await;
    let reader = app.token(READ).await;
    for _ in 0..10 {
        assert_eq!(reader.get("/api/v1/hook-keys").await.status, 200);
        let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let ended: i64 = sqlx::query_scalar(ended).fetch_one(&mut app.other_program().await).await.unwrap();
        assert!(ended > 0);
    }
}

/// They would run with the vault's own writes.
#[tokio::test]
#[ignore = "of PostgreSQL"]
async fn triggers_and_rules_of_another_hand_are_found() {
    let app = TestApp::start().await;
    assert_eq!(app.vault.examine().await.unwrap().damaged.len(), 0);
    let sql =
        "CREATE FUNCTION undone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.revoked = NULL; RETURN NEW; END $$;
               CREATE TRIGGER undone BEFORE UPDATE ON api_token FOR EACH ROW EXECUTE FUNCTION undone();
               CREATE RULE kept AS ON DELETE TO org DO INSTEAD NOTHING";
    sqlx::raw_sql(sql).execute(&mut app.other_program().await).await.unwrap();
    let mut found: Vec<_> = app.vault.examine().await.unwrap().damaged.iter().map(ToString::to_string).collect();
    found.sort();
    let expected = [
        ("rule kept of org", "DROP RULE kept ON org"),
        ("trigger undone of api_token", "DROP TRIGGER undone ON api_token"),
    ];
    let expected = expected.map(|(what, removal)| {
        format!("the database is damaged: the {what} is none of the vault's: `{removal}` removes it")
    });
    assert_eq!(found, expected);
}

/// What both engines know of themselves, in the same words.
#[tokio::test]
#[ignore = "of PostgreSQL"]
async fn the_schemas_of_both_engines_are_the_same_point_by_point() {
    use sqlx::Connection as _;
    let app = TestApp::start().await;
    let mut postgres = app.other_program().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("vault.db");
    let url = hookvault::repository::url::DatabaseUrl::file(&file);
    let (store, _) =
        hookvault::repository::open(&url, hookvault::repository::Mode::Create, crate::store::sealer()).await.unwrap();
    assert_eq!(store.migrate().await.unwrap(), migration_names());
    let mut sqlite = AnyConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    for (what, in_sqlite, in_postgres) in POINTS {
        let of_sqlite: Vec<String> = sqlx::query_scalar(in_sqlite).fetch_all(&mut sqlite).await.unwrap();
        let of_postgres: Vec<String> = sqlx::query_scalar(in_postgres).fetch_all(&mut postgres).await.unwrap();
        let (of_sqlite, of_postgres): (BTreeSet<_>, BTreeSet<_>) =
            (of_sqlite.into_iter().collect(), of_postgres.into_iter().collect());
        assert!(of_sqlite.len() > 5, "{what}: {of_sqlite:?}");
        assert_eq!(of_sqlite, of_postgres, "{what}");
    }
}

/// What is compared, and how each engine is asked.
const POINTS: [(&str, &str, &str); 4] = [
    (
        "migrations and tables",
        "SELECT version || ' ' || name FROM refinery_schema_history
         UNION ALL SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        "SELECT version || ' ' || name FROM refinery_schema_history
         UNION ALL SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    ),
    (
        "columns, what they hold and whether they may be empty",
        "SELECT m.name || '.' || c.name || ' ' ||
                CASE WHEN c.name IN ('is_default', 'dpop_bound', 'active') THEN 'flag' WHEN c.type = 'INTEGER' THEN 'number'
                     WHEN c.type = 'BLOB' THEN 'bytes' ELSE 'text' END || iif(c.\"notnull\" OR c.pk, ' always', '')
         FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> 'refinery_schema_history'",
        "SELECT table_name || '.' || column_name || ' ' ||
                CASE data_type WHEN 'boolean' THEN 'flag' WHEN 'bigint' THEN 'number' WHEN 'integer' THEN 'number'
                     WHEN 'bytea' THEN 'bytes' ELSE 'text' END || CASE is_nullable WHEN 'NO' THEN ' always' ELSE '' END
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'refinery_schema_history'",
    ),
    (
        "what is there once: the columns of primary keys and unique indexes, and of which rows",
        "SELECT m.name || ' (' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
                || ')' || iif(i.partial, ' of some', '')
         FROM sqlite_schema AS m, pragma_index_list(m.name) AS i
         WHERE m.type = 'table' AND i.\"unique\" AND m.name <> 'refinery_schema_history'
         UNION ALL
         SELECT m.name || ' (' || c.name || ')' FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND c.pk = 1 AND c.type = 'INTEGER' AND m.name NOT LIKE 'sqlite%'
           AND m.name <> 'refinery_schema_history'",
        "SELECT t.relname || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.ord)
                    FROM unnest(i.indkey::int[]) WITH ORDINALITY AS k (num, ord)
                    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.num) || ')'
                || CASE WHEN i.indpred IS NULL THEN '' ELSE ' of some' END
         FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
         WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace AND t.relname <> 'refinery_schema_history'",
    ),
    (
        "what refers to what",
        "SELECT m.name || ' (' || group_concat(f.\"from\", ', ') || ') to ' || f.\"table\" || ' (' || group_concat(f.\"to\", ', ')
                || ') ' || f.on_delete
         FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' GROUP BY m.name, f.id",
        "SELECT conrelid::regclass || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.ord)
                    FROM unnest(conkey) WITH ORDINALITY AS k (num, ord)
                    JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = k.num)
                || ') to ' || confrelid::regclass || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.ord)
                    FROM unnest(confkey) WITH ORDINALITY AS k (num, ord)
                    JOIN pg_attribute AS a ON a.attrelid = confrelid AND a.attnum = k.num)
                || ') ' || CASE confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END
         FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
    ),
];
