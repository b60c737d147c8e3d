//! Rows of a rotation that another hand has put back, or made up.

use super::{check, fill, generate, give_up, installation, old_id, rotate, serve, under};
use crate::cli::call;
use crate::support::database::other_program;
use crate::support::process::Served;
use sqlx::{AnyConnection, AssertSqlSafe};

async fn execute(other: &mut AnyConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(other).await.unwrap();
}

const KEEP: &str = "CREATE TABLE kept_record AS SELECT * FROM master_key; \
                    CREATE TABLE kept_rotation AS SELECT * FROM master_key_rotation";
const PUT_BACK: &str = "DELETE FROM master_key; INSERT INTO master_key SELECT * FROM kept_record; \
                        INSERT INTO master_key_rotation SELECT * FROM kept_rotation";

#[tokio::test(flavor = "multi_thread")]
async fn the_old_key_of_a_rotation_that_is_over_stays_worth_nothing() {
    let installation = installation();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    fill(&installation, &server).await;
    drop(server);
    let (old, next) = (old_id(), generate(folder, "next.key"));
    assert_eq!(rotate(folder, "master.key", "next.key", &["--keep-old"]).code, 0);
    let mut other = other_program(&installation.database()).await;
    execute(&mut other, KEEP).await;
    assert_eq!(rotate(folder, "next.key", "next.key", &[]).code, 0);
    let server = Served::start(&mut serve(&installation, "next.key"));
    assert_eq!(server.get("/readyz").await.unwrap().0, 200);

    execute(&mut other, PUT_BACK).await;
    let log = server.log_until("somebody else has written to the database");
    assert!(log.contains(&format!("from {old} to {next}")), "{log}");
    assert_eq!(server.get("/readyz").await.unwrap().0, 503);
    drop(server);
    let said = format!(
        "error: the database tells of a rotation from the master key {old} to {next}, and the audit trail does not: its last word, entry "
    );
    for key in ["master.key", "next.key"] {
        let backup = ["backup", "made.backup", "--master-key-file", key];
        let give_up_with_both = give_up(folder, "master.key", &["--to-master-key-file", "next.key"]);
        let listing = call(folder, &["token", "list", "--master-key-file", key]);
        for refused in [check(folder, key), call(folder, &backup), listing, give_up_with_both] {
            assert_eq!(refused.code, 1);
            assert!(refused.stderr.starts_with(&said), "{}", refused.stderr);
            assert!(refused.stderr.contains(&format!("was done, from {old} to {next}\n")), "{}", refused.stderr);
            assert!(refused.stderr.contains(&format!("the vault is under {next}; end it again")), "{}", refused.stderr);
        }
    }
    assert_eq!(give_up(folder, "master.key", &[]).code, 1, "the old key is enough for nothing");
    let kept = ["kept_rotation.sealed_next", "master_key_rotation.sealed_next"].map(|column| (column.to_owned(), 1));
    assert_eq!(under(&mut other, &old).await, kept, "nothing was sealed anew");

    // Texts are forgotten, and kinds stay.
    let forgotten = "UPDATE audit_entry SET entry = NULL WHERE kind LIKE 'system.vault.master_key.%'";
    execute(&mut other, forgotten).await;
    assert_eq!((check(folder, "master.key").code, give_up(folder, "master.key", &[]).code), (1, 1));
    // Nor does it help that the last word is gone.
    for silenced in [
        "UPDATE audit_entry SET kind = 'another' WHERE kind = 'system.vault.master_key.rotated'",
        "DELETE FROM audit_entry WHERE kind = 'another'",
    ] {
        execute(&mut other, silenced).await;
        let listing = ["token", "list", "--master-key-file", "master.key"];
        for refused in [check(folder, "master.key"), call(folder, &listing), give_up(folder, "master.key", &[])] {
            let hint = "hint: run `hookvault check`, and restore the database file from a backup";
            let hint =
                if silenced.starts_with("UPDATE") { "hint: restore the database file from a backup" } else { hint };
            assert!(refused.code == 1 && refused.stderr.contains(hint), "{}", refused.stderr);
        }
    }
}

#[tokio::test]
async fn what_was_put_back_is_ended_again_with_the_key_that_the_hint_names() {
    let installation = installation();
    let folder = installation.folder.path();
    drop(Served::start(&mut installation.serve()));
    generate(folder, "next.key");
    assert_eq!(rotate(folder, "master.key", "next.key", &["--keep-old"]).code, 0);
    let mut other = other_program(&installation.database()).await;
    execute(&mut other, KEEP).await;
    assert_eq!(rotate(folder, "next.key", "next.key", &[]).code, 0);
    execute(&mut other, PUT_BACK).await;
    let ended = rotate(folder, "next.key", "next.key", &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!((check(folder, "next.key").code, check(folder, "master.key").code), (0, 1));

    // And a rotation that was given up is taken back.
    generate(folder, "third.key");
    assert_eq!(rotate(folder, "next.key", "third.key", &["--keep-old"]).code, 0);
    execute(&mut other, "DROP TABLE kept_record; DROP TABLE kept_rotation").await;
    execute(&mut other, KEEP).await;
    assert_eq!(give_up(folder, "next.key", &[]).code, 0);
    execute(&mut other, PUT_BACK).await;
    let refused = check(folder, "third.key");
    assert!((refused.code, refused.stderr.contains("take it back by ")) == (1, true), "{}", refused.stderr);
    // A server of it has followed meanwhile.
    let taken_back = give_up(folder, "next.key", &[]);
    assert_eq!(taken_back.code, 0, "{}", taken_back.stderr);
    assert_eq!((check(folder, "next.key").code, check(folder, "third.key").code), (0, 1));
}

#[tokio::test]
async fn a_rotation_that_was_made_up_is_not_believed_and_given_up() {
    let installation = installation();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    fill(&installation, &server).await;
    drop(server);
    let old = old_id();
    generate(folder, "next.key");
    let mut other = other_program(&installation.database()).await;
    let to_itself =
        "INSERT INTO master_key_rotation SELECT m.\"only\", m.id, m.probe, m.created, NULL, NULL FROM master_key AS m";
    execute(&mut other, to_itself).await;
    let refused = check(folder, "master.key");
    let said =
        format!("error: the database tells of a rotation from the master key {old} to {old}, and the audit trail");
    assert!(refused.code == 1 && refused.stderr.starts_with(&said), "{}", refused.stderr);
    assert!(refused.stderr.contains("it has no word of one\n"), "{}", refused.stderr);
    assert!(refused.stderr.contains("`hookvault master-key rotate --give-up`"), "{}", refused.stderr);
    for to in ["next.key", "master.key"] {
        let rotated = rotate(folder, "master.key", to, &[]);
        assert!(rotated.code == 1 && rotated.stderr.contains("--give-up"), "{}", rotated.stderr);
    }
    let given_up = give_up(folder, "master.key", &[]);
    let said =
        format!("the rotation to {old} is taken back, and nothing was under it: the master key is {old}, as before\n");
    assert_eq!((given_up.code, given_up.stderr), (0, said));
    assert_eq!(check(folder, "master.key").code, 0);

    // To a key that nobody has.
    let id = if crate::support::database::POSTGRES.is_some() {
        "'\\x0102030405060708'::bytea"
    } else {
        "X'0102030405060708'"
    };
    let nobodys = format!(
        "INSERT INTO master_key_rotation SELECT m.\"only\", {id}, m.probe, m.created, NULL, NULL FROM master_key AS m"
    );
    let server = Served::start(&mut installation.serve());
    execute(&mut other, &nobodys).await;
    let log = server.log_until("somebody else has written to the database");
    assert!(log.contains("to 0102030405060708, and the audit trail does not"), "{log}");
    assert_eq!(server.get("/readyz").await.unwrap().0, 503);
    drop(server);
    let refused = check(folder, "master.key");
    let said = format!(
        "error: the database tells of a rotation from the master key {old} to 0102030405060708, and the audit trail"
    );
    assert!(refused.code == 1 && refused.stderr.starts_with(&said), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("`hookvault master-key rotate --give-up`") && !refused.stderr.contains("--leaked"),
        "{}",
        refused.stderr
    );
    let given_up = give_up(folder, "master.key", &[]);
    assert_eq!(given_up.code, 0, "{}", given_up.stderr);
    let checked = check(folder, "master.key");
    assert_eq!((checked.code, checked.stdout.as_str()), (0, ""), "{}", checked.stderr);
    assert_eq!(rotate(folder, "master.key", "next.key", &[]).code, 0);
}

#[tokio::test]
async fn a_next_key_whose_probe_does_not_open_never_becomes_the_record() {
    let installation = installation();
    let folder = installation.folder.path();
    drop(Served::start(&mut installation.serve()));
    generate(folder, "next.key");
    assert_eq!(rotate(folder, "master.key", "next.key", &["--keep-old"]).code, 0);
    let mut other = other_program(&installation.database()).await;
    execute(&mut other, "UPDATE master_key_rotation SET probe = (SELECT probe FROM master_key)").await;
    for refused in [check(folder, "master.key"), rotate(folder, "master.key", "next.key", &[])] {
        let said = "error: the master key record of the database is damaged";
        assert!(refused.code == 1 && refused.stderr.starts_with(said), "{}", refused.stderr);
    }
}
