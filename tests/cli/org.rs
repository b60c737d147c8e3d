//! `hookvault org`.

use super::{call, stable, stderr};
use crate::support::process::key_folder;
use insta::assert_snapshot;

#[test]
fn orgs_are_made_and_listed() {
    let folder = key_folder();
    let folder = folder.path();
    let created = call(folder, &["org", "create", "staging", "--domain", "Staging.example.com"]);
    assert_eq!((created.code, &created.stdout[..3], created.stdout.trim().len()), (0, "00o", 20));
    assert_snapshot!(stable(&call(folder, &["org", "list"]).stdout), @"
    ID NAME DOMAIN DEFAULT CREATED
    ID default - yes TIME
    ID staging staging.example.com no TIME
    ");
    assert_snapshot!(stderr(folder, &["org", "create", "staging"]), @"
    error: another org has this name
    hint: `hookvault org list` shows all orgs
    ");
    assert_snapshot!(stderr(folder, &["org", "create", "other", "--domain", "https://a"]), @"
    error: --domain: `https://a` is not a host name (letters, digits, dots and hyphens, without a scheme or a port)
    hint: write it as staging.example.com
    ");
    let scope = "okta.inlineHooks.read";
    for org in ["staging", "staging.example.com", created.stdout.trim()] {
        let name = format!("for {org}");
        assert_eq!(call(folder, &["token", "create", "--name", &name, "--scope", scope, "--org", org]).code, 0);
    }
}
