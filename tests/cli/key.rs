//! `hookvault key`, beside a running server.

use crate::support::database;
use crate::support::process::{Installation, Screen, Served, hookvault, run};
use crate::support::reseal::reseal;
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
    let expected = [
        "birth",
        "created",
        "id",
        "isUsed",
        "keyId",
        "lastUpdated",
        "name",
        "nextRotation",
        "publicKey",
        "rotateEvery",
        "usedBy",
        "versions",
    ];
    assert_eq!(members, expected);
    assert_eq!((&key["isUsed"], &key["usedBy"], &key["publicKey"]["kty"]), (&json!(false), &json!([]), &json!("RSA")));
    assert_eq!((&key["birth"]["origin"], &key["birth"]["with"]), (&json!("made"), &json!(env!("CARGO_PKG_VERSION"))));
    let stable = |text: &str| {
        let text = text.replace(&id, "HKY…").replace(key["keyId"].as_str().unwrap(), "KID");
        text.replace(key["created"].as_str().unwrap(), "TIME")
    };
    assert_snapshot!(stable(&made.stderr), @"hook key HKY… (My key) with the kid KID");
    let list = call(&installation, &["key", "list"]).stdout;
    let columns = ["ID", "NAME", "KID", "USED", "CREATED", "NEXT", "KEY", &id];
    assert_eq!(list.split_whitespace().take(8).collect::<Vec<_>>(), columns);
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
    assert_snapshot!(import("/dev/zero"), @"
    error: /dev/zero has more than 128 KiB, which no key has
    hint: give the file with the key alone
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

#[test]
fn a_rotation_can_be_had_as_json_and_a_short_grace_is_warned_of() {
    let installation = Installation::new();
    for name in ["Orders", "Bills"] {
        assert_eq!(call(&installation, &["key", "create", name]).code, 0);
    }
    let short = call(&installation, &["key", "rotate", "Orders", "--grace", "59m", "--json"]);
    let told: Value = serde_json::from_str(&short.stdout).unwrap();
    let shown = shown(&installation, "Orders");
    assert_eq!((&told["keyId"], &told["versions"]), (&shown["keyId"], &shown["versions"]));
    assert_eq!(told["versions"].as_array().unwrap().len(), 2);
    let warning = "warning: a JWT may live for 1h; one that lives for longer than 59m when the next key signs cannot be verified any more then\n";
    assert!(short.stderr.ends_with(warning), "{}", short.stderr);
    let enough = call(&installation, &["key", "rotate", "Bills", "--grace", "1h"]);
    assert!(enough.code == 0 && !enough.stderr.contains("warning"), "{}", enough.stderr);
    let scheduled = call(&installation, &["key", "rotate", "Bills", "--every", "90d", "--json"]);
    let told: Value = serde_json::from_str(&scheduled.stdout).unwrap();
    assert_eq!(told["rotateEvery"], 90 * 86_400);
}

#[test]
fn what_a_terminal_would_obey_is_written_out_in_what_is_said_of_a_name() {
    let installation = Installation::new();
    let made = call(&installation, &["key", "create", "a\u{202e}b"]);
    assert!(made.stderr.contains("(a\\u{202e}b)"), "{}", made.stderr);
    let again = refusal(&installation, &["key", "show", "c\u{2066}d\u{1b}"]);
    assert_snapshot!(again, @r"
    error: there is no hook key c\u{2066}d\u{1b}
    hint: `hookvault key list` shows all hook keys
    ");
}

#[test]
fn a_key_rotates_now_at_once_or_from_time_to_time() {
    let installation = Installation::new();
    call(&installation, &["key", "create", "Orders"]);
    let first = shown(&installation, "Orders");
    let stable = |text: &str| {
        let mut text = text.to_owned();
        let now = shown(&installation, "Orders");
        for (version, name) in now["versions"].as_array().unwrap().iter().rev().zip(["NEW", "OLD", "OLDER"]) {
            text = text.replace(version["keyId"].as_str().unwrap(), name);
            text = text.replace(version["signsFrom"].as_str().unwrap(), "TIME");
        }
        text.replace(now["created"].as_str().unwrap(), "TIME").replace(now["id"].as_str().unwrap(), "HKY…")
    };
    let made = call(&installation, &["key", "rotate", "Orders"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_snapshot!(stable(&made.stdout), @"NEW");
    assert_snapshot!(stable(&made.stderr), @"
    the next key of Orders is published, and signs from TIME on; the key OLD stays published for 65m after that
    ");
    assert_snapshot!(stable(&call(&installation, &["key", "show", "Orders"]).stdout), @"
    ID                    NAME    KID                                   USED  CREATED                   NEXT KEY
    HKY…  Orders  OLD  no    TIME  TIME

    KID                                   STATUS   SIGNS FROM                PUBLISHED UNTIL
    OLD  signing  TIME  -
    NEW  next     TIME  -
    ");
    assert_snapshot!(stable(&refusal(&installation, &["key", "rotate", "Orders", "--ahead", "2h"])), @"
    error: the next key is there already, and signs from TIME on
    hint: rotate again after that, or use --emergency if a key is in wrong hands
    ");

    let scheduled = call(&installation, &["key", "rotate", "Orders", "--every", "90d"]);
    assert_snapshot!(stable(&scheduled.stderr), @"Orders rotates every 90d; the next key signs from TIME on");
    assert_eq!(shown(&installation, "Orders")["rotateEvery"], 90 * 86_400);
    let never = call(&installation, &["key", "rotate", "Orders", "--every", "never"]);
    assert_snapshot!(stable(&never.stderr), @"Orders rotates by itself no more; the next key is there already, and signs from TIME on");

    let emergency = call(&installation, &["key", "rotate", "Orders", "--emergency"]);
    assert_snapshot!(stable(&emergency.stdout), @"NEW");
    assert_snapshot!(stable(&emergency.stderr), @"
    Orders signs with it from now on, and all other keys of it are withdrawn; verifiers may take them for another minute
    ");
    let after = shown(&installation, "Orders");
    assert_eq!((after["versions"].as_array().unwrap().len(), &after["id"]), (1, &first["id"]));
    assert_ne!(after["keyId"], first["keyId"]);
    let never = call(&installation, &["key", "rotate", "Orders", "--every", "never"]);
    assert_snapshot!(never.stderr, @"Orders does not rotate by itself");
    let scheduled = call(&installation, &["key", "rotate", "Orders", "--every", "1d"]);
    assert!(
        scheduled.stderr.starts_with("Orders rotates every 1d; the next key signs from 20"),
        "{}",
        scheduled.stderr
    );
}

#[test]
fn a_rotation_that_cannot_be_is_refused_with_what_to_do() {
    let installation = Installation::new();
    call(&installation, &["key", "create", "Orders"]);
    let rotate = |arguments: &[&str]| {
        let screen = call(&installation, &[&["key", "rotate", "Orders"], arguments].concat());
        assert_eq!(screen.stdout, "");
        format!("{} {}", screen.code, screen.stderr)
    };
    assert_snapshot!(rotate(&["--ahead", "1m", "--grace", "1m"]), @"
    1 error: --ahead is not from 2m to 30d: verifiers keep the key set of before for up to a minute; --grace is not from 5m to 30d: what the key has signed must not outlive it
    hint: write it as 90d, 12h or 30m
    ");
    assert_snapshot!(rotate(&["--ahead", "soon"]), @"
    1 error: --ahead: `soon` is not a duration
    hint: write it as 90d, 12h or 30m
    ");
    assert_snapshot!(rotate(&["--every", "1h"]), @"
    1 error: --every is not from 1d to 3650d: verifiers need time for each key
    hint: write it as 90d, 12h or 30m
    ");
    assert_snapshot!(rotate(&["--emergency", "--ahead", "1h"]), @"
    2 error: the argument '--emergency' cannot be used with '--ahead <DURATION>'
    hint: usage is `hookvault key rotate --emergency --master-key-file <FILE> <KEY>`; --help tells more
    ");
    assert_snapshot!(refusal(&installation, &["key", "rotate", "nobody"]), @"
    error: there is no hook key nobody
    hint: `hookvault key list` shows all hook keys
    ");
}

#[tokio::test]
async fn a_server_that_is_killed_while_keys_take_their_places_loses_none() {
    const KEYS: usize = 20;
    let installation = Installation::new();
    let mut server = Served::start(&mut installation.serve());
    let client = server.client(&installation.token);
    for number in 0..KEYS {
        assert_eq!(client.create(&format!("key {number}")).await.unwrap().0, 200);
        assert_eq!(call(&installation, &["key", "rotate", &format!("key {number}")]).code, 0);
    }
    server.terminate();
    // As if an hour had gone by.
    let mut other = database::other_program(&installation.database()).await;
    sqlx::query("UPDATE hook_key_version SET signs_from = 1").execute(&mut other).await.unwrap();
    reseal(&mut other, "hook_key_version").await;
    let listed =
        || -> Vec<Value> { serde_json::from_str(&call(&installation, &["key", "list", "--json"]).stdout).unwrap() };
    let kids =
        |key: &Value| key["versions"].as_array().unwrap().iter().map(|one| one["keyId"].clone()).collect::<Vec<_>>();
    let before = listed();
    let mut promoted = 0;
    for round in 0.. {
        let mut server = Served::start(&mut installation.serve());
        // A moment later each time.
        for _ in 0..round {
            server.get("/healthz").await.unwrap();
        }
        server.kill();
        let after = listed();
        for (was, is) in before.iter().zip(&after) {
            // Both are there, and one signs: the first, or the one that was the next.
            let statuses: Vec<_> =
                is["versions"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
            assert_eq!(kids(was), kids(is));
            let signs = if statuses == ["signing", "next"] { 0 } else { 1 };
            assert!(signs == 0 || statuses == ["retired", "signing"], "{statuses:?}");
            assert_eq!(kids(is)[signs], is["keyId"]);
        }
        assert_eq!(call(&installation, &["check"]).code, 0);
        let done = before.iter().zip(&after).filter(|(was, is)| was["keyId"] != is["keyId"]).count();
        assert!(done >= promoted && round < 100, "the next start goes on");
        promoted = done;
        if promoted == KEYS {
            break;
        }
    }
}
