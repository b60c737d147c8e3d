//! What is said where the new key cannot be had from where the flags say: the flags of it, and not the settings of the key in use.

use crate::cli::call;
use crate::support::process::{Installation, Screen, write_master_key};
use insta::assert_snapshot;

/// A vault whose master key is in a file, and beside it a key of each other kind.
fn installation() -> Installation {
    let installation = Installation::new();
    let folder = installation.folder.path();
    write_master_key(&folder.join("passphrase"), "correct horse battery staple");
    let made = call(folder, &["master-key", "generate", "--passphrase-file", "passphrase", "--out", "derived"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(call(folder, &["master-key", "generate", "--out", "plain"]).code, 0);
    write_master_key(&folder.join("on-token"), "hvmk-pkcs11$aes-gcm$AAAA$0011223344556677");
    installation
}

fn rotate(installation: &Installation, to: &[&str]) -> Screen {
    call(installation.folder.path(), &[&["master-key", "rotate"], to].concat())
}

#[test]
fn the_flags_of_the_new_key_are_named_and_help_when_they_are_pasted() {
    let installation = installation();
    let said = |to: &[&str]| {
        let screen = rotate(&installation, to);
        assert_eq!((screen.code, screen.stdout.as_str()), (1, ""), "{}", screen.stderr);
        screen.stderr
    };
    assert_snapshot!(said(&["--to-master-key-file", "on-token"]), @"
    error: the master key of on-token is opened by a PKCS#11 token, and none is named
    hint: say how to reach it in --to-pkcs11-module, --to-pkcs11-token, --to-pkcs11-key, --to-pkcs11-pin-file
    ");
    assert_snapshot!(said(&["--to-master-key-file", "on-token", "--to-pkcs11-module", "p11.so", "--to-pkcs11-key", "a"]), @"
    error: --to-pkcs11-module is set, but not --to-pkcs11-token, --to-pkcs11-pin-file
    hint: a PKCS#11 token wants all four: its module, its label, the label of the key, and the file with the PIN
    ");
    assert_snapshot!(said(&["--to-master-key-file", "plain", "--to-master-key-passphrase-file", "passphrase"]), @"
    error: the content of plain is the master key itself, but --to-master-key-passphrase-file is set
    hint: leave --to-master-key-passphrase-file out, or name the file that `hookvault master-key generate` wrote with it
    ");
    assert_snapshot!(said(&["--to-master-key-command", "exit 3"]), @"
    error: --to-master-key-command ended with the exit code 3
    hint: what it says on stderr is above; run it by hand as the vault's user, with >/dev/null
    ");
    assert_snapshot!(said(&["--to-master-key-command", "echo nothing"]), @"
    error: the content of the output of --to-master-key-command is not a master key (`hvmk_` and 43 characters of base64url)
    hint: `hookvault master-key generate` prints one of the right form
    ");
    let to = ["--to-master-key-file", "derived"];
    assert_snapshot!(said(&to), @"
    error: the master key of derived is opened by a passphrase, and none is named
    hint: name the file that holds it in --to-master-key-passphrase-file
    ");
    let rotated = rotate(&installation, &[&to[..], &["--to-master-key-passphrase-file", "passphrase"]].concat());
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
}
