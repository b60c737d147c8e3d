//! Clients that ask and never take the answers.

use crate::support::process::{Installation, Served};
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const CLIENTS: usize = 200;
const MEGABYTE: u64 = 1024 * 1024;

/// Resident memory of a process, in bytes (proc_pid_status(5)).
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Sends requests until neither the server nor the system takes more of them.
fn flood(address: SocketAddr) -> TcpStream {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_nonblocking(true).unwrap();
    let requests = "GET /openapi.json HTTP/1.1\nhost:a\n\n".repeat(4096);
    let (mut sent, mut quiet_since) = (0, Instant::now());
    while quiet_since.elapsed() < Duration::from_millis(20) {
        match connection.write(&requests.as_bytes()[sent % requests.len()..]) {
            Ok(bytes) => (sent, quiet_since) = (sent + bytes, Instant::now()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(sent > 100 * 1024, "there was more than one reading of them: {sent}");
    connection
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "how much they cost is worth knowing, and the rule only a bound")]
async fn clients_that_never_read_cost_little_and_disturb_nobody() {
    let installation = Installation::new();
    let server = Served::start(installation.serve().args(["--max-connections-per-address", "2000"]));
    let client = server.client(&installation.token);
    assert_eq!(client.create("a").await.unwrap().0, 200);
    let before = resident(server.id());

    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let flooding = move || (0..CLIENTS).map(|_| flood(address)).collect::<Vec<_>>();
    let flooding = tokio::task::spawn_blocking(flooding);
    let mut served = 0;
    while !flooding.is_finished() {
        assert_eq!(client.list().await.unwrap().0, 200);
        served += 1;
    }
    let clients = flooding.await.unwrap();
    let under_flood = resident(server.id());
    assert_eq!(client.list().await.unwrap().0, 200);
    assert!(served > CLIENTS / 10, "others were served meanwhile: {served}");
    drop(clients);

    let until = Instant::now() + Duration::from_secs(20);
    let mut after = resident(server.id());
    while after > before + 16 * MEGABYTE && Instant::now() < until {
        assert_eq!(client.list().await.unwrap().0, 200);
        after = resident(server.id());
    }
    let figures = [before, under_flood, after].map(|bytes| bytes / MEGABYTE);
    println!("MB before, with {CLIENTS} that never read, and after: {figures:?}; {served} served meanwhile");
    assert!(under_flood < before + 64 * MEGABYTE, "{figures:?}");
    assert!(after < before + 16 * MEGABYTE, "{figures:?}");
}
