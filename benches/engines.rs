//! What the vault costs on PostgreSQL beside SQLite, and what a second server brings: `cargo bench --bench engines`.
//!
//! Both engines in one run, in turns, on one machine: the ratios count, not the figures. PostgreSQL runs with its defaults, on the same
//! disk, over a socket. The load comes from this process, and takes a part of the same cores.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench prints, waits while others work, and ends where something fails"
)]

mod support {
    #[path = "../../tests/support/cluster.rs"]
    pub mod cluster;
    pub mod cpu;
    pub mod fill;
    pub mod load;
    pub mod rate;
    #[path = "../../tests/support/seal.rs"]
    pub mod seal;
    pub mod server;
    #[path = "../../tests/support/somebody.rs"]
    pub mod somebody;
}

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::cluster::{Cluster, HINT};
use support::cpu;
use support::fill::fill;
use support::load::{Client, median, request};
use support::rate::rate;
use support::server::{Server, hookvault, write_master_key};

const ORGS: usize = 1000;
const KEYS: usize = 10;
const ROUNDS: usize = 7;
const CONNECTIONS: usize = 16;
const TIME: Duration = Duration::from_secs(3);
/// As many as the pool of key pairs holds, so that no create makes one.
const CREATES: usize = 32;

/// One engine with a vault in it.
struct Engine {
    name: &'static str,
    token: String,
    key: String,
    servers: Vec<Server>,
}

impl Engine {
    fn start(name: &'static str, folder: &Path, url: &str, servers: usize) -> Self {
        let start = || {
            let pool = CREATES.to_string();
            Server::start(folder, &["--database-url", url, "--rate-limit", "off", "--key-pool", &pool, "--log", "warn"])
        };
        let servers: Vec<_> = (0..servers).map(|_| start()).collect();
        let mut command = hookvault(folder);
        command.args(["token", "create", "--name", name, "--scope", "okta.inlineHooks.manage"]);
        command.args(["--scope", "hookvault.keys.use", "--database-url", url]);
        let output = command.output().expect("the binary runs");
        let token = String::from_utf8(output.stdout).expect("a token is text").trim().to_owned();
        let mut engine = Self { name, token, key: String::new(), servers };
        let (status, body) = engine.create(&mut Client::connect(&engine.servers[0].address), name);
        assert_eq!(status, 200, "{body}");
        let id = body.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        engine.key = id.expect("a key has an id").to_owned();
        engine
    }

    fn create(&self, client: &mut Client, name: &str) -> (u16, String) {
        let body = format!("{{\"name\":\"{name}\"}}");
        let (status, body) = client.ask(&request("POST", "/api/v1/hook-keys", "vault", &self.token, &body));
        (status, String::from_utf8_lossy(body).into_owned())
    }

    fn get(&self) -> Vec<u8> {
        request("GET", &format!("/api/v1/hook-keys/{}", self.key), "vault", &self.token, "")
    }

    fn sign(&self) -> Vec<u8> {
        let body = r#"{"clientId":"billing","audience":"https://login.example.com/token"}"#;
        request("POST", &format!("/vault/v1/hook-keys/{}/client-assertions", self.key), "vault", &self.token, body)
    }

    /// Requests a second, with how many servers at once.
    fn rate(&self, request: &[u8], servers: usize) -> f64 {
        let addresses: Vec<_> = self.servers.iter().take(servers).map(|server| server.address.as_str()).collect();
        rate(&addresses, CONNECTIONS, TIME, |_| request.to_vec())
    }

    /// What a request costs in microseconds of a core: of the vault, and of PostgreSQL.
    fn cost(&self, request: &[u8]) -> (f64, f64) {
        let before = (cpu::of(self.servers[0].process.id()), cpu::of_postgres());
        let rate = self.rate(request, 1);
        let after = (cpu::of(self.servers[0].process.id()), cpu::of_postgres());
        let each = 1e6 / (rate * TIME.as_secs_f64());
        ((after.0 - before.0) * each, (after.1 - before.1) * each)
    }

    /// Milliseconds of a create whose key is there already, one after the other.
    fn creates(&self) -> f64 {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        cpu::wait_until_idle(self.servers.iter().map(|server| server.process.id()));
        let mut client = Client::connect(&self.servers[0].address);
        let (mut times, mut made) = (Vec::new(), Vec::new());
        for _ in 0..CREATES {
            let name = format!("key {}", NUMBER.fetch_add(1, Ordering::Relaxed));
            let started = Instant::now();
            let (status, body) = self.create(&mut client, &name);
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            assert_eq!(status, 200, "{body}");
            made.push(
                body.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id").to_owned(),
            );
        }
        for id in made {
            let (status, _) =
                client.ask(&request("DELETE", &format!("/api/v1/hook-keys/{id}"), "vault", &self.token, ""));
            assert_eq!(status, 204);
        }
        median(times)
    }
}

fn main() {
    let Some(cluster) = Cluster::start(&[]) else {
        println!("there is no PostgreSQL here: {HINT}");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let folder = tempfile::tempdir().expect("a folder");
    write_master_key(folder.path());
    let file = format!("sqlite://{}", folder.path().join("hookvault.db").display());
    let database = cluster.address().replace('%', "postgres");
    for url in [&file, &database] {
        drop(Server::start(folder.path(), &["--database-url", url]));
        runtime.block_on(fill(url, ORGS, KEYS));
    }
    let sqlite = Engine::start("SQLite", folder.path(), &file, 1);
    let postgres = Engine::start("PostgreSQL", folder.path(), &database, 2);
    // The daily look at all keys, which begins with the server, would take a part of the cores.
    let processes = || sqlite.servers.iter().chain(&postgres.servers).map(|server| server.process.id());
    cpu::wait_until_idle(processes());

    println!("{ORGS} orgs of {KEYS} keys, {CONNECTIONS} connections, medians of {ROUNDS} rounds:");
    for (operation, of) in [("GET", Engine::get as fn(&Engine) -> Vec<u8>), ("sign", Engine::sign)] {
        let (mut figures, mut ratios) = ([vec![], vec![], vec![]], [vec![], vec![]]);
        for _ in 0..ROUNDS {
            let round =
                [sqlite.rate(&of(&sqlite), 1), postgres.rate(&of(&postgres), 1), postgres.rate(&of(&postgres), 2)];
            figures.iter_mut().zip(round).for_each(|(all, figure)| all.push(figure));
            ratios[0].push(round[1] / round[0]);
            ratios[1].push(round[2] / round[1]);
        }
        let [one, other, two] = figures.map(median);
        let [engine, second] = ratios.map(median);
        println!(
            "  {operation}: {} {one:.0}/s, {} {other:.0}/s, with two servers {two:.0}/s",
            sqlite.name, postgres.name
        );
        println!("    PostgreSQL to SQLite {engine:.2}, two servers to one {second:.2}");
        for engine in [&sqlite, &postgres] {
            let costs: Vec<_> = (0..ROUNDS).map(|_| engine.cost(&of(engine))).collect();
            let (vault, database): (Vec<_>, Vec<_>) = costs.into_iter().unzip();
            println!(
                "    {}: {:.0} µs of a core in the vault, {:.0} µs in PostgreSQL",
                engine.name,
                median(vault),
                median(database)
            );
        }
    }
    let pairs: Vec<_> = (0..ROUNDS).map(|_| (sqlite.creates(), postgres.creates())).collect();
    let (one, other): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
    println!(
        "  create, with a key at hand, one after the other: {} {:.2} ms, {} {:.2} ms; PostgreSQL to SQLite {:.2}",
        sqlite.name,
        median(one),
        postgres.name,
        median(other),
        median(pairs.iter().map(|(one, other)| other / one).collect())
    );
}
