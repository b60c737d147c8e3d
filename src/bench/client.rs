//! A kept connection on which one request follows the other, with as little work of its own as can be: what the client does, the server
//! cannot do on the same machine.

use super::error::BenchError;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::str;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;

/// In bytes: what most answers fit into, so that they are read at once.
const BUFFER: usize = 64 * 1024;

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A whole answer.
pub struct Answer<'a> {
    pub status: u16,
    /// The status line and the headers, each with its line break.
    pub head: &'a str,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// # Errors
    /// [`BenchError::Answer`] where it is no success and no 304.
    pub fn check(&self) -> Result<(), BenchError> {
        if self.status < 400 {
            return Ok(());
        }
        Err(BenchError::Answer { status: self.status, body: String::from_utf8_lossy(self.body).into_owned() })
    }

    /// The names and values of the headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(": "))
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Where an answer ends, as its head says.
struct Frame {
    status: u16,
    /// In bytes.
    head: usize,
    /// In bytes, the head too.
    length: usize,
}

impl Client {
    /// # Errors
    /// Where nobody listens.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER] })
    }

    /// # Errors
    /// Where the connection ends, or what comes is no answer.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>, BenchError> {
        self.send(request).await?;
        let mut filled = 0;
        let Frame { status, head, length } = loop {
            filled += self.read(filled).await?;
            match frame(&self.buffer[..filled])? {
                Some(frame) if frame.length <= filled => break frame,
                _ => {}
            }
        };
        let head_text = str::from_utf8(&self.buffer[..head]).map_err(|_| BenchError::NoAnswer)?;
        Ok(Answer { status, head: head_text, body: &self.buffer[head..length] })
    }

    async fn send(&self, mut request: &[u8]) -> io::Result<()> {
        while !request.is_empty() {
            match self.stream.try_write(request) {
                Ok(written) => request = &request[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads on behind what there is. Returns how many bytes came.
    async fn read(&mut self, filled: usize) -> io::Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(2 * filled, 0);
        }
        let (stream, free) = (&mut self.stream, &mut self.buffer[filled..]);
        // Unlike `try_read`, this knows that a read which did not fill the buffer was the last one, and asks the system no more.
        let read = std::future::poll_fn(|context| {
            let mut buffer = ReadBuf::new(free);
            Pin::new(&mut *stream).poll_read(context, &mut buffer).map_ok(|()| buffer.filled().len())
        });
        match read.await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// `None` where the head is not whole yet.
fn frame(bytes: &[u8]) -> Result<Option<Frame>, BenchError> {
    let (mut at, mut content, mut status) = (0, 0, None);
    while let Some(length) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let line = bytes[at..at + length].trim_ascii_end();
        at += length + 1;
        if line.is_empty() {
            let status = status.ok_or(BenchError::NoAnswer)?;
            return Ok(Some(Frame { status, head: at, length: at + content }));
        }
        if status.is_none() {
            status = Some(number(line.get(9..12)).ok_or(BenchError::NoAnswer)?);
        } else if let Some(value) = line.strip_prefix(b"content-length:") {
            // In lower case, as all that is measured here writes it.
            content = number(Some(value)).ok_or(BenchError::NoAnswer)?;
        }
    }
    Ok(None)
}

fn number<N: str::FromStr>(digits: Option<&[u8]>) -> Option<N> {
    str::from_utf8(digits?).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(u16, usize, usize)> {
        frame(text.as_bytes()).unwrap().map(|Frame { status, head, length }| (status, head, length))
    }

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx: y\r\n\r\n";
        assert_eq!(read(&format!("{head}hello")), Some((200, head.len(), head.len() + 5)));
        assert_eq!(read(head), Some((200, head.len(), head.len() + 5)), "the body may come later");
        assert_eq!(read(&head[..head.len() - 1]), None);
        assert_eq!(read("HTTP/1.1 304 Not Modified\r\n\r\n"), Some((304, 29, 29)));
        assert!(frame(b"SSH-2.0-x\r\n").is_err());
    }
}
