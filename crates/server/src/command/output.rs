//! Where results go, and how a command fails.

use std::io::Write;
use std::process::ExitCode;

/// Exit code of a command that could not do its work.
pub(super) const EXIT_FAILED: u8 = 1;
/// Exit code of a wrong command line; clap uses the same.
pub(super) const EXIT_USAGE: u8 = 2;
/// Exit code of a check that found something wrong.
pub(super) const EXIT_FOUND: u8 = 3;

/// Exit code of work that was stopped and can be resumed.
pub(super) const EXIT_UNFINISHED: u8 = 4;

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// It could not do its work.
    Failed(anyhow::Error),
    /// Its arguments do not fit together.
    Usage(String),
    /// It stopped before its end and can be resumed.
    Unfinished,
    /// It did its work and found something wrong, which it has printed.
    Found,
}

impl Failure {
    /// Prints the cause, if there is one, and gives the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Failed(error) => {
                say(&format!("sunsweep: {error:#}"));
                ExitCode::from(EXIT_FAILED)
            }
            Self::Usage(text) => {
                say(&format!("sunsweep: {text}"));
                ExitCode::from(EXIT_USAGE)
            }
            Self::Unfinished => ExitCode::from(EXIT_UNFINISHED),
            Self::Found => ExitCode::from(EXIT_FOUND),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// One line of the result. A reader that has gone away is no failure of ours.
pub(super) fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    let _closed_pipe = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// One line for the person at the terminal.
pub(super) fn say(line: &str) {
    let _closed_pipe = writeln!(std::io::stderr().lock(), "{line}");
}

/// A table for people.
#[must_use]
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_BORDERS_ONLY).set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}
