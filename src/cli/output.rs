//! What is printed: data on stdout (columns for people, JSON for programs), words to a person on stderr.

use super::error::CliError;
use super::program;
use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};
use serde::Serialize;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use zeroize::Zeroizing;

const FAILED: Style = AnsiColor::Red.on_default().bold();
const ADVICE: Style = AnsiColor::Cyan.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const HEAD: Style = Style::new().bold();

/// Writes text to stdout. A reader that has gone away, as with `| head`, is no error.
pub fn print(text: &str) -> Result<(), CliError> {
    match write(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| unwritable(&error)),
    }
}

/// Writes what a server says when it runs. It runs all the same where nobody can read that: the log has its address then.
pub fn greet(text: &str, address: SocketAddr) {
    if let Err(error) = write(text) {
        tracing::warn!(%address, %error, "the greeting cannot be written to stdout");
    }
}

/// As [`print`], for what cannot be printed again: a reader that has gone away is an error, too.
pub fn print_only_copy(text: &str) -> Result<(), CliError> {
    write(text).map_err(|error| unwritable(&error))
}

/// Text from parts of which one is secret. It has its size from the start: what grows leaves copies behind.
pub fn secret_text(parts: &[&str]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| text.push_str(part));
    text
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn unwritable(error: &io::Error) -> CliError {
    CliError::new(format!("stdout cannot be written: {error}"), "check where the output goes")
}

/// Tells why a command failed, and what to do.
pub fn report(error: &CliError) -> ExitCode {
    let stderr = io::stderr();
    let (failed, advice) = (painted(&stderr, FAILED, "error"), painted(&stderr, ADVICE, "hint"));
    let [message, hint] = [&error.message, &program::runnable(&error.hint)].map(|text| visible_lines(text));
    say(&format!("{failed}: {message}\n{advice}: {hint}\n"));
    ExitCode::from(error.code)
}

/// Tells a person something on stderr. What they typed and names may be part of it, so what a terminal would obey is escaped; that
/// nobody listens is no error.
pub fn tell(text: &str) {
    say(&format!("{}\n", visible_lines(text)));
}

fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A word in its style, where a person looks: at a terminal, and not with NO_COLOR.
fn painted(stream: &impl RawStream, style: Style, word: &str) -> String {
    match AutoStream::choice(stream) {
        ColorChoice::Never => word.to_owned(),
        _ => format!("{style}{word}{style:#}"),
    }
}

/// As a success is shown on stdout.
pub fn good(word: &str) -> String {
    painted(&io::stdout(), GOOD, word)
}

/// Characters that a terminal does not show but obeys: directions and line breaks of Unicode, and what has no width.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Text from elsewhere with everything written out that a terminal would obey.
pub fn visible(text: &str) -> String {
    let visible = |c: char| match c {
        c if is_invisible(c) => c.escape_unicode().to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    text.chars().map(visible).collect()
}

/// As [`visible`], for text of several lines.
fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// Prints findings, each on a line of its own. Names may be part of them.
pub fn print_findings(findings: impl IntoIterator<Item = impl ToString>) -> Result<(), CliError> {
    findings.into_iter().try_for_each(|finding| print(&format!("{}\n", visible(&finding.to_string()))))
}

/// A value as JSON with one more member, whose text is secret.
///
/// # Errors
/// Where the value cannot be written.
pub fn json_with(value: &impl Serialize, name: &str, secret: &[&str]) -> Result<Zeroizing<String>, CliError> {
    let text = json(value)?;
    let before = [text.strip_suffix("\n}").unwrap_or(&text), ",\n  \"", name, "\": "];
    Ok(secret_text(&[&before, secret, &["\n}\n"]].concat()))
}

pub fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    print(&format!("{}\n", json(value)?))
}

/// JSON as people read it, without a line break at its end.
pub fn json(value: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value)
        .map_err(|error| CliError::new(format!("the list cannot be written as JSON: {error}"), "report this"))
}

/// Columns as wide as their widest cell.
pub fn print_table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Result<(), CliError> {
    let (head, lines) = laid_out(head, rows);
    print(&format!("{}\n{lines}", painted(&io::stdout(), HEAD, head.trim_end())))
}

/// What comes later in such a table, without its head again.
pub fn print_more<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Result<(), CliError> {
    print(&laid_out(head, rows).1)
}

/// The line of the head, and those of the rows.
fn laid_out<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> (String, String) {
    let rows: Vec<[String; N]> = rows.iter().map(|row| std::array::from_fn(|column| visible(&row[column]))).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let padded: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    (line(head), rows.iter().map(|row| line(std::array::from_fn(|column| row[column].as_str()))).collect())
}
