//! `sunsweep migrate`: bring the schema of the database up to date.

use std::path::Path;

use super::output::{Failure, print};
use crate::boot;
use crate::config::Config;

/// Bring the schema of the database up to date and stop; `serve` and every other command do it as well.
#[derive(Debug, clap::Args)]
pub(super) struct Migrate {}

impl Migrate {
    /// Runs it on the configured database.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let config = Config::load(config)?;
        boot::open_store(&config)?;
        print("the database is up to date");
        Ok(())
    }
}
