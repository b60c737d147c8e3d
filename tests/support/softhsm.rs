//! A PKCS#11 token for the tests: SoftHSM, which keeps its keys in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How the tests name what they need.
pub const HINT: &str = "install SoftHSM and OpenSC (on Debian: apt-get install softhsm2 opensc)";

/// Where distributions keep the module.
const MODULES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

pub const PIN: &str = "1234";

pub struct SoftHsm {
    pub module: &'static str,
    /// What `SOFTHSM2_CONF` names.
    pub settings: PathBuf,
}

impl SoftHsm {
    /// One without a token, in a folder; `None` where this machine has none.
    pub fn install(folder: &Path) -> Option<Self> {
        let module = MODULES.into_iter().find(|module| Path::new(module).exists())?;
        for program in ["softhsm2-util", "pkcs11-tool"] {
            Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
        }
        let (tokens, settings) = (folder.join("tokens"), folder.join("softhsm2.conf"));
        fs::create_dir(&tokens).unwrap();
        fs::write(&settings, format!("directories.tokendir = {}\n", tokens.display())).unwrap();
        Some(Self { module, settings })
    }

    /// Makes a token.
    pub fn make_token(&self, label: &str) {
        let pins = ["--so-pin", "12345678", "--pin", PIN];
        self.run("softhsm2-util", &[&["--init-token", "--free", "--label", label], &pins[..]].concat());
    }

    /// Makes a key, `AES:32` or `RSA:2048`, on a token.
    pub fn make_key(&self, token: &str, kind: &str, label: &str) {
        let how = if kind.starts_with("AES") { "--keygen" } else { "--keypairgen" };
        let common = ["--module", self.module, "--login", "--pin", PIN, "--token-label", token];
        self.run("pkcs11-tool", &[&common[..], &[how, "--key-type", kind, "--label", label]].concat());
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        command.args(arguments).env("SOFTHSM2_CONF", &self.settings).stdin(Stdio::null());
        let done = command.output().unwrap();
        assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}
