//! `sunsweep sweep resume`: go on with a run that was stopped or killed.

use std::sync::Arc;

use clap::Args;
use sweep::KeySource;

use super::carry::{Agreed, settings_of};
use super::progress::Progress;
use super::what::LeftoverArgs;
use super::{ApiArgs, CarryArgs, KeyArgs, NodeArgs, OutputArgs};
use crate::command::output::{Failure, print, say};
use crate::logging::{self, LogFormat};

/// What was agreed to is not asked again. Token, destination and server are those of the run.
#[derive(Debug, Args)]
pub(super) struct Resume {
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    leftovers: LeftoverArgs,
    #[command(flatten)]
    carry: CarryArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl Resume {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.output.log, LogFormat::Text)?;
        sweep::process::keep_memory_private()?;
        let keys = self.keys.open()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.resume(keys))
    }

    async fn resume(self, keys: Arc<dyn KeySource>) -> Result<(), Failure> {
        let journal = self.output.open_journal()?;
        let Some(run) = journal.unfinished().await?.filter(|run| run.agreed_ms.is_some()) else {
            say("Nothing is unfinished.");
            if self.output.json {
                print(&sweep::Summary::default().to_json(None, &[]).to_string());
            }
            return Ok(());
        };
        if self.api.api.as_ref().is_some_and(|url| *url != run.api_url) {
            let text = format!("run {} ordered from {}, not from --api", run.id, run.api_url);
            return Err(Failure::Usage(text));
        }
        let (api, secret) = self.api.client(&run.api_url)?;
        let node = self.node.connect(run.token.address).await?;
        let settings = settings_of(&run, self.leftovers.leftovers(), &self.carry, &self.api);
        let progress = Arc::new(Progress::new(self.output.json));
        let agreed = Agreed { run, settings, api, secret, node, keys, journal, progress };
        agreed.carry(&self.api, &self.output).await
    }
}
