//! `hookvault master-key`.

use super::{call, stderr};
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
