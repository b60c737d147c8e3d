//! A backup that was made while a rotation of the master key was under way.

use super::{back_up, backup_verify, call, own, restore};
use crate::support::database::url_text;
use crate::support::process::Installation;

#[tokio::test]
async fn a_backup_that_brings_an_older_master_key_back_says_so_wherever_it_is_seen() {
    let installation = Installation::new();
    let folder = &installation.folder;
    let made = call(folder.path(), &["master-key", "generate", "--out", "next.key"]);
    let next = made.stderr.trim().strip_prefix("master key id: ").unwrap();
    let rotate = |more: &[&str]| {
        let rotate = ["master-key", "rotate", "--to-master-key-file", "next.key"];
        let rotated = call(folder.path(), &[&rotate[..], more].concat());
        assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    };
    let vault = url_text(&installation.database());
    let warning = format!(
        "warning: a rotation of the master key from 3de38f5c0e0a5137 to {next} was under way: where this is restored, 3de38f5c0e0a5137 opens \
         everything again, until `hookvault master-key rotate` to {next} has ended"
    );
    rotate(&["--keep-old"]);
    let next_key = ["--master-key-file", "next.key"];
    let (backup, screen) = back_up(folder, &vault, &[]);
    assert!(screen.stderr.lines().any(|line| line == warning), "{}", screen.stderr);
    let verified = backup_verify(folder, &backup, &next_key);
    assert!(verified.stderr.lines().any(|line| line == warning), "{}", verified.stderr);
    let told = backup_verify(folder, &backup, &[&next_key[..], &["--json"]].concat()).stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["masterKeyRotation"], serde_json::json!({"from": "3de38f5c0e0a5137", "to": next}));
    let other = own(folder, "other.db").await;
    let restored = restore(folder, &backup, &other, &next_key);
    assert!(restored.stderr.lines().any(|line| line == warning), "{}", restored.stderr);

    rotate(&[]);
    let (_, screen) = back_up(folder, &vault, &[&next_key[..], &["--force"]].concat());
    assert_eq!((screen.code, screen.stderr.contains("warning")), (0, false), "{}", screen.stderr);
}
