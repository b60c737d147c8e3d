//! `hookvault dev`.

use super::{call, last_lines};
use crate::support::process::{Served, hookvault, http_client, run, wait};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::tempdir;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The token in a greeting of `dev`.
fn token_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("hookvault-data/token")).unwrap().trim().to_owned()
}

#[tokio::test]
async fn dev_makes_what_is_missing_and_keeps_it() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let dev = || {
        let mut command = hookvault(folder);
        command.args(["dev", "--listen", "127.0.0.1:0"]);
        command
    };
    let mut server = Served::start(&mut dev());
    let data = folder.join("hookvault-data");
    let files = ["hookvault.db", "master.key", "token"];
    assert_eq!((mode(&data), files.map(|file| mode(&data.join(file)))), (0o700, [0o600; 3]));
    let token = token_of(folder);
    assert_eq!(server.client(&token).create("a").await.unwrap().0, 200);
    server.kill();

    let server = Served::start(&mut dev());
    assert_eq!(token_of(folder), token);
    // It has every scope, also where it was made before there were so many.
    let mut other = crate::support::app::other_program(&data.join("hookvault.db")).await;
    sqlx::query("UPDATE api_token SET scopes = 'okta.inlineHooks.read'").execute(&mut other).await.unwrap();
    drop(server);
    let server = Served::start(&mut dev());
    assert_eq!(server.client(&token).create("b").await.unwrap().0, 200);
    let (status, body) = server.client(&token).list().await.unwrap();
    assert_eq!((status.as_u16(), body.contains("\"name\":\"a\"")), (200, true));
    drop(server);

    // A lost or revoked token is replaced, and no longer accepted; a lost master key is not replaced.
    fs::remove_file(data.join("token")).unwrap();
    let server = Served::start(&mut dev());
    let replaced = token_of(folder);
    assert_eq!(server.client(&replaced).list().await.unwrap().0, 200);
    assert_eq!(server.client(&token).list().await.unwrap().0, 401);
    drop(server);
    assert_eq!(call(&data, &["token", "revoke", "dev"]).code, 0);
    let server = Served::start(&mut dev());
    assert_ne!(token_of(folder), replaced);
    assert_eq!(server.client(&token_of(folder)).list().await.unwrap().0, 200);
    drop(server);
    fs::set_permissions(data.join("token"), fs::Permissions::from_mode(0o644)).unwrap();
    let screen = run(&mut dev());
    let stable = screen.stderr.replace(&data.canonicalize().unwrap().display().to_string(), "DATA");
    assert_snapshot!(last_lines(&stable), @"
    error: the secret file DATA/token can be read by others (mode 0644)
    hint: chmod 600 DATA/token
    ");
    fs::remove_file(data.join("master.key")).unwrap();
    let screen = run(&mut dev());
    let stable = screen.stderr.replace(&data.canonicalize().unwrap().display().to_string(), "DATA");
    assert_snapshot!(stable, @"
    error: DATA/master.key is missing, and DATA/hookvault.db is sealed with it
    hint: put the master key back, or begin anew with another --data-dir
    ");
}

#[tokio::test]
async fn what_dev_prints_is_ready_to_paste() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    let folder = tempdir().unwrap();
    let mut command = hookvault(folder.path());
    let mut child = command
        .args(["dev", "--ephemeral", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut screen = Vec::new();
    for line in lines.by_ref() {
        let last = line.starts_with("Ctrl-C");
        screen.push(line);
        if last {
            break;
        }
    }
    let curl = screen.iter().find(|line| line.starts_with("  curl ")).unwrap().clone();
    let url = screen[0].split_whitespace().nth(4).unwrap().to_owned();
    let kept = screen[1].rsplit(' ').next().unwrap().to_owned();
    let token = screen[4].trim().to_owned();
    let address = url.trim_start_matches("http://");
    let stable = screen.join("\n").replace(&url, "URL").replace(address, "ADDRESS");
    let stable = stable.replace(&kept, "FOLDER").replace(&token, "TOKEN");
    assert_snapshot!(stable, @r#"
    hookvault is running at URL (documents: URL/docs)
    Its data is kept until it stops, in FOLDER

    Token with every scope:
      TOKEN

    Create a key:
      curl -H 'Authorization: SSWS TOKEN' -H 'Content-Type: application/json' -d '{"name":"My hook key"}' URL/api/v1/hook-keys

    See each step of a call of one of its inline hooks (hooks on this machine are allowed):
      hookvault hook test 'My hook' --data-dir FOLDER

    For the official SDKs (the last three lines let Python, Go and Java speak plain http):
      export OKTA_CLIENT_ORGURL=URL
      export OKTA_CLIENT_TOKEN=TOKEN
      export OKTA_TESTING_TESTINGDISABLEHTTPSCHECK=true
      export OKTA_TESTING_DISABLE_HTTPS_CHECK=true
      export OKTA_TESTING_DISABLEHTTPSCHECK=true

    Or with OAuth 2.0, as a service app, whose exports this prints:
      hookvault app create --name my-app --scope okta.inlineHooks.manage --generate --data-dir FOLDER

    In Go also, because its SDK drops the port of the address:
      configuration.Host = "ADDRESS"

    For Terraform:
      export OKTA_ORG_NAME=hookvault OKTA_BASE_URL=example.com
      export OKTA_HTTP_PROXY=URL
      export OKTA_API_TOKEN=TOKEN

    Ctrl-C stops it.
    "#);
    // What the shell makes of the line, sent as curl would send it.
    let pasted =
        Command::new("/bin/sh").args(["-c", &format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{curl}")]).output().unwrap();
    let words = String::from_utf8(pasted.stdout).unwrap();
    let words: Vec<_> = words.lines().collect();
    let [_, authorization, _, media_type, _, body, target] = words[..] else { panic!("{words:?}") };
    let mut request = http_client().post(target).body(body.to_owned());
    for header in [authorization, media_type] {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let key: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(key["name"], "My hook key");

    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(wait(&mut child).success());
    assert!(!Path::new(&kept).exists(), "nothing is kept");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn of_two_first_starts_at_once_none_spoils_the_others_vault() {
    for _ in 0..5 {
        let folder = tempdir().unwrap();
        let start = || {
            let mut command = hookvault(folder.path());
            command.args(["dev", "--listen", "127.0.0.1:0", "--key-pool", "0"]);
            tokio::task::spawn_blocking(move || Served::start(&mut command))
        };
        let (first, second) = tokio::join!(start(), start());
        let servers = [first.unwrap(), second.unwrap()];
        let token = token_of(folder.path());
        for server in &servers {
            assert_eq!(server.client(&token).list().await.unwrap().0, 200);
        }
        assert_eq!(servers[0].client(&token).create("a").await.unwrap().0, 200);
        drop(servers);
        let data = folder.path().join("hookvault-data");
        let mut check = hookvault(&data);
        let screen = run(check.args(["check", "--master-key-file", "master.key"]));
        assert_eq!((screen.code, screen.stderr.as_str()), (0, "1 private key(s) and secret(s) are sound\n"));
    }
}

#[test]
fn dev_does_not_touch_a_real_vault() {
    let folder = tempdir().unwrap();
    let mut command = hookvault(folder.path());
    let screen = run(command.arg("dev").env("HOOKVAULT_DATABASE_URL", "sqlite://real.db"));
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: HOOKVAULT_DATABASE_URL is set, but `dev` keeps its own database and master key in its data folder
    hint: unset HOOKVAULT_DATABASE_URL, or run `hookvault serve`, which uses it
    ");
}
