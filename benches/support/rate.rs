//! As many requests as there can be, over many connections at once.

use super::load::Client;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many requests a second were answered with 200.
///
/// # Arguments
/// `addresses`: the servers; the connections are spread over them. `next`: the request with this number.
pub fn rate(addresses: &[&str], connections: usize, time: Duration, next: impl Fn(usize) -> Vec<u8> + Sync) -> f64 {
    let (answered, is_over, number) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicUsize::new(0));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for index in 0..connections {
            let mut client = Client::connect(addresses[index % addresses.len()]);
            let (answered, is_over, number, next) = (&answered, &is_over, &number, &next);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let (status, body) = client.ask(&next(number.fetch_add(1, Ordering::Relaxed)));
                    assert_eq!(status, 200, "{}", String::from_utf8_lossy(body));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(time);
        is_over.store(true, Ordering::Relaxed);
    });
    let answered = u32::try_from(answered.load(Ordering::Relaxed)).expect("it fits");
    f64::from(answered) / started.elapsed().as_secs_f64()
}
