//! Gives a body to the answers that the HTTP library sends by itself.
//!
//! Some requests never reach a handler: those that are no HTTP, have too many headers, or come too slowly. The library
//! answers them with a status and nothing else, and offers no place to say more. So each connection looks at what is
//! written to it:
//!
//! 1. Every answer of ours has an `X-Okta-Request-Id`. A head without it, with `content-length: 0` and an error status, at
//!    the very end of what is written, is the library's own.
//! 2. It is exchanged for the same status with the one form of an error, and the headers of every answer.

use crate::http::edge::error::ApiError;
use crate::http::edge::rate_limit::Client;
use crate::http::edge::request;
use crate::http::shared::Shared;
use actix_web::body::MessageBody as _;
use actix_web::http::StatusCode;
use actix_web::web;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const HEAD_END: &[u8] = b"\r\n\r\n";

/// A connection that completes bare answers.
pub struct CompletedStream<S> {
    stream: S,
    peer: Option<SocketAddr>,
    shared: web::Data<Shared>,
    /// A completed answer, as far as it is not written yet.
    pending: Vec<u8>,
}

impl<S> CompletedStream<S> {
    pub fn new(stream: S, peer: Option<SocketAddr>, shared: web::Data<Shared>) -> Self {
        Self { stream, peer, shared, pending: Vec::new() }
    }

    fn complete(&self, bare: &BareAnswer) -> Vec<u8> {
        let vault = &self.shared.vault;
        let request_id = request::request_id(vault);
        let mut response = ApiError::Protocol(bare.status).respond(vault, &request_id);
        let budget = self.shared.limiter.count(&Client::address(self.peer.map(|peer| peer.ip())));
        request::add_budget(response.headers_mut(), budget);
        request::add_headers(response.headers_mut(), bare.status, &self.shared, &request_id);
        let mut answer = bare.head.clone();
        for (name, value) in response.headers() {
            answer.extend_from_slice(name.as_str().as_bytes());
            answer.extend_from_slice(b": ");
            answer.extend_from_slice(value.as_bytes());
            answer.extend_from_slice(b"\r\n");
        }
        let body = response.into_body().try_into_bytes().unwrap_or_default();
        answer.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        answer.extend_from_slice(&body);
        let peer = self.peer.map(|peer| tracing::field::display(peer.ip()));
        tracing::info!(request_id, peer, status = bare.status.as_u16(), "request");
        answer
    }
}

impl<S: AsyncWrite + Unpin> CompletedStream<S> {
    fn poll_pending(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.pending))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CompletedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_pending(context))?;
        match BareAnswer::at_end_of(bytes) {
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
            // What stands before it goes first, unchanged.
            Some(bare) if bare.start > 0 => Pin::new(&mut self.stream).poll_write(context, &bytes[..bare.start]),
            Some(bare) => {
                self.pending = self.complete(&bare);
                // What cannot be written now is with the next write, flush or shutdown.
                if let Poll::Ready(Err(error)) = self.poll_pending(context) {
                    return Poll::Ready(Err(error));
                }
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CompletedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsFd> AsFd for CompletedStream<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// An answer of the library's own.
struct BareAnswer {
    /// Where it begins in what is written.
    start: usize,
    status: StatusCode,
    /// Its status line and headers but for the length, each with its line end.
    head: Vec<u8>,
}

impl BareAnswer {
    fn at_end_of(bytes: &[u8]) -> Option<Self> {
        let without_end = bytes.strip_suffix(HEAD_END)?;
        // Where the last head begins: after the end of the one before, if there is one.
        let start = without_end.windows(HEAD_END.len()).rposition(|window| window == HEAD_END).map_or(0, |at| at + 4);
        // A body may stand in between; it holds no line end, as ours are JSON on one line.
        let start = start + find(&without_end[start..], b"HTTP/1.")?;
        let head = str::from_utf8(&without_end[start..]).ok()?;
        let mut lines = head.split("\r\n");
        let status_line = lines.next()?;
        let status = StatusCode::from_bytes(status_line.split(' ').nth(1)?.as_bytes()).ok()?;
        let (mut kept, mut empty) = (format!("{status_line}\r\n"), false);
        for line in lines {
            let (name, value) = line.split_once(':')?;
            if name.eq_ignore_ascii_case("x-okta-request-id") {
                return None;
            }
            if name.eq_ignore_ascii_case("content-length") {
                empty = value.trim() == "0";
            } else {
                kept.push_str(line);
                kept.push_str("\r\n");
            }
        }
        let refused = status.is_client_error() || status.is_server_error();
        (refused && empty).then(|| Self { start, status, head: kept.into_bytes() })
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: Mon\r\n\r\n";
    const OURS: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-okta-request-id: a\r\n\r\n{}";

    #[test]
    fn a_bare_answer_is_found_alone_and_behind_others() {
        for before in ["".to_owned(), OURS.to_owned(), OURS.repeat(2)] {
            let bare = BareAnswer::at_end_of(format!("{before}{BARE}").as_bytes()).unwrap();
            assert_eq!((bare.start, bare.status.as_u16()), (before.len(), 400));
            assert_eq!(bare.head, b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ndate: Mon\r\n");
        }
    }

    #[test]
    fn other_answers_are_left_alone() {
        let ours_without_body = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nx-okta-request-id: a\r\n\r\n";
        let go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        for other in [OURS, ours_without_body, go_on, "", "\r\n\r\n", &BARE[..40], "body that ends so\r\n\r\n"] {
            assert!(BareAnswer::at_end_of(other.as_bytes()).is_none(), "{other:?}");
        }
    }
}
