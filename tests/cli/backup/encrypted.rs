//! Backups that are encrypted to people.

use super::refused::{line_named, refusal_with};
use super::{back_up, backup_verify, own, restore};
use crate::cli::moving::{filled, kept, source};
use crate::support::age::{FIRST, SECOND, decrypted};
use crate::support::app::MASTER_KEY;
use crate::support::process::{Installation, hookvault, key_folder, run};
use crate::support::rounds;
use insta::assert_snapshot;
use std::fs;

#[tokio::test]
async fn each_recipient_can_open_it_and_age_itself_reads_it() {
    let (app, _) = filled().await;
    let folder = key_folder();
    let second = folder.path().join("recipients");
    fs::write(&second, format!("# the one in the safe\n{}\n", SECOND.recipient)).unwrap();
    let to = ["--recipient", FIRST.recipient, "--recipients-file", second.to_str().unwrap()];
    let (file, screen) = back_up(&folder, &source(&app), &to);
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    let sealed = fs::read(&file).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1\n"));
    assert!(!sealed.windows(9).any(|window| window == b"hookKey\":"), "nothing is in the clear");

    let wanted = kept(&source(&app)).await;
    for (number, identity) in [FIRST, SECOND].iter().enumerate() {
        let key = identity.write(&folder.path().join("age.key"));
        let identity = ["--identity", key.to_str().unwrap()];
        let verified = backup_verify(&folder, &file, &identity);
        assert_eq!((verified.code, &verified.stdout), (0, &screen.stdout), "{}", verified.stderr);
        let to = own(&folder, &format!("{number}.db")).await;
        assert_eq!(restore(&folder, &file, &to, &identity).code, 0);
        assert_eq!(kept(&to).await, wanted);
        if let Some(plain) = decrypted(&file, &key) {
            let path = folder.path().join("decrypted.backup");
            fs::write(&path, plain).unwrap();
            assert_eq!(backup_verify(&folder, &path, &[]).code, 0, "what age has decrypted is a backup");
        }
    }
}

#[tokio::test]
async fn without_an_identity_or_with_a_wrong_one_it_does_not_open() {
    let (app, _) = filled().await;
    let folder = key_folder();
    let (file, _) = back_up(&folder, &source(&app), &["--recipient", FIRST.recipient]);
    let wrong = SECOND.write(&folder.path().join("wrong.key"));
    let stable =
        |more: &[&str]| backup_verify(&folder, &file, more).stderr.replace(folder.path().to_str().unwrap(), "FOLDER");
    assert_snapshot!(stable(&[]), @"
    error: FOLDER/vault.backup does not count: it is encrypted
    hint: name the file with an identity of age that opens it with --identity
    ");
    assert_snapshot!(stable(&["--identity", wrong.to_str().unwrap()]), @"
    error: FOLDER/vault.backup does not count: it cannot be decrypted: it is encrypted to others than the identities that were given, or its first lines were changed
    hint: name the identity of one of its recipients with --identity; where that is given, use another copy of it
    ");
    assert_snapshot!(stable(&["--identity", "master.key"]), @"
    error: master.key holds no identity of age (AGE-SECRET-KEY-1… as `age-keygen` makes it)
    hint: what a plugin or a passphrase opens, decrypt with `age -d` first
    ");
}

/// A file with a secret in the place of recipients, and the same in a flag and in the setting. What is said of each.
fn said_of(secret: &str) -> String {
    let installation = Installation::new();
    let folder = installation.folder.path();
    fs::write(folder.join("list"), format!("# the safe\n{}\n{secret}\n", FIRST.recipient)).unwrap();
    let calls = [
        run(hookvault(folder).args(["backup", "a.backup", "--recipients-file", "list"])),
        run(hookvault(folder).args(["backup", "a.backup", "--recipient", secret])),
        run(hookvault(folder).args(["backup", "a.backup"]).env("HOOKVAULT_BACKUP_RECIPIENTS", secret)),
        run(hookvault(folder).args(["master-key", "recovery", "--recipients-file", "list"])),
        run(installation.serve().env("HOOKVAULT_BACKUP_DIR", ".").env("HOOKVAULT_BACKUP_RECIPIENTS", secret)),
        run(hookvault(folder).args(["backup", "verify", "a.backup", "--identity", secret])),
        run(hookvault(folder).args(["check", "--master-key-file", secret])),
    ];
    assert!(!folder.join("a.backup").exists());
    let told = calls.map(|screen| {
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
        screen.stderr.lines().filter(|line| !line.contains("INFO")).collect::<Vec<_>>().join("\n")
    });
    told.join("\n")
}

#[test]
fn a_secret_in_the_place_of_a_recipient_or_a_path_is_shown_to_nobody() {
    let of_identity = said_of(FIRST.secret);
    assert_snapshot!(of_identity, @"
    error: list: the entry number 2, in line 3, is not a recipient of age (age1… as `age-keygen -y` prints it)
    hint: `age-keygen -y IDENTITY-FILE` prints the recipient of an identity, which stays secret
    error: --recipient: the entry number 1 is not a recipient of age (age1… as `age-keygen -y` prints it)
    hint: `age-keygen -y IDENTITY-FILE` prints the recipient of an identity, which stays secret
    error: HOOKVAULT_BACKUP_RECIPIENTS: the entry number 1 is not a recipient of age (age1… as `age-keygen -y` prints it)
    hint: `age-keygen -y IDENTITY-FILE` prints the recipient of an identity, which stays secret; separate several by commas
    error: list: the entry number 2, in line 3, is not a recipient of age (age1… as `age-keygen -y` prints it)
    hint: `age-keygen -y IDENTITY-FILE` prints the recipient of an identity, which stays secret
    error: HOOKVAULT_BACKUP_RECIPIENTS: the entry number 1 is not a recipient of age (age1… as `age-keygen -y` prints it)
    hint: `age-keygen -y IDENTITY-FILE` prints the recipient of an identity, which stays secret; separate several by commas
    error: a secret itself stands where the name of the file that holds it belongs
    hint: write it into a file that only you may read (mode 0600), and name that file
    error: a secret itself stands where the name of the file that holds it belongs
    hint: write it into a file that only you may read (mode 0600), and name that file
    ");
    assert_eq!(said_of(MASTER_KEY), of_identity);
}

#[test]
fn what_should_be_encrypted_is_never_written_in_the_clear() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    fs::write(folder.join("nobody"), "# the safe\n").unwrap();
    for (arguments, setting, origin) in [
        (&["--recipient", ""][..], "", "--recipient"),
        (&["--recipient", FIRST.recipient, "--recipient", ","], "", "--recipient"),
        (&["--recipients-file", "nobody"], FIRST.recipient, "nobody"),
        (&[], " , ", "HOOKVAULT_BACKUP_RECIPIENTS"),
    ] {
        let mut backup = hookvault(folder);
        backup.args(["backup", "a.backup"]).args(arguments).env("HOOKVAULT_BACKUP_RECIPIENTS", setting);
        let screen = run(&mut backup);
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
        let told = format!("error: {origin}: no recipient of age is named\nhint: name one or more");
        assert!(screen.stderr.starts_with(&told), "{}", screen.stderr);
        assert!(!folder.join("a.backup").exists());
    }
    let scheduled = run(installation.serve().env("HOOKVAULT_BACKUP_DIR", ".").env("HOOKVAULT_BACKUP_RECIPIENTS", ","));
    assert_eq!(scheduled.code, 1);
    assert!(
        scheduled.stderr.contains("error: HOOKVAULT_BACKUP_RECIPIENTS: no recipient of age"),
        "{}",
        scheduled.stderr
    );
}

#[test]
fn the_settings_say_who_can_open_a_backup_and_the_result_says_it_too() {
    let installation = Installation::new();
    let folder = installation.folder.path();
    let made = |file: &str, more: &[&str], setting: &str| {
        let mut backup = hookvault(folder);
        backup.args(["backup", file]).args(more).env("HOOKVAULT_BACKUP_RECIPIENTS", setting);
        let screen = run(&mut backup);
        assert_eq!(screen.code, 0, "{}", screen.stderr);
        let is_encrypted = fs::read(folder.join(file)).unwrap().starts_with(b"age-encryption.org/v1\n");
        let told = screen.stderr.split_once(": ").unwrap().0.to_owned();
        (is_encrypted, told)
    };
    let both = format!("{},{}", FIRST.recipient, SECOND.recipient);
    let first = ["--recipient", FIRST.recipient];
    assert_eq!(made("a", &[], ""), (false, "a is made and verified, not encrypted".to_owned()));
    assert_eq!(made("b", &[], &both), (true, "b is made and verified, encrypted to 2 recipient(s)".to_owned()));
    assert_eq!(made("c", &first, &both), (true, "c is made and verified, encrypted to 1 recipient(s)".to_owned()));
}

#[tokio::test]
async fn a_single_bit_of_an_encrypted_one_that_was_changed_is_found() {
    let (app, _) = filled().await;
    let folder = key_folder();
    let (file, _) = back_up(&folder, &source(&app), &["--recipient", FIRST.recipient]);
    let key = FIRST.write(&folder.path().join("age.key"));
    let sound = fs::read(&file).unwrap();
    let flips = rounds("BACKUP_FLIPS", 200);
    for flip in 0..flips {
        let bit = flip * (sound.len() * 8) / flips + flip % 8;
        let mut changed = sound.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let said = refusal_with(&folder, &changed, &["--identity", key.to_str().unwrap()]);
        // Of the lines, or of the head of the encryption.
        assert!(said.starts_with("it cannot be decrypted: ") || line_named(&said) > 0, "bit {bit}: {said}");
    }
}
