//! Hands the HTTP library one request at a time.
//!
//! The library decodes all that it has read, and looks at its limit of sixteen waiting requests only before: 128 KiB of heads become
//! thousands of requests in memory. It also forgets, when it is told to stop, what it has not read yet. So what it reads is paced:
//!
//! 1. What is handed on ends behind the first blank line, where a head ends. In a body that is only one step more, so nothing here
//!    has to understand HTTP.
//! 2. While a request is under way nothing is handed on but its body, as far as its length is known or somebody reads it.
//! 3. While the client does not take its answers nothing is read.
//! 4. Meanwhile a little is read ahead, to know whether more is there: then the reader is woken when it may go on, and else not.
//! 5. A connection that is to end does so where a request could begin and nothing more is there.

use crate::http::server::connection::Connection;
use rustix::io::ioctl_fionread;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use zeroize::Zeroize as _;

/// How much is read ahead, in bytes.
const AHEAD: usize = 256;

pub struct PacedStream<S> {
    stream: S,
    connection: Arc<Connection>,
    /// Read, and not handed on yet.
    ahead: Vec<u8>,
    /// The client sends no more.
    ended: bool,
    lines: Lines,
    /// A head was handed on. The library looks at it before it gets more.
    paused: bool,
    /// An answer waits for the client.
    blocked: bool,
}

impl<S> PacedStream<S> {
    pub fn new(stream: S, connection: Arc<Connection>) -> Self {
        Self {
            stream,
            connection,
            ahead: Vec::new(),
            ended: false,
            lines: Lines::default(),
            paused: false,
            blocked: false,
        }
    }

    #[must_use]
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// How much of what was read is handed on now.
    fn measure(&mut self, bytes: &[u8]) -> usize {
        let end = match self.connection.admitted() {
            Some(left) => usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()),
            None => {
                let (end, is_head_end) = self.lines.first_blank(bytes);
                self.paused = is_head_end;
                end
            }
        };
        self.connection.hand_on(end as u64);
        end
    }
}

impl<S: AsyncRead + AsFd + Unpin> PacedStream<S> {
    /// Finds out whether more is there.
    fn look_ahead(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.ahead.is_empty() && !self.ended {
            let mut bytes = [0; AHEAD];
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => {}
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Ready(Ok(())) => {
                    self.ended = buffer.filled().is_empty();
                    self.ahead.extend_from_slice(buffer.filled());
                    bytes.zeroize();
                }
            }
        }
        let unread = self.connection.is_ending() && self.has_unread();
        self.connection.set_waiting(!self.ahead.is_empty() || self.ended || unread);
        Ok(())
    }

    /// Whether the system has bytes of the client. The event loop learns of them a moment later, and a new connection always says
    /// first that nothing can be read.
    fn has_unread(&self) -> bool {
        ioctl_fionread(&self.stream).is_ok_and(|bytes| bytes > 0)
    }

    fn poll_hand_on(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let bytes = std::mem::take(&mut self.ahead);
            let room = bytes.len().min(buffer.remaining());
            let end = self.measure(&bytes[..room]);
            buffer.put_slice(&bytes[..end]);
            self.ahead.extend_from_slice(&bytes[end..]);
            return Poll::Ready(Ok(()));
        }
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let end = self.measure(&buffer.filled()[before..]);
        self.ended = buffer.filled().len() == before;
        self.ahead.extend_from_slice(&buffer.filled()[before + end..]);
        buffer.set_filled(before + end);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsFd + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.connection.register(context.waker());
        if this.connection.is_closed() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if this.blocked {
            return Poll::Pending;
        }
        if this.paused || this.connection.admitted() == Some(0) {
            this.look_ahead(context)?;
            let more = !this.ahead.is_empty() || this.ended;
            if std::mem::take(&mut this.paused) && more {
                context.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        let handed_on = this.poll_hand_on(context, buffer);
        let between_requests = !this.connection.is_under_way() && !this.lines.in_head;
        if handed_on.is_pending() && between_requests && this.connection.is_ending() && !this.has_unread() {
            // As if the client had ended it.
            return Poll::Ready(Ok(()));
        }
        handed_on
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.connection.is_closed() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        let was_blocked = std::mem::replace(&mut this.blocked, written.is_pending());
        if was_blocked && !this.blocked {
            this.connection.touch();
            // It may be read again.
            context.waker().wake_by_ref();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Where lines end in what was handed on.
#[derive(Default)]
struct Lines {
    /// The line so far is empty.
    is_empty: bool,
    /// Something was handed on behind the last blank line.
    in_head: bool,
}

impl Lines {
    /// How long these bytes are up to and with the first blank line, and whether there is one. Lines end as the library ends them:
    /// with LF, perhaps behind a CR.
    fn first_blank(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if self.is_empty => {
                    *self = Self::default();
                    return (at + 1, true);
                }
                b'\n' => self.is_empty = true,
                b'\r' => {}
                _ => self.is_empty = false,
            }
        }
        self.in_head |= !bytes.is_empty();
        (bytes.len(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(parts: &[&str]) -> Vec<String> {
        let (mut lines, mut found, mut piece) = (Lines::default(), Vec::new(), String::new());
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                let (end, is_head_end) = lines.first_blank(rest.as_bytes());
                piece.push_str(&rest[..end]);
                rest = &rest[end..];
                if is_head_end {
                    found.push(std::mem::take(&mut piece));
                }
            }
        }
        found.push(piece);
        found
    }

    #[test]
    fn a_head_ends_at_the_first_blank_line_however_the_bytes_come() {
        assert_eq!(pieces(&["a\r\nb\r\n\r\nc\r\n\r\nd"]), ["a\r\nb\r\n\r\n", "c\r\n\r\n", "d"]);
        assert_eq!(pieces(&["a\n\nb\n\r\n"]), ["a\n\n", "b\n\r\n", ""]);
        assert_eq!(pieces(&["a\r", "\n", "\r", "\n", "b"]), ["a\r\n\r\n", "b"]);
        assert_eq!(pieces(&["\r\na\r\n\r\n"]), ["\r\na\r\n\r\n", ""]);
    }
}
