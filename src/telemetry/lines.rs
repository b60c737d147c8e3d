//! Lines on their way to stderr: handed over by whoever logs, and written by a thread of their own, many at a time.
//!
//! A library would wake its thread for each line, which costs the one who logs more than the line itself (docs/performance.md). This thread
//! is woken by the first line of some milliseconds, and writes all that have come until then.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many bytes may wait: what comes while a reader of stderr takes none, for a second or so at full speed. What is more is dropped.
const BOUND: usize = 8 << 20;

/// How long lines are gathered.
const GATHERING: Duration = Duration::from_millis(5);

/// Takes lines.
#[derive(Clone)]
pub struct Lines(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    more: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Since it was last told.
    dropped: u64,
    is_over: bool,
}

/// The thread that writes them. Whatever waits is written before it is dropped.
pub struct Writing {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

impl Lines {
    /// # Arguments
    /// `out`: where they are written to.
    ///
    /// # Errors
    /// That of the system, where there is no thread to be had.
    pub fn to(out: impl Write + Send + 'static) -> io::Result<(Self, Writing)> {
        let shared = Shared { waiting: Mutex::default(), more: Condvar::new() };
        let lines = Self(Arc::new(shared));
        let written = lines.clone();
        let thread = thread::Builder::new().name("log".into()).spawn(move || written.write_all_to(out))?;
        Ok((lines.clone(), Writing { lines, thread: Some(thread) }))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many lines were dropped since this was asked last.
    pub fn dropped(&self) -> u64 {
        std::mem::take(&mut self.lock().dropped)
    }

    fn write_all_to(&self, mut out: impl Write) {
        let mut bytes = Vec::new();
        loop {
            let mut waiting = self.lock();
            while waiting.bytes.is_empty() && !waiting.is_over {
                waiting = self.0.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            if waiting.bytes.is_empty() {
                return;
            }
            let gathered = self.0.more.wait_timeout_while(waiting, GATHERING, |waiting| !waiting.is_over);
            let (mut waiting, _) = gathered.unwrap_or_else(PoisonError::into_inner);
            // The two take turns, so that neither has to grow again.
            std::mem::swap(&mut waiting.bytes, &mut bytes);
            drop(waiting);
            // A log that cannot be written (a full disk, a pipe without a reader) must not stop what is logged.
            let _ = out.write_all(&bytes).and_then(|()| out.flush());
            bytes.clear();
        }
    }
}

/// One line for each call.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        if waiting.bytes.len() + line.len() > BOUND {
            waiting.dropped += 1;
            return Ok(line.len());
        }
        let is_first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        if is_first {
            self.0.more.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.lines.lock().is_over = true;
        self.lines.0.more.notify_one();
        if let Some(thread) = self.thread.take() {
            // It ends once all is written; that it has panicked changes nothing here.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Takes nothing before it is let.
    struct Slow(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            let _ = self.1.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_nobody_takes_is_dropped_and_counted_and_the_rest_is_written_in_order() {
        let (go, held) = mpsc::channel();
        let (seen, written) = mpsc::channel();
        let (lines, writing) = Lines::to(Slow(held, seen)).unwrap();
        let line = |number: usize| format!("{number:>1023}\n").into_bytes();
        // The first ones may be on their way out, so twice as many as may wait.
        let count = 2 * BOUND / 1024;
        for number in 0..count {
            lines.clone().write_all(&line(number)).unwrap();
        }
        let dropped = usize::try_from(lines.dropped()).unwrap();
        assert!(dropped > 0 && dropped < count, "{dropped}");
        assert_eq!(lines.dropped(), 0, "they were told");
        drop(go);
        drop(writing);
        let all: Vec<u8> = written.iter().flatten().collect();
        let numbers: Vec<usize> =
            String::from_utf8(all).unwrap().lines().map(|line| line.trim().parse().unwrap()).collect();
        assert_eq!(numbers.len(), count - dropped);
        assert!(numbers.is_sorted() && numbers[0] == 0);
    }

    #[test]
    fn what_waits_is_written_before_the_end() {
        let (seen, written) = mpsc::channel();
        let (go, held) = mpsc::channel();
        drop(go);
        let (mut lines, writing) = Lines::to(Slow(held, seen)).unwrap();
        lines.write_all(b"last words\n").unwrap();
        drop(writing);
        assert_eq!(written.recv().unwrap(), b"last words\n");
    }
}
