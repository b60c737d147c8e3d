//! The built binary, as its user runs it.

use super::app::MASTER_KEY;
use super::database::{self, POSTGRES};
use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A call of the binary in a folder, with an environment that holds nothing of ours.
pub fn hookvault(folder: &Path) -> Command {
    at(Path::new(env!("CARGO_BIN_EXE_hookvault")), folder)
}

pub fn at(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    // As from a shell that has found it: it calls itself as it was called.
    command.arg0("hookvault").env_clear().current_dir(folder).stdin(Stdio::null());
    command
}

/// Copies the program, by another process: of a file that this one has written, a child that another test starts meanwhile may hold the
/// descriptor, and what somebody may still write to cannot be started.
pub fn copy_program(to: &Path) {
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_hookvault")).arg(to).status().unwrap();
    assert!(copied.success());
}

pub fn run(command: &mut Command) -> Screen {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _watch = Watchdog::over(&child);
    Screen::of(child.wait_with_output().unwrap())
}

/// Waits for the end of a process that should end by itself.
pub fn wait(child: &mut Child) -> ExitStatus {
    let _watch = Watchdog::over(child);
    child.wait().unwrap()
}

/// Kills a process that takes longer than any test may, so that what hangs fails. Ends when it is dropped.
struct Watchdog {
    _dropped: mpsc::Sender<()>,
}

impl Watchdog {
    const PATIENCE: Duration = Duration::from_secs(60);

    fn over(child: &Child) -> Self {
        let pid = Pid::from_child(child);
        let (dropped, watch) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            if watch.recv_timeout(Self::PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Self { _dropped: dropped }
    }
}

/// An HTTP client that does not wait for ever.
pub fn http_client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Watchdog::PATIENCE).build().unwrap()
}

/// What a person sees of a finished command.
pub struct Screen {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Screen {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A server that is killed when the test is over.
pub struct Served {
    child: Child,
    pub url: String,
    http: reqwest::Client,
    log: mpsc::Receiver<String>,
}

impl Served {
    /// Starts a server and waits for the line with its address.
    pub fn start(command: &mut Command) -> Self {
        Self::try_start(command).unwrap_or_else(|stderr| panic!("the server did not start: {stderr}"))
    }

    /// As [`Self::start`]; what it says on stderr where it does not start.
    pub fn try_start(command: &mut Command) -> Result<Self, String> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let watch = Watchdog::over(&child);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let url = loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut stderr = String::new();
                child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
                child.wait().unwrap();
                return Err(stderr);
            }
            if let Some(at) = line.find("http://") {
                break line[at..].split_whitespace().next().unwrap().to_owned();
            }
        };
        drop(watch);
        // Drained, so that the log never blocks the server.
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (lines, log) = mpsc::channel();
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| drop(lines.send(line))));
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        Ok(Self { child, url, http: http_client(), log })
    }

    /// SIGTERM, and the end in order. Returns how long it took.
    pub fn terminate(&mut self) -> Duration {
        let asked = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(wait(&mut self.child).success());
        asked.elapsed()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The lines of the log from where it was read last, up to the first one with this text, or to its end.
    pub fn log_until(&self, text: &str) -> String {
        let mut read = String::new();
        while let Ok(line) = self.log.recv_timeout(Watchdog::PATIENCE) {
            read.push_str(&line);
            read.push('\n');
            if line.contains(text) {
                break;
            }
        }
        read
    }

    /// An answer to somebody without a credential.
    pub async fn get(&self, path: &str) -> Reply {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.ok()?;
        let status = response.status();
        Some((status, response.text().await.ok()?))
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn client(&self, token: &str) -> Client {
        Client {
            http: self.http.clone(),
            url: format!("{}/api/v1/hook-keys", self.url),
            token: token.to_owned(),
            host: None,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who uses the hook keys of a server. Every answer may be missing: the server may be gone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
    host: Option<String>,
}

pub type Reply = Option<(StatusCode, String)>;

impl Client {
    /// The same under the domain of an org.
    pub fn with_host(self, host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..self }
    }

    /// The same with another token.
    pub fn with_token(self, token: String) -> Self {
        Self { token, ..self }
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Reply {
        if let Some(host) = &self.host {
            request = request.header("host", host);
        }
        let response = request.header("authorization", format!("SSWS {}", self.token)).send().await.ok()?;
        let status = response.status();
        // A status without its body is no answer yet.
        Some((status, response.text().await.ok()?))
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.http.get(self.url.replace("/api/v1/hook-keys", path))).await
    }

    pub async fn put(&self, path: &str, body: &serde_json::Value) -> Reply {
        self.send(self.http.put(self.url.replace("/api/v1/hook-keys", path)).json(body)).await
    }

    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Reply {
        self.send(self.http.post(self.url.replace("/api/v1/hook-keys", path)).json(body)).await
    }

    pub async fn delete_at(&self, path: &str) -> Reply {
        self.send(self.http.delete(self.url.replace("/api/v1/hook-keys", path))).await
    }

    pub async fn list(&self) -> Reply {
        self.send(self.http.get(&self.url)).await
    }

    pub async fn create(&self, name: &str) -> Reply {
        self.send(self.http.post(&self.url).json(&serde_json::json!({ "name": name }))).await
    }

    /// A client assertion of a key.
    pub async fn sign(&self, key: &str) -> String {
        let path = self.url.replace("/api/v1/hook-keys", &format!("/vault/v1/hook-keys/{key}/client-assertions"));
        let body = serde_json::json!({"clientId": "billing", "audience": "https://a.example"});
        let (status, answer) = self.send(self.http.post(path).json(&body)).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["client_assertion"].as_str().unwrap().to_owned()
    }

    pub async fn hook(&self, body: &serde_json::Value) -> Reply {
        self.send(self.http.post(self.url.replace("/hook-keys", "/inlineHooks")).json(body)).await
    }

    pub async fn rename(&self, id: &str, name: &str) -> Reply {
        self.send(self.http.put(format!("{}/{id}", self.url)).json(&serde_json::json!({ "name": name }))).await
    }

    pub async fn delete(&self, id: &str) -> Reply {
        self.send(self.http.delete(format!("{}/{id}", self.url))).await
    }
}

const DATABASE: &str = "hookvault.db";

/// A folder with a master key in a file and a token that may do everything.
pub struct Installation {
    pub folder: tempfile::TempDir,
    pub token: String,
}

impl Installation {
    pub fn new() -> Self {
        let folder = key_folder();
        if POSTGRES.is_some() {
            let file = folder.path().join(DATABASE);
            database::make_now(&file);
            add_setting(folder.path(), "HOOKVAULT_DATABASE_URL", &database::url_text(&file));
        }
        let mut create = hookvault(folder.path());
        create.args(["token", "create", "--name", "test", "--scope", "okta.inlineHooks.manage"]);
        let screen = run(&mut create);
        assert_eq!(screen.code, 0, "{}", screen.stderr);
        Self { token: screen.stdout.trim().to_owned(), folder }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join(DATABASE)
    }

    /// `hookvault serve` on a free port, without a limit and without a pool that would keep the cores busy.
    pub fn serve(&self) -> Command {
        let mut command = hookvault(self.folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0", "--master-key-file", "master.key"]);
        command.args(["--rate-limit", "off", "--key-pool", "0"]);
        command
    }
}

/// A folder with a master key in a file that commands find, and no vault yet.
pub fn key_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    put_key(folder.path());
    folder
}

/// Puts a master key into a folder in which commands find it.
pub fn put_key(folder: &Path) {
    write_master_key(&folder.join("master.key"), MASTER_KEY);
    add_setting(folder, "HOOKVAULT_MASTER_KEY_FILE", "master.key");
}

/// Adds a setting to those of a folder.
pub fn add_setting(folder: &Path, name: &str, value: &str) {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(folder.join(".env")).unwrap();
    writeln!(file, "{name}='{value}'").unwrap();
}

pub fn write_master_key(path: &Path, key: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    writeln!(file, "{key}").unwrap();
}
