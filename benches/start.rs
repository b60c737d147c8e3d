//! What a start with many keys costs: `cargo bench --bench start`. Prints figures; decides nothing.
//!
//! 1,000 orgs of 50 keys. Each row has a sealed key of its own place; that all of them are the same key saves an hour of making.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints, and waits until a server is ready"
)]

use hookvault::crypto::envelope::Envelope;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::random::Random;
use hookvault::crypto::rsa_key::KeyPair;
use hookvault::domain::hook_key::place;
use hookvault::domain::id::{HookKeyId, OrgId};
use sqlx::{Connection as _, SqliteConnection};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ORGS: usize = 1000;
const KEYS: usize = 50;
const ROUNDS: usize = 7;

const MASTER_KEY: &str = "hvmk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn serve(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookvault"));
    command.env_clear().current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.args(["serve", "--listen", "127.0.0.1:0", "--master-key-file", "master.key", "--log", "info"]);
    command
}

fn start(folder: &Path) -> (Child, String) {
    let mut server = serve(folder).spawn().expect("the binary starts");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("it greets");
    let address = line.split("http://").nth(1).expect("the greeting has the address").trim().to_owned();
    (server, address)
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer)).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// In megabytes; `VmRSS` now, `VmHWM` at the most so far.
fn memory(server: &Child, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("the kernel says so");
    let kibibytes: f64 = line.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number");
    kibibytes * 1024.0 / 1_000_000.0
}

async fn fill(database: &Path) {
    let envelope = Envelope::new(&MasterKey::parse(MASTER_KEY).expect("a master key"), Random::system());
    let random = Random::system();
    let pair = KeyPair::make(&random);
    let mut connection =
        SqliteConnection::connect(&format!("sqlite://{}", database.display())).await.expect("the database opens");
    let mut tx = connection.begin().await.expect("a transaction begins");
    for number in 0..ORGS {
        let org: OrgId = random.id();
        sqlx::query("INSERT INTO org (id, name, domain, is_default, created) VALUES (?, ?, ?, 0, 1)")
            .bind(org.to_string())
            .bind(format!("org {number}"))
            .bind(format!("org{number}.example.com"))
            .execute(&mut *tx)
            .await
            .expect("an org is new");
        for slot in 1..=KEYS {
            let id: HookKeyId = random.id();
            let sealed = envelope.seal(place(&org, &id), pair.pkcs8());
            sqlx::query(
                "INSERT INTO hook_key (id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8)
                 VALUES (?, ?, ?, ?, ?, 1, 1, ?, ?, ?)",
            )
            .bind(id.to_string())
            .bind(org.to_string())
            .bind(i64::try_from(slot).expect("50 fits"))
            .bind(random.key_id().to_string())
            .bind(format!("key {slot}"))
            .bind(pair.public_key.modulus.as_slice())
            .bind(pair.public_key.exponent.as_slice())
            .bind(sealed.as_bytes())
            .execute(&mut *tx)
            .await
            .expect("a key is new");
        }
    }
    tx.commit().await.expect("it is committed");
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("master.key");
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).expect("a new file");
    writeln!(file, "{MASTER_KEY}").expect("it can be written");
    let (mut server, _) = start(folder.path());
    server.kill().and_then(|()| server.wait()).expect("the server can be stopped");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    runtime.block_on(fill(&folder.path().join("hookvault.db")));

    println!("{ORGS} orgs of {KEYS} keys:");
    for round in 1..=ROUNDS {
        let started = Instant::now();
        let (mut server, address) = start(folder.path());
        while !is_ready(&address) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let ready = started.elapsed();
        let at_first = memory(&server, "VmRSS:");
        let log = BufReader::new(server.stderr.take().expect("stderr is piped"));
        let looked = log.lines().map_while(Result::ok).find(|line| line.contains("looked at the whole database"));
        let looking = started.elapsed();
        let (at_last, most) = (memory(&server, "VmRSS:"), memory(&server, "VmHWM:"));
        server.kill().and_then(|()| server.wait()).expect("the server can be stopped");
        assert!(looked.is_some_and(|line| line.contains("damaged=0")), "the look finds nothing");
        println!(
            "  {round}: ready after {ready:?}, {at_first:.1} MB; all looked at after {looking:?}, {at_last:.1} MB, at the most {most:.1} MB"
        );
    }
}
