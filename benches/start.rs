//! What a start with many keys costs: `cargo bench --bench start`. Prints figures; decides nothing. 1,000 orgs of 50 keys.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints, and waits until a server is ready"
)]

mod support {
    pub mod fill;
    #[path = "../../tests/support/seal.rs"]
    pub mod seal;
    pub mod server;
}

use hookvault::bench::process;
use std::io::{BufRead as _, BufReader};
use std::time::Instant;
use support::fill::fill;
use support::server::{Server, write_master_key};

const ORGS: usize = 1000;
const KEYS: usize = 50;
const ROUNDS: usize = 7;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    write_master_key(folder.path());
    drop(Server::start(folder.path(), &[]));
    let database = format!("sqlite://{}", folder.path().join("hookvault.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(fill(&database, ORGS, KEYS));

    println!("{ORGS} orgs of {KEYS} keys:");
    for round in 1..=ROUNDS {
        let started = Instant::now();
        let mut server = Server::start(folder.path(), &["--log", "info"]);
        let id = server.process.id();
        let memory = |field| process::memory(id, field).expect("Linux tells");
        let (ready, at_first) = (server.ready_after, memory("VmRSS"));
        let log = BufReader::new(server.process.stderr.take().expect("stderr is piped"));
        let looked = log.lines().map_while(Result::ok).find(|line| line.contains("looked at the whole database"));
        let looking = started.elapsed();
        let (at_last, most) = (memory("VmRSS"), memory("VmHWM"));
        assert!(looked.is_some_and(|line| line.contains("damaged=0")), "the look finds nothing");
        println!(
            "  {round}: ready after {ready:?}, {at_first:.1} MB; all looked at after {looking:?}, {at_last:.1} MB, at the most {most:.1} MB"
        );
    }
}
