//! What a create costs with a warm pool: `cargo bench`.
//!
//! Against the real binary with default settings. Between two creates there is time to fill the pool again.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench prints, and waits between two creates")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CREATES: usize = 45;
const PAUSE: Duration = Duration::from_millis(400);

fn main() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_hookvault"))
        .args(["dev", "--ephemeral", "--listen", "127.0.0.1:0", "--log", "warn"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let screen = BufReader::new(server.stdout.take().expect("stdout is piped")).lines().map_while(Result::ok);
    let screen: Vec<_> = screen.take_while(|line| !line.starts_with("Ctrl-C")).collect();
    let exported = |name: &str| {
        let line = screen.iter().find_map(|line| line.trim().strip_prefix(&format!("export {name}=")));
        line.expect("the screen exports it").to_owned()
    };
    let (url, token) = (exported("OKTA_CLIENT_ORGURL"), exported("OKTA_CLIENT_TOKEN"));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let mut times = runtime.block_on(async {
        let http = reqwest::Client::new();
        let mut times = Vec::with_capacity(CREATES);
        for number in 0..CREATES {
            std::thread::sleep(PAUSE);
            let request = http
                .post(format!("{url}/api/v1/hook-keys"))
                .header("authorization", format!("SSWS {token}"))
                .json(&serde_json::json!({ "name": format!("key {number}") }));
            let started = Instant::now();
            let answer = request.send().await.expect("the server answers");
            assert_eq!(answer.status(), 200);
            answer.bytes().await.expect("the answer is whole");
            times.push(started.elapsed());
        }
        times
    });
    server.kill().expect("the server can be stopped");
    server.wait().expect("the server stops");

    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("create with a warm pool, {CREATES} times:");
    println!("  least {:?}, median {:?}, 90th percentile {:?}, most {:?}", at(0), at(50), at(90), at(100));
}
