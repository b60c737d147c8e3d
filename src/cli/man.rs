use super::error::CliError;
use super::output;
use clap::Args;
use std::fs;
use std::path::PathBuf;

/// Write a man page for each command
#[derive(Args)]
#[command(after_help = "Example:\n  hookvault man ~/.local/share/man/man1")]
pub struct Man {
    /// The folder that they go to; made where it is missing
    folder: PathBuf,
}

impl Man {
    /// # Arguments
    /// `program`: everything that can be called.
    pub fn run(self, program: clap::Command) -> Result<(), CliError> {
        let folder = &self.folder;
        let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(program, folder));
        written.map_err(|error| {
            CliError::new(
                format!("{} cannot be written: {error}", folder.display()),
                "name a folder that you may write to",
            )
        })?;
        output::tell(&format!("the pages are in {}", folder.display()));
        Ok(())
    }
}
