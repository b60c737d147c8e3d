//! Settings from `.env`.

use super::{call, stderr};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::tempdir;

#[test]
fn settings_come_from_dotenv_too() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(".env"), "# mine\nHOOKVAULT_DATABASE_URL=sqlite://from-dotenv.db\nOTHER=1\n").unwrap();
    assert_eq!(call(folder.path(), &["migrate"]).code, 0);
    assert!(folder.path().join("from-dotenv.db").exists());
    fs::write(folder.path().join(".env"), "HOOKVAULT_DATABASE=x\n").unwrap();
    assert_snapshot!(stderr(folder.path(), &["migrate"]), @"
    error: HOOKVAULT_DATABASE in .env is not a setting of hookvault
    hint: unset it; perhaps HOOKVAULT_DATABASE_URL was meant
    ");
    fs::write(folder.path().join(".env"), "HOOKVAULT_MASTER_KEY=\"hvmk_secret\n").unwrap();
    assert_snapshot!(stderr(folder.path(), &["migrate"]), @"
    error: .env cannot be read: its setting number 1 is not NAME=value
    hint: see .env.example for the form of its lines
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
