//! `hookvault bench`: that all of it works. What it measures is not for a test.

use super::call;
use crate::support::database::{self, POSTGRES};
use crate::support::process::{hookvault, run, wait};
use hookvault::bench::catalogue::CATALOGUE;
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::tempdir;

/// A trial whose vault is in this folder, in a file or in a database that stands for one.
fn trial(folder: &Path) -> Command {
    let mut command = hookvault(folder);
    command.args(["bench", "--trial"]).env("TMPDIR", folder);
    if POSTGRES.is_some() {
        let file = folder.join("bench.db");
        database::make_now(&file);
        command.args(["--database-url", &database::url_text(&file)]);
    }
    command
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn a_trial_prints_all_rows_and_writes_them_as_json_and_svg() {
    let (folder, written) = (tempdir().unwrap(), tempdir().unwrap());
    let [json, svg] = ["bench.json", "bench.svg"].map(|name| written.path().join(name));
    let screen = run(trial(folder.path()).arg("--json").arg(&json).arg("--svg").arg(&svg));
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    assert!(screen.stderr.contains("making a vault with 4 keys …\n") && screen.stderr.contains("a trial: "));
    let rows: Vec<_> = CATALOGUE.iter().flat_map(|entry| entry.rows).collect();
    let lines: Vec<_> = screen.stdout.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["WHAT", "MEASURED", "CEILING", "RATIO", "GOAL", "MET"]
    );
    assert_eq!(lines.len(), 1 + rows.len(), "{}", screen.stdout);
    for (line, row) in lines[1..].iter().zip(&rows) {
        assert!(line.starts_with(row.what), "{line}");
    }

    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let names: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, rows.iter().map(|row| row.name).collect::<Vec<_>>());
    for (row, spec) in report["rows"].as_array().unwrap().iter().zip(&rows) {
        assert!(row["measured"]["median"].as_f64().unwrap() > 0.0, "{row}");
        assert_eq!(row["ratio"].is_object(), spec.beside.is_some(), "{row}");
        assert_eq!(row["met"].is_boolean(), spec.goal.is_some(), "{row}");
    }

    let picture = fs::read_to_string(&svg).unwrap();
    assert_well_formed(&picture);
    for row in rows.iter().filter(|row| row.goal.is_some()) {
        assert!(picture.contains(row.what), "{}", row.what);
    }
    assert!(is_empty(folder.path()), "the vault is gone");
}

/// Each element ends, and in order.
fn assert_well_formed(xml: &str) {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1).map(|rest| rest.split_once('>').unwrap().0) {
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
        match tag {
            end if end.starts_with('/') => assert_eq!(open.pop(), Some(name)),
            empty if empty.ends_with('/') => assert!(!open.is_empty(), "{empty}"),
            _ => open.push(name),
        }
    }
    assert!(xml.starts_with("<svg ") && open.is_empty(), "{open:?}");
}

#[test]
fn what_is_named_is_measured_in_the_order_of_the_table() {
    let folder = tempdir().unwrap();
    let screen = run(trial(folder.path()).args(["--only", "health", "--only", "binary"]));
    assert_eq!(screen.code, 0, "{}", screen.stderr);
    let named: Vec<_> = screen.stdout.lines().skip(1).map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(named, ["size of the program", "health probe"]);
}

#[test]
fn a_signal_leaves_neither_a_process_nor_a_folder() {
    let folder = tempdir().unwrap();
    let mut command = trial(folder.path());
    let mut bench = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(bench.stderr.take().unwrap()).lines().map_while(Result::ok);
    // By then its server runs.
    assert!(lines.any(|line| line == "health probe …"));
    let servers = servers_in(folder.path());
    kill_process(Pid::from_child(&bench), Signal::INT).unwrap();
    assert_eq!(wait(&mut bench).code(), Some(1));
    assert_eq!(lines.find(|line| line.starts_with("error: ")).as_deref(), Some("error: stopped before the end"));
    assert!(is_empty(folder.path()), "its folder is gone");
    assert!(!cfg!(target_os = "linux") || servers == 1, "its server was found");
    assert_eq!(servers_in(folder.path()), 0, "its server has ended");
}

/// How many processes were given something in this folder as an argument.
fn servers_in(folder: &Path) -> usize {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let arguments = processes.filter_map(|process| fs::read(process.ok()?.path().join("cmdline")).ok());
    let folder = format!("--master-key-file\0{}", folder.display());
    arguments.filter(|arguments| String::from_utf8_lossy(arguments).contains(&folder)).count()
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_is_made() {
    let folder = tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let screen = call(folder.path(), &[&["bench"], arguments].concat());
        assert!(screen.code != 0 && screen.stdout.is_empty());
        screen.stderr
    };
    assert_snapshot!(refused(&["--only", "gets"]), @"
    error: --only: `gets` is nothing that is measured
    hint: choose from binary, memory-idle, get, list, jwks, jwks-304, health, jwt, assertion, access-token, renames, beside, create, org, start, memory-load
    ");
    assert_snapshot!(refused(&["--pairs", "0"]), @"
    error: --pairs: `0` measures nothing
    hint: write it as 5
    ");
    assert_snapshot!(refused(&["--seconds=1e9"]), @"
    error: --seconds: `1000000000` is no time from 0.1 to 60
    hint: write it as 2 or 0.5
    ");
    assert_snapshot!(refused(&["--database-url", "sqlite://a.db"]), @"
    error: --database-url: `sqlite://a.db` is a file
    hint: leave it out, and let TMPDIR name a folder of the disk that is to be measured
    ");
    assert_snapshot!(refused(&["--database-url", "postgres://u:hush@db/keys"]), @"
    error: --database-url has a password, which every user of this machine could see
    hint: put it into a file with mode 0600, and name that in --database-password-file
    ");
    assert_snapshot!(refused(&["--json", "missing/bench.json"]), @"
    error: missing/bench.json cannot be a file
    hint: name a file in a folder that is there
    ");
    assert_snapshot!(refused(&["--svg", "."]), @"
    error: . cannot be a file
    hint: name a file in a folder that is there
    ");
    assert!(is_empty(folder.path()));
}
