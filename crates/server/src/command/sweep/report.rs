//! `sunsweep sweep report`: what became of a run, as JSON, CSV and a page with charts.

use std::path::PathBuf;

use clap::Args;
use sweep::journal::look;
use sweep::report::{CSV_FILE, HTML_FILE, JSON_FILE};
use sweep::{Record, Report, Run, RunId};

use super::OutputArgs;
use super::status::run_id;
use crate::command::output::{Failure, say};

/// Reads the journal only; needs neither keys nor a network.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Where the files go; made if it is not there.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The journal.
    #[arg(long, value_name = "FILE", default_value = "sunsweep-journal.sqlite")]
    journal: PathBuf,
    /// Which run; without it the newest.
    #[arg(long, value_name = "ID", value_parser = run_id)]
    run: Option<RunId>,
}

impl ReportArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Some((run, records)) = look(&self.journal, self.run.as_ref())? else {
            return Err(Failure::Failed(anyhow::anyhow!("there is no such run")));
        };
        write(&run, &records, &self.directory)
    }
}

impl OutputArgs {
    /// Writes the report if one is wanted.
    pub(super) fn report(&self, run: &Run, records: &[Record]) -> Result<(), Failure> {
        let Some(directory) = &self.report else { return Ok(()) };
        // The journal knows by now whether the run has ended.
        let ended = look(&self.journal, Some(&run.id))?.and_then(|(run, _)| run.ended_ms);
        write(&Run { ended_ms: ended, ..run.clone() }, records, directory)
    }
}

/// Writes the three files and says where.
pub(super) fn write(
    run: &Run,
    records: &[Record],
    directory: &std::path::Path,
) -> Result<(), Failure> {
    let report = Report {
        run: &run.id.to_string(),
        started_ms: run.started_ms,
        ended_ms: run.ended_ms,
        token: &run.token,
        destination: run.destination,
        records,
    };
    let context = |error| {
        anyhow::Error::new(error).context(format!("{} cannot be written", directory.display()))
    };
    report.write(directory).map_err(context)?;
    say(&format!("report: {JSON_FILE}, {CSV_FILE} and {HTML_FILE} in {}", directory.display()));
    Ok(())
}
