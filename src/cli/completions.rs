use super::error::CliError;
use super::output;
use clap::Args;
use clap_complete::Shell;

/// Print what lets a shell complete commands and flags
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault completions bash > ~/.local/share/bash-completion/completions/hookvault")]
pub struct Completions {
    /// bash, elvish, fish, powershell or zsh
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

impl Completions {
    /// # Arguments
    /// `program`: everything that can be called.
    pub fn run(self, mut program: clap::Command) -> Result<(), CliError> {
        let (name, mut text) = (program.get_name().to_owned(), Vec::new());
        clap_complete::generate(self.shell, &mut program, name, &mut text);
        output::print(&String::from_utf8_lossy(&text))
    }
}
