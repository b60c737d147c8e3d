//! SIGTERM under load: what was sent before it is answered.

use crate::support::process::{Installation, Served};
use crate::support::raw::next_answer;
use crate::support::rounds;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How the clients of a round ask.
#[derive(Clone, Copy)]
enum Habit {
    /// The next request on the same connection, once the last is answered.
    KeepsConnection,
    /// A connection for each request.
    Connects,
    /// Three requests in one piece.
    Pipelines,
}

const CLIENTS: [Habit; 8] = [
    Habit::KeepsConnection,
    Habit::KeepsConnection,
    Habit::KeepsConnection,
    Habit::Connects,
    Habit::Connects,
    Habit::Connects,
    Habit::Pipelines,
    Habit::Pipelines,
];

/// When requests were wholly sent, and whether each got its answer.
type Sent = Vec<(Instant, bool)>;

/// Asks until the server is gone.
fn ask(address: SocketAddr, request: &str, habit: Habit, answered: &AtomicUsize) -> Sent {
    let mut sent = Sent::new();
    let count = if matches!(habit, Habit::Pipelines) { 3 } else { 1 };
    while let Ok(connection) = TcpStream::connect(address) {
        let _ = connection.set_nodelay(true);
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut connection = BufReader::new(connection);
        loop {
            if connection.get_mut().write_all(request.repeat(count).as_bytes()).is_err() {
                break;
            }
            let at = Instant::now();
            let answers: Vec<_> = (0..count).map(|_| next_answer(&mut connection)).collect();
            sent.extend(answers.iter().map(|answer| (at, answer.as_ref().is_ok_and(|answer| answer.status == 200))));
            answered.fetch_add(1, Ordering::Relaxed);
            let is_last = answers.iter().any(|answer| answer.as_ref().map_or(true, |answer| answer.is_last));
            if is_last || matches!(habit, Habit::Connects) {
                break;
            }
        }
    }
    sent
}

/// How many requests there were, how many of them were answered around the signal or after it, and how many that were sent before it
/// were not.
fn round(installation: &Installation) -> (usize, usize, usize) {
    let mut server = Served::start(&mut installation.serve());
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let request =
        format!("GET /api/v1/hook-keys HTTP/1.1\r\nhost: a\r\nauthorization: SSWS {}\r\n\r\n", installation.token);
    let (request, answered) = (Arc::new(request), Arc::new(AtomicUsize::new(0)));
    let (results, all) = mpsc::channel();
    for habit in CLIENTS {
        let (request, answered, results) = (request.clone(), answered.clone(), results.clone());
        thread::spawn(move || results.send(ask(address, &request, habit, &answered)).unwrap());
    }
    drop(results);
    while answered.load(Ordering::Relaxed) < 100 {
        thread::yield_now();
    }
    let signal = Instant::now();
    let stopped = server.terminate();
    assert!(stopped < Duration::from_secs(5), "nobody kept it from ending: {stopped:?}");
    let (mut total, mut late, mut lost) = (0, 0, 0);
    for sent in all {
        for (at, answered) in sent {
            total += 1;
            late += usize::from(answered && at > signal - Duration::from_millis(1));
            lost += usize::from(at < signal && !answered);
        }
    }
    (total, late, lost)
}

/// `STOP_ROUNDS=100` for more of them.
#[test]
#[expect(clippy::print_stdout, reason = "how many were under way is worth knowing, and no rule")]
fn every_request_that_was_sent_before_the_signal_is_answered() {
    let rounds = rounds("STOP_ROUNDS", 8);
    let installation = Installation::new();
    let (mut total, mut late, mut lost) = (0, 0, 0);
    for _ in 0..rounds {
        let (asked, around, missing) = round(&installation);
        (total, late, lost) = (total + asked, late + around, lost + missing);
    }
    println!("{rounds} signals, {total} requests, {late} of them around a signal, {lost} lost");
    assert!(late > 0, "requests were under way when the signals came: {late}");
    assert_eq!(lost, 0);
}
