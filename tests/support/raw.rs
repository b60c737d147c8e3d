//! Requests that no HTTP library would send.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Sends bytes and reads until the server closes.
pub async fn exchange(address: SocketAddr, bytes: Vec<u8>, then: Then) -> String {
    tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).unwrap();
        // Only against a server that never answers.
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        connection.write_all(&bytes).unwrap();
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

/// What the client does after it has sent all it wants to send.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Wait,
    CloseHalf,
}
