//! What a backup of a vault of 100 orgs with 50 keys each costs, its proof and its restore: `cargo bench --bench backup`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints, waits until a server is ready, and ends where something fails"
)]

mod support {
    pub mod fill;
    #[path = "../../tests/support/seal.rs"]
    pub mod seal;
    pub mod server;
}

use std::fs;
use std::path::Path;
use std::time::Instant;
use support::fill::fill;
use support::server::{Server, hookvault, write_master_key};

const ORGS: usize = 100;
const KEYS: usize = 50;

fn call(folder: &Path, arguments: &[&str]) {
    let started = Instant::now();
    let output = hookvault(folder).args(arguments).output().expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {told}");
    println!("{:7.1?}  {}: {}", started.elapsed(), arguments[0], told.lines().next().unwrap_or_default());
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_master_key(folder);
    drop(Server::start(folder, &["--database-url", "sqlite://hookvault.db"]));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(fill(&format!("sqlite://{}", folder.join("hookvault.db").display()), ORGS, KEYS));
    let master_key = ["--master-key-file", "master.key"];
    call(folder, &[&["backup", "vault.backup", "--database-url", "sqlite://hookvault.db"], &master_key[..]].concat());
    println!("         {} bytes", fs::metadata(folder.join("vault.backup")).expect("a backup").len());
    call(folder, &[&["backup", "verify", "vault.backup"], &master_key[..]].concat());
    call(folder, &[&["restore", "vault.backup", "--database-url", "sqlite://restored.db"], &master_key[..]].concat());
}
