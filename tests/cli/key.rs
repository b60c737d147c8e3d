//! `hookvault key`, beside a running server.

use crate::support::process::{Installation, Screen, Served, hookvault, run};
use insta::assert_snapshot;
use serde_json::{Value, json};

fn call(installation: &Installation, arguments: &[&str]) -> Screen {
    run(hookvault(installation.folder.path()).args(arguments).args(["--master-key-file", "master.key"]))
}

fn refusal(installation: &Installation, arguments: &[&str]) -> String {
    let screen = call(installation, arguments);
    assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
    screen.stderr
}

fn shown(installation: &Installation, key: &str) -> Value {
    serde_json::from_str(&call(installation, &["key", "show", key, "--json"]).stdout).unwrap()
}

#[tokio::test]
async fn keys_are_made_listed_shown_renamed_and_deleted() {
    let installation = Installation::new();
    let server = Served::start(&mut installation.serve());
    let made = call(&installation, &["key", "create", "My key"]);
    let id = made.stdout.trim().to_owned();
    assert_eq!((made.code, &id[..3], id.len()), (0, "HKY", 20));

    let key = shown(&installation, "My key");
    assert_eq!(key, shown(&installation, &id));
    let members: Vec<_> = key.as_object().unwrap().keys().collect();
    assert_eq!(members, ["birth", "created", "id", "isUsed", "keyId", "lastUpdated", "name", "publicKey", "usedBy"]);
    assert_eq!((&key["isUsed"], &key["usedBy"], &key["publicKey"]["kty"]), (&json!(false), &json!([]), &json!("RSA")));
    assert_eq!((&key["birth"]["origin"], &key["birth"]["with"]), (&json!("made"), &json!(env!("CARGO_PKG_VERSION"))));
    let stable = |text: &str| {
        let text = text.replace(&id, "HKY…").replace(key["keyId"].as_str().unwrap(), "KID");
        text.replace(key["created"].as_str().unwrap(), "TIME")
    };
    assert_snapshot!(stable(&made.stderr), @"hook key HKY… (My key) with the kid KID");
    let list = call(&installation, &["key", "list"]).stdout;
    assert_eq!(list.split_whitespace().take(6).collect::<Vec<_>>(), ["ID", "NAME", "KID", "USED", "CREATED", &id]);
    assert_eq!(call(&installation, &["key", "show", "My key"]).stdout, list);

    let renamed = call(&installation, &["key", "rename", "My key", "Orders"]);
    assert_snapshot!(stable(&renamed.stderr), @"hook key HKY… is called Orders");
    // The server sees what the shell did, and the shell what was done through the server.
    let (_, through_the_server) = server.client(&installation.token).list().await.unwrap();
    assert!(through_the_server.contains("\"name\":\"Orders\""), "{through_the_server}");
    server.client(&installation.token).create("Other").await.unwrap();
    let listed: Value = serde_json::from_str(&call(&installation, &["key", "list", "--json"]).stdout).unwrap();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|key| &key["name"]).collect();
    assert_eq!(names, ["Orders", "Other"]);

    let deleted = call(&installation, &["key", "delete", "Orders"]);
    assert_snapshot!(stable(&deleted.stderr), @"hook key HKY… is deleted");
    assert_snapshot!(refusal(&installation, &["key", "show", "Orders"]), @"
    error: there is no hook key Orders
    hint: `hookvault key list` shows all hook keys
    ");
    let whole: Value = serde_json::from_str(&call(&installation, &["key", "create", "a", "--json"]).stdout).unwrap();
    assert_eq!(whole, shown(&installation, "a"));
}

#[tokio::test]
async fn what_cannot_be_done_with_a_key_is_told_with_a_way_out() {
    let installation = Installation::new();
    let server = Served::start(&mut installation.serve());
    assert_eq!(call(&installation, &["key", "create", "My key"]).code, 0);
    assert_snapshot!(refusal(&installation, &["key", "create", "My key"]), @"
    error: another key of the org has this name
    hint: choose another name; `hookvault key list` shows all hook keys
    ");
    assert_snapshot!(refusal(&installation, &["key", "create", " "]), @"
    error: the name is blank
    hint: give it another name
    ");
    let hook = json!({
        "name": "My hook", "type": "com.okta.import.transform", "version": "1.0.0",
        "channel": {"type": "OAUTH", "version": "1.0.0", "config": {
            "uri": "https://hooks.example.com", "authType": "private_key_jwt", "clientId": "me", "hookKeyId": "My key",
            "tokenUrl": "https://login.example.com/token",
        }},
    });
    assert_eq!(server.client(&installation.token).hook(&hook).await.unwrap().0, 200);
    assert_snapshot!(refusal(&installation, &["key", "delete", "My key"]), @"
    error: the key is used by 1 others
    hint: take it out of these first: inline hook My hook
    ");
    let key = shown(&installation, "My key");
    assert_eq!((&key["isUsed"], &key["usedBy"][0]["name"]), (&json!(true), &json!("My hook")));
    let screen = call(&installation, &["key", "show", "My key"]).stdout;
    assert!(screen.contains("USED BY") && screen.contains("My hook"), "{screen}");
}

#[tokio::test]
async fn a_key_that_was_made_elsewhere_is_taken_from_a_file_or_refused_with_the_reason() {
    let installation = Installation::new();
    let file = |name: &str| format!("{}/src/crypto/import/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
    let taken = call(&installation, &["key", "import", &file("openssl_3072.pem"), "--name", "Old"]);
    let id = taken.stdout.trim().to_owned();
    let key = shown(&installation, &id);
    assert_eq!((taken.code, &key["name"], &key["birth"]["origin"]), (0, &json!("Old"), &json!("imported")));
    let stable = taken.stderr.replace(&id, "HKY…").replace(key["keyId"].as_str().unwrap(), "KID");
    assert_snapshot!(stable, @"hook key HKY… (Old) of 3072 bits with the kid KID");
    let import = |file: &str| refusal(&installation, &["key", "import", file, "--name", "New"]);
    assert_snapshot!(import(&file("roca.pem")), @"
    error: the key was made by a faulty Infineon library, and others can compute it (ROCA, CVE-2017-15361)
    hint: give one RSA private key of 2048 to 4096 bits, as PKCS#8 or PKCS#1 (PEM or DER) or a JWK, not encrypted
    ");
    assert_snapshot!(import("nowhere.pem"), @"
    error: nowhere.pem cannot be read: No such file or directory (os error 2)
    hint: check the path
    ");
    let encrypted = ["key", "import", &file("openssl_2048.pem"), "--name", "New", "--encrypted-to", "Old"];
    assert_snapshot!(refusal(&installation, &encrypted), @"
    error: the JWE is no compact JWE: five parts of base64url, of which the first is a JSON object
    hint: encrypt the key with RSA-OAEP-256 and A256GCM to the public key of a key of the vault
    ");
}
