//! The built vault, and what it and PostgreSQL cost the machine.

use super::fill::MASTER_KEY;
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that is killed when it is dropped.
pub struct Server {
    pub process: Child,
    pub address: String,
    /// How long it took until `/readyz` said yes.
    pub ready_after: Duration,
}

/// The built binary in a folder, with nothing of ours in its environment.
pub fn hookvault(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hookvault"));
    command.env_clear().current_dir(folder);
    command
}

/// The master key of what [`super::fill::fill`] makes, as `master.key`.
pub fn write_master_key(folder: &Path) {
    let path = folder.join("master.key");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).expect("a new file");
    writeln!(file, "{MASTER_KEY}").expect("it can be written");
}

impl Server {
    /// # Arguments
    /// `flags`: besides address and master key.
    pub fn start(folder: &Path, flags: &[&str]) -> Self {
        let mut command = hookvault(folder);
        command.args(["serve", "--listen", "127.0.0.1:0", "--master-key-file", "master.key"]).args(flags);
        let started = Instant::now();
        let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = spawned.expect("the binary starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("it greets");
        let address = line.split("http://").nth(1).expect("the greeting has the address").trim().to_owned();
        let mut server = Self { process, address, ready_after: Duration::ZERO };
        while !server.is_ready() {
            std::thread::sleep(Duration::from_millis(1));
        }
        server.ready_after = started.elapsed();
        server
    }

    fn is_ready(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(&self.address) else { return false };
        let request = format!("GET /readyz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address);
        let mut answer = String::new();
        stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer)).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("the server can be stopped");
    }
}
