//! Backups that are encrypted to people.

use super::refused::{line_named, refusal_with};
use super::{back_up, backup_verify, own, restore};
use crate::cli::moving::{filled, kept, source};
use crate::support::age::{FIRST, SECOND, decrypted};
use crate::support::process::key_folder;
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
    let (_, screen) = back_up(&folder, &source(&app), &["--force", "--recipient", "age1nobody"]);
    assert_snapshot!(screen.stderr, @"
    error: `age1nobody` is not a recipient of age (age1… as `age-keygen` prints it)
    hint: `age-keygen -y` prints the recipient of an identity
    ");
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
