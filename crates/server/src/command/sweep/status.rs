//! `sunsweep sweep status`: how far a run is, also while it runs.

use std::path::PathBuf;

use clap::Args;
use sweep::journal::look;
use sweep::{RunId, Summary};

use super::show;
use crate::command::output::{Failure, print};

/// Reads the journal only; needs neither keys nor a network.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// The journal.
    #[arg(long, value_name = "FILE", default_value = "sunsweep-journal.sqlite")]
    journal: PathBuf,
    /// Which run; without it the newest.
    #[arg(long, value_name = "ID", value_parser = run_id)]
    run: Option<RunId>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run_id(text: &str) -> Result<RunId, String> {
    RunId::parse(text).ok_or_else(|| "a run is named by 12 hex digits".to_owned())
}

impl Status {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Some((run, records)) = look(&self.journal, self.run.as_ref())? else {
            return Err(Failure::Failed(anyhow::anyhow!("there is no such run")));
        };
        match self.json {
            true => {
                let mut object = Summary::of(&records).to_json(Some(&run.id.to_string()), &records);
                object["started_ms"] = run.started_ms.into();
                object["agreed_ms"] = run.agreed_ms.into();
                object["ended_ms"] = run.ended_ms.into();
                print(&object.to_string());
            }
            false => print(&show::outcome(&run, &records, &run.token)),
        }
        Ok(())
    }
}
