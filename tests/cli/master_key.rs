//! `hookvault master-key`.

use super::{call, stderr};
use crate::support::age::{FIRST, SECOND, decrypted};
use crate::support::app::MASTER_KEY;
use crate::support::process::key_folder;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::tempdir;

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

#[test]
fn each_of_several_people_opens_the_recovery_file_with_age_and_finds_the_master_key() {
    let folder = key_folder();
    let folder = folder.path();
    let both = ["--recipient", FIRST.recipient, "--recipient", SECOND.recipient];
    let made = call(folder, &[&["master-key", "recovery", "--out", "recovery.age"], &both[..]].concat());
    assert_eq!((made.code, made.stdout.as_str()), (0, ""), "{}", made.stderr);
    assert_snapshot!(made.stderr, @"master key id: 3de38f5c0e0a5137");
    let text = fs::read_to_string(folder.join("recovery.age")).unwrap();
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{text}");
    for (name, identity) in [("first", FIRST), ("second", SECOND)] {
        let key = identity.write(&folder.join(name));
        if let Some(opened) = decrypted(&folder.join("recovery.age"), &key) {
            assert_eq!(String::from_utf8(opened).unwrap(), format!("{MASTER_KEY}\n"));
        }
    }
    assert_snapshot!(stderr(folder, &["master-key", "recovery"]), @"
    error: there is nobody to encrypt the master key to
    hint: name one or more with --recipient or --recipients-file; `age-keygen -o FILE` makes an identity and prints its recipient
    ");
    assert_snapshot!(stderr(folder, &[&["master-key", "recovery", "--out", "recovery.age"], &both[..]].concat()), @"
    error: recovery.age cannot be written: File exists (os error 17)
    hint: name a new file: an existing one is never overwritten
    ");
}
