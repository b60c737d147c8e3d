//! Where the master key may be, and what is said where it cannot be had from there.

use super::{call, stderr};
use crate::support::app::MASTER_KEY;
use crate::support::process::{Served, hookvault, run, write_master_key};
use crate::support::softhsm::{HINT, PIN, SoftHsm};
use insta::assert_snapshot;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

type Settings<'a> = &'a [(&'a str, &'a str)];

fn with(folder: &Path, settings: Settings<'_>, arguments: &[&str]) -> Command {
    let mut command = hookvault(folder);
    command.args(arguments).envs(settings.iter().copied());
    command
}

fn serve(folder: &Path, settings: Settings<'_>) -> Command {
    with(folder, settings, &["serve", "--listen", "127.0.0.1:0", "--key-pool", "0"])
}

/// What a server says that does not start, without its log.
fn refusal(folder: &Path, settings: Settings<'_>) -> String {
    let screen = run(serve(folder, settings).args(["--log", "off"]));
    assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
    screen.stderr
}

/// A vault is made with the master key from here, and the same settings open it again.
async fn keeps_a_vault(folder: &Path, settings: Settings<'_>) {
    let create =
        ["token", "create", "--name", "test", "--scope", "okta.inlineHooks.manage", "--scope", "hookvault.keys.use"];
    let screen = run(&mut with(folder, settings, &create));
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    let token = screen.stdout.trim();
    let mut server = Served::start(&mut serve(folder, settings));
    let (status, answer) = server.client(token).create("kept").await.unwrap();
    assert_eq!(status, 200, "{answer}");
    server.terminate();

    let mut server = Served::start(&mut serve(folder, settings));
    assert_eq!(server.client(token).sign("kept").await.matches('.').count(), 2);
    server.terminate();
    let check = run(&mut with(folder, settings, &["check"]));
    assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{}", check.stderr);
    assert!(check.stderr.ends_with("other row(s) are sound\n"), "{}", check.stderr);
}

#[tokio::test]
async fn a_credential_of_systemd_is_a_master_key() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let credentials = folder.join("credentials");
    fs::create_dir(&credentials).unwrap();
    write_master_key(&credentials.join("master.key"), MASTER_KEY);
    let given = ("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap());
    keeps_a_vault(folder, &[given, ("HOOKVAULT_MASTER_KEY_CREDENTIAL", "master.key")]).await;

    assert_snapshot!(refusal(folder, &[("HOOKVAULT_MASTER_KEY_CREDENTIAL", "master.key")]), @"
    error: HOOKVAULT_MASTER_KEY_CREDENTIAL is set, but CREDENTIALS_DIRECTORY is not: this was not started by systemd with a credential
    hint: start it by a unit that has LoadCredential=master.key:FILE, or by `systemd-run --pipe --wait -p LoadCredential=master.key:FILE`
    ");
    assert_snapshot!(refusal(folder, &[given, ("HOOKVAULT_MASTER_KEY_CREDENTIAL", "other")]), @"
    error: systemd has provided no credential other
    hint: add LoadCredential=other:FILE to the unit, or LoadCredentialEncrypted=other:FILE, and reload it
    ");
    assert_snapshot!(refusal(folder, &[given, ("HOOKVAULT_MASTER_KEY_CREDENTIAL", "../master.key")]), @"
    error: HOOKVAULT_MASTER_KEY_CREDENTIAL: `../master.key` is not the name of a credential
    hint: write what stands before the colon in LoadCredential=, as master.key
    ");
    fs::write(credentials.join("master.key"), "hvmk_secret").unwrap();
    assert_snapshot!(refusal(folder, &[given, ("HOOKVAULT_MASTER_KEY_CREDENTIAL", "master.key")]), @"
    error: the content of the credential master.key is not a master key (`hvmk_` and 43 characters of base64url)
    hint: `hookvault master-key generate` prints one of the right form
    ");
}

#[tokio::test]
async fn a_command_may_print_the_master_key() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    write_master_key(&folder.join("sealed"), &MASTER_KEY.chars().rev().collect::<String>());
    keeps_a_vault(folder, &[("HOOKVAULT_MASTER_KEY_COMMAND", "rev sealed")]).await;

    let refused = |line: &str| refusal(folder, &[("HOOKVAULT_MASTER_KEY_COMMAND", line)]);
    assert_snapshot!(refused("echo hvmk_secret; echo 'the KMS is not reachable' >&2; exit 3"), @"
    the KMS is not reachable
    error: HOOKVAULT_MASTER_KEY_COMMAND ended with the exit code 3
    hint: what it says on stderr is above; run it by hand as the vault's user, with >/dev/null
    ");
    assert_snapshot!(refused("kill -9 $$"), @"
    error: HOOKVAULT_MASTER_KEY_COMMAND was ended by the signal 9
    hint: what it says on stderr is above; run it by hand as the vault's user, with >/dev/null
    ");
    assert_snapshot!(refused("true"), @"
    error: HOOKVAULT_MASTER_KEY_COMMAND printed nothing
    hint: what it says on stderr is above; run it by hand as the vault's user, with >/dev/null
    ");
    assert_snapshot!(refused("head -c 5000 /dev/zero"), @"
    error: HOOKVAULT_MASTER_KEY_COMMAND printed more than 4096 bytes
    hint: what it says on stderr is above; run it by hand as the vault's user, with >/dev/null
    ");
    assert_snapshot!(refused("echo hvmk_secret"), @"
    error: the content of the output of HOOKVAULT_MASTER_KEY_COMMAND is not a master key (`hvmk_` and 43 characters of base64url)
    hint: `hookvault master-key generate` prints one of the right form
    ");
    assert_snapshot!(refused("printf '\\377'"), @"
    error: the content of the output of HOOKVAULT_MASTER_KEY_COMMAND is not a master key (`hvmk_` and 43 characters of base64url)
    hint: `hookvault master-key generate` prints one of the right form
    ");
    // It asks nobody at a terminal.
    assert_snapshot!(refused("cat"), @"
    error: HOOKVAULT_MASTER_KEY_COMMAND printed nothing
    hint: what it says on stderr is above; run it by hand as the vault's user, with >/dev/null
    ");
}

#[test]
fn two_places_at_once_are_refused() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let file = ("HOOKVAULT_MASTER_KEY_FILE", "master.key");
    assert_snapshot!(refusal(folder, &[file, ("HOOKVAULT_MASTER_KEY_COMMAND", "cat key")]), @"
    error: both HOOKVAULT_MASTER_KEY_FILE and HOOKVAULT_MASTER_KEY_COMMAND are set
    hint: set one of them: it must be clear which master key counts
    ");
    let credential = ("HOOKVAULT_MASTER_KEY_CREDENTIAL", "master.key");
    assert_snapshot!(refusal(folder, &[("HOOKVAULT_MASTER_KEY", MASTER_KEY), credential]), @"
    error: both HOOKVAULT_MASTER_KEY and HOOKVAULT_MASTER_KEY_CREDENTIAL are set
    hint: set one of them: it must be clear which master key counts
    ");
    // A data folder has its own, and `dev` uses no other.
    assert_snapshot!(refusal(folder, &[("HOOKVAULT_DATA_DIR", "vault"), credential]), @"
    error: both HOOKVAULT_DATA_DIR and HOOKVAULT_MASTER_KEY_CREDENTIAL are set
    hint: set one of them: it must be clear which vault counts
    ");
    let dev = run(hookvault(folder).args(["dev"]).env("HOOKVAULT_MASTER_KEY_COMMAND", "cat key"));
    assert_snapshot!(dev.stderr, @"
    error: HOOKVAULT_MASTER_KEY_COMMAND is set, but `dev` keeps its own database and master key in its data folder
    hint: unset HOOKVAULT_MASTER_KEY_COMMAND, or run `hookvault serve`, which uses it
    ");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn a_passphrase_gives_the_master_key_again() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let generate = ["master-key", "generate", "--passphrase-file", "passphrase", "--out", "master.argon2id"];
    write_master_key(&folder.join("passphrase"), "elevenchars");
    assert_snapshot!(stderr(folder, &generate), @"
    error: the passphrase in passphrase has fewer than 12 characters
    hint: take one that nobody guesses, such as `head -c 15 /dev/urandom | base64` prints
    ");
    write_master_key(&folder.join("other"), "correct horse battery");
    write_master_key(&folder.join("master.key"), MASTER_KEY);
    fs::write(folder.join("passphrase"), "correct horse battery staple\n").unwrap();
    let made = call(folder, &generate);
    assert_eq!((made.code, made.stdout.as_str()), (0, ""), "{}", made.stderr);
    let (file, passphrase) =
        (("HOOKVAULT_MASTER_KEY_FILE", "master.argon2id"), ("HOOKVAULT_MASTER_KEY_PASSPHRASE_FILE", "passphrase"));
    let text = fs::read_to_string(folder.join("master.argon2id")).unwrap();
    assert!(text.starts_with("hvmk-argon2id$v=19$m=65536,t=3,p=4$"), "{text}");
    let id = made.stderr.strip_prefix("master key id: ").unwrap();
    assert!(text.ends_with(&format!("${id}")), "{text}");
    keeps_a_vault(folder, &[file, passphrase]).await;
    // Wherever the text comes from.
    let printed = ("HOOKVAULT_MASTER_KEY_COMMAND", "cat master.argon2id");
    assert_eq!(run(&mut with(folder, &[printed, passphrase], &["check"])).code, 0);

    assert_snapshot!(refusal(folder, &[file]), @"
    error: the master key of master.argon2id is opened by a passphrase, and none is named
    hint: name the file that holds it in HOOKVAULT_MASTER_KEY_PASSPHRASE_FILE
    ");
    assert_snapshot!(refusal(folder, &[file, ("HOOKVAULT_MASTER_KEY_PASSPHRASE_FILE", "other")]), @"
    error: the passphrase in other does not open master.argon2id
    hint: give the one with which it was made; nothing else opens it
    ");
    assert_snapshot!(refusal(folder, &[file, ("HOOKVAULT_MASTER_KEY_PASSPHRASE_FILE", "none")]), @"
    error: the secret file none cannot be read: No such file or directory (os error 2)
    hint: check the path, and who owns the file
    ");
    assert_snapshot!(refusal(folder, &[("HOOKVAULT_MASTER_KEY_FILE", "master.key"), passphrase]), @"
    error: the content of master.key is the master key itself, but HOOKVAULT_MASTER_KEY_PASSPHRASE_FILE is set
    hint: unset HOOKVAULT_MASTER_KEY_PASSPHRASE_FILE, or name the file that `hookvault master-key generate` wrote with it
    ");
    fs::write(folder.join("master.argon2id"), text.replace("m=65536", "m=4194304")).unwrap();
    assert_snapshot!(refusal(folder, &[file, passphrase]), @"
    error: the content of master.argon2id is not what `hookvault master-key generate` writes
    hint: put the copy back that you keep elsewhere
    ");
}

#[tokio::test]
async fn a_pkcs11_token_keeps_what_opens_the_master_key() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let Some(hsm) = token_of_the_tests(folder) else { return };
    let settings = ("SOFTHSM2_CONF", hsm.settings.to_str().unwrap());
    hsm.make_token("spare");
    hsm.make_token("vault");
    hsm.make_key("vault", "AES:32", "master");
    hsm.make_key("vault", "AES:32", "other");
    hsm.make_key("vault", "RSA:2048", "pair");
    write_master_key(&folder.join("pin"), PIN);
    let generate = |token: &str, key: &str, out: &str| {
        let token =
            ["--pkcs11-module", hsm.module, "--pkcs11-token", token, "--pkcs11-key", key, "--pkcs11-pin-file", "pin"];
        run(&mut with(folder, &[settings], &[&["master-key", "generate", "--out", out], &token[..]].concat()))
    };
    let reach = |key: &'static str| {
        [
            settings,
            ("HOOKVAULT_MASTER_KEY_FILE", "master.pkcs11"),
            ("HOOKVAULT_PKCS11_MODULE", hsm.module),
            ("HOOKVAULT_PKCS11_TOKEN", "vault"),
            ("HOOKVAULT_PKCS11_KEY", key),
            ("HOOKVAULT_PKCS11_PIN_FILE", "pin"),
        ]
    };
    // SoftHSM 2.6 knows OAEP with SHA-1 alone.
    for (key, how) in [("pair", "rsa-oaep-sha"), ("master", "aes-gcm$")] {
        let made = generate("vault", key, "master.pkcs11");
        assert_eq!((made.code, made.stdout.as_str()), (0, ""), "{}", made.stderr);
        let text = fs::read_to_string(folder.join("master.pkcs11")).unwrap();
        assert!(text.starts_with(&format!("hvmk-pkcs11${how}")), "{text}");
        assert!(text.ends_with(&format!("${}", made.stderr.strip_prefix("master key id: ").unwrap())), "{text}");
        let _ = fs::remove_file(folder.join("hookvault.db"));
        keeps_a_vault(folder, &reach(key)).await;
        fs::rename(folder.join("master.pkcs11"), folder.join(key)).unwrap();
    }
    fs::rename(folder.join("master"), folder.join("master.pkcs11")).unwrap();

    assert_snapshot!(generate("vault", "none", "never").stderr, @"
    error: the token vault has no AES or RSA key none
    hint: `pkcs11-tool --module MODULE --login --list-objects` shows the keys of the token
    ");
    assert_snapshot!(generate("cellar", "master", "never").stderr, @"
    error: there is no token cellar: the module has spare, vault
    hint: `pkcs11-tool --module MODULE --list-token-slots` shows what the module sees, run as the vault's user
    ");
    assert!(!folder.join("never").exists());

    let refused = |name: &str, value: &str| {
        let others = reach("master").into_iter().filter(|(other, _)| *other != name);
        refusal(folder, &others.chain([(name, value)]).collect::<Vec<_>>())
    };
    write_master_key(&folder.join("wrong"), "4321");
    assert_snapshot!(refused("HOOKVAULT_PKCS11_PIN_FILE", "wrong"), @"
    error: the token vault does not accept the PIN
    hint: it was tried once; look at the PIN before you start this again: a token locks itself after a few
    ");
    assert_snapshot!(refused("HOOKVAULT_PKCS11_TOKEN", "cellar"), @"
    error: there is no token cellar: the module has spare, vault
    hint: `pkcs11-tool --module MODULE --list-token-slots` shows what the module sees, run as the vault's user
    ");
    assert_snapshot!(refused("HOOKVAULT_PKCS11_KEY", "none"), @"
    error: the token vault has no AES key none
    hint: `pkcs11-tool --module MODULE --login --list-objects` shows the keys of the token
    ");
    // How a token calls it that a seal does not fit is its own business.
    let not_its_own = refused("HOOKVAULT_PKCS11_KEY", "other").replace("EncryptedDataInvalid", "GeneralError");
    assert_snapshot!(not_its_own, @"
    error: the token vault refuses to decrypt with the key other: GeneralError from C_Decrypt
    hint: it must be the key with which the file was made, and may encrypt and decrypt
    ");
    assert_snapshot!(refused("HOOKVAULT_PKCS11_MODULE", "none.so"), @"
    error: the PKCS#11 module none.so cannot be loaded: none.so: cannot open shared object file: No such file or directory
    hint: name the library of who made the token, such as /usr/lib/softhsm/libsofthsm2.so; a statically linked hookvault loads none
    ");
    assert_snapshot!(refused("HOOKVAULT_PKCS11_PIN_FILE", ""), @"
    error: HOOKVAULT_PKCS11_MODULE is set, but not HOOKVAULT_PKCS11_PIN_FILE
    hint: a PKCS#11 token wants all four: its module, its label, the label of the key, and the file with the PIN
    ");
    assert_snapshot!(refused("HOOKVAULT_MASTER_KEY_PASSPHRASE_FILE", "pin"), @"
    error: both HOOKVAULT_MASTER_KEY_PASSPHRASE_FILE and HOOKVAULT_PKCS11_MODULE are set
    hint: set one of them: it must be clear what opens the master key
    ");
    assert_snapshot!(refusal(folder, &reach("master")[..2]), @"
    error: the master key of master.pkcs11 is opened by a PKCS#11 token, and none is named
    hint: say how to reach it in HOOKVAULT_PKCS11_MODULE, HOOKVAULT_PKCS11_TOKEN, HOOKVAULT_PKCS11_KEY, HOOKVAULT_PKCS11_PIN_FILE
    ");
    // Of another vault.
    let text = fs::read_to_string(folder.join("master.pkcs11")).unwrap();
    fs::write(folder.join("master.pkcs11"), format!("{}0011223344556677\n", &text[..text.len() - 17])).unwrap();
    assert_snapshot!(refusal(folder, &reach("master")), @"
    error: the content of master.pkcs11 is not what `hookvault master-key generate` writes
    hint: put the copy back that you keep elsewhere
    ");
    write_master_key(&folder.join("master.key"), MASTER_KEY);
    assert_snapshot!(refused("HOOKVAULT_MASTER_KEY_FILE", "master.key"), @"
    error: the content of master.key is the master key itself, but HOOKVAULT_PKCS11_MODULE is set
    hint: unset HOOKVAULT_PKCS11_MODULE, or name the file that `hookvault master-key generate` wrote with it
    ");
}

/// `None` where this machine has none and none is required.
#[expect(clippy::print_stderr, reason = "why nothing was tested")]
#[expect(clippy::disallowed_methods, reason = "whether it may be left out is no setting of the product")]
fn token_of_the_tests(folder: &Path) -> Option<SoftHsm> {
    let hsm = SoftHsm::install(folder);
    if hsm.is_none() {
        assert!(std::env::var_os("TEST_SOFTHSM_REQUIRED").is_none(), "there is no SoftHSM here: {HINT}");
        eprintln!("no PKCS#11 token was tried, as there is no SoftHSM here: {HINT}");
    }
    hsm
}

#[tokio::test]
async fn a_rotation_goes_from_any_source_to_any_other() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let Some(hsm) = token_of_the_tests(folder) else { return };
    hsm.make_token("vault");
    hsm.make_key("vault", "AES:32", "master");
    fs::create_dir(folder.join("credentials")).unwrap();
    for (file, content) in [("pin", PIN), ("passphrase", "correct horse battery staple"), ("master.key", MASTER_KEY)] {
        write_master_key(&folder.join(file), content);
    }
    let credentials = folder.join("credentials");
    let surroundings =
        [("SOFTHSM2_CONF", hsm.settings.to_str().unwrap()), ("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap())];
    let generate = |out: &str, more: &[&str]| {
        let made = run(&mut with(folder, &surroundings, &[&["master-key", "generate", "--out", out], more].concat()));
        assert_eq!(made.code, 0, "{}", made.stderr);
    };
    let token = ["--pkcs11-module", hsm.module, "--pkcs11-token", "vault", "--pkcs11-key", "master"];
    generate("credentials/second", &[]);
    generate("third", &[]);
    generate("fourth", &["--passphrase-file", "passphrase"]);
    generate("fifth", &[&token[..], &["--pkcs11-pin-file", "pin"]].concat());
    generate("sixth", &[]);
    // Settings without their `HOOKVAULT_`, whose names are those of the flags.
    let places: [Vec<(&str, &str)>; 6] = [
        vec![("MASTER_KEY_FILE", "master.key")],
        vec![("MASTER_KEY_CREDENTIAL", "second")],
        vec![("MASTER_KEY_COMMAND", "cat third")],
        vec![("MASTER_KEY_FILE", "fourth"), ("MASTER_KEY_PASSPHRASE_FILE", "passphrase")],
        vec![
            ("MASTER_KEY_FILE", "fifth"),
            ("PKCS11_MODULE", hsm.module),
            ("PKCS11_TOKEN", "vault"),
            ("PKCS11_KEY", "master"),
            ("PKCS11_PIN_FILE", "pin"),
        ],
        vec![("MASTER_KEY_FILE", "sixth")],
    ];
    let settings = |place: &[(&str, &str)]| {
        let named = place.iter().map(|(name, value)| (format!("HOOKVAULT_{name}"), (*value).to_owned()));
        named.chain(surroundings.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect::<Vec<_>>()
    };
    let first = settings(&places[0]);
    let borrowed: Vec<_> = first.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    keeps_a_vault(folder, &borrowed).await;
    for pair in places.windows(2) {
        let flags = pair[1].iter().flat_map(|(name, value)| {
            [format!("--to-{}", name.to_ascii_lowercase().replace('_', "-")), (*value).to_owned()]
        });
        let mut rotate = hookvault(folder);
        rotate.args(["master-key", "rotate"]).args(flags).envs(settings(&pair[0]));
        let rotated = run(&mut rotate);
        assert_eq!(rotated.code, 0, "{:?}: {}", pair[1], rotated.stderr);
        for (place, code) in [(&pair[1], 0), (&pair[0], 1)] {
            let mut sign = hookvault(folder);
            sign.args(["assert", "kept", "--client-id", "billing", "--audience", "https://a.example"])
                .envs(settings(place));
            let signed = run(&mut sign);
            assert_eq!(signed.code, code, "{place:?}: {}", signed.stderr);
        }
    }
}
