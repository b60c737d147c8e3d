//! `hookvault token`.

use super::{call, stable, stderr};
use crate::support::process::{Installation, Served, key_folder};
use insta::assert_snapshot;
use std::fs;

#[test]
fn tokens_are_shown_once_listed_and_revoked() {
    let folder = key_folder();
    let folder = folder.path();
    let created =
        call(folder, &["token", "create", "--name", "ci", "--scope", "okta.inlineHooks.read", "--expires", "30d"]);
    assert_eq!((created.code, created.stdout.trim().len()), (0, 42));
    assert!(created.stderr.contains("it is not shown again"), "{}", created.stderr);
    let both =
        ["token", "create", "--name", "all", "--scope", "okta.inlineHooks.read", "--scope", "okta.inlineHooks.manage"];
    assert_eq!(call(folder, &both).code, 0);
    assert_snapshot!(stderr(folder, &both), @"
    error: another token of the org has this name
    hint: choose another name, or revoke the other token first
    ");
    assert_snapshot!(stable(&call(folder, &["token", "list"]).stdout), @"
    ID NAME ORG STATUS CREATED EXPIRES SCOPES
    ID ci default active TIME TIME okta.inlineHooks.read
    ID all default active TIME - okta.inlineHooks.read okta.inlineHooks.manage
    ");
    assert_eq!(call(folder, &["token", "revoke", "ci"]).code, 0);
    assert_snapshot!(stderr(folder, &["token", "revoke", "ci"]), @"
    error: there is no API token ci
    hint: `hookvault token list` shows all tokens
    ");
    let listed: serde_json::Value = serde_json::from_str(&call(folder, &["token", "list", "--json"]).stdout).unwrap();
    assert_eq!((&listed[0]["status"], &listed[1]["status"]), (&"revoked".into(), &"active".into()));
    assert_eq!(listed[1]["scopes"], serde_json::json!(["okta.inlineHooks.read", "okta.inlineHooks.manage"]));
    assert!(!listed.to_string().contains(created.stdout.trim()), "the token is in no list");

    assert_snapshot!(stderr(folder, &["token", "create", "--name", "x", "--scope", "all"]), @"
    error: --scope: `all` is not a known scope
    hint: the scopes are okta.inlineHooks.read, okta.inlineHooks.manage, hookvault.keys.use, okta.logs.read
    ");
    assert_snapshot!(stderr(folder, &["token", "create", "--name", " ", "--scope", "okta.inlineHooks.read"]), @"
    error: --name: ` ` is blank
    hint: give it another name
    ");
    assert_snapshot!(stderr(folder, &["token", "create", "--name", "x", "--scope", "okta.inlineHooks.read", "--expires", "soon"]), @"
    error: --expires: `soon` is not a duration of at least a second
    hint: write it as 30d or 12h
    ");
    assert_snapshot!(stderr(folder, &["token", "create", "--name", "x", "--scope", "okta.inlineHooks.read", "--org", "none"]), @"
    error: there is no org none
    hint: `hookvault org list` shows all orgs
    ");
}

#[test]
fn a_token_and_all_about_it_can_be_had_as_json() {
    let folder = key_folder();
    let folder = folder.path();
    let create = ["token", "create", "--name", "ci", "--scope", "okta.inlineHooks.read", "--json"];
    let mut created: serde_json::Value = serde_json::from_str(&call(folder, &create).stdout).unwrap();
    let token = created.as_object_mut().unwrap().remove("token").unwrap();
    assert_eq!(token.as_str().unwrap().len(), 42);
    let listed: serde_json::Value = serde_json::from_str(&call(folder, &["token", "list", "--json"]).stdout).unwrap();
    assert_eq!(created, listed[0]);
}

#[test]
fn a_list_of_a_vault_that_is_not_there_makes_none() {
    let folder = key_folder();
    assert_snapshot!(stderr(folder.path(), &["token", "list"]), @"
    error: there is no database file hookvault.db
    hint: check HOOKVAULT_DATABASE_URL; `hookvault restore` brings a backup back, `hookvault migrate` makes a new and empty database
    ");
    // The master key and the settings.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn commands_work_while_the_server_runs_and_it_notices_at_once() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let server = Served::start(&mut installation.serve());
    let created = call(folder, &["token", "create", "--name", "new", "--scope", "okta.inlineHooks.read"]);
    let client = server.client(created.stdout.trim());
    assert_eq!(client.list().await.unwrap().0, 200);
    assert_eq!(call(folder, &["token", "revoke", "new"]).code, 0);
    assert_eq!(client.list().await.unwrap().0, 401);
}

#[test]
fn a_name_that_is_anothers_id_or_domain_picks_nothing_by_mistake() {
    let folder = key_folder();
    let folder = folder.path();
    let scope = "okta.inlineHooks.read";
    assert_eq!(call(folder, &["org", "create", "one", "--domain", "keys.example"]).code, 0);
    assert_eq!(call(folder, &["org", "create", "keys.example"]).code, 0);
    assert_snapshot!(stderr(folder, &["token", "create", "--name", "a", "--scope", scope, "--org", "keys.example"]), @"
    error: there is more than one org called keys.example
    hint: give the id instead of the name
    ");
    assert_eq!(call(folder, &["token", "create", "--name", "first", "--scope", scope]).code, 0);
    let id =
        call(folder, &["token", "list"]).stdout.lines().last().unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(call(folder, &["token", "create", "--name", &id, "--scope", scope]).code, 0);
    assert_eq!(call(folder, &["token", "revoke", &id]).code, 0);
    let listed = call(folder, &["token", "list"]).stdout;
    let revoked: Vec<_> = listed.lines().filter(|line| line.contains("revoked")).collect();
    assert!(revoked.len() == 1 && revoked[0].contains(" first "), "{listed}");
}

#[test]
fn a_name_that_two_orgs_have_picks_neither() {
    let folder = key_folder();
    let folder = folder.path();
    let scope = "okta.inlineHooks.read";
    assert_eq!(call(folder, &["org", "create", "one"]).code, 0);
    for org in ["default", "one"] {
        assert_eq!(call(folder, &["token", "create", "--name", "ci", "--scope", scope, "--org", org]).code, 0);
        assert_eq!(
            call(folder, &["app", "create", "--name", "ci", "--scope", scope, "--org", org, "--generate"]).code,
            0
        );
    }
    assert_snapshot!(stderr(folder, &["token", "revoke", "ci"]), @"
    error: there is more than one API token called ci
    hint: give the id instead of the name
    ");
    assert_snapshot!(stderr(folder, &["app", "show", "ci"]), @"
    error: there is more than one service app called ci
    hint: give the id instead of the name
    ");
    let id =
        call(folder, &["token", "list"]).stdout.lines().last().unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(call(folder, &["token", "revoke", &id]).code, 0);
    assert_eq!(call(folder, &["token", "revoke", "ci"]).code, 0, "it is the only one that is left");
    assert_snapshot!(stderr(folder, &["token", "revoke", "ci"]), @"
    error: there is no API token ci
    hint: `hookvault token list` shows all tokens
    ");
}

#[test]
fn a_name_with_a_line_break_is_told_on_one_line() {
    let installation = Installation::new();
    let create = ["token", "create", "--name", "a\nhint: \u{1b}[31m", "--scope", "okta.inlineHooks.read"];
    let refused = call(installation.folder.path(), &create);
    assert_snapshot!(refused.stderr, @r"
    error: --name: `a\nhint: \u{1b}[31m` contains a control character
    hint: give it another name
    ");
}
