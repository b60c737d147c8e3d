//! What a connection, the requests on it and the list of all connections know of each other.
//!
//! HTTP/1.1 answers in the order of the requests (RFC 9112, clause 9.3.2), so a connection has one request under way at most. While it
//! is, nothing but its body is read.

use futures_util::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;
use tokio::time::Instant;

/// How much of a body may still come, in bytes, where its length is not known: its reader sees the end.
const UNKNOWN: u64 = u64::MAX;

/// Serves all requests that come.
const OPEN: u8 = 0;
/// Serves those that are there already.
const ENDING: u8 = 1;
/// Serves nothing any more.
const CLOSED: u8 = 2;

pub struct Connection {
    began: Instant,
    phase: AtomicU8,
    under_way: AtomicBool,
    /// What may still be read for the request under way, in bytes.
    body_left: AtomicU64,
    /// Whether something was read that waits until the request under way is answered.
    waiting: AtomicBool,
    /// When it last did something for its client, in milliseconds since it began.
    active_at: AtomicU64,
    reader: AtomicWaker,
}

impl Connection {
    #[must_use]
    pub fn accepted() -> Self {
        Self {
            began: Instant::now(),
            phase: AtomicU8::new(OPEN),
            under_way: AtomicBool::new(false),
            body_left: AtomicU64::new(0),
            waiting: AtomicBool::new(false),
            active_at: AtomicU64::new(0),
            reader: AtomicWaker::new(),
        }
    }

    /// A request begins. It ends when what is returned is dropped.
    ///
    /// # Arguments
    /// `length`: of its body, in bytes, as far as that is known.
    #[must_use]
    pub fn begin(self: &Arc<Self>, length: u64) -> UnderWay {
        self.body_left.store(length, Ordering::Release);
        self.under_way.store(true, Ordering::Release);
        UnderWay { connection: self.clone() }
    }

    /// Somebody reads a body of unknown length, until what is returned is dropped.
    #[must_use]
    pub fn read_body(self: &Arc<Self>) -> BodyReading {
        self.body_left.store(UNKNOWN, Ordering::Release);
        self.reader.wake();
        BodyReading { connection: self.clone() }
    }

    /// How many bytes may be handed on now. `None`: all, as a new request is expected or its end is not known.
    #[must_use]
    pub fn admitted(&self) -> Option<u64> {
        if !self.is_under_way() {
            return None;
        }
        Some(self.body_left.load(Ordering::Acquire)).filter(|left| *left != UNKNOWN)
    }

    /// So many bytes of a body were handed on.
    pub fn hand_on(&self, bytes: u64) {
        let left = self.body_left.load(Ordering::Acquire);
        if self.is_under_way() && left != UNKNOWN {
            self.body_left.store(left.saturating_sub(bytes), Ordering::Release);
        }
    }

    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::Acquire)
    }

    /// Whoever reads tells whether something waits, and whom to wake when it may go on.
    pub fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::Release);
    }

    pub fn register(&self, reader: &Waker) {
        self.reader.register(reader);
    }

    /// Whether the answer to the request under way should say that it is the last one (RFC 9112, clause 9.6).
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.is_ending() && !self.waiting.load(Ordering::Acquire)
    }

    /// Serves what has come until now, then closes.
    pub fn end(&self) {
        self.phase.fetch_max(ENDING, Ordering::AcqRel);
        self.reader.wake();
    }

    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.phase.load(Ordering::Acquire) >= ENDING
    }

    /// Closes at once.
    pub fn close(&self) {
        self.phase.store(CLOSED, Ordering::Release);
        self.reader.wake();
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.phase.load(Ordering::Acquire) == CLOSED
    }

    /// It did something for its client.
    pub fn touch(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.active_at.store(now, Ordering::Release);
    }

    /// Since when it does nothing for its client. `None` while a request is under way.
    #[must_use]
    pub fn idle_since(&self) -> Option<Instant> {
        let active_at = Duration::from_millis(self.active_at.load(Ordering::Acquire));
        (!self.is_under_way()).then(|| self.began + active_at)
    }
}

/// A request that has no answer yet.
pub struct UnderWay {
    connection: Arc<Connection>,
}

impl UnderWay {
    /// See [`Connection::is_last`].
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.connection.is_last()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.connection.touch();
        self.connection.under_way.store(false, Ordering::Release);
        if self.connection.waiting.load(Ordering::Acquire) || self.connection.is_ending() {
            self.connection.reader.wake();
        }
    }
}

/// A body whose end is not known beforehand is being read.
pub struct BodyReading {
    connection: Arc<Connection>,
}

impl Drop for BodyReading {
    fn drop(&mut self) {
        self.connection.body_left.store(0, Ordering::Release);
    }
}
