//! The suites once more, on PostgreSQL: this binary calls itself with the address of a cluster.

use crate::support::cluster::{Cluster, HINT};
use crate::support::database::POSTGRES;
use std::process::Command;

/// Everything that is not about the file of SQLite.
const SUITES: [&str; 20] = [
    "many_servers::",
    "failover::",
    "store::contract",
    "api::",
    "races::",
    "stale::",
    "connections::",
    "damage::public_half",
    "anomalies::",
    "cli::app",
    "cli::token",
    "cli::key",
    "cli::serve",
    "cli::check",
    "cli::moving",
    "cli::master_key_rotation",
    "cli::backup",
    "cli::audit",
    "cli::recorded",
    "cli::bench",
];

/// What looks into the file, or at the words that are said of it.
const OF_THE_FILE: [&str; 22] = [
    "api::erasure",
    "neither_a_replaced_nor_a_deleted_secret_stays_on_the_disk",
    "only_the_hash_of_a_token_is_stored",
    "another_program_that_writes_for_long_does_not_hold_up_a_call",
    "a_file_that_is_no_database_is_refused_and_kept",
    "a_file_that_is_no_database_gives_way_and_is_kept_with_its_mode",
    "what_a_killed_server_has_only_in_its_journal_is_kept_too",
    "a_vault_that_a_killed_restore_has_moved_aside_is_not_begun_anew",
    "a_file_that_is_gone_keeps_its_journal_whatever_is_done_in_its_place",
    "what_killed_restores_have_left_goes_with_the_next",
    "a_full_disk_is_told_as_one_and_nothing_is_left_on_it",
    "files_that_others_may_read_are_refused",
    "what_sqlite_keeps_beside_the_file_is_looked_at_where_a_link_leads_to",
    "without_room_writes_are_refused_reads_go_on_and_with_room_all_is_well",
    "a_read_only_folder_is_refused_with_and_without_a_database_in_it",
    "a_generated_key_is_printed_once_in_the_form_that_sdks_read_and_works",
    "a_damaged_signing_key_is_named_and_replaced_as_the_hint_says",
    "serve_refuses_to_start_without_what_it_needs",
    "a_new_database_is_mentioned",
    "a_server_killed_50_times_has_lost_no_answered_write",
    "cli::serve::the_",
    "connections::crowd",
];

#[test]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "how many tests there were, or why there were none")]
#[expect(clippy::disallowed_methods, reason = "whether they may be left out is no setting of the product")]
fn the_suites_hold_on_postgresql_too() {
    let Some(cluster) = Cluster::start(&["fsync=off"]) else {
        assert!(std::env::var_os("TEST_POSTGRES_REQUIRED").is_none(), "there is no PostgreSQL here: {HINT}");
        eprintln!("the suites did not run on PostgreSQL, as there is none here: {HINT}");
        return;
    };
    assert!(POSTGRES.is_none(), "it calls itself once");
    let skipped = OF_THE_FILE.iter().flat_map(|name| ["--skip", name]);
    let run = Command::new(std::env::current_exe().unwrap())
        .args(SUITES)
        .args(skipped)
        .args(["--include-ignored", "--show-output"])
        .env("TEST_POSTGRES", cluster.address())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{}", what_failed(&told, &String::from_utf8_lossy(&run.stderr)));
    for line in told.lines().filter(|line| line.starts_with("test result") || line.starts_with("failover ")) {
        println!("on PostgreSQL: {line}");
    }
}

/// What the failed tests said, without the hundreds that passed: logs are cut in the middle. Where the run did not come to its end, all of it.
fn what_failed(told: &str, complaints: &str) -> String {
    match told.find("\nfailures:\n") {
        Some(failures) => told[failures..].to_owned(),
        None => format!("{told}{complaints}"),
    }
}
