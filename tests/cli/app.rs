//! `hookvault app` and `signing-key`, as a person sees them, beside running servers.

use crate::support::client_key::ClientKey;
use crate::support::oauth::{ASSERTION_TYPE, encode, part};
use crate::support::process::{Installation, Screen, Served, hookvault, http_client, key_folder, run};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

const READ: &str = "okta.inlineHooks.read";
const USE: &str = "hookvault.keys.use";

fn call(installation: &Installation, arguments: &[&str]) -> Screen {
    run(hookvault(installation.folder.path()).args(arguments))
}

fn ok(installation: &Installation, arguments: &[&str]) -> String {
    let screen = call(installation, arguments);
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    screen.stdout
}

fn stderr(installation: &Installation, arguments: &[&str]) -> String {
    let screen = call(installation, arguments);
    assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
    screen.stderr
}

/// Ids, times and keys differ from run to run.
fn steady(text: &str) -> String {
    let changing = |word: &str| {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
        let is_id = plain.len() == 20 && plain.starts_with("0oa");
        let is_kid = plain.len() == 43 || (plain.len() == 36 && plain.matches('-').count() == 4);
        let is_time = plain.ends_with(".000Z");
        if is_id || is_kid || is_time { word.replace(plain, "…") } else { word.to_owned() }
    };
    text.lines().map(|line| line.split(' ').map(changing).collect::<Vec<_>>().join(" ") + "\n").collect()
}

fn write(installation: &Installation, name: &str, text: &str) -> String {
    let path = installation.folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A token request to a real server, at the real time.
async fn ask(server: &Served, assertion: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("scope", READ.to_owned()),
        ("client_assertion_type", ASSERTION_TYPE.to_owned()),
        ("client_assertion", assertion.to_owned()),
    ];
    let request = http_client().post(format!("{}/oauth2/v1/token", server.url)).body(encode(&form));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    // One address for all servers, so that an assertion is for each of them.
    let answer = request.header("host", "vault.localhost").send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn assertion(key: &ClientKey, client_id: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the built binary has the real clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let claims = json!({
        "iss": client_id, "sub": client_id, "aud": "http://vault.localhost/oauth2/v1/token",
        "exp": now.as_secs() + 300, "jti": now.as_nanos().to_string(),
    });
    key.sign(&json!({"alg": key.algorithm()}), &claims)
}

#[test]
fn a_service_app_is_made_shown_changed_and_deleted() {
    let installation = Installation::new();
    let [first, second] = [ClientKey::rsa(), ClientKey::p521()];
    let first = write(&installation, "first.pem", &first.public_pem());
    let create = ["app", "create", "--name", "ci", "--scope", READ, "--public-key", &first];
    let screen = call(&installation, &create);
    assert_snapshot!(steady(&screen.stdout), @"…");
    assert_snapshot!(steady(&screen.stderr), @"service app … (ci) with the key … (RSA 2048)");
    let id = screen.stdout.trim();
    let jwk = crate::support::client_key::with(second.jwk(), json!({"kid": "next"})).to_string();
    let second = write(&installation, "second.json", &jwk);
    assert_eq!(ok(&installation, &["app", "add-key", "ci", "--public-key", &second]), "next\n");
    // A thumbprint may begin like a flag.
    let hyphen = crate::support::client_key::with(ClientKey::p256().jwk(), json!({"kid": "-x"})).to_string();
    let hyphen = write(&installation, "hyphen.json", &hyphen);
    assert_eq!(ok(&installation, &["app", "add-key", "ci", "--public-key", &hyphen]), "-x\n");
    ok(&installation, &["app", "remove-key", "ci", "-x"]);
    assert_snapshot!(steady(&ok(&installation, &["app", "list"])), @"
    CLIENT ID             NAME  ORG      STATUS  DPOP  KEYS  SCOPES
    …  ci    default  ACTIVE  no    2     okta.inlineHooks.read
    ");
    let shown: Value = serde_json::from_str(&ok(&installation, &["app", "show", id])).unwrap();
    assert_eq!(
        (&shown["status"], &shown["keys"][1]["kid"], &shown["keys"][1]["kind"]),
        (&json!("ACTIVE"), &json!("next"), &json!("P-521"))
    );
    let listed: Value = serde_json::from_str(&ok(&installation, &["app", "list", "--json"])).unwrap();
    assert_eq!(listed, json!([shown]));
    assert_snapshot!(stderr(&installation, &["app", "delete", "ci"]), @"
    error: the service app is active
    hint: deactivate it first: `hookvault app deactivate`
    ");
    let told = |arguments: &[&str]| steady(&call(&installation, arguments).stderr);
    assert_snapshot!(told(&["app", "deactivate", "ci"]), @"service app … (ci) is deactivated: its tokens work no more");
    assert_snapshot!(told(&["app", "activate", "ci"]), @"service app … (ci) is active");
    assert_snapshot!(told(&["app", "remove-key", "ci", "next"]), @"the key next of the service app … (ci) is removed; 1 left");
    let kid = shown["keys"][0]["kid"].as_str().unwrap();
    assert_snapshot!(told(&["app", "remove-key", "ci", kid]), @"the key … of the service app … (ci) is removed; it has none left and gets no tokens");
    ok(&installation, &["app", "deactivate", "ci"]);
    assert_snapshot!(told(&["app", "delete", "ci"]), @"service app … (ci) is deleted");
    assert_snapshot!(stderr(&installation, &["app", "show", "ci"]), @"
    error: there is no service app ci
    hint: `hookvault app list` shows all service apps
    ");
}

#[test]
fn an_app_is_printed_as_json_with_the_key_that_was_made_for_it() {
    let installation = Installation::new();
    let create = |name: &str, more: &[&str]| -> Value {
        let create = ["app", "create", "--json", "--name", name, "--scope", READ];
        serde_json::from_str(&ok(&installation, &[&create, more].concat())).unwrap()
    };
    let key = write(&installation, "key.pem", &ClientKey::rsa().public_pem());
    let given = create("given", &["--public-key", &key]);
    let shown: Value = serde_json::from_str(&ok(&installation, &["app", "show", "given"])).unwrap();
    assert_eq!(given, shown);
    for (name, flags) in [("a JWK", &["--generate"][..]), ("PEM", &["--generate", "--pem"])] {
        let mut made = create(name, flags);
        let private = made.as_object_mut().unwrap().remove("privateKey").unwrap();
        let shown: Value = serde_json::from_str(&ok(&installation, &["app", "show", name])).unwrap();
        assert_eq!(made, shown);
        let key = match private.as_str() {
            Some(pem) => ClientKey::from_pem(pem),
            None => ClientKey::from_jwk(&private),
        };
        assert_eq!(key.jwk()["n"], shown["keys"][0]["jwk"]["n"]);
    }
}

#[test]
fn what_could_not_be_printed_was_not_made() {
    let installation = Installation::new();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let unheard = |arguments: &[&str]| {
        let mut command = hookvault(installation.folder.path());
        let output = command.args(arguments).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let create = ["app", "create", "--name", "ci", "--scope", READ, "--generate"];
    assert_snapshot!(unheard(&create), @"
    error: stdout cannot be written: No space left on device (os error 28); no service app was made
    hint: check where the output goes
    ");
    assert_snapshot!(unheard(&[&create[..], &["--json"]].concat()), @"
    error: stdout cannot be written: No space left on device (os error 28); no service app was made
    hint: check where the output goes
    ");
    ok(&installation, &create);
    assert_snapshot!(unheard(&["app", "add-key", "ci", "--generate"]), @"
    error: stdout cannot be written: No space left on device (os error 28); no key was added
    hint: check where the output goes
    ");
    let shown: Value = serde_json::from_str(&ok(&installation, &["app", "show", "ci"])).unwrap();
    assert_eq!(shown["keys"].as_array().unwrap().len(), 1);
    let token = ["token", "create", "--name", "ci", "--scope", READ];
    assert_snapshot!(unheard(&token), @"
    error: stdout cannot be written: No space left on device (os error 28); the token is revoked
    hint: check where the output goes
    ");
    ok(&installation, &token);
    // Nobody reads on.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = hookvault(installation.folder.path());
    command.args(["app", "add-key", "ci", "--generate"]).stdout(writer);
    assert_eq!(command.stderr(Stdio::null()).status().unwrap().code(), Some(1));
    assert_eq!(ok(&installation, &["app", "show", "ci"]).matches("\"kid\"").count(), 1);
}

#[test]
fn a_new_database_is_mentioned() {
    let folder = key_folder();
    let create = |name: &str| {
        let screen =
            run(hookvault(folder.path()).args(["app", "create", "--name", name, "--scope", READ, "--generate"]));
        screen.stderr.lines().next().unwrap().to_owned()
    };
    assert_eq!(create("first"), "made a new database: sqlite://hookvault.db");
    assert!(create("second").starts_with("service app"));
}

#[test]
fn every_form_of_a_public_key_is_read() {
    let installation = Installation::new();
    let keys = [ClientKey::rsa(), ClientKey::p256(), ClientKey::p384(), ClientKey::p521()];
    let set = json!({"keys": keys.iter().map(ClientKey::jwk).collect::<Vec<_>>()}).to_string();
    let texts = keys.iter().flat_map(|key| [key.jwk().to_string(), key.public_pem()]).chain([set]);
    for (number, text) in texts.enumerate() {
        let file = write(&installation, "key", &text);
        let name = format!("app {number}");
        ok(&installation, &["app", "create", "--name", &name, "--scope", READ, "--public-key", &file]);
    }
    let kids = |app: &str| -> Vec<String> {
        let shown: Value = serde_json::from_str(&ok(&installation, &["app", "show", app])).unwrap();
        shown["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    // A key without a kid is named by its thumbprint, in which form ever it came.
    let singles: Vec<_> = (0..8).map(|number| kids(&format!("app {number}")).remove(0)).collect();
    for pair in singles.chunks(2) {
        assert_eq!(pair[0], pair[1]);
    }
    assert_eq!(kids("app 8"), singles.iter().step_by(2).cloned().collect::<Vec<_>>());
}

#[test]
fn what_is_no_public_key_is_refused_with_a_hint() {
    use hookvault::crypto::{private_jwk, random::Random};
    let installation = Installation::new();
    let generated = private_jwk::generate(&Random::system());
    let small = r#"{"kty":"RSA","n":"35Z8","e":"AQAB"}"#;
    let off_curve = json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)}).to_string();
    let mut screens = String::new();
    for text in [
        generated.pem().as_str(),
        generated.jwk().as_str(),
        small,
        &off_curve,
        r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#,
        r#"{"kty":"oct","k":"AAAA"}"#,
        r#"{"keys":[]}"#,
        "nonsense",
        "",
    ] {
        write(&installation, "key", text);
        let arguments = ["app", "create", "--name", "x", "--scope", READ, "--public-key", "key"];
        let screen = stderr(&installation, &arguments);
        let private: Value = serde_json::from_str(&generated.jwk()).unwrap();
        assert!(!screen.contains(private["d"].as_str().unwrap()), "no part of a private key is shown");
        screens.push_str(&screen);
    }
    assert_snapshot!(screens, @"
    error: --public-key: the key in key has private parts: the vault needs the public half alone
    hint: `openssl pkey -in FILE -pubout` writes the public half of a PEM; of a JWK leave out all but kty, kid, n, e or crv, x, y
    error: --public-key: the key in key has private parts: the vault needs the public half alone
    hint: `openssl pkey -in FILE -pubout` writes the public half of a PEM; of a JWK leave out all but kty, kid, n, e or crv, x, y
    error: --public-key: the key in key has 24 bits; RSA keys need 2048 to 8192
    hint: give RSA of 2048 to 8192 bits, P-256, P-384 or P-521, as JWK, JWK set or PEM
    error: --public-key: the key in key is not a valid public key of its kind
    hint: give RSA of 2048 to 8192 bits, P-256, P-384 or P-521, as JWK, JWK set or PEM
    error: --public-key: the key in key is neither RSA nor on one of the curves P-256, P-384 and P-521
    hint: give RSA of 2048 to 8192 bits, P-256, P-384 or P-521, as JWK, JWK set or PEM
    error: --public-key: the key in key has private parts: the vault needs the public half alone
    hint: `openssl pkey -in FILE -pubout` writes the public half of a PEM; of a JWK leave out all but kty, kid, n, e or crv, x, y
    error: --public-key: the key in key is not there: the set is empty
    hint: give RSA of 2048 to 8192 bits, P-256, P-384 or P-521, as JWK, JWK set or PEM
    error: --public-key: the key in key is neither a JWK, nor a set of JWKs, nor PEM
    hint: give a JWK, a JWK set or one block of PEM; `openssl x509 -in FILE -noout -pubkey` writes that of a certificate, `openssl pkey -pubin -inform DER -in FILE` that of DER
    error: --public-key: the key in key is neither a JWK, nor a set of JWKs, nor PEM
    hint: give a JWK, a JWK set or one block of PEM; `openssl x509 -in FILE -noout -pubkey` writes that of a certificate, `openssl pkey -pubin -inform DER -in FILE` that of DER
    ");
    assert_snapshot!(stderr(&installation, &["app", "create", "--name", "x", "--scope", READ, "--public-key", "none"]), @"
    error: --public-key: none cannot be read: No such file or directory (os error 2)
    hint: check the path
    ");
    assert_snapshot!(stderr(&installation, &["app", "create", "--name", "x", "--scope", "all", "--generate"]), @"
    error: --scope: `all` is not a known scope
    hint: the scopes are okta.inlineHooks.read, okta.inlineHooks.manage, hookvault.keys.use, okta.logs.read
    ");
    let key = write(&installation, "key.pem", &ClientKey::rsa().public_pem());
    let pem = ["app", "create", "--name", "x", "--scope", READ, "--public-key", &key, "--pem"];
    assert_snapshot!(call(&installation, &pem).stderr.replace(&key, "FILE"), @"
    error: the argument '--public-key <FILE>' cannot be used with '--pem'
    hint: usage is `hookvault app create --name <NAME> --scope <SCOPE> <--public-key <FILE>|--generate>`; --help tells more
    ");
    let kid = crate::support::client_key::with(ClientKey::rsa().jwk(), json!({"kid": "x".repeat(256)})).to_string();
    let kid = write(&installation, "kid.json", &kid);
    let kid = stderr(&installation, &["app", "create", "--name", "x", "--scope", READ, "--public-key", &kid])
        .replace(&kid, "FILE");
    assert_snapshot!(kid, @"
    error: --public-key: a kid in FILE is too long (more than 255 characters)
    hint: give the key another kid, or none
    ");
    assert_snapshot!(call(&installation, &["app", "create", "--name", "x", "--scope", READ]).stderr, @"
    error: the following required arguments were not provided: <--public-key <FILE>|--generate>
    hint: usage is `hookvault app create --name <NAME> --scope <SCOPE> <--public-key <FILE>|--generate>`; --help tells more
    ");
    ok(&installation, &["app", "create", "--name", "x", "--scope", READ, "--generate"]);
    assert_snapshot!(stderr(&installation, &["app", "create", "--name", "x", "--scope", READ, "--generate"]), @"
    error: another service app of the org has this name
    hint: choose another name, or delete the other app first
    ");
    assert_eq!(ok(&installation, &["app", "list"]).lines().count(), 2);
}

#[tokio::test]
async fn a_generated_key_is_printed_once_in_the_form_that_sdks_read_and_works() {
    let installation = Installation::new();
    let server = Served::start(&mut installation.serve());
    for (flags, token_type) in [(vec![], "Bearer"), (vec!["--pem"], "Bearer"), (vec!["--dpop"], "DPoP")] {
        let name = format!("app {flags:?}");
        let screen = call(
            &installation,
            &[&["app", "create", "--name", &name, "--scope", READ, "--scope", USE, "--generate"], &flags[..]].concat(),
        );
        let lines: BTreeMap<_, _> = screen
            .stdout
            .split("export OKTA_")
            .filter_map(|line| line.trim_end().split_once('='))
            .map(|(name, value)| (name, value.trim_matches('\'')))
            .collect();
        let names: BTreeSet<_> = lines.keys().copied().collect();
        let common = ["CLIENT_AUTHORIZATIONMODE", "CLIENT_CLIENTID", "CLIENT_PRIVATEKEY", "CLIENT_SCOPES"];
        let more: &[&str] = match flags.first() {
            // And what Terraform reads.
            Some(&"--pem") => &[
                "CLIENT_KEYID",
                "CLIENT_PRIVATEKEYID",
                "API_CLIENT_ID",
                "API_PRIVATE_KEY",
                "API_PRIVATE_KEY_ID",
                "API_SCOPES",
            ],
            Some(_) => &["CLIENT_DPOPENABLED"],
            None => &[],
        };
        assert!(
            [&common, more].concat().into_iter().collect::<BTreeSet<_>>().into_iter().eq(names.clone()),
            "{names:?}"
        );
        let key = if flags.contains(&"--pem") {
            assert_eq!(lines["API_CLIENT_ID"], lines["CLIENT_CLIENTID"]);
            assert_eq!(lines["API_PRIVATE_KEY"], r#""$OKTA_CLIENT_PRIVATEKEY""#);
            assert_eq!(lines["API_SCOPES"], lines["CLIENT_SCOPES"].replace(' ', ","));
            let shown: Value = serde_json::from_str(&ok(&installation, &["app", "show", &name])).unwrap();
            for kid in ["CLIENT_KEYID", "CLIENT_PRIVATEKEYID", "API_PRIVATE_KEY_ID"] {
                assert_eq!(lines[kid], shown["keys"][0]["kid"]);
            }
            ClientKey::from_pem(lines["CLIENT_PRIVATEKEY"])
        } else {
            ClientKey::from_jwk(&serde_json::from_str(lines["CLIENT_PRIVATEKEY"]).unwrap())
        };
        let (status, answer) = ask(&server, &assertion(&key, lines["CLIENT_CLIENTID"])).await;
        match token_type {
            "Bearer" => assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer"))),
            _ => assert_eq!((status, &answer["error"]), (400, &json!("invalid_dpop_proof"))),
        }
        // Nothing of it is kept.
        let bytes = fs::read(installation.database()).unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"PRIVATE KEY"));
    }
}

#[tokio::test]
async fn an_assertion_counts_once_for_all_processes_and_after_a_kill() {
    let installation = Installation::new();
    let [mut first, second] = [0, 1].map(|_| Served::start(&mut installation.serve()));
    let key = ClientKey::p256();
    let file = write(&installation, "key.pem", &key.public_pem());
    let id = ok(&installation, &["app", "create", "--name", "ci", "--scope", READ, "--public-key", &file]);
    let used = assertion(&key, id.trim());
    assert_eq!(ask(&first, &used).await.0, 200);
    first.kill();
    let restarted = Served::start(&mut installation.serve());
    for server in [&second, &restarted] {
        let (status, answer) = ask(server, &used).await;
        assert_eq!(
            (status, &answer["error_description"]),
            (401, &json!("The client_assertion token has already been used."))
        );
    }
    assert_eq!(ask(&restarted, &assertion(&key, id.trim())).await.0, 200);
}

#[tokio::test]
async fn signing_keys_are_rotated_beside_a_running_server() {
    let installation = Installation::new();
    let server = Served::start(&mut installation.serve());
    let list = || {
        let text = ok(&installation, &["signing-key", "list", "--json", "--master-key-file", "master.key"]);
        assert!(text.contains("\"signsFrom\""), "{text}");
        let lines: Vec<BTreeMap<String, String>> = serde_json::from_str(&text).unwrap();
        lines.into_iter().map(|line| (line["kid"].clone(), line["status"].clone())).collect::<Vec<_>>()
    };
    let before = list();
    assert_eq!(before[0].1, "signing");
    let rotated = call(&installation, &["signing-key", "rotate", "--master-key-file", "master.key"]);
    assert_snapshot!(steady(&rotated.stderr), @"the next key is published, and signs from … on");
    let next = rotated.stdout.trim().to_owned();
    assert_eq!(list(), [before[0].clone(), (next.clone(), "next".to_owned())]);
    let again = stderr(&installation, &["signing-key", "rotate", "--master-key-file", "master.key"]);
    assert_snapshot!(steady(&again), @"
    error: the next signing key is there already, and signs from … on
    hint: wait until it does, or use --revoke if a key is in wrong hands
    ");
    let revoked = call(&installation, &["signing-key", "rotate", "--revoke", "--master-key-file", "master.key"]);
    assert_snapshot!(steady(&revoked.stderr), @"it signs from now on; no token of before works any more");
    let only = revoked.stdout.trim();
    let set: Value =
        http_client().get(format!("{}/oauth2/v1/keys", server.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!((set["keys"].as_array().unwrap().len(), &set["keys"][0]["kid"]), (1, &json!(only)));
    let key = ClientKey::p256();
    let file = write(&installation, "key.pem", &key.public_pem());
    let id = ok(&installation, &["app", "create", "--name", "ci", "--scope", READ, "--public-key", &file]);
    let (_, answer) = ask(&server, &assertion(&key, id.trim())).await;
    assert_eq!(part(answer["access_token"].as_str().unwrap(), 0)["kid"], only);
}
