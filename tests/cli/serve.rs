//! `hookvault serve`: what it needs, its log and its end.

use super::{last_lines, stderr};
use crate::support::process::{Installation, Served, hookvault, http_client, key_folder, run, wait};
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Stdio;
use tempfile::tempdir;

#[test]
fn the_log_of_a_new_vault_says_what_the_vault_does_and_nothing_of_a_library() {
    let folder = key_folder();
    let mut serve = hookvault(folder.path());
    serve.args(["serve", "--listen", "127.0.0.1:0", "--key-pool", "0"]).env("HOOKVAULT_LOG", "info");
    let log = Served::start(&mut serve).log_until("looked at the whole database");
    assert!(log.contains("made a new database") && log.contains("migrated"), "{log}");
    assert!(!log.contains("schema history") && !log.contains("refinery"), "{log}");
}

#[test]
fn serve_refuses_to_start_without_what_it_needs() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    assert_snapshot!(stderr(folder, &["serve"]), @"
    error: there is no master key
    hint: make one with `hookvault master-key generate --out master.key`, then set HOOKVAULT_MASTER_KEY_FILE=master.key
    ");
    assert_snapshot!(stderr(folder, &["serve", "--master-key-file", "none"]), @"
    error: the secret file none cannot be read: No such file or directory (os error 2)
    hint: check the path, and who owns the file
    ");
    let with_key = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = hookvault(folder);
        command.arg("serve").args(arguments).env("HOOKVAULT_MASTER_KEY", crate::support::app::MASTER_KEY);
        let screen = run(command.envs(variables.iter().copied()));
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
        screen.stderr
    };
    assert_snapshot!(with_key(&["--database-url", "sqlite://none/vault.db"], &[]), @"
    error: there is no folder none for the database file
    hint: mkdir -m 700 -p none
    ");
    assert_snapshot!(with_key(&["--database-url", "mysql://vault"], &[]), @"
    error: --database-url: `mysql://vault` begins with neither sqlite:// nor postgres://
    hint: write it as sqlite://hookvault.db (relative), sqlite:///var/lib/hookvault/hookvault.db (absolute) or postgres://hookvault@db.example.com/hookvault
    ");
    assert_snapshot!(with_key(&["--listen", "8080"], &[]), @"
    error: --listen: `8080` is not an address and a port
    hint: write it as 127.0.0.1:8080, localhost:8080 or [::]:8080
    ");
    assert_snapshot!(with_key(&[], &[("HOOKVAULT_MASTERKEY", "a")]), @"
    error: HOOKVAULT_MASTERKEY in the environment is not a setting of hookvault
    hint: unset it; perhaps HOOKVAULT_MASTER_KEY was meant
    ");
    assert_snapshot!(with_key(&[], &[("HOOKVAULT_MASTER_KEY_FILE", "a")]), @"
    error: both HOOKVAULT_MASTER_KEY and HOOKVAULT_MASTER_KEY_FILE are set
    hint: set one of them: it must be clear which master key counts
    ");
    assert_snapshot!(with_key(&[], &[("HOOKVAULT_MASTER_KEY", "hvmk_secret")]), @"
    error: the content of HOOKVAULT_MASTER_KEY is not a master key (`hvmk_` and 43 characters of base64url)
    hint: `hookvault master-key generate` prints one of the right form
    ");
    assert_snapshot!(with_key(&[], &[("HOOKVAULT_RATE_LIMIT", "many")]), @"
    error: HOOKVAULT_RATE_LIMIT: `many` is neither a number of requests per minute above zero nor `off`
    hint: write it as 1200, or off for no limit
    ");
    assert_snapshot!(with_key(&[], &[("HOOKVAULT_LOG", "a=b=c")]), @r#"
    error: the log filter `a=b=c` is not usable: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
    hint: write it as info or hookvault=debug,info
    "#);
    assert_snapshot!(with_key(&["--migrate", "off"], &[]), @"
    error: there is no database file hookvault.db
    hint: check HOOKVAULT_DATABASE_URL; `hookvault restore` brings a backup back, `hookvault migrate` makes a new and empty database
    ");
}

#[test]
fn a_trusted_issuer_that_cannot_be_used_is_named() {
    let installation = Installation::new();
    let serve = |issuers: &str| {
        let screen = run(installation.serve().env("HOOKVAULT_TRUSTED_ISSUERS", issuers));
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
        last_lines(&screen.stderr)
    };
    assert_snapshot!(serve("https://login.example.com"), @r#"
    error: HOOKVAULT_TRUSTED_ISSUERS: `https://login.example.com` is not a list of issuers: expected value at line 1 column 1
    hint: write it as [{"issuer":"https://login.example.com","audience":"hookvault"}]; .env.example has all members
    "#);
    assert_snapshot!(serve(r#"[{"issuer":"https://login.example.com","audience":"a","mapping":{}}]"#), @r#"
    error: HOOKVAULT_TRUSTED_ISSUERS: `[{"issuer":"https://login.example.com","audience":"a","mapping":{}}]` is not a list of issuers: unknown field `mapping`, expected one of `issuer`, `audience`, `scopesClaim`, `scopes`, `jwksUri`, `org` at line 1 column 63
    hint: write it as [{"issuer":"https://login.example.com","audience":"hookvault"}]; .env.example has all members
    "#);
    assert_snapshot!(serve(r#"[{"issuer":"https://login.example.com","audience":"a","scopes":{"read":"keys.read"}}]"#), @r#"
    error: HOOKVAULT_TRUSTED_ISSUERS: `[{"issuer":"https://login.example.com","audience":"a","scopes":{"read":"keys.read"}}]` gives read the scope keys.read, which is not a known scope
    hint: write it as [{"issuer":"https://login.example.com","audience":"hookvault"}]; .env.example has all members
    "#);
    assert_snapshot!(serve(r#"[{"issuer":"https://login.example.com","audience":"a","org":"acme"}]"#), @"
    error: HOOKVAULT_TRUSTED_ISSUERS names an org that cannot be picked: there is no org acme
    hint: `hookvault org list` shows all orgs
    ");
    let twice = r#"[{"issuer":"https://a","audience":"b"},{"issuer":"https://a","audience":"c","org":"default"}]"#;
    assert_snapshot!(serve(twice), @"
    error: HOOKVAULT_TRUSTED_ISSUERS has the issuer https://a twice for the org default
    hint: keep one of the two; `scopes` may map several scopes
    ");
}

#[test]
fn an_issuer_whose_keys_come_over_plain_http_is_warned_of() {
    let installation = Installation::new();
    let warned = |issuer: &str, keys: Option<&str>| {
        // The second ends it.
        let issuers = serde_json::json!([
            {"issuer": issuer, "audience": "a", "jwksUri": keys},
            {"issuer": "https://b.example", "audience": "b", "org": "acme"},
        ]);
        let screen = run(installation.serve().env("HOOKVAULT_TRUSTED_ISSUERS", issuers.to_string()));
        assert!(last_lines(&screen.stderr).contains("there is no org acme"), "{}", screen.stderr);
        screen.stderr.contains("the keys of this issuer come over plain http")
    };
    assert!(warned("http://login.example.com", None));
    assert!(warned("https://login.example.com", Some("http://login.internal/keys")));
    assert!(!warned("https://login.example.com", None));
    assert!(!warned("http://login.example.com", Some("https://login.internal/keys")));
    for this_machine in ["127.0.0.1:8081", "[::1]:8081", "login.localhost"] {
        assert!(!warned(&format!("http://{this_machine}"), None), "{this_machine}");
    }
}

#[test]
fn an_address_in_use_is_named() {
    let installation = Installation::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let screen = run(installation.serve().args(["--listen", &address]));
    assert!(screen.stderr.contains("cannot be used multiple times"), "{}", screen.stderr);
    let mut command = hookvault(installation.folder.path());
    let screen = run(command.args(["serve", "--master-key-file", "master.key", "--listen", &address]));
    assert_snapshot!(last_lines(&screen.stderr).replace(&address, "ADDRESS"), @"
    error: the address ADDRESS cannot be listened on: Address already in use (os error 98)
    hint: choose another address with --listen; port 0 takes any free one
    ");
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_requests_under_way() {
    let installation = Installation::new();
    let mut serve = installation.serve();
    let mut child = serve.args(["--log", "info"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut greeting = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
    let address = greeting[greeting.find("http://").unwrap() + 7..].trim();
    let mut unfinished = std::net::TcpStream::connect(address).unwrap();
    let head = "POST /api/v1/hook-keys HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\nauthorization: SSWS";
    write!(unfinished, "{head} {}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n", installation.token)
        .unwrap();
    let mut going_on = String::new();
    BufReader::new(&unfinished).read_line(&mut going_on).unwrap();
    assert_eq!(going_on, "HTTP/1.1 100 Continue\r\n");

    let started = std::time::Instant::now();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    log.find(|line| line.contains("stopping")).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(wait(&mut child).success());
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "the body would have had 10 s");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_nothing() {
    for log in ["a full disk", "a pipe without a reader"] {
        let installation = Installation::new();
        let mut serve = installation.serve();
        let full = || Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        let stderr = if log == "a full disk" { full() } else { Stdio::piped() };
        let mut child = serve.args(["--log", "debug"]).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        drop(child.stderr.take());
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        let url = format!("{}/api/v1/hook-keys", greeting[greeting.find("http://").unwrap()..].trim());
        let http = http_client();
        let create = http.post(&url).json(&serde_json::json!({"name": "a"}));
        let created = create.header("authorization", format!("SSWS {}", installation.token)).send().await.unwrap();
        assert_eq!(created.status(), 200, "{log}");
        assert_eq!(http.get(&url).send().await.unwrap().status(), 403, "{log}");
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert!(wait(&mut child).success(), "{log}");
    }
}

#[tokio::test]
async fn the_log_names_requests_and_errors_and_no_secret() {
    let installation = Installation::new();
    let log = fs::File::create(installation.folder.path().join("log")).unwrap();
    let mut serve = installation.serve();
    let mut child =
        serve.args(["--log-format", "json", "--log", "debug"]).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let url = format!("{}/api/v1/hook-keys", &line[line.find("http://").unwrap()..].trim());
    let http = http_client();
    let ok = http
        .post(&url)
        .header("authorization", format!("SSWS {}", installation.token))
        .json(&serde_json::json!({"name": "a"}));
    assert_eq!(ok.send().await.unwrap().status(), 200);
    let stranger = format!("00{}", "s".repeat(40));
    let refused = http.get(&url).header("authorization", format!("SSWS {stranger}")).send().await.unwrap();
    let request_id = refused.headers()["x-okta-request-id"].to_str().unwrap().to_owned();
    let error_id = refused.json::<serde_json::Value>().await.unwrap()["errorId"].as_str().unwrap().to_owned();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM).unwrap();
    assert!(wait(&mut child).success());

    let log = fs::read_to_string(installation.folder.path().join("log")).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_error: Vec<_> = lines.iter().filter(|line| line["error_id"] == error_id.as_str()).collect();
    assert_eq!(of_error.len(), 1, "an error is logged once");
    assert_eq!(of_error[0]["request_id"], request_id.as_str());
    assert_eq!(lines.iter().filter(|line| line["message"] == "request").count(), 2, "one line for each request");
    for secret in [&*installation.token, &stranger, crate::support::app::MASTER_KEY] {
        assert!(!log.contains(secret), "no secret is in the log");
    }
}

#[tokio::test]
async fn a_greeting_that_cannot_be_written_stops_nothing() {
    let installation = Installation::new();
    let mut serve = installation.serve();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut child = serve.args(["--log-format", "json"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = log.find(|line| line.contains("the greeting cannot be written to stdout")).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address = line["address"].as_str().unwrap();
    let probe = http_client().get(format!("http://{address}/healthz")).send().await.unwrap();
    assert_eq!(probe.status(), 200);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(wait(&mut child).success());
}

#[test]
fn a_master_key_that_its_group_may_read_must_be_mounted_by_root() {
    let installation = Installation::new();
    let key = installation.folder.path().join("master.key");
    let as_root = fs::metadata(&key).unwrap().uid() == 0;
    for (mode, accepted) in [(0o400, true), (0o440, as_root), (0o444, false)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let list = ["key", "list", "--master-key-file", "master.key"];
        let screen = run(hookvault(installation.folder.path()).args(list));
        assert_eq!(screen.code == 0, accepted, "{mode:o}: {}", screen.stderr);
    }
}

#[tokio::test]
async fn a_folder_that_takes_no_backup_is_told_at_the_start_and_what_to_do() {
    let installation = Installation::new();
    let mut serve = installation.serve();
    let mut server = Served::start(serve.env("HOOKVAULT_BACKUP_DIR", "none").env("TMPDIR", "/neither"));
    assert_eq!(server.get("/healthz").await.unwrap().0, 200, "it signs all the same");
    server.terminate();
    let log = server.log_until("the end");
    // Without the time and the place in the code.
    let told = log.lines().filter(|line| line.contains("backups are not made as they should be"));
    let told: Vec<_> = told.filter_map(|line| line.split_once("backups are ").map(|(_, rest)| rest)).collect();
    assert_snapshot!(told.join("\n"), @r#"
    not made as they should be error=HOOKVAULT_BACKUP_DIR cannot be used: the folder none cannot be used: No such file or directory (os error 2) hint="make it, so that the vault's user may write to it; a unit of systemd names it with ReadWritePaths="
    not made as they should be error=the folder for temporary files /neither cannot be used: No such file or directory (os error 2) hint="make it, or name another one with TMPDIR; meanwhile backups are proved in another one"
    "#);
}
