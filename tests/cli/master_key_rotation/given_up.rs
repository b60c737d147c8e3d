//! `hookvault master-key rotate --give-up`, and what `check` says of a rotation that is under way.

use super::{Busy, check, fill, generate, give_up, installation, old_id, rotate, serve, under};
use crate::cli::call;
use crate::support::database::other_program;
use crate::support::process::Served;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn with_the_old_key_alone_servers_go_back_and_the_new_one_opens_nothing() {
    let installation = installation();
    let folder = installation.folder.path();
    let first = Served::start(&mut installation.serve());
    fill(&installation, &first).await;
    drop(first);
    let (old, next) = (old_id(), generate(folder, "next.key"));
    assert_eq!(rotate(folder, "master.key", "next.key", &["--keep-old"]).code, 0);
    // The one that the trail wrote as the rotation began, at the least, was sealed with the new key.
    let mut other = other_program(&installation.database()).await;
    assert!(!under(&mut other, &next).await.is_empty());
    let told = check(folder, "master.key");
    let begins = format!("a rotation from the master key {old} to {next} is under way since ");
    assert!((told.code, told.stderr.contains(&begins)) == (0, true), "{}", told.stderr);
    assert!(
        told.stderr.contains("with 0 row(s) and value(s) left: `hookvault master-key rotate` ends it"),
        "{}",
        told.stderr
    );
    let json: Value = serde_json::from_str(&call(folder, &["check", "--json"]).stdout).unwrap();
    let standing = &json["masterKeyRotation"];
    assert_eq!((standing["from"].as_str(), standing["to"].as_str()), (Some(old.as_str()), Some(next.as_str())));
    assert_eq!(standing["left"], 0);

    fs::remove_file(folder.join("next.key")).unwrap();
    let busy = Busy::start(&installation);
    let back = give_up(folder, "master.key", &[]);
    assert_eq!((back.code, back.stdout.as_str()), (0, ""), "{}", back.stderr);
    let now = format!("the master key is {old} now, and {next} opens nothing any more");
    assert!(back.stderr.contains(&now), "{}", back.stderr);
    assert!(
        back.stderr.contains(&format!("keep {next} apart for as long as there are backups under it")),
        "{}",
        back.stderr
    );
    let (servers, answers) = busy.end().await;
    assert!(answers > 0);
    for server in &servers {
        assert_eq!(server.client(&installation.token).sign("b").await.matches('.').count(), 2);
    }
    drop(servers);
    assert_eq!(under(&mut other, &next).await, []);
    let checked = check(folder, "master.key");
    assert_eq!((checked.code, checked.stdout.as_str()), (0, ""), "{}", checked.stderr);
    assert!(!checked.stderr.contains("is under way"), "{}", checked.stderr);
    let json: Value = serde_json::from_str(&call(folder, &["check", "--json"]).stdout).unwrap();
    assert_eq!(json["masterKeyRotation"], Value::Null);
    for (event, count) in [("system.vault.master_key.rotation_started", 2), ("system.vault.master_key.rotated", 1)] {
        let told = call(folder, &["audit", "list", "--json", "--type", event]).stdout;
        assert_eq!(told.matches(&format!("\"{event}\"")).count(), count, "{told}");
    }
}

#[tokio::test]
async fn a_way_back_that_ended_early_is_gone_on_with_to_its_end() {
    let installation = installation();
    let folder = installation.folder.path();
    drop(Served::start(&mut installation.serve()));
    generate(folder, "next.key");
    assert_eq!(rotate(folder, "master.key", "next.key", &["--keep-old"]).code, 0);
    // As with --give-up, but for its last step.
    let turned = rotate(folder, "next.key", "master.key", &["--keep-old"]);
    assert!(turned.stderr.contains("still opens everything"), "{}", turned.stderr);
    for key in ["master.key", "next.key"] {
        let server = Served::start(&mut serve(&installation, key));
        assert_eq!(server.client(&installation.token).create(key).await.unwrap().0, 200);
    }
    let mut other = other_program(&installation.database()).await;
    let next = rotated_from(folder);
    assert_eq!(under(&mut other, &next).await, [("master_key_rotation.sealed_next".to_owned(), 1)]);
    let again = give_up(folder, "master.key", &[]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("to end this one, run `hookvault master-key rotate` with "), "{}", again.stderr);
    // As that says.
    assert_eq!(rotate(folder, "master.key", "master.key", &[]).code, 0);
    assert_eq!((check(folder, "master.key").code, check(folder, "next.key").code), (0, 1));
}

/// The id of the key that is given up.
fn rotated_from(folder: &Path) -> String {
    let json: Value = serde_json::from_str(&call(folder, &["check", "--json"]).stdout).unwrap();
    json["masterKeyRotation"]["from"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_under_a_key_that_nobody_has_is_counted_and_stays_as_it_is() {
    let installation = installation();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    fill(&installation, &server).await;
    drop(server);
    let next = generate(folder, "next.key");
    generate(folder, "third.key");
    let none = give_up(folder, "master.key", &[]);
    assert!(none.stderr.contains("no rotation of the master key is under way"), "{}", none.stderr);
    assert_eq!(rotate(folder, "master.key", "next.key", &["--keep-old"]).code, 0);
    // As it is where the new key was kept out of the database.
    let mut other = other_program(&installation.database()).await;
    let kept_out = "UPDATE master_key_rotation SET sealed_next = NULL, sealed_old = NULL";
    sqlx::raw_sql(kept_out).execute(&mut other).await.unwrap();
    let count: i64 = under(&mut other, &next).await.iter().map(|(_, count)| count).sum();
    let lost = give_up(folder, "master.key", &[]);
    assert_eq!(lost.code, 1);
    let told =
        format!("{count} rows or values are under the new master key {next}, which is not in the database (--leaked)");
    assert!(lost.stderr.contains(&told) && lost.stderr.contains("`hookvault restore --force`"), "{}", lost.stderr);
    let wrong = give_up(folder, "master.key", &["--to-master-key-file", "third.key"]);
    assert!(wrong.stderr.contains("was given in the place of one of them"), "{}", wrong.stderr);
    assert_eq!(under(&mut other, &old_id()).await, [], "nothing was sealed anew");

    let back = give_up(folder, "master.key", &["--to-master-key-file", "next.key"]);
    assert_eq!(back.code, 0, "{}", back.stderr);
    assert_eq!((check(folder, "master.key").code, check(folder, "next.key").code), (0, 1));
}
