//! Requests over kept connections, one after the other on each, with as little work of our own as can be.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// One connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, host: &str, token: &str, body: &str) -> Vec<u8> {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: SSWS {token}\r\naccept: */*\r\n");
    let content = match body {
        "" => "\r\n".to_owned(),
        body => format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
    };
    (head + &content).into_bytes()
}

impl Client {
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket has the option");
        Self { stream, buffer: Vec::new() }
    }

    /// Status and body.
    pub fn ask(&mut self, request: &[u8]) -> (u16, &[u8]) {
        self.stream.write_all(request).expect("the server reads");
        self.buffer.clear();
        let mut chunk = [0; 16 * 1024];
        loop {
            let read = self.stream.read(&mut chunk).expect("the server answers");
            assert!(read > 0, "the server keeps the connection");
            self.buffer.extend_from_slice(&chunk[..read]);
            let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end]).expect("a head is text").to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).map_or("0", |rest| rest.lines().next().unwrap_or("0"));
            let length: usize = length.parse().expect("a number");
            if self.buffer.len() >= end + 4 + length {
                let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
                return (status, &self.buffer[end + 4..]);
            }
        }
    }
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
