//! The README, pasted line by line into a real shell by somebody who has just cloned the repository.

use super::paste::{BINARY, command};
use crate::support::process::{Served, run};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// Lines that are not run, each with its reason. Whatever else is indented is run, and must succeed.
const NOT_RUN: [(&str, &str); 2] =
    [("cargo build ", "the binary is built already"), ("{", "an answer, which is compared with the real one")];

/// What a newcomer runs with cargo, which builds first.
const CARGO: (&str, &str) = ("cargo run --release -- ", "target/release/hookvault ");

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// A folder with the binary where cargo puts it.
fn clone() -> TempDir {
    let clone = tempdir().unwrap();
    fs::create_dir_all(clone.path().join("target/release")).unwrap();
    symlink(BINARY, clone.path().join("target/release/hookvault")).unwrap();
    clone
}

/// The sections that have something to paste, with their indented lines.
fn sections() -> Vec<Vec<String>> {
    let readme = document("README.md");
    let lines =
        |section: &str| section.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect();
    let sections: Vec<Vec<_>> = readme.split("\n## ").map(lines).collect();
    sections.into_iter().filter(|lines| !lines.is_empty()).collect()
}

fn is_server(line: &str) -> bool {
    ["hookvault dev", "hookvault serve"].iter().any(|server| line.contains(server))
}

/// What later lines of the same shell depend on.
fn is_state(line: &str) -> bool {
    line.starts_with("export ") || line.starts_with("cd ") || line.contains(" cd ")
}

/// A shell into which the lines of a section are pasted.
struct Shell<'a> {
    folder: &'a Path,
    state: String,
    server: Option<Served>,
    answer: String,
}

impl Shell<'_> {
    fn paste(&mut self, line: &str) {
        let line = line.replacen(CARGO.0, CARGO.1, 1);
        // A port of its own: others may run on the usual one.
        let line = match &self.server {
            Some(server) => line.replace("http://127.0.0.1:8080", &server.url),
            None => line,
        };
        let mut bash = command("bash", self.folder);
        if is_server(&line) {
            bash.args(["-e", "-c", &format!("{}exec {line}", self.state)]).env("HOOKVAULT_LISTEN", "127.0.0.1:0");
            self.server = Some(Served::start(&mut bash));
            return;
        }
        let screen = run(bash.args(["-e", "-c", &format!("{}{line}", self.state)]));
        assert_eq!(screen.code, 0, "{line}\n{}", screen.stderr);
        assert!(!screen.stdout.contains("errorCode"), "{line}\n{}", screen.stdout);
        if line.contains(" hook test ") {
            assert!(screen.stdout.lines().last().unwrap().starts_with("ok"), "{}", screen.stdout);
        }
        if is_state(&line) {
            self.state.push_str(&format!("{line}\n"));
        }
        self.answer = screen.stdout;
    }
}

fn members(answer: &str) -> Vec<String> {
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    answer.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_line_of_the_readme_runs_as_a_newcomer_pastes_it() {
    let clone = clone();
    let mut run = 0;
    for section in sections() {
        let mut shell = Shell { folder: clone.path(), state: String::new(), server: None, answer: String::new() };
        for line in &section {
            match NOT_RUN.iter().find(|(begin, _)| line.starts_with(begin)) {
                Some(("{", _)) => assert_eq!(members(&shell.answer), members(line)),
                Some(_) => {}
                None => {
                    shell.paste(line);
                    run += 1;
                }
            }
        }
    }
    assert!(run >= 10, "{run}");
}

#[test]
fn the_commands_of_the_documents_are_there_with_their_flags() {
    let clone = clone();
    let mut called = 0;
    let is_call = |line: &&str| line.starts_with("hookvault ") || line.starts_with("(umask 077; hookvault ");
    for name in ["oauth", "operating", "using"] {
        let text = document(&format!("docs/{name}.md"));
        for line in text.lines().filter_map(|line| line.strip_prefix("    ")).filter(is_call) {
            // Of a pipe the vault's own part: what it is piped into need not be installed here.
            let pasted = format!("PATH=$PWD/target/release:$PATH\n{line}\nexit ${{PIPESTATUS[0]}}");
            let screen = run(command("bash", clone.path()).args(["-c", &pasted]));
            // There is no vault; but what is called wrongly is answered with 2, what is not there with 127.
            assert!(matches!(screen.code, 0 | 1), "docs/{name}.md: {line}\n{}", screen.stderr);
            called += 1;
        }
    }
    assert!(called >= 3, "{called}");
}
