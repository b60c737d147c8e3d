//! A PostgreSQL cluster for the tests: in a temporary folder, as an ordinary user, on a socket in that folder.

use super::somebody::{as_somebody, give_to_somebody};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How the tests name what they need.
pub const HINT: &str = "install PostgreSQL 15 or later (its initdb and pg_ctl; on Debian: apt-get install postgresql)";

pub struct Cluster {
    pub folder: TempDir,
    pub programs: PathBuf,
}

impl Cluster {
    /// `None` where this machine has no PostgreSQL.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let cluster = Self::empty(programs()?);
        let data = cluster.folder.path().join("data");
        let arguments = ["-D", data.to_str().unwrap(), "-U", "hookvault", "-A", "trust", "-E", "UTF8", "--locale=C"];
        cluster.run("initdb", &[&arguments[..], &["--no-sync"]].concat());
        cluster.serve(settings);
        Some(cluster)
    }

    pub fn empty(programs: PathBuf) -> Self {
        let cluster = Self { folder: tempfile::tempdir().unwrap(), programs };
        give_to_somebody(cluster.folder.path());
        cluster
    }

    pub fn serve(&self, settings: &[&str]) {
        let mut options = format!("-k {} -c listen_addresses= -c max_connections=400", self.folder.path().display());
        for setting in settings {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        self.control(&["-o", &options, "-w", "start"]);
    }

    /// The address of a database in it, with `%` for its name.
    pub fn address(&self) -> String {
        format!("postgres:///%?host={}&user=hookvault", self.folder.path().display())
    }

    pub fn control(&self, arguments: &[&str]) {
        let (data, log) = (self.folder.path().join("data"), self.folder.path().join("log"));
        let common = ["-s", "-D", data.to_str().unwrap(), "-l", log.to_str().unwrap()];
        self.run("pg_ctl", &[&common[..], arguments].concat());
    }

    pub fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        // What stays in the background must not hold what the test writes to.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        assert!(as_somebody(&mut command).status().unwrap().success(), "{program} {arguments:?}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        if data.join("postmaster.pid").exists() {
            self.control(&["-m", "immediate", "-w", "stop"]);
        }
    }
}

/// The folder with `initdb`: on the path, or where distributions keep the newest version.
#[expect(clippy::disallowed_methods, reason = "where programs are is no setting of the product")]
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Perhaps by a link to where all programs are.
    let on_path = std::env::split_paths(&path)
        .find_map(|folder| Some(folder.join("initdb").canonicalize().ok()?.parent()?.to_owned()));
    on_path.or_else(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let programs = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
        programs.filter(|programs| programs.join("initdb").is_file()).max_by_key(|programs| version(programs))
    })
}

fn version(programs: &Path) -> u32 {
    programs.parent().and_then(|folder| folder.file_name()?.to_str()?.parse().ok()).unwrap_or(0)
}
