//! "There is no …" is said where every row is sound, and only there: what another hand has renamed is damage, also where it is asked for by
//! the name that it had.

use super::{call, stderr};
use crate::support::database::other_program;
use crate::support::process::{Installation, Served};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::path::Path;

/// The id of the thing with this name.
fn id_of(folder: &Path, list: &str, name: &str) -> String {
    let listed: Value = serde_json::from_str(&call(folder, &[list, "list", "--json"]).stdout).unwrap();
    let found = listed.as_array().unwrap().iter().find(|line| line["name"] == name).unwrap();
    found.get("id").or(found.get("clientId")).unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_renamed_by_another_hand_is_damage_by_its_old_name_and_by_its_new_one() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    assert_eq!(client.create("Orders").await.unwrap().0, 200);
    let hook = json!({
        "name": "Import", "type": "com.okta.import.transform", "version": "1.0.0",
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {"uri": "https://hooks.example.com/", "headers": []}},
    });
    assert_eq!(client.hook(&hook).await.unwrap().0, 200);
    drop(server);
    let scope = ["--scope", "okta.inlineHooks.read"];
    assert_eq!(call(folder, &[&["token", "create", "--name", "ro"], &scope[..]].concat()).code, 0);
    assert_eq!(call(folder, &[&["app", "create", "--name", "ci", "--generate"], &scope[..]].concat()).code, 0);
    let absent = [
        ["key", "show", "Other"],
        ["key", "delete", "Other"],
        ["hook", "test", "Other"],
        ["hook", "delete", "Other"],
        ["app", "show", "Other"],
        ["token", "revoke", "Other"],
    ];
    for command in &absent {
        let told = stderr(folder, command);
        assert!(told.starts_with("error: there is no "), "{command:?}: {told}");
    }

    let ids = [("key", "Orders"), ("hook", "Import"), ("app", "ci"), ("token", "ro")]
        .map(|(list, name)| id_of(folder, list, name));
    let mut other = other_program(&installation.database()).await;
    let altered = "UPDATE hook_key SET name = 'Other'; UPDATE inline_hook SET name = 'Other'; UPDATE service_app SET name = 'Other';
         UPDATE api_token SET name = 'Other' WHERE name = 'ro'";
    sqlx::raw_sql(altered).execute(&mut other).await.unwrap();
    sqlx::Connection::close(other).await.unwrap();
    let told = |command: &[&str]| {
        let told = stderr(folder, command);
        ids.iter().fold(told, |told, id| told.replace(id, "ID"))
    };
    assert_snapshot!(told(&["key", "show", "Orders"]), @"
    error: the database is damaged: the row ID of hook_key was altered, moved or inserted by another hand: its seal does not fit
    hint: restore the database file from a backup, or remove what is damaged: `hookvault key delete ID`
    ");
    assert_snapshot!(told(&["hook", "test", "Import"]), @"
    error: the database is damaged: the row ID of inline_hook was altered, moved or inserted by another hand: its seal does not fit
    hint: restore the database file from a backup, or remove what is damaged: `hookvault hook delete ID`
    ");
    assert_snapshot!(told(&["hook", "delete", "Import"]), @"
    error: the database is damaged: the row ID of inline_hook was altered, moved or inserted by another hand: its seal does not fit
    hint: restore the database file from a backup, or remove what is damaged: `hookvault hook delete ID`
    ");
    assert_snapshot!(told(&["app", "show", "ci"]), @"
    error: the database is damaged: the row ID of service_app was altered, moved or inserted by another hand: its seal does not fit
    hint: restore the database file from a backup, or remove what is damaged: `hookvault app delete ID`
    ");
    assert_snapshot!(told(&["token", "revoke", "ro"]), @"
    error: the database is damaged: the row ID of api_token was altered, moved or inserted by another hand: its seal does not fit
    hint: restore the database file from a backup, or remove what is damaged: `hookvault token revoke ID`
    ");
    for command in &absent {
        let told = stderr(folder, command);
        assert!(told.starts_with("error: the database is damaged: the row "), "{command:?}: {told}");
    }
    // What is named there removes it.
    let [key, hook, app, token] = &ids;
    for command in
        [["key", "delete", key], ["hook", "delete", hook], ["app", "delete", app], ["token", "revoke", token]]
    {
        assert_eq!(call(folder, &command).code, 0, "{command:?}");
    }
    assert_eq!(call(folder, &["check"]).code, 0);
}
