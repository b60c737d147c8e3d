//! Requests that no HTTP library would send.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Only against a server that never answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends bytes and reads until the server closes.
pub async fn exchange(address: SocketAddr, bytes: Vec<u8>, then: Then) -> String {
    exchange_parts(address, vec![bytes], then).await
}

/// As [`exchange`], in pieces that arrive one by one.
pub async fn exchange_parts(address: SocketAddr, parts: Vec<Vec<u8>>, then: Then) -> String {
    tokio::task::spawn_blocking(move || {
        let mut connection = connect(address);
        for part in parts {
            connection.write_all(&part).unwrap();
        }
        if then == Then::CloseHalf {
            connection.shutdown(Shutdown::Write).unwrap();
        }
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    })
    .await
    .unwrap()
}

/// A connection that sends each piece at once.
pub fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    connection.set_nodelay(true).unwrap();
    connection
}

/// What the client does after it has sent all it wants to send.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Wait,
    CloseHalf,
}

/// One whole answer on a connection.
pub struct RawAnswer {
    pub status: u16,
    /// Whether the server says that it closes.
    pub is_last: bool,
}

/// Reads the next answer. An error where the connection ends before it is whole.
pub fn next_answer(connection: &mut BufReader<TcpStream>) -> io::Result<RawAnswer> {
    let (mut status, mut length, mut is_last) = (None, 0, false);
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if status.is_none() {
            status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        } else if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        } else if line == "connection: close" {
            is_last = true;
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(RawAnswer { status: status.unwrap(), is_last })
}
