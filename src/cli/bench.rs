use super::error::CliError;
use super::output;
use crate::app::Signals;
use crate::bench::catalogue::{CATALOGUE, Entry};
use crate::bench::error::BenchError;
use crate::bench::plot;
use crate::bench::row::{Bound, GoalOf, Row};
use crate::bench::run::{self, Report};
use crate::bench::settings::{Settings, Size};
use crate::bench::spread::Spread;
use crate::config::DatabaseConfig;
use crate::domain::chain::Chain;
use clap::Args;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Measure this program on this machine, and print a table with ceilings and goals
#[derive(Args)]
#[command(
    after_help = "A vault of its own is made where TMPDIR leads to, served by a process of this program, and removed at the end.
Each figure and its ceiling (the least program that could give the same answer) take turns: the ratio of each pair counts,
and of all pairs the one in the middle.

Names: binary memory-idle get list jwks jwks-304 health jwt assertion access-token renames beside create org start
       memory-load

Example:
  hookvault bench --json bench.json --svg bench.svg"
)]
pub struct Bench {
    /// How often each figure is measured
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pairs: usize,
    /// How long each measurement takes
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    seconds: f64,
    /// Measure this alone; give it again for more
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// See that all of it works: one short pair each, with a small vault
    #[arg(long, conflicts_with_all = ["pairs", "seconds"])]
    trial: bool,
    /// Write the table as JSON, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw how near each figure is to its goal, too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Keep the vault in this PostgreSQL database, which is empty; what is made in it stays
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The file that holds its password
    #[arg(long, value_name = "FILE", requires = "database_url")]
    database_password_file: Option<PathBuf>,
}

/// Of a measurement in a trial.
const TRIAL: Duration = Duration::from_millis(100);

/// Of any other.
const TIMES: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);

const DATABASE_PASSWORD_FILE: &str = "--database-password-file";

impl Bench {
    pub async fn run(self) -> Result<(), CliError> {
        let settings = self.settings()?;
        // Before minutes have passed.
        self.json.iter().chain(&self.svg).try_for_each(|path| refuse_folder(path))?;
        let mut signals = Signals::catch()?;
        let report = tokio::select! {
            report = Box::pin(run::run(&settings, |next| output::tell(&format!("{next} …")))) => report?,
            () = signals.next() => {
                return Err(CliError::new("stopped before the end", "what was made for it is removed; begin anew"));
            }
        };
        // First, so that a file that cannot be written costs nobody the figures.
        print_table(&report)?;
        if let Some(path) = &self.json {
            write(path, &format!("{}\n", output::json(&report)?))?;
        }
        if let Some(path) = &self.svg {
            write(path, &plot::svg(&report)?)?;
        }
        if self.trial {
            output::tell("a trial: the vault was small and the time short, so the figures say nothing");
        }
        if self.database_url.is_some() {
            output::tell(
                "the ceilings of writes are those of SQLite on this disk; what was made in the database is still there",
            );
        }
        Ok(())
    }

    fn settings(&self) -> Result<Settings, CliError> {
        let (chosen, database) = (chosen(&self.only)?, self.database()?);
        if self.trial {
            return Ok(Settings { pairs: 1, time: TRIAL, chosen, size: Size::TRIAL, database });
        }
        if self.pairs == 0 {
            return Err(CliError::new("--pairs: `0` measures nothing", "write it as 5"));
        }
        let time = Duration::try_from_secs_f64(self.seconds).ok().filter(|time| TIMES.contains(time));
        let time = time.ok_or_else(|| {
            CliError::new(format!("--seconds: `{}` is no time from 0.1 to 60", self.seconds), "write it as 2 or 0.5")
        })?;
        Ok(Settings { pairs: self.pairs, time, chosen, size: Size::USUAL, database })
    }

    fn database(&self) -> Result<Option<DatabaseConfig>, CliError> {
        let Some(url) = &self.database_url else { return Ok(None) };
        // The server runs in another folder.
        let file = self.database_password_file.as_ref().map(std::path::absolute).transpose();
        let file = file.map_err(|error| CliError::new(format!("{DATABASE_PASSWORD_FILE}: {error}"), "name a file"))?;
        let file = file.as_ref().map(|file| file.to_string_lossy());
        let config = DatabaseConfig::target(["--database-url", DATABASE_PASSWORD_FILE], url, file.as_deref())?;
        if config.server().is_none() {
            return Err(CliError::new(
                format!("--database-url: `{url}` is a file"),
                "leave it out, and let TMPDIR name a folder of the disk that is to be measured",
            ));
        }
        Ok(Some(config))
    }
}

/// In the order of the table, whatever theirs is.
fn chosen(names: &[String]) -> Result<Vec<&'static Entry>, CliError> {
    if let Some(unknown) = names.iter().find(|name| !CATALOGUE.iter().any(|entry| entry.name == name.as_str())) {
        let known: Vec<_> = CATALOGUE.iter().map(|entry| entry.name).collect();
        return Err(CliError::new(
            format!("--only: `{unknown}` is nothing that is measured"),
            format!("choose from {}", known.join(", ")),
        ));
    }
    Ok(CATALOGUE.iter().filter(|entry| names.is_empty() || names.iter().any(|name| name == entry.name)).collect())
}

/// Refuses a file where none can be.
fn refuse_folder(path: &Path) -> Result<(), CliError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if path.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(CliError::new(
            format!("{} cannot be a file", path.display()),
            "name a file in a folder that is there",
        ));
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    fs::write(path, text).map_err(|error| {
        CliError::new(format!("{} cannot be written: {error}", path.display()), "name a file that you may write to")
    })
}

fn print_table(report: &Report) -> Result<(), CliError> {
    let rows: Vec<_> = report.rows.iter().map(cells).collect();
    output::print_table(["WHAT", "MEASURED", "CEILING", "RATIO", "GOAL", "MET"], &rows)
}

fn cells(row: &Row) -> [String; 6] {
    let figure =
        |spread: Option<Spread>| spread.map_or_else(|| "-".to_owned(), |spread| row.spec.unit.show(spread.median));
    let ceiling = match row.spec.beside {
        Some(beside) => format!("{} {beside}", figure(row.ceiling)),
        None => "-".to_owned(),
    };
    let ratio = row.ratio.map_or_else(
        || "-".to_owned(),
        |Spread { median, least, most }| format!("{median:.2} ({least:.2} to {most:.2})"),
    );
    let goal = row.spec.goal.map_or_else(
        || "-".to_owned(),
        |goal| {
            let value = match goal.of {
                GoalOf::Ratio => format!("{:.2}", goal.value),
                GoalOf::Measured => row.spec.unit.show(goal.value),
            };
            match goal.bound {
                Bound::AtLeast => format!("≥ {value}"),
                Bound::AtMost => format!("≤ {value}"),
            }
        },
    );
    let met = match row.met {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    [row.spec.what.to_owned(), figure(row.measured), ceiling, ratio, goal, met.to_owned()]
}

impl From<BenchError> for CliError {
    fn from(error: BenchError) -> Self {
        Self::new(Chain(&error).to_string(), error.hint())
    }
}
