//! What every command says of itself, and of a call that is wrong.

use super::call;
use crate::support::process::{hookvault, run};
use insta::assert_snapshot;
use std::fs;
use tempfile::tempdir;

#[test]
fn every_command_has_a_help_of_one_screen_that_ends_in_an_example() {
    let folder = tempdir().unwrap();
    let commands: [&[&str]; 56] = [
        &[],
        &["dev"],
        &["serve"],
        &["master-key"],
        &["master-key", "generate"],
        &["master-key", "rotate"],
        &["master-key", "recovery"],
        &["migrate"],
        &["move"],
        &["check"],
        &["backup"],
        &["backup", "verify"],
        &["restore"],
        &["audit"],
        &["audit", "list"],
        &["audit", "tail"],
        &["audit", "export"],
        &["audit", "verify"],
        &["audit", "checkpoint"],
        &["audit", "prove"],
        &["audit", "accept-loss"],
        &["key"],
        &["key", "list"],
        &["key", "create"],
        &["key", "import"],
        &["key", "show"],
        &["key", "rename"],
        &["key", "delete"],
        &["hook"],
        &["hook", "test"],
        &["hook", "list"],
        &["hook", "delete"],
        &["assert"],
        &["sign"],
        &["app"],
        &["app", "create"],
        &["app", "list"],
        &["app", "show"],
        &["app", "add-key"],
        &["app", "remove-key"],
        &["app", "activate"],
        &["app", "deactivate"],
        &["app", "delete"],
        &["signing-key"],
        &["signing-key", "list"],
        &["signing-key", "rotate"],
        &["token"],
        &["token", "create"],
        &["token", "list"],
        &["token", "revoke"],
        &["org"],
        &["org", "create"],
        &["org", "list"],
        &["bench"],
        &["completions"],
        &["man"],
    ];
    for command in commands {
        let screen = call(folder.path(), &[command, &["--help"]].concat());
        assert_eq!((screen.code, screen.stderr.as_str()), (0, ""));
        // The first one has a line for each command.
        let room = if command.is_empty() { 40 } else { 30 };
        assert!(screen.stdout.lines().count() <= room, "{command:?} has {} lines", screen.stdout.lines().count());
        let (_, example) = screen.stdout.rsplit_once("\nExample:\n").unwrap_or_else(|| panic!("{command:?}"));
        assert!(example.lines().all(|line| line.starts_with("  hookvault ")), "{command:?}: {example}");
    }
    assert_snapshot!(call(folder.path(), &["--help"]).stdout, @"
    A vault for the RSA keys that sign calls to hooks, speaking the Okta Key Management API

    Usage: hookvault <COMMAND>

    Commands:
      dev          Serve a vault for development, and make all that it needs
      serve        Serve the vault, and back it up each day where HOOKVAULT_BACKUP_DIR names a folder (docs/settings.md has every variable)
      master-key   Make the key that seals all private keys, put another in its place, and make copies of it for people
      migrate      Bring the database to the form that this version needs
      move         Copy the vault into an empty database of the other engine, or of the same
      check        Check that the database is sound, and that every private key and secret in it can be opened
      backup       Back up the vault while it is in use, or verify a backup
      restore      Restore a backup into a database of either engine
      audit        See who did what, and check that nobody has changed it since
      key          Make and manage hook keys
      hook         Call, list and delete inline hooks
      assert       Sign a client assertion for a token endpoint (RFC 7523) and print it
      sign         Sign claims as a JWT (RS256) and print it
      app          Make and manage service apps, which get access tokens by OAuth 2.0
      signing-key  List and rotate the keys that sign access tokens
      token        Make, list and revoke API tokens
      org          Make and list orgs
      bench        Measure this program on this machine, and print a table with ceilings and goals
      completions  Print what lets a shell complete commands and flags
      man          Write a man page for each command
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Settings come from flags, the environment and .env; .env.example explains each.

    Example:
      hookvault dev
    ");
    assert_snapshot!(call(folder.path(), &["token", "create", "--help"]).stdout, @"
    Make an API token and print it

    Usage: hookvault token create [OPTIONS] --name <NAME> --scope <SCOPE>

    Options:
          --name <NAME>     What the token is for; unique among the org's tokens
          --scope <SCOPE>   What it may do; give it again for more
          --expires <TIME>  How long it lives, such as 30d or 12h; without it, until it is revoked
          --json            Print JSON
          --org <ORG>       The org's name, id or domain; without it, the default org
      -h, --help            Print help

    Settings:
          --data-dir <FOLDER>       The data folder of `hookvault dev`, in place of the other settings
          --database-url <URL>      The database, as sqlite://PATH or postgres://USER@HOST/NAME [default: sqlite://hookvault.db]
          --migrate <WHEN>          Run pending migrations first: on or off
          --master-key-file <FILE>  The file that holds the master key

    It is shown this once: only its hash is kept.

    Scopes:
      okta.inlineHooks.read     list and read keys and hooks
      okta.inlineHooks.manage   the same, and create, change and delete them, and call hooks
      hookvault.keys.use        sign with keys
      okta.logs.read            read the audit trail

    Example:
      hookvault token create --name terraform --scope okta.inlineHooks.manage --expires 30d
    ");
}

#[test]
fn a_call_that_is_wrong_is_told_how_to_be_right() {
    let folder = tempdir().unwrap();
    let screen = |arguments: &[&str]| {
        let screen = call(folder.path(), arguments);
        assert_eq!((screen.code, screen.stdout.as_str()), (2, ""));
        screen.stderr
    };
    assert_snapshot!(screen(&[]), @"
    error: a command is missing
    hint: `hookvault --help` lists them
    ");
    assert_snapshot!(screen(&["serv"]), @"
    error: unrecognized subcommand 'serv'
    hint: some similar subcommands exist: 'dev', 'assert', 'serve'
    ");
    assert_snapshot!(screen(&["token", "create", "--name", "a"]), @"
    error: the following required arguments were not provided: --scope <SCOPE>
    hint: usage is `hookvault token create --name <NAME> --scope <SCOPE>`; --help tells more
    ");
    assert_snapshot!(screen(&["token"]), @"
    error: a command is missing
    hint: `hookvault token --help` lists them
    ");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn shells_can_complete_what_can_be_called() {
    let folder = tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let screen = call(folder.path(), &["completions", shell]);
        assert_eq!((screen.code, screen.stderr.as_str()), (0, ""));
        assert!(screen.stdout.contains("with-example") && screen.stdout.contains("hookvault"), "{shell}");
    }
    let script = call(folder.path(), &["completions", "bash"]).stdout;
    fs::write(folder.path().join("completions"), script).unwrap();
    let asked = ". ./completions; COMP_WORDS=(hookvault key re); COMP_CWORD=2; _hookvault hookvault re key; echo \"${COMPREPLY[@]}\"";
    let mut shell = std::process::Command::new("/bin/bash");
    assert_eq!(run(shell.current_dir(folder.path()).args(["-c", asked])).stdout, "rename\n");
    assert_eq!(call(folder.path(), &["completions", "tcsh"]).code, 2);
}

#[test]
fn each_command_has_a_man_page() {
    let folder = tempdir().unwrap();
    let screen = call(folder.path(), &["man", "man1"]);
    assert_eq!((screen.code, screen.stderr.as_str()), (0, "the pages are in man1\n"));
    for (page, word) in [("hookvault", "completions"), ("hookvault-dev", "example"), ("hookvault-key-create", "NAME")] {
        let text = fs::read_to_string(folder.path().join(format!("man1/{page}.1"))).unwrap();
        assert!(text.starts_with(".ie") && text.contains(".TH") && text.contains(word), "{text}");
    }
}

#[test]
fn there_are_colours_where_somebody_wants_them_and_nowhere_else() {
    let folder = tempdir().unwrap();
    let stderr = |variables: &[(&str, &str)]| {
        let mut command = hookvault(folder.path());
        run(command.args(["token", "list"]).envs(variables.iter().copied())).stderr
    };
    let plain = stderr(&[]);
    assert!(plain.starts_with("error: ") && !plain.contains('\u{1b}'), "{plain:?}");
    // As at a terminal.
    let coloured = stderr(&[("CLICOLOR_FORCE", "1")]);
    assert!(coloured.starts_with("\u{1b}[1m\u{1b}[31merror\u{1b}[0m: "), "{coloured:?}");
    assert_eq!(stderr(&[("NO_COLOR", "1")]), plain);
}
