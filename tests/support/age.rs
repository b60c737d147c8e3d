//! age, for the tests: identities of nobody, and its own program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How the tests name what they need.
pub const HINT: &str = "install age (on Debian: apt-get install age)";

/// An identity with its recipient, as `age-keygen` has made them. They open nothing that matters.
pub struct Identity {
    pub recipient: &'static str,
    pub secret: &'static str,
}

pub const FIRST: Identity = Identity {
    recipient: "age12ngvgss97q98vy54xjrdych7ts2mwgt68r5qjjufzrkgmtz5qqhs9qh4nl",
    secret: "AGE-SECRET-KEY-1Z2K7QJFEN6W6ZCDF0S9DXDMXZ9KHC5VREUTNT09JQRWNQE7LYD9SV346SW",
};

pub const SECOND: Identity = Identity {
    recipient: "age1utpvt3fwf6r74p4uxep364eeqh69ujs6hmjtexnltj9sc8f9kurs7p769c",
    secret: "AGE-SECRET-KEY-1DP07RWCYFD84XRY6Y9LX6Q7KDV7W7Q6NK7DJ7G23XPJLHUE9F58QA3KJU6",
};

impl Identity {
    /// As `age-keygen -o` writes it.
    pub fn write(&self, path: &Path) -> PathBuf {
        fs::write(path, format!("# public key: {}\n{}\n", self.recipient, self.secret)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_owned()
    }
}

/// What age itself makes of a file; `None` where this machine has none.
///
/// # Panics
/// Where it does not open the file, or there is no age and `TEST_AGE_REQUIRED` says that there must be one.
#[expect(clippy::print_stderr, reason = "why it was left out")]
#[expect(clippy::disallowed_methods, reason = "whether it may be left out is no setting of the product")]
pub fn decrypted(file: &Path, identity: &Path) -> Option<Vec<u8>> {
    let mut age = Command::new("age");
    let Ok(output) = age.arg("-d").arg("-i").arg(identity).arg(file).stdin(Stdio::null()).output() else {
        assert!(std::env::var_os("TEST_AGE_REQUIRED").is_none(), "there is no age here: {HINT}");
        eprintln!("nothing was read with age itself, as there is none here: {HINT}");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}
