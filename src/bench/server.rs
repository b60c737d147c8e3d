//! A server of this very program, as its user runs it, in a process of its own.

use super::client::Client;
use super::error::BenchError;
use super::request::Request;
use super::threads::on_thread;
use crate::config::{DatabaseConfig, variable};
use rustix::process::{Pid, Signal, kill_process};
use std::env;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often it is looked whether the server is ready, or has ended.
const PAUSE: Duration = Duration::from_millis(1);

/// How long it may take to be ready, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that is killed when it is dropped.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    /// From the start of the process until `/readyz` said yes.
    pub ready_after: Duration,
}

impl Server {
    /// With its default settings, but for the rate limit, and for the port, which is a free one. Its log goes nowhere: it has a line
    /// for each request.
    ///
    /// # Arguments
    /// `folder`: where it runs; nothing in it says anything of settings. `master_key`: the file of it.
    ///
    /// # Errors
    /// [`BenchError`].
    pub async fn start(folder: &Path, database: &DatabaseConfig, master_key: &Path) -> Result<Self, BenchError> {
        let mut command = Command::new(env::current_exe().map_err(BenchError::Spawn)?);
        // Settings of whoever measures are none of its.
        command.env_clear().current_dir(folder);
        if let Some(file) = &database.password_file {
            command.env(variable::DATABASE_PASSWORD_FILE, file);
        }
        command.args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "off"]);
        command.args(["--database-url", &database.url.to_string()]).arg("--master-key-file").arg(master_key);
        let started = Instant::now();
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = spawned.map_err(BenchError::Spawn)?;
        let stdout = process.stdout.take();
        let mut server = Self { process, address: SocketAddr::from(([127, 0, 0, 1], 0)), ready_after: Duration::ZERO };
        let greeting = on_thread(move || {
            let mut line = String::new();
            stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line)).transpose().map(|_| line)
        });
        let greeting = greeting.await??;
        let address = greeting.trim().rsplit_once("http://").and_then(|(_, address)| address.parse().ok());
        server.address = address.ok_or(BenchError::Server("has ended at once"))?;
        while !server.is_ready().await {
            if started.elapsed() > PATIENCE {
                return Err(BenchError::Server("does not become ready"));
            }
            sleep(PAUSE).await;
        }
        server.ready_after = started.elapsed();
        Ok(server)
    }

    async fn is_ready(&self) -> bool {
        let Ok(mut client) = Client::connect(self.address).await else { return false };
        let request = Request::get("/readyz", &self.address.to_string()).bytes();
        client.ask(&request).await.is_ok_and(|answer| answer.status == 200)
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops it in order.
    ///
    /// # Errors
    /// [`BenchError::Server`] where it does not end.
    pub async fn stop(mut self) -> Result<(), BenchError> {
        let asked = Instant::now();
        kill_process(Pid::from_child(&self.process), Signal::TERM).map_err(std::io::Error::from)?;
        while self.process.try_wait()?.is_none() {
            if asked.elapsed() > PATIENCE {
                return Err(BenchError::Server("does not end"));
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is no error.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
