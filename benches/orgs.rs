//! What grows with the number of orgs on PostgreSQL, and what does not: `cargo bench --bench orgs -- 1 1000`, or with 100000, which
//! takes 15 GB of disk and some ten minutes. 50 keys an org.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench prints, waits while others work, and ends where something fails"
)]

mod support {
    #[path = "../../tests/support/cluster.rs"]
    pub mod cluster;
    pub mod fill;
    pub mod load;
    #[path = "../../tests/support/seal.rs"]
    pub mod seal;
    pub mod server;
    #[path = "../../tests/support/somebody.rs"]
    pub mod somebody;
}

use hookvault::bench::process;
use sqlx::{Connection as _, PgConnection};
use std::path::Path;
use std::time::{Duration, Instant};
use support::cluster::{Cluster, HINT};
use support::fill::fill;
use support::load::{Client, median, request};
use support::server::{Server, hookvault, write_master_key};
use tokio::runtime::Runtime;

const KEYS: usize = 50;
const STARTS: usize = 7;
const REQUESTS: usize = 2000;
const CREATES: usize = 40;

fn id_in(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    body.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an answer with an id").to_owned()
}

/// Milliseconds of each, one after the other, in the middle.
fn each(client: &mut Client, times: usize, mut next: impl FnMut(usize) -> Vec<u8>) -> f64 {
    let time = |number| {
        let request = next(number);
        let started = Instant::now();
        let (status, body) = client.ask(&request);
        let took = started.elapsed().as_secs_f64() * 1000.0;
        assert!(status < 300, "{}", String::from_utf8_lossy(body));
        took
    };
    median((0..times).map(time).collect())
}

/// Seconds until nothing is pending; a server looks every two.
async fn erased_after(url: &str) -> f64 {
    let mut connection = PgConnection::connect(url).await.expect("it answers");
    let started = Instant::now();
    let pending = "SELECT count(*) FROM pending_erasure";
    while sqlx::query_scalar::<_, i64>(pending).fetch_one(&mut connection).await.expect("a number") > 0 {
        std::thread::sleep(Duration::from_millis(50));
    }
    started.elapsed().as_secs_f64()
}

fn measure(runtime: &Runtime, folder: &Path, url: &str, orgs: usize) {
    let flags = ["--database-url", url, "--rate-limit", "off", "--key-pool", "0", "--log", "warn"];
    let starts =
        median((0..STARTS).map(|_| Server::start(folder, &flags).ready_after.as_secs_f64() * 1000.0).collect());
    // One whose org has room for more keys.
    let server = Server::start(folder, &flags);
    let mut create = hookvault(folder);
    create.args(["token", "create", "--name", "bench", "--scope", "okta.inlineHooks.manage"]);
    create.args(["--scope", "hookvault.keys.use", "--database-url", url]);
    let token = String::from_utf8(create.output().expect("the binary runs").stdout).expect("a token is text");
    let (token, mut client) = (token.trim(), Client::connect(&server.address));
    let ask = |method: &str, path: &str, body: &str| request(method, path, "vault", token, body);
    let mut made = Vec::new();
    let creating = {
        let mut times = Vec::new();
        for number in 0..CREATES {
            let started = Instant::now();
            let (status, body) =
                client.ask(&ask("POST", "/api/v1/hook-keys", &format!("{{\"name\":\"new {number}\"}}")));
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            assert_eq!(status, 200);
            made.push(id_in(body));
        }
        median(times)
    };
    let key = &made[0];
    let get = each(&mut client, REQUESTS, |_| ask("GET", &format!("/api/v1/hook-keys/{key}"), ""));
    let list = each(&mut client, REQUESTS / 10, |_| ask("GET", "/api/v1/hook-keys", ""));
    let body = r#"{"clientId":"billing","audience":"https://login.example.com/token"}"#;
    let sign =
        each(&mut client, REQUESTS, |_| ask("POST", &format!("/vault/v1/hook-keys/{key}/client-assertions"), body));
    let rename = each(&mut client, REQUESTS / 10, |number| {
        ask("PUT", &format!("/api/v1/hook-keys/{key}"), &format!("{{\"name\":\"renamed {number}\"}}"))
    });
    let (status, _) = client.ask(&ask("DELETE", &format!("/api/v1/hook-keys/{}", made[1]), ""));
    assert_eq!(status, 204);
    let erased = runtime.block_on(erased_after(url));
    println!(
        "  {orgs}: GET {get:.3} ms, list of {CREATES} {list:.3} ms, sign {sign:.3} ms, rename {rename:.3} ms, create {creating:.1} ms \
         (with the making of the key), ready after {starts:.0} ms, {:.1} MB; a deletion is off the tables after {erased:.1} s",
        process::memory(server.process.id(), "VmRSS").expect("Linux tells")
    );
}

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1, 1000] } else { sizes };
    let Some(cluster) = Cluster::start(&["max_wal_size=4GB"]) else {
        println!("there is no PostgreSQL here: {HINT}");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let folder = tempfile::tempdir().expect("a folder");
    write_master_key(folder.path());
    println!("orgs of {KEYS} keys; one request after the other, in the middle:");
    for orgs in sizes {
        let url = cluster.address().replace('%', &format!("orgs{orgs}"));
        let filled = runtime.block_on(async {
            let mut connection =
                PgConnection::connect(&cluster.address().replace('%', "postgres")).await.expect("it answers");
            let create = format!("CREATE DATABASE orgs{orgs}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.expect("it is new");
            drop(Server::start(folder.path(), &["--database-url", &url]));
            let started = Instant::now();
            // The default org is there already.
            fill(&url, orgs - 1, KEYS).await;
            let size = format!("SELECT pg_size_pretty(pg_database_size('orgs{orgs}'))");
            let size: String =
                sqlx::query_scalar(sqlx::AssertSqlSafe(size)).fetch_one(&mut connection).await.expect("it has a size");
            format!("{size}, filled in {:.0?}", started.elapsed())
        });
        measure(&runtime, folder.path(), &url, orgs);
        println!("    {filled}");
    }
}
