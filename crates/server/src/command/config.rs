//! `sunsweep config`: check and show.

use std::path::Path;

use clap::Subcommand;

use super::output::{Failure, print};
use crate::config::Config;

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Check it and print every complaint at once.
    Check,
    /// Print what applies; secrets are shown as set or unset.
    Show,
}

impl ConfigCommand {
    /// Runs it on the configuration as a server would see it.
    pub(super) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let config = Config::load(config)?;
        match self {
            Self::Check => print("the configuration is fine"),
            Self::Show => print(config.show().trim_end()),
        }
        Ok(())
    }
}
