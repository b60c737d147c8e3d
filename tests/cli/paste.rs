//! What is printed runs as it is printed: pasted into a real shell, against the built binary.

use crate::support::process::{Screen, key_folder, run, wait};
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::{TempDir, tempdir};

pub const BINARY: &str = env!("CARGO_BIN_EXE_hookvault");

/// A program in a folder, with the tools of the machine and nothing of ours in its environment.
pub fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", folder);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn paste(folder: &Path, lines: &str) -> Screen {
    run(command("bash", folder).args(["-e", "-c", lines]))
}

/// `hookvault dev`, called by its path, as `cargo run` does.
struct Dev {
    child: Child,
    folder: TempDir,
    screen: Vec<String>,
}

impl Dev {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempdir().unwrap();
        let mut dev = command(BINARY, folder.path());
        dev.args(["dev", "--listen", "127.0.0.1:0", "--key-pool", "0"]).args(arguments);
        let mut child = dev.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut screen = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line.starts_with("Ctrl-C") {
                break;
            }
            screen.push(line);
        }
        Self { child, folder, screen }
    }

    /// What is there to paste, in its order.
    fn lines(&self) -> Vec<&str> {
        self.screen.iter().filter_map(|line| line.strip_prefix("  ")).collect()
    }

    /// The screen without what differs from run to run.
    fn stable(&self) -> String {
        let url = self.screen[0].split_whitespace().nth(4).unwrap();
        let token = self.screen[2].rsplit(' ').next().unwrap();
        let folder = self.folder.path().canonicalize().unwrap();
        let screen = self.screen.join("\n").replace(url, "URL").replace(token, "TOKEN").replace(BINARY, "HOOKVAULT");
        screen.replace(url.trim_start_matches("http://"), "ADDRESS").replace(folder.to_str().unwrap(), "FOLDER")
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        wait(&mut self.child);
    }
}

#[test]
fn every_line_on_the_screen_of_dev_runs_in_another_shell() {
    let dev = Dev::start(&["--with-example"]);
    assert_snapshot!(dev.stable(), @r#"
    hookvault is running at URL (documents: URL/docs)
    Its data is kept in FOLDER/hookvault-data
    Its token with every scope: TOKEN

    Address and token under the names that the README uses:
      export V=URL T=TOKEN

    Create a key:
      curl -H 'Authorization: SSWS TOKEN' -H 'Content-Type: application/json' -d '{"name":"My hook key"}' URL/api/v1/hook-keys

    Call the example hook, whose receiver runs here, and see each step:
      HOOKVAULT hook test 'Example hook' --data-dir FOLDER/hookvault-data

    For the official SDKs (the last three lines let Python, Go and Java speak plain http; Go also needs configuration.Host = "ADDRESS"):
      export OKTA_CLIENT_ORGURL=URL
      export OKTA_CLIENT_TOKEN=TOKEN
      export OKTA_TESTING_TESTINGDISABLEHTTPSCHECK=true
      export OKTA_TESTING_DISABLE_HTTPS_CHECK=true
      export OKTA_TESTING_DISABLEHTTPSCHECK=true

    Or with OAuth 2.0, as a service app, whose exports this prints:
      HOOKVAULT app create --name my-app --scope okta.inlineHooks.manage --generate --data-dir FOLDER/hookvault-data

    For Terraform:
      export OKTA_ORG_NAME=hookvault OKTA_BASE_URL=example.com
      export OKTA_HTTP_PROXY=URL
      export OKTA_API_TOKEN=TOKEN
    "#);
    let elsewhere = tempdir().unwrap();
    let mut exports = String::new();
    let mut said = Vec::new();
    for line in dev.lines() {
        if line.starts_with("export ") {
            exports.push_str(&format!("{line}\n"));
        }
        let screen = paste(elsewhere.path(), &format!("{exports}{line}"));
        assert_eq!(screen.code, 0, "{line}\n{}", screen.stderr);
        said.push((line, screen.stdout));
    }
    let of = |word: &str| &said.iter().find(|(line, _)| line.contains(word)).unwrap().1;
    assert_eq!(serde_json::from_str::<serde_json::Value>(of("curl ")).unwrap()["name"], "My hook key");
    assert!(of(" hook test ").lines().last().unwrap().starts_with("ok: the hook answered"), "{}", of(" hook test "));
    assert!(of(" app create ").starts_with("export OKTA_CLIENT_AUTHORIZATIONMODE=PrivateKey\n"));
    // As the README has them.
    let listed =
        paste(elsewhere.path(), &format!("{exports}curl -sf -H \"Authorization: SSWS $T\" $V/api/v1/hook-keys"));
    assert!(listed.stdout.contains("\"name\":\"Example key\""), "{}", listed.stdout);
    // What this prints can be read by the shell that prints it.
    let app = of(" app create ");
    assert_eq!(paste(elsewhere.path(), &format!("{app}\ntest -n \"$OKTA_CLIENT_PRIVATEKEY\"")).code, 0);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing is left where the lines were pasted");
}

#[test]
fn without_an_example_nothing_is_called_that_is_not_there() {
    let dev = Dev::start(&["--ephemeral"]);
    assert!(!dev.screen.iter().any(|line| line.contains("hook test")));
    let kept = dev.screen[1].rsplit(' ').next().unwrap().to_owned();
    assert!(Path::new(&kept).exists());
    let folder = dev.folder.path().to_owned();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    drop(dev);
    assert!(!Path::new(&kept).exists(), "nothing is kept");
}

/// The commands of a hint, each in its quotation marks.
fn commands(hint: &str) -> Vec<&str> {
    hint.split('`').skip(1).step_by(2).collect()
}

#[test]
fn a_hint_names_the_program_as_it_runs_from_here() {
    let folder = key_folder();
    let folder = folder.path().canonicalize().unwrap();
    fs::create_dir(folder.join("my bin")).unwrap();
    let below = folder.join("my bin/hookvault");
    fs::hard_link(BINARY, &below).or_else(|_| fs::copy(BINARY, &below).map(drop)).unwrap();
    for (program, named) in [(BINARY, BINARY), (below.to_str().unwrap(), "'my bin/hookvault'")] {
        let screen = run(command(program, &folder).args(["token", "list"]));
        assert_eq!(commands(&screen.stderr), ["restore", "migrate"].map(|command| format!("{named} {command}")));
    }
    let example = run(command(BINARY, &folder).args(["token", "create", "--help"])).stdout;
    let example = example.lines().last().unwrap().trim();
    assert!(example.starts_with(BINARY), "{example}");
    assert_eq!(paste(&folder, example).code, 0);
    let hint = run(command(below.to_str().unwrap(), &folder).args(["token", "revoke", "none"])).stderr;
    let listed = paste(&folder, commands(&hint)[0]);
    assert!(listed.stdout.contains("terraform"), "{}\n{}", hint, listed.stderr);
    // Where a shell has found it, it will find it again.
    let found = run(command("bash", &folder).args(["-c", "PATH=$PATH:'my bin'; hookvault token revoke none"]));
    assert_eq!(commands(&found.stderr), ["hookvault token list"]);
}
