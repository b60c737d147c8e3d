//! Too many connections: the idle ones make room, whoever has them.

use crate::support::app::{MANAGE, TestApp};
use crate::support::process::{Installation, Served, http_client};
use crate::support::raw::{connect, next_answer};
use hookvault::domain::connection_limits::ConnectionLimits;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use tokio::net::TcpSocket;

async fn app_with(total: usize, per_address: Option<usize>) -> TestApp {
    let limit = |number| NonZeroUsize::new(number).unwrap();
    let connections = ConnectionLimits { total: limit(total), per_address: per_address.map(limit) };
    TestApp::start_with(|config| config.server.connections = connections).await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// The status of a probe on this connection. `None`: it was closed.
fn probe(connection: &TcpStream) -> Option<u16> {
    (&*connection).write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").ok()?;
    next_answer(&mut BufReader::new(connection.try_clone().ok()?)).ok().map(|answer| answer.status)
}

/// A connection that was served once.
fn used(address: SocketAddr) -> TcpStream {
    let connection = connect(address);
    assert_eq!(probe(&connection), Some(200));
    connection
}

/// A connection from another address of this machine.
async fn from(source: &str, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
    let connection = socket.connect(address).await.unwrap().into_std().unwrap();
    connection.set_nonblocking(false).unwrap();
    connection
}

#[tokio::test]
async fn the_one_that_is_idle_for_longest_is_closed_for_one_more() {
    let app = app_with(3, Some(3)).await;
    let address = app.address;
    let served = blocking(move || {
        let first: Vec<_> = (0..3).map(|_| used(address)).collect();
        let one_more = used(address);
        // From the last to the first, so that none of them is in the way of another.
        let [third, second, first] = [2, 1, 0].map(|number: usize| probe(&first[number]));
        [first, second, third, probe(&one_more)]
    });
    assert_eq!(served.await, [None, Some(200), Some(200), Some(200)]);
}

#[tokio::test]
async fn an_address_cannot_take_the_places_of_others() {
    let app = app_with(4, None).await;
    let address = app.address;
    let other = from("127.0.0.2", address).await;
    let (served, of_greedy) = blocking(move || {
        assert_eq!(probe(&other), Some(200));
        let greedy: Vec<_> = (0..10).map(|_| used(address)).collect();
        (probe(&other), greedy.iter().rev().filter(|connection| probe(connection).is_some()).count())
    })
    .await;
    assert_eq!((served, of_greedy), (Some(200), 2));
}

#[tokio::test]
async fn a_connection_with_a_request_under_way_keeps_its_place() {
    let app = app_with(1, None).await;
    let address = app.address;
    let token = app.new_token(None, MANAGE).await;
    let waiting = blocking(move || {
        // The body is still to come.
        let mut busy = connect(address);
        let head = "POST /api/v1/hook-keys HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n";
        write!(busy, "{head}authorization: SSWS {token}\r\ncontent-type: application/json\r\n\r\n").unwrap();
        busy
    })
    .await;
    let (refused, answered) = blocking(move || {
        let mut answers = BufReader::new(waiting);
        let going_on = next_answer(&mut answers).unwrap().status;
        let refused = probe(&connect(address));
        answers.get_mut().write_all(b"{}").unwrap();
        (refused, (going_on, next_answer(&mut answers).unwrap().status))
    })
    .await;
    assert_eq!((refused, answered), (None, (100, 400)));
}

#[tokio::test]
async fn few_open_files_shut_nobody_out() {
    let installation = Installation::new();
    let mut limited = Command::new("sh");
    let serve = installation.serve();
    limited.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]).arg(serve.get_program()).args(serve.get_args());
    limited.env_clear().current_dir(installation.folder.path()).arg0("sh");
    let server = Served::start(&mut limited);
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let idle: Vec<_> = blocking(move || (0..120).map(|_| connect(address)).collect()).await;
    assert_eq!(server.get("/healthz").await.unwrap().0, 200);
    assert_eq!(server.get("/readyz").await.unwrap().0, 200);
    assert_eq!(server.client(&installation.token).create("a").await.unwrap().0, 200);
    let url = format!("{}/healthz", server.url);
    for _ in 0..40 {
        // Each on a connection of its own.
        assert_eq!(http_client().get(&url).send().await.unwrap().status(), 200);
    }
    let log = server.log_until("too many connections");
    assert!(log.contains("the limit of open files leaves room for fewer connections"), "{log}");
    assert!(log.contains("the one that is idle for longest is closed"), "{log}");
    drop(idle);
}
