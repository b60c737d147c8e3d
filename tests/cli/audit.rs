//! `hookvault audit`, as a person sees it, with and without a server.

use super::{call, stderr};
use crate::support::app::other_program;
use crate::support::database::POSTGRES;
use crate::support::process::{Installation, Served, hookvault, run};
use insta::assert_snapshot;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

/// A vault that has been used.
async fn used() -> Installation {
    let installation = Installation::new();
    let mut server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    assert_eq!(client.create("a").await.unwrap().0, 200);
    assert_eq!(client.create("b").await.unwrap().0, 200);
    server.terminate();
    installation
}

/// Without what differs from run to run.
fn stable(text: &str) -> String {
    let line = |line: &str| {
        let cells =
            line.split_whitespace().map(|cell| if cell.contains('T') && cell.ends_with('Z') { "TIME" } else { cell });
        cells.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n").replace(&user(), "USER")
}

fn user() -> String {
    let name = run(std::process::Command::new("id").arg("-un")).stdout;
    name.trim().to_owned()
}

#[tokio::test]
async fn who_did_what_is_listed_also_what_was_done_at_the_shell() {
    let installation = used().await;
    let folder = installation.folder.path();
    assert_eq!(call(folder, &["key", "delete", "b"]).code, 0);
    assert_snapshot!(stable(&call(folder, &["audit", "list"]).stdout), @"
    NUMBER TIME EVENT WHO OUTCOME TARGET
    0 TIME system.org.created hookvault SUCCESS default
    1 TIME system.api_token.create USER SUCCESS test
    2 TIME system.hook.key.created test SUCCESS a
    3 TIME system.hook.key.created test SUCCESS b
    4 TIME system.hook.key.deleted USER SUCCESS b
    ");
    let deleted = call(folder, &["audit", "list", "--type", "system.hook.key.deleted", "--json"]).stdout;
    let deleted: serde_json::Value = serde_json::from_str(&deleted).unwrap();
    assert_eq!(deleted["actor"]["type"], "Operator");
    let last = call(folder, &["audit", "tail", "-n", "1"]).stdout;
    assert!(last.contains("system.hook.key.deleted") && !last.contains("created"), "{last}");
}

#[tokio::test]
async fn a_list_says_what_it_leaves_out_and_which_type_there_is_not() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    assert_snapshot!(call(folder, &["audit", "list", "--type", "system.hook.key.create"]).stderr, @"hint: system.hook.key.create is no type of this version; entries name theirs, such as system.hook.key.created");
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    for number in 0..50 {
        assert_eq!(client.create(&format!("{number}")).await.unwrap().0, 200);
    }
    drop(server);
    assert_snapshot!(call(folder, &["audit", "list"]).stderr, @"hint: these are the newest 50; --since shows what was before");
    assert_eq!(call(folder, &["audit", "list", "--since", "2020-01-01T00:00:00Z"]).stderr, "");
}

#[tokio::test]
async fn a_tail_that_follows_goes_on_under_one_head() {
    let installation = used().await;
    let folder = installation.folder.path();
    let mut tail = hookvault(folder);
    tail.args(["audit", "tail", "-n", "1", "--follow", "--master-key-file", "master.key"]).stdout(Stdio::piped());
    let mut tail = tail.spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines().map(|line| stable(&line.unwrap()));
    let mut next = || lines.next().unwrap();
    let mut seen = vec![next(), next()];
    for key in ["a", "b"] {
        call(folder, &["key", "delete", key]);
        seen.push(next());
    }
    tail.kill().unwrap();
    tail.wait().unwrap();
    assert_snapshot!(seen.join("\n"), @"
    NUMBER TIME EVENT WHO OUTCOME TARGET
    3 TIME system.hook.key.created test SUCCESS b
    4 TIME system.hook.key.deleted USER SUCCESS a
    5 TIME system.hook.key.deleted USER SUCCESS b
    ");
}

#[tokio::test]
async fn a_change_is_named_and_an_older_database_is_found_by_what_was_kept() {
    let installation = used().await;
    let folder = installation.folder.path();
    let whole = call(folder, &["audit", "verify"]);
    assert_eq!((whole.code, whole.stdout.as_str()), (0, ""));
    assert!(whole.stderr.contains(" entries are as they were written; the root is "), "{}", whole.stderr);
    let before = fs::read(installation.database()).unwrap_or_default();
    let signed = call(folder, &["audit", "checkpoint"]);
    assert!(signed.stdout.starts_with("hookvault/00o"), "{}", signed.stdout);
    let key = signed.stderr.trim().rsplit(' ').next().unwrap().to_owned();
    fs::write(folder.join("kept.checkpoint"), &signed.stdout).unwrap();
    fs::write(folder.join("trail.jsonl"), call(folder, &["audit", "export"]).stdout).unwrap();
    let of_file = ["audit", "verify", "--file", "trail.jsonl", "--checkpoint", "kept.checkpoint", "--key", &key];
    // Without the vault and without its master key.
    let alone = tempfile::tempdir().unwrap();
    for file in ["kept.checkpoint", "trail.jsonl"] {
        fs::copy(folder.join(file), alone.path().join(file)).unwrap();
    }
    assert_eq!(call(alone.path(), &of_file).code, 0);
    // Nothing speaks for what stands behind it, so nobody vouches for that.
    let exported = fs::read_to_string(folder.join("trail.jsonl")).unwrap();
    let last = exported.lines().last().unwrap().replace("SUCCESS", "FAILURE");
    fs::write(alone.path().join("trail.jsonl"), format!("{exported}{last}\n")).unwrap();
    assert_snapshot!(stderr(alone.path(), &of_file), @"
    error: the first 5 entries are as they were written; 1 more is not covered by the checkpoint
    hint: sign a checkpoint that covers them with `hookvault audit checkpoint`, and export again; `head -n 5` keeps what this one covers
    ");
    let told = call(alone.path(), &[&of_file[..], &["--json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((&told["whole"], &told["entries"], &told["uncovered"]), (&json!(false), &json!(5), &json!(1)));
    fs::write(alone.path().join("trail.jsonl"), exported).unwrap();
    let lied = fs::read_to_string(alone.path().join("trail.jsonl")).unwrap().replacen("\"a\"", "\"z\"", 1);
    fs::write(alone.path().join("trail.jsonl"), lied).unwrap();
    assert_eq!(call(alone.path(), &of_file).code, 1);

    let kept = ["audit", "verify", "--checkpoint", "kept.checkpoint"];
    assert_eq!(call(folder, &kept).code, 0);
    let mut other = other_program(&installation.database()).await;
    sqlx::raw_sql("UPDATE audit_entry SET entry = replace(entry, 'SUCCESS', 'FAILURE') WHERE number = 2")
        .execute(&mut other)
        .await
        .unwrap();
    let told = call(folder, &kept);
    assert_snapshot!(told.stdout, @"the text of entry 2 was altered: its hash is another one");
    assert_snapshot!(told.stderr, @"
    error: the audit trail is not as it was written
    hint: keep the database as it is for whoever looks into it, and see who can write to it
    ");
    // What it still holds would be written into the file that is put back.
    other.close().await.unwrap();
    if crate::support::database::POSTGRES.is_none() {
        fs::write(installation.database(), before).unwrap();
        for companion in ["-wal", "-shm"] {
            let _ = fs::remove_file(folder.join(format!("hookvault.db{companion}")));
        }
        let whole = call(folder, &["audit", "verify"]);
        assert_eq!(whole.code, 0, "by itself it looks whole: {}", whole.stdout);
        let with_key = [&kept[..], &["--key", &key]].concat();
        let told = call(folder, &with_key).stdout;
        assert!(told.ends_with("entries are missing, or the database is an older one\n"), "{told}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_hint() {
    let installation = used().await;
    let folder = installation.folder.path();
    assert_snapshot!(stderr(folder, &["audit", "list", "--since", "yesterday"]), @"
    error: --since: `yesterday` is not a moment such as 2025-10-24T13:06:07.000Z
    hint: write it as 2026-01-31T12:00:00Z
    ");
    assert_snapshot!(stderr(folder, &["audit", "prove", "999"]), @"
    error: there is no entry of the audit trail with the number 999
    hint: `hookvault audit list` shows entries and their numbers
    ");
    fs::write(folder.join("none"), "none").unwrap();
    let mut verify = hookvault(folder);
    assert_snapshot!(run(verify.args(["audit", "verify", "--checkpoint", "none"])).stderr, @"
    error: the checkpoint none is no signed checkpoint (c2sp.org/tlog-checkpoint)
    hint: give the file as `audit checkpoint` has printed it, and the key that it has told
    ");
    let proof = call(folder, &["audit", "prove", "0"]).stdout;
    let proof: serde_json::Value = serde_json::from_str(&proof).unwrap();
    assert!(proof["entry"].as_str().unwrap().contains("system.org.created"), "{proof}");
}

#[tokio::test]
async fn a_key_of_checkpoints_that_is_lost_is_given_up_and_made_anew() {
    let installation = used().await;
    let folder = installation.folder.path();
    let first = call(folder, &["audit", "checkpoint"]);
    fs::write(folder.join("first.checkpoint"), &first.stdout).unwrap();
    let first = first.stderr.trim().rsplit(' ').next().unwrap().to_owned();
    let mut other = other_program(&installation.database()).await;
    sqlx::raw_sql("DELETE FROM audit_key").execute(&mut other).await.unwrap();
    let lost = stderr(folder, &["audit", "checkpoint"]);
    let (org, _) = lost.split_once("the row ").unwrap().1.split_once(' ').unwrap();
    assert_snapshot!(lost.replace(org, "00o…"), @"
    error: the database is damaged: the row 00o… of audit_key is missing
    hint: restore the database from a backup; or give the key up with `hookvault audit accept-loss`, then a new one is made
    ");
    assert_eq!(call(folder, &["check"]).code, 1);

    let accepted = call(folder, &["audit", "accept-loss"]);
    assert_eq!(accepted.stdout, format!("key of the audit trail {first}\n"));
    assert_snapshot!(accepted.stderr, @"
    1 thing(s) are given up as lost
    hint: the next `hookvault audit checkpoint` makes a new key and prints it: keep it beside the checkpoints from then on; earlier ones are verified with the key that was kept with them, by --key
    ");
    let second = call(folder, &["audit", "checkpoint"]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    fs::write(folder.join("second.checkpoint"), &second.stdout).unwrap();
    assert_eq!(call(folder, &["audit", "verify", "--checkpoint", "second.checkpoint"]).code, 0);
    assert_eq!(call(folder, &["audit", "verify", "--checkpoint", "first.checkpoint", "--key", &first]).code, 0);
    assert_eq!(call(folder, &["audit", "prove", "0"]).code, 0);
    let told = call(folder, &["audit", "list", "--type", "system.log.key.created"]).stdout;
    assert_eq!(told.lines().count(), 3, "{told}");
    assert_eq!(call(folder, &["check"]).code, 0);
    // Nor is that one made anew in silence.
    sqlx::raw_sql("DELETE FROM audit_key").execute(&mut other).await.unwrap();
    assert_eq!(call(folder, &["audit", "checkpoint"]).code, 1);
}

#[tokio::test]
async fn what_a_damaged_trail_would_tell_is_not_given_up() {
    let installation = used().await;
    let folder = installation.folder.path();
    let mut other = other_program(&installation.database()).await;
    sqlx::raw_sql("DELETE FROM audit_entry WHERE number = 2; DELETE FROM hook_key").execute(&mut other).await.unwrap();
    let refused = stderr(folder, &["audit", "accept-loss"]);
    let (org, _) = refused.split_once("the org ").unwrap().1.split_once(' ').unwrap();
    assert_snapshot!(refused.replace(org, "00o…"), @"
    error: the audit trail of the org 00o… is not as it was written: entry 2 is missing
    hint: nothing was given up, since nobody knows what that trail would tell; a trail is not mended: put a backup in the place of the vault by `hookvault restore FILE --force`
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_before_the_first_or_behind_the_last_is_named() {
    let installation = used().await;
    let folder = installation.folder.path();
    let copy = |number: &str, of: &str| {
        format!(
            "INSERT INTO audit_entry SELECT org_id, {number}, published, kind, entry, leaf, seal FROM audit_entry WHERE number = {of}"
        )
    };
    let allow = if POSTGRES.is_some() {
        "ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_number_check"
    } else {
        "PRAGMA ignore_check_constraints = ON"
    };
    let mut server = Served::start(&mut installation.serve());
    let mut other = other_program(&installation.database()).await;
    sqlx::raw_sql(AssertSqlSafe(format!("{allow}; {}", copy("-3", "2")))).execute(&mut other).await.unwrap();
    assert_snapshot!(call(folder, &["audit", "verify"]).stdout, @"entry -3 was added: the first one of a trail is 0");
    let check = call(folder, &["check"]);
    assert!(check.stdout.contains(": entry -3 was added"), "{}", check.stdout);
    server.terminate();
    sqlx::raw_sql("DELETE FROM audit_entry WHERE number = -3").execute(&mut other).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(copy("4", "2"))).execute(&mut other).await.unwrap();
    assert_snapshot!(call(folder, &["audit", "verify"]).stdout, @"entry 4 was added: the trail ends before it");
    let org: String = sqlx::query_scalar("SELECT org_id FROM audit_head").fetch_one(&mut other).await.unwrap();
    // What is told next has that number.
    assert_snapshot!(stderr(folder, &["key", "delete", "a"]).replace(&org, "00o…"), @"
    error: the database is damaged: the row 00o…/4 of audit_entry is there, though it is yet to come
    hint: `hookvault audit verify` looks at the whole trail; restore the database from a backup
    ");
    assert_eq!(call(folder, &["key", "show", "a"]).code, 0, "it is there");
    let listed = call(folder, &["audit", "export"]);
    assert_snapshot!(listed.stderr.replace(&org, "00o…"), @"
    error: the database is damaged: the row 00o…/4 of audit_entry was altered, moved or inserted by another hand: its seal does not fit
    hint: restore the database file from a backup
    ");
    other.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_line_of_an_export_that_cannot_stand_where_it_does_is_named() {
    let installation = used().await;
    let folder = installation.folder.path();
    let signed = call(folder, &["audit", "checkpoint"]);
    let key = signed.stderr.trim().rsplit(' ').next().unwrap().to_owned();
    fs::write(folder.join("kept.checkpoint"), &signed.stdout).unwrap();
    let exported = call(folder, &["audit", "export"]).stdout;
    let lines: Vec<_> = exported.lines().map(str::to_owned).collect();
    let of_file = ["audit", "verify", "--file", "trail.jsonl", "--checkpoint", "kept.checkpoint", "--key", &key];
    let told = |lines: &[String]| {
        fs::write(folder.join("trail.jsonl"), format!("{}\n", lines.join("\n"))).unwrap();
        call(folder, &of_file).stdout
    };
    assert_eq!(told(&lines), "");
    let with = |change: fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        told(&lines)
    };
    let of_cases = [
        with(|lines| lines[2] = lines[1].clone()),
        with(|lines| lines[1].truncate(20)),
        with(|lines| {
            let year = lines[0].find("\"published\":\"").unwrap() + 13;
            lines[0].replace_range(year..year + 4, "9999");
        }),
        with(|lines| drop(lines.remove(3))),
        with(|lines| lines[2] = lines[2].replacen("\"a\"", "\"z\"", 1)),
        with(Vec::clear),
    ];
    assert_snapshot!(of_cases.concat(), @"
    entry 2 of the file is there a second time
    line 2 of the file is no entry
    entry 1 of the file is older than the one before it: entries were reordered, added or altered
    the trail has 4 entries, and the checkpoint is of 5: entries are missing, or the database is an older one
    the first 5 entries are not those of the checkpoint
    the trail has 0 entries, and the checkpoint is of 5: entries are missing, or the database is an older one
    ");
}
