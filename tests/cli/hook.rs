//! `hookvault hook`, `assert` and `sign`, as a person sees them, beside a running server.

use crate::api::signing::verify;
use crate::support::hook_server::{HookServer, Reply, Seen};
use crate::support::process::{Installation, Screen, Served, hookvault, http_client, run};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

const LOOPBACK: &str = "127.0.0.0/8";

/// A vault with a key, a server over it that may call this machine, and somebody who makes hooks there.
struct Vault {
    installation: Installation,
    server: Served,
    key: Value,
}

impl Vault {
    async fn start() -> Self {
        let installation = Installation::new();
        let server = Served::start(installation.serve().args(["--hook-allow", LOOPBACK]));
        let (_, key) = server.client(&installation.token).create("My key").await.unwrap();
        Self { installation, server, key: serde_json::from_str(&key).unwrap() }
    }

    /// Makes a hook; the answer's id.
    async fn hook(&self, body: Value) -> String {
        self.post("", body).await
    }

    async fn change(&self, hook: &str, body: Value) {
        self.post(&format!("/{hook}"), body).await;
    }

    async fn post(&self, path: &str, body: Value) -> String {
        let request = http_client().post(format!("{}/api/v1/inlineHooks{path}", self.server.url)).json(&body);
        let request = request.header("authorization", format!("SSWS {}", self.installation.token));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Runs a command on the same file, off the runtime: the other side of the call answers meanwhile.
    async fn run(&self, arguments: &[&str]) -> Screen {
        let mut command = hookvault(self.installation.folder.path());
        command.args(arguments).args(["--master-key-file", "master.key"]);
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    }
}

fn keyed(server: &HookServer, uri: &str) -> Value {
    json!({
        "name": "My hook", "type": "com.okta.import.transform", "version": "1.0.0",
        "channel": {"type": "OAUTH", "version": "1.0.0", "config": {
            "uri": uri, "headers": [{"key": "X-Stage", "value": "test"}], "authType": "private_key_jwt",
            "clientId": "me", "hookKeyId": "My key", "tokenUrl": server.url("/token"), "scope": "hooks",
        }},
    })
}

fn both(seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/token" => Reply::Json(200, json!({"access_token": "t0k3n-t0k3n", "token_type": "Bearer", "expires_in": 300})),
        // As servers do that are under development.
        _ => {
            let echo = &seen.headers["authorization"];
            Reply::Json(200, json!({"commands": [], "deep": [{"refreshToken": "s3cr3t"}], "echo": echo}))
        }
    }
}

/// Without what differs from run to run: ids, times, ports, and the assertion's claims.
fn stable(text: &str, vault: &Vault, hook: &str, server: &HookServer) -> String {
    let text = text
        .replace(hook, "cal…")
        .replace(vault.key["id"].as_str().unwrap(), "HKY…")
        .replace(vault.key["keyId"].as_str().unwrap(), "KID")
        .replace(&server.address.to_string(), "HOOKS");
    let line = |line: &str| {
        let line = line.find("\"exp\":").map_or(line.to_owned(), |at| format!("{}…", &line[..at]));
        match (line.rfind(" ms"), line.rfind(['(', ','])) {
            (Some(end), Some(begin)) if begin < end => format!("{} … {}", &line[..=begin], &line[end + 1..]),
            _ => line,
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn hook_test_prints_each_step_of_a_call_and_no_secret() {
    let (vault, server) = (Vault::start().await, HookServer::start(both).await);
    let id = vault.hook(keyed(&server, &server.url("/hook"))).await;
    let payload = vault.installation.folder.path().join("payload.json");
    fs::write(&payload, r#"{"data": {"user": "\u202eevil"}}"#).unwrap();
    let screen = vault.run(&["hook", "test", "My hook", "--hook-allow", LOOPBACK, "--payload", "payload.json"]).await;
    assert_eq!((screen.code, screen.stderr.as_str()), (0, ""));
    for secret in ["t0k3n-t0k3n", "s3cr3t", "eyJ"] {
        assert!(!screen.stdout.contains(secret), "{}", screen.stdout);
    }
    assert_snapshot!(stable(&screen.stdout, &vault, &id, &server), @r#"
    My hook (cal…), com.okta.import.transform, ACTIVE

    1. Client assertion, signed with the key HKY… (kid KID) ( … ms)
       < {"aud":"http://HOOKS/token",…

    2. Request to the token endpoint, POST http://HOOKS/token ( … ms)
       > grant_type=client_credentials
       > client_id=me
       > scope=hooks
       > client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer
       > client_assertion=… (607 characters)
       < status 200
       < Content-Type: application/json
       < {"access_token":"… (11 characters)","expires_in":300,"token_type":"Bearer"}

    3. Request to the hook, POST http://HOOKS/hook ( … ms)
       > X-Stage: test
       > Authorization: Bearer … (11 characters)
       > {"data": {"user": "\u202eevil"}}
       < status 200
       < Content-Type: application/json
       < {"commands":[],"deep":[{"refreshToken":"… (6 characters)"}],"echo":"Bearer … (11 characters)"}

    ok: the hook answered, … ms in all
    "#);
    assert_eq!(server.seen()[1].body, fs::read_to_string(payload).unwrap());
    // By its id too, and every time with a new token.
    assert_eq!(vault.run(&["hook", "test", &id, "--hook-allow", LOOPBACK]).await.code, 0);
    assert_eq!(server.seen().iter().filter(|seen| seen.path == "/token").count(), 2);
}

#[tokio::test]
async fn hook_test_says_what_is_wrong_and_what_to_do() {
    let server = HookServer::start(|seen| match seen.path.as_str() {
        "/token" => Reply::Json(400, json!({"error": "invalid_scope"})),
        "/refused" => Reply::Json(403, json!({})),
        "/missing" => Reply::Json(404, json!({})),
        "/form" => Reply::Raw("HTTP/1.1 200 x\r\nContent-Length: 19\r\nConnection: close\r\n\r\naccess_token=s3cr3t"),
        "/liar" => Reply::Json(400, json!({"error": "bad\nok: all is well\u{202e}"})),
        "/moved" => Reply::Raw("HTTP/1.1 301 x\r\nLocation: /hook\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        "/text" => Reply::Raw("HTTP/1.1 200 x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"),
        _ => Reply::Json(500, json!({})),
    })
    .await;
    let vault = Vault::start().await;
    let keyed = vault.hook(keyed(&server, &server.url("/hook"))).await;
    let mut screens = String::new();
    let wrong = async |hook: &str| {
        let screen = vault.run(&["hook", "test", hook, "--hook-allow", LOOPBACK]).await;
        assert_eq!(screen.code, 1);
        assert!(!screen.stdout.contains("\nok") && !screen.stdout.contains("s3cr3t"), "{}", screen.stdout);
        assert!(!screen.stderr.contains("\nok"), "{}", screen.stderr);
        format!("{}\n\n", stable(&screen.stderr, &vault, hook, &server))
    };
    screens += &wrong(&keyed).await;
    for path in ["/refused", "/missing", "/moved", "/text", "/broken"] {
        let id = vault
            .hook(json!({
                "name": path, "type": "com.okta.telephony.provider", "version": "1.0.0",
                "channel": {"type": "HTTP", "version": "1.0.0", "config": {
                    "uri": server.url(path), "authScheme": {"type": "HEADER", "key": "X-Key", "value": "hunter2"},
                }},
            }))
            .await;
        screens += &wrong(&id).await;
    }
    for path in ["/form", "/liar"] {
        let mut body = json!({"name": path});
        body["channel"]["config"] = json!({"tokenUrl": server.url(path)});
        vault.change(&keyed, body).await;
        screens += &wrong(&keyed).await;
    }
    assert!(!screens.contains("hunter2") && !screens.contains("s3cr3t"), "{screens}");
    assert_snapshot!(screens, @r#"
    error: the token endpoint http://HOOKS/token: it answered with status 400: invalid_scope
    hint: grant the client me the scope `hooks` there, or ask for another

    error: the hook http://HOOKS/refused: it answered with status 403
    hint: the hook does not accept the secret in the header X-Key: compare it with what the hook expects, or set it again

    error: the hook http://HOOKS/missing: it answered with status 404
    hint: check the hook's uri: nothing takes a POST at http://HOOKS/missing

    error: the hook http://HOOKS/moved: it redirects (status 301), and redirects are not followed
    hint: make the address of the hook the one that it redirects to

    error: the hook http://HOOKS/text: its answer is not a JSON object: it is no JSON from line 1, column 1 on
    hint: let the hook answer with a JSON object, such as {"commands":[]}, or with nothing

    error: the hook http://HOOKS/broken: it answered with status 500
    hint: look into the log of the hook: the failure is its own

    error: the token endpoint http://HOOKS/form: its answer is not a JSON object: it is no JSON from line 1, column 1 on
    hint: check tokenUrl: a token endpoint answers with a JSON object that has an access_token (RFC 6749, clause 5.1)

    error: the token endpoint http://HOOKS/liar: it answered with status 400: bad?ok: all is well?
    hint: see the answer above: the token endpoint takes requests of another form
    "#);
    // In a vault for which this machine is closed, as it is by default.
    let closed = vault.run(&["hook", "test", "/refused"]).await;
    assert_snapshot!(stable(&closed.stderr, &vault, &keyed, &server), @"
    error: the hook http://HOOKS/refused: the address 127.0.0.1 is not a public one
    hint: if the vault may call 127.0.0.1, open it with HOOKVAULT_HOOK_ALLOW=127.0.0.1 (or the host 127.0.0.1, or a network)
    ");
    let none = vault.run(&["hook", "test", "no hook"]).await;
    assert_snapshot!(none.stderr, @"
    error: there is no inline hook no hook
    hint: `hookvault hook list` shows all inline hooks
    ");
}

#[tokio::test]
async fn a_secret_that_a_hook_repeats_is_hidden_in_every_form_and_wherever_the_screen_is_cut() {
    let server = HookServer::start(|seen| {
        let secret = &seen.headers["authorization"];
        let text = match seen.path.as_str() {
            "/json" => secret.clone(),
            "/split" => secret.trim_start_matches("Bearer ").to_owned(),
            _ => format!("{}{secret}", "x".repeat(1960)),
        };
        Reply::Json(401, json!({ "text": text }))
    })
    .await;
    let vault = Vault::start().await;
    for path in ["/json", "/split", "/cut"] {
        let id = vault
            .hook(json!({
                "name": path, "type": "com.okta.telephony.provider", "version": "1.0.0",
                "channel": {"type": "HTTP", "version": "1.0.0", "config": {
                    "uri": server.url(path),
                    "authScheme": {"type": "HEADER", "key": "Authorization", "value": "Bearer s3cr3t\"\\s3cr3t-s3cr3t"},
                }},
            }))
            .await;
        let screen = vault.run(&["hook", "test", &id, "--hook-allow", LOOPBACK]).await;
        assert_eq!(screen.code, 1);
        assert!(screen.stdout.contains("status 401") && !screen.stdout.contains("s3cr3t"), "{}", screen.stdout);
    }
}

#[tokio::test]
async fn a_hook_behind_tls_is_called_where_its_certificate_is_trusted_and_fits_its_name() {
    let (server, authority) = HookServer::start_tls(|_| Reply::Json(200, json!({"commands": []}))).await;
    let vault = Vault::start().await;
    let folder = vault.installation.folder.path();
    fs::write(folder.join("authority.pem"), authority).unwrap();
    let port = server.address.port();
    let call = async |host: &str, trusted: bool| {
        let id = vault
            .hook(json!({
                "name": format!("{host} {trusted}"), "type": "com.okta.telephony.provider", "version": "1.0.0",
                "channel": {"type": "HTTP", "version": "1.0.0", "config": {"uri": format!("https://{host}:{port}/")}},
            }))
            .await;
        let mut command = hookvault(folder);
        command.args(["hook", "test", &id, "--hook-allow", "127.0.0.0/8,::1", "--master-key-file", "master.key"]);
        if trusted {
            command.env("SSL_CERT_FILE", "authority.pem");
        }
        tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap()
    };
    let good = call("localhost", true).await;
    assert_eq!((good.code, good.stderr.as_str()), (0, ""), "{}", good.stdout);
    for (host, trusted) in [("localhost", false), ("127.0.0.1", true)] {
        let bad = call(host, trusted).await;
        assert_eq!(bad.code, 1, "{}", bad.stdout);
        assert!(bad.stderr.contains("TLS fails: "), "{}", bad.stderr);
        let hint = format!("hint: check that https://{host}:{port} speaks TLS with a certificate for {host}");
        assert!(bad.stderr.contains(&hint), "{}", bad.stderr);
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn hooks_are_listed_in_columns_or_as_json() {
    let (vault, server) = (Vault::start().await, HookServer::start(both).await);
    let id = vault.hook(keyed(&server, "https://hooks.example.com/")).await;
    let table = vault.run(&["hook", "list"]).await;
    assert_snapshot!(stable(&table.stdout, &vault, &id, &server), @"
    ID                    NAME     STATUS  TYPE                       KEY                   URI
    cal…  My hook  ACTIVE  com.okta.import.transform  HKY…  https://hooks.example.com/
    ");
    let listed: Value = serde_json::from_str(&vault.run(&["hook", "list", "--json"]).await.stdout).unwrap();
    assert_eq!(
        listed,
        json!([{
            "id": id, "name": "My hook", "type": "com.okta.import.transform", "status": "ACTIVE",
            "uri": "https://hooks.example.com/", "key": vault.key["id"],
        }])
    );
}

#[tokio::test]
async fn assert_and_sign_print_a_jwt_and_nothing_else() {
    let vault = Vault::start().await;
    let audience = "https://login.example.com/token";
    let screen =
        vault.run(&["assert", "My key", "--client-id", "billing", "--audience", audience, "--ttl", "30"]).await;
    assert_eq!((screen.code, screen.stderr.as_str()), (0, ""));
    let (_, claims) = verify(screen.stdout.trim_end(), &vault.key["_embedded"]);
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!("billing"), &json!("billing"), &json!(audience))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 30);

    let folder = vault.installation.folder.path();
    fs::write(folder.join("claims.json"), r#"{"sub": "invoice 7"}"#).unwrap();
    let screen = vault.run(&["sign", vault.key["id"].as_str().unwrap(), "--claims", "claims.json"]).await;
    assert_eq!((screen.code, screen.stderr.as_str()), (0, ""));
    let (header, claims) = verify(screen.stdout.trim_end(), &vault.key["_embedded"]);
    assert_eq!((&header["kid"], &claims["sub"]), (&vault.key["keyId"], &json!("invoice 7")));

    fs::write(folder.join("wrong.json"), r#"["a"]"#).unwrap();
    fs::write(folder.join("own.json"), r#"{"exp": 1}"#).unwrap();
    let mut screens = String::new();
    for arguments in [
        &["sign", "My key", "--claims", "none.json"][..],
        &["sign", "My key", "--claims", "wrong.json"],
        &["sign", "My key", "--claims", "own.json"],
        &["sign", "No key", "--claims", "claims.json"],
        &["assert", "My key", "--client-id", "a", "--audience", "b", "--ttl", "301"],
    ] {
        let screen = vault.run(arguments).await;
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""));
        screens += &screen.stderr;
    }
    assert_snapshot!(screens, @r#"
    error: none.json cannot be read: No such file or directory (os error 2)
    hint: check the path; - is stdin
    error: wrong.json is not a JSON object: invalid type: sequence, expected a map at line 1 column 0
    hint: write it as {"name": "value"}
    error: claims.exp belongs to the vault itself
    hint: see --help for the form of each value
    error: there is no hook key No key
    hint: `hookvault key list` shows all hook keys
    error: ttl is not a number of seconds from 1 to 300
    hint: see --help for the form of each value
    "#);
}
