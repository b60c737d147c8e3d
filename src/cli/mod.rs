//! The shell's face: one file per command. Data goes to stdout, everything else to stderr.

mod age;
mod app;
mod arguments;
mod assert;
mod audit;
mod backup;
mod bench;
mod check;
mod completions;
mod damage;
mod dev;
mod diagnosis;
mod error;
mod flags;
mod hook;
mod input;
mod key;
mod man;
mod master_key;
mod migrate;
mod move_vault;
mod operator;
mod org;
mod output;
mod program;
mod proof;
mod restore;
mod serve;
mod sign;
mod signing_key;
mod token;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use error::CliError;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "hookvault",
    version,
    // The terminal breaks lines so that they can still be copied whole.
    term_width = 0,
    about = "A vault for the RSA keys that sign calls to hooks, speaking the Okta Key Management API",
    after_help = "Settings come from flags, the environment and .env; .env.example explains each.\n\n\
                  Example:\n  hookvault dev"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(dev::Dev),
    Serve(serve::Serve),
    #[command(subcommand)]
    MasterKey(master_key::MasterKeyCommand),
    Migrate(migrate::Migrate),
    Move(move_vault::Move),
    Check(check::Check),
    Backup(Box<backup::Backup>),
    Restore(restore::Restore),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    #[command(subcommand)]
    Key(key::KeyCommand),
    #[command(subcommand)]
    Hook(hook::HookCommand),
    Assert(assert::Assert),
    Sign(sign::Sign),
    #[command(subcommand)]
    App(app::AppCommand),
    #[command(subcommand)]
    SigningKey(signing_key::SigningKeyCommand),
    #[command(subcommand)]
    Token(token::TokenCommand),
    #[command(subcommand)]
    Org(org::OrgCommand),
    Bench(bench::Bench),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Parses the command line and runs it. Errors go to stderr as `error:` and `hint:`.
#[tokio::main]
pub async fn run() -> ExitCode {
    let parsed = runnable(Cli::command()).try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let result = match parsed {
        Ok(cli) => dispatch(cli.command).await,
        Err(error) if error.use_stderr() => Err(CliError::usage(&error)),
        // Help and version.
        Err(answer) => {
            // A reader that has gone away, as with `| head`, is no error.
            let _ = answer.print();
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::report(&error),
    }
}

/// The examples of all commands, so that they run as printed.
fn runnable(command: clap::Command) -> clap::Command {
    let help = command.get_after_help().map(|help| program::runnable_examples(&help.to_string()));
    let command = match help {
        Some(help) => command.after_help(help),
        None => command,
    };
    command.mut_subcommands(runnable)
}

async fn dispatch(command: Command) -> Result<(), CliError> {
    match command {
        Command::Dev(command) => command.run().await,
        Command::Serve(command) => command.run().await,
        Command::MasterKey(command) => command.run().await,
        Command::Migrate(command) => command.run().await,
        Command::Move(command) => command.run().await,
        Command::Check(command) => command.run().await,
        Command::Backup(command) => command.run().await,
        Command::Restore(command) => command.run().await,
        Command::Audit(command) => command.run().await,
        Command::Key(command) => command.run().await,
        Command::Hook(command) => command.run().await,
        Command::Assert(command) => command.run().await,
        Command::Sign(command) => command.run().await,
        Command::App(command) => command.run().await,
        Command::SigningKey(command) => command.run().await,
        Command::Token(command) => command.run().await,
        Command::Org(command) => command.run().await,
        Command::Bench(command) => command.run().await,
        Command::Completions(command) => command.run(Cli::command()),
        Command::Man(command) => command.run(Cli::command()),
    }
}
