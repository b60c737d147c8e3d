//! Every command of the program, and what the audit trail tells of it.

use super::call;
use crate::support::database::{self, other_program};
use crate::support::hook_server::{HookServer, Reply};
use crate::support::process::{Installation, Screen, Served, add_setting, hookvault, run};
use hookvault::crypto::random::Random;
use hookvault::crypto::rsa_key::KeyPair;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Those that change nothing in a vault, or whose changes are told elsewhere, with the reason where it is not plain.
const UNRECORDED: [&str; 24] = [
    // What they do is asked for over HTTP, but for the default org, which a start makes where there is none: `org create` is its record.
    "dev",
    "serve",
    // Makes a key for no vault yet; copies the key of one.
    "master-key generate",
    "master-key recovery",
    // Changes the form of tables alone. Rows that it seals are told by the vault that they are of (`tests/damage`).
    "migrate",
    "check",
    "backup verify",
    "audit list",
    "audit tail",
    "audit export",
    "audit verify",
    // Tells of the key that it needs, once; `audit checkpoint` does so here.
    "audit prove",
    "key list",
    "key show",
    "hook list",
    "app list",
    "app show",
    "signing-key list",
    "token list",
    "org list",
    // Of a vault of its own, which goes with it.
    "bench",
    "completions",
    "man",
    "help",
];

/// All commands that have no others below them, as the help names them; and those that can be called by themselves as well.
fn commands(folder: &Path, above: &[&str]) -> BTreeSet<String> {
    let help = call(folder, &[above, &["--help"]].concat()).stdout;
    let Some((_, listed)) = help.split_once("\nCommands:\n") else { return BTreeSet::from([above.join(" ")]) };
    let names = listed.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let mut found: BTreeSet<_> =
        names.filter(|name| *name != "help").flat_map(|name| commands(folder, &[above, &[name]].concat())).collect();
    if help.contains("[OPTIONS] <") {
        found.insert(above.join(" "));
    }
    found
}

/// The types of the entries of a trail, in their order.
fn told(folder: &Path, more: &[&str]) -> Vec<String> {
    let export = run(hookvault(folder).args(["audit", "export"]).args(more));
    assert_eq!(export.code, 0, "{}", export.stderr);
    let kind = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        entry["eventType"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    export.stdout.lines().map(kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_changes_something_or_uses_a_key_is_told() {
    let hooks = HookServer::start(|_| Reply::Json(200, json!({"commands": []}))).await;
    let installation = Installation::new();
    let folder = installation.folder.path();
    add_setting(folder, "HOOKVAULT_HOOK_ALLOW", "127.0.0.0/8");
    let hook = {
        let server = Served::start(&mut installation.serve());
        let hook = json!({
            "name": "hook", "type": "com.okta.import.transform", "version": "1.0.0",
            "channel": {"type": "HTTP", "version": "1.0.0", "config": {"uri": hooks.url("/"), "headers": []}},
        });
        let (status, answer) = server.client(&installation.token).hook(&hook).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        let made: Value = serde_json::from_str(&answer).unwrap();
        made["id"].as_str().unwrap().to_owned()
    };
    fs::write(folder.join("foreign.der"), KeyPair::make(&Random::system()).pkcs8()).unwrap();
    fs::write(folder.join("claims"), "{}").unwrap();
    call(folder, &["master-key", "generate", "--out", "next.key"]);
    let scope = ["--scope", "okta.inlineHooks.read"];
    let mut known: BTreeSet<String> = UNRECORDED.map(str::to_owned).into();
    let mut done = |command: &str, arguments: &[&str], events: &[&str]| -> Screen {
        let before = told(folder, &[]).len();
        let path: Vec<_> = command.split(' ').collect();
        let screen = run(hookvault(folder).args(path).args(arguments));
        assert_eq!(screen.code, 0, "{command}: {}", screen.stderr);
        assert_eq!(told(folder, &[])[before..], *events, "{command}");
        known.insert(command.to_owned());
        screen
    };
    done("token create", &[&["--name", "a"], &scope[..]].concat(), &["system.api_token.create"]);
    done("token revoke", &["a"], &["system.api_token.revoke"]);
    done("key create", &["a"], &["system.hook.key.created"]);
    done("key rename", &["a", "b"], &["system.hook.key.updated"]);
    done("key rotate", &["b"], &["system.hook.key.rotated"]);
    done("key rotate", &["b", "--every", "90d"], &["system.hook.key.scheduled"]);
    done("key import", &["foreign.der", "--name", "c"], &["system.hook.key.imported"]);
    done("key delete", &["c"], &["system.hook.key.deleted"]);
    done("assert", &["b", "--client-id", "me", "--audience", "https://a.example"], &["system.hook.key.used"]);
    done("sign", &["b", "--claims", "claims"], &["system.hook.key.used"]);
    done("hook test", &["hook"], &["inline_hook.executed"]);
    let mut other = other_program(&installation.database()).await;
    // One that is damaged goes without being deactivated first.
    sqlx::raw_sql("UPDATE inline_hook SET version = '2'").execute(&mut other).await.unwrap();
    done("hook delete", &[&hook], &["inline_hook.deleted"]);
    let app = ["app", "--generate"];
    done(
        "app create",
        &[&["--name"], &app[..], &scope].concat(),
        &["application.lifecycle.create", "app.oauth2.client.key.created"],
    );
    let added = done("app add-key", &app, &["app.oauth2.client.key.created"]);
    let kid: Value = serde_json::from_str(added.stdout.trim()).unwrap();
    done("app remove-key", &["app", kid["kid"].as_str().unwrap()], &["app.oauth2.client.key.deleted"]);
    done("app deactivate", &["app"], &["application.lifecycle.deactivate"]);
    done("app activate", &["app"], &["application.lifecycle.activate"]);
    done("app deactivate", &["app"], &["application.lifecycle.deactivate"]);
    done("app delete", &["app"], &["application.lifecycle.delete"]);
    // The first one, and the next.
    done("signing-key rotate", &[], &["app.oauth2.key.rollover"; 2]);
    done("audit checkpoint", &[], &["system.log.key.created"]);
    done("key create", &["lost"], &["system.hook.key.created"]);
    sqlx::raw_sql("DELETE FROM hook_key WHERE name = 'lost'").execute(&mut other).await.unwrap();
    done("audit accept-loss", &[], &["system.log.loss.accepted"]);
    done("backup", &["vault.backup"], &["system.vault.backed_up"]);

    // Those after which the trail is in another vault, or opens with another key.
    let other = |name: &str| {
        let file = folder.join(name);
        database::make_now(&file);
        database::url_text(&file)
    };
    let last = |more: &[&str]| told(folder, more).pop().unwrap();
    let (moved, restored) = (other("moved.db"), other("restored.db"));
    assert_eq!(call(folder, &["move", "--to", &moved]).code, 0);
    assert_eq!(last(&["--database-url", &moved]), "system.vault.moved");
    assert_eq!(last(&[]), "system.vault.moved", "the vault that was copied tells of it, too");
    assert_eq!(call(folder, &["restore", "vault.backup", "--database-url", &restored]).code, 0);
    assert_eq!(last(&["--database-url", &restored]), "system.vault.restored");
    let domain = ["org", "create", "two", "--domain", "two.example"];
    assert_eq!(call(folder, &domain).code, 0);
    assert_eq!(told(folder, &["--org", "two"]), ["system.org.created"], "in the trail of the org itself");
    let rotated = call(folder, &["master-key", "rotate", "--to-master-key-file", "next.key"]);
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    assert_eq!(last(&["--master-key-file", "next.key"]), "system.vault.master_key.rotated");
    known.extend(["move", "restore", "org create", "master-key rotate"].map(str::to_owned));
    known.remove("help");
    assert_eq!(commands(folder, &[]), known, "a command that is new belongs here");
}
