//! The shell's face: screens as a person sees them.

use crate::support::process::{Installation, Screen, Served, hookvault, http_client, run, wait};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::tempdir;

fn call(folder: &Path, arguments: &[&str]) -> Screen {
    run(hookvault(folder).args(arguments))
}

fn stderr(folder: &Path, arguments: &[&str]) -> String {
    let screen = call(folder, arguments);
    assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
    screen.stderr
}

#[test]
fn every_command_has_a_help_of_one_screen_that_ends_in_an_example() {
    let folder = tempdir().unwrap();
    let commands: [&[&str]; 31] = [
        &[],
        &["dev"],
        &["serve"],
        &["master-key"],
        &["master-key", "generate"],
        &["migrate"],
        &["check"],
        &["hook"],
        &["hook", "test"],
        &["hook", "list"],
        &["assert"],
        &["sign"],
        &["app"],
        &["app", "create"],
        &["app", "list"],
        &["app", "show"],
        &["app", "add-key"],
        &["app", "remove-key"],
        &["app", "activate"],
        &["app", "deactivate"],
        &["app", "delete"],
        &["signing-key"],
        &["signing-key", "list"],
        &["signing-key", "rotate"],
        &["token"],
        &["token", "create"],
        &["token", "list"],
        &["token", "revoke"],
        &["org"],
        &["org", "create"],
        &["org", "list"],
    ];
    for command in commands {
        let screen = call(folder.path(), &[command, &["--help"]].concat());
        assert_eq!((screen.code, screen.stderr.as_str()), (0, ""));
        assert!(screen.stdout.lines().count() <= 30, "{command:?} has {} lines", screen.stdout.lines().count());
        let (_, example) = screen.stdout.rsplit_once("\nExample:\n").unwrap_or_else(|| panic!("{command:?}"));
        assert!(example.lines().all(|line| line.starts_with("  hookvault ")), "{command:?}: {example}");
    }
    assert_snapshot!(call(folder.path(), &["--help"]).stdout, @"
    A vault for the RSA keys that sign calls to hooks, speaking the Okta Key Management API

    Usage: hookvault <COMMAND>

    Commands:
      dev          Serve a vault for development, and make all that it needs
      serve        Serve the vault
      master-key   Make the key that seals all private keys
      migrate      Bring the database to the form that this version needs
      check        Check that every private key and secret in the vault can be opened
      hook         Call and list inline hooks
      assert       Sign a client assertion for a token endpoint (RFC 7523) and print it
      sign         Sign claims as a JWT (RS256) and print it
      app          Make and manage service apps, which get access tokens by OAuth 2.0
      signing-key  List and rotate the keys that sign access tokens
      token        Make, list and revoke API tokens
      org          Make and list orgs
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Settings come from flags, the environment and .env; .env.example explains each.

    Example:
      hookvault dev
    ");
    assert_snapshot!(call(folder.path(), &["token", "create", "--help"]).stdout, @"
    Make an API token and print it

    Usage: hookvault token create [OPTIONS] --name <NAME> --scope <SCOPE>

    Options:
          --name <NAME>     What the token is for; unique among the org's tokens
          --scope <SCOPE>   What it may do; give it again for more
          --expires <TIME>  How long it lives, such as 30d or 12h; without it, until it is revoked
          --org <ORG>       The org's name, id or domain; without it, the default org
      -h, --help            Print help

    Settings:
          --data-dir <FOLDER>   The data folder of `hookvault dev`, in place of the other settings
          --database-url <URL>  The database file, as sqlite://PATH
          --migrate <WHEN>      Run pending migrations first: on or off

    It is shown this once: only its hash is kept.

    Scopes:
      okta.inlineHooks.read     list and read keys and hooks
      okta.inlineHooks.manage   the same, and create, change and delete them, and call hooks
      hookvault.keys.use        sign with keys

    Example:
      hookvault token create --name terraform --scope okta.inlineHooks.manage --expires 30d
    ");
}

#[test]
fn a_call_that_is_wrong_is_told_how_to_be_right() {
    let folder = tempdir().unwrap();
    let screen = |arguments: &[&str]| {
        let screen = call(folder.path(), arguments);
        assert_eq!((screen.code, screen.stdout.as_str()), (2, ""));
        screen.stderr
    };
    assert_snapshot!(screen(&[]), @"
    error: a command is missing
    hint: `hookvault --help` lists them
    ");
    assert_snapshot!(screen(&["serv"]), @"
    error: unrecognized subcommand 'serv'
    hint: some similar subcommands exist: 'dev', 'assert', 'serve'
    ");
    assert_snapshot!(screen(&["token", "create", "--name", "a"]), @"
    error: the following required arguments were not provided: --scope <SCOPE>
    hint: usage is `hookvault token create --name <NAME> --scope <SCOPE>`; --help tells more
    ");
    assert_snapshot!(screen(&["token"]), @"
    error: a command is missing
    hint: `hookvault token --help` lists them
    ");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
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
    assert_snapshot!(with_key(&["--database-url", "postgres://vault"], &[]), @"
    error: --database-url: `postgres://vault` does not begin with sqlite://
    hint: write it as sqlite://hookvault.db (relative) or sqlite:///var/lib/hookvault/hookvault.db (absolute)
    ");
    assert_snapshot!(with_key(&["--listen", "8080"], &[]), @"
    error: --listen: `8080` is not an address and a port
    hint: write it as 127.0.0.1:8080 or [::]:8080
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
    hint: check HOOKVAULT_DATABASE_URL; `hookvault migrate` makes a new database
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

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(2)..].join("\n")
}

#[test]
fn settings_come_from_dotenv_too() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(".env"), "# mine\nHOOKVAULT_DATABASE_URL=sqlite://from-dotenv.db\nOTHER=1\n").unwrap();
    assert_eq!(call(folder.path(), &["migrate"]).code, 0);
    assert!(folder.path().join("from-dotenv.db").exists());
    fs::write(folder.path().join(".env"), "HOOKVAULT_DATABASE=x\n").unwrap();
    assert_snapshot!(stderr(folder.path(), &["migrate"]), @"
    error: HOOKVAULT_DATABASE in .env is not a setting of hookvault
    hint: unset it; .env.example lists all settings
    ");
    fs::write(folder.path().join(".env"), "HOOKVAULT_MASTER_KEY=\"hvmk_secret\n").unwrap();
    assert_snapshot!(stderr(folder.path(), &["migrate"]), @"
    error: .env cannot be read: its setting number 1 is not NAME=value
    hint: see .env.example for the form of its lines
    ");
}

#[test]
fn migrate_tells_what_it_does_and_check_what_it_would_do() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    assert_snapshot!(stderr(folder, &["migrate", "--check"]), @"
    error: there is no database file hookvault.db
    hint: check HOOKVAULT_DATABASE_URL; `hookvault migrate` makes a new database
    ");
    fs::write(folder.join("hookvault.db"), "").unwrap();
    fs::set_permissions(folder.join("hookvault.db"), fs::Permissions::from_mode(0o600)).unwrap();
    let pending = call(folder, &["migrate", "--check"]);
    assert_eq!((pending.code, pending.stdout.as_str()), (1, "V1__vault\nV2__inline_hooks\nV3__service_apps\n"));
    assert_snapshot!(pending.stderr, @"
    error: 3 migration(s) are pending
    hint: run `hookvault migrate`
    ");
    let done = call(folder, &["migrate"]);
    assert_eq!(
        (done.code, done.stdout.as_str(), done.stderr.as_str()),
        (0, "V1__vault\nV2__inline_hooks\nV3__service_apps\n", "")
    );
    let nothing = call(folder, &["migrate", "--check"]);
    assert_eq!((nothing.code, nothing.stdout.as_str(), nothing.stderr.as_str()), (0, "", "nothing is pending\n"));
}

#[test]
fn a_master_key_goes_to_stdout_or_to_a_new_file_of_its_owner() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let printed = call(folder, &["master-key", "generate"]);
    assert_eq!((printed.code, printed.stdout.trim().len()), (0, 48));
    assert!(printed.stderr.starts_with("master key id: "), "{}", printed.stderr);
    let written = call(folder, &["master-key", "generate", "--out", "key"]);
    assert_eq!((written.code, written.stdout.as_str()), (0, ""));
    assert_eq!(fs::metadata(folder.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(folder.join("key")).unwrap();
    assert_snapshot!(stderr(folder, &["master-key", "generate", "--out", "key"]), @"
    error: key cannot be written: File exists (os error 17)
    hint: name a new file: an existing one is never overwritten
    ");
    assert_eq!(fs::read(folder.join("key")).unwrap(), before);
}

/// A listing without ids and times.
fn stable(listing: &str) -> String {
    listing
        .lines()
        .map(|line| {
            let cells = line.split_whitespace().map(|cell| match cell {
                id if id.starts_with("00") => "ID",
                time if time.ends_with("Z") && time.contains('T') => "TIME",
                other => other,
            });
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn tokens_are_shown_once_listed_and_revoked() {
    let folder = tempdir().unwrap();
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
    hint: the scopes are okta.inlineHooks.read, okta.inlineHooks.manage, hookvault.keys.use
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
fn orgs_are_made_and_listed() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let created = call(folder, &["org", "create", "staging", "--domain", "Staging.example.com"]);
    assert_eq!((created.code, &created.stdout[..3], created.stdout.trim().len()), (0, "00o", 20));
    assert_snapshot!(stable(&call(folder, &["org", "list"]).stdout), @"
    ID NAME DOMAIN DEFAULT CREATED
    ID default - yes TIME
    ID staging staging.example.com no TIME
    ");
    assert_snapshot!(stderr(folder, &["org", "create", "staging"]), @"
    error: another org has this name
    hint: `hookvault org list` shows all orgs
    ");
    assert_snapshot!(stderr(folder, &["org", "create", "other", "--domain", "https://a"]), @"
    error: --domain: `https://a` is not a host name (letters, digits, dots and hyphens, without a scheme or a port)
    hint: write it as staging.example.com
    ");
    let scope = "okta.inlineHooks.read";
    for org in ["staging", "staging.example.com", created.stdout.trim()] {
        let name = format!("for {org}");
        assert_eq!(call(folder, &["token", "create", "--name", &name, "--scope", scope, "--org", org]).code, 0);
    }
}

#[test]
fn a_list_of_a_vault_that_is_not_there_makes_none() {
    let folder = tempdir().unwrap();
    assert_snapshot!(stderr(folder.path(), &["token", "list"]), @"
    error: there is no database file hookvault.db
    hint: check HOOKVAULT_DATABASE_URL; `hookvault migrate` makes a new database
    ");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
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

#[tokio::test]
async fn a_second_signal_does_not_wait_for_requests_under_way() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::Stdio;
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
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
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

#[test]
fn check_takes_no_empty_file_for_a_sound_vault_and_leaves_it_alone() {
    let folder = tempdir().unwrap();
    let database = folder.path().join("hookvault.db");
    fs::write(&database, "").unwrap();
    fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).unwrap();
    let check = || {
        let mut command = hookvault(folder.path());
        run(command.arg("check").env("HOOKVAULT_MASTER_KEY", crate::support::app::MASTER_KEY))
    };
    let screen = check();
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: the database has 3 pending migration(s): V1__vault, V2__inline_hooks, V3__service_apps
    hint: back up the file, then run `hookvault migrate`
    ");
    assert_eq!(fs::read(&database).unwrap(), b"");
    assert_eq!(call(folder.path(), &["migrate"]).code, 0);
    let screen = check();
    assert_eq!(screen.code, 1);
    assert_snapshot!(screen.stderr, @"
    error: the database holds no default org or no master key record
    hint: check that HOOKVAULT_DATABASE_URL names a vault that has been used
    ");
}

#[test]
fn a_dotenv_that_holds_the_master_key_must_be_its_owners() {
    let folder = tempdir().unwrap();
    let dotenv = folder.path().join(".env");
    fs::write(&dotenv, format!("HOOKVAULT_MASTER_KEY={}\n", crate::support::app::MASTER_KEY)).unwrap();
    fs::set_permissions(&dotenv, fs::Permissions::from_mode(0o644)).unwrap();
    assert_snapshot!(stderr(folder.path(), &["serve"]), @"
    error: .env holds the master key and can be read by others (mode 0644)
    hint: chmod 600 .env
    ");
}

#[test]
fn a_name_that_is_anothers_id_or_domain_picks_nothing_by_mistake() {
    let folder = tempdir().unwrap();
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

#[tokio::test]
async fn the_log_names_requests_and_errors_and_no_secret() {
    use std::process::Stdio;
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
