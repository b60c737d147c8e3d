//! A second cluster that follows another, and the end of the first.

use super::cluster::Cluster;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;

impl Cluster {
    /// A copy that follows this one under a name of its own.
    pub fn standby(&self, name: &str) -> Self {
        let standby = Self::empty(self.programs.clone());
        let data = standby.folder.path().join("data");
        let primary = format!("host={} user=hookvault application_name={name}", self.folder.path().display());
        let arguments = ["-d", &primary, "-D", data.to_str().unwrap(), "-R", "-X", "stream", "-c", "fast"];
        standby.run("pg_basebackup", &arguments);
        standby.serve(&[]);
        standby
    }

    /// SIGKILL for all of its processes at once, as when a machine loses its power.
    pub fn kill(&self) {
        let main = fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap();
        let main: i32 = main.lines().next().unwrap().parse().unwrap();
        let children = fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap();
        for process in children.split_whitespace().map(|child| child.parse().unwrap()).chain([main]) {
            // One that has ended meanwhile is as good.
            let _ = kill_process(Pid::from_raw(process).unwrap(), Signal::KILL);
        }
        fs::remove_file(self.folder.path().join("data/postmaster.pid")).unwrap();
    }

    /// As a host in a URL: its socket.
    pub fn host(&self) -> String {
        self.folder.path().display().to_string().replace('/', "%2F")
    }
}
