//! `sunsweep sweep send`: orders for signed transfers and sends them, as an online run does.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sweep::journal::Item;
use sweep::offline::{Expected, OfflineError, PlanFile, Prepared};
use sweep::run::now_ms;
use sweep::{Asset, Journal, Record, Run, RunId, Times};
use tron::{Address, Sun, TokenUnits};

use super::carry::{Agreed, settings_of};
use super::progress::Progress;
use super::{ApiArgs, CarryArgs, NodeArgs, OutputArgs, address};
use crate::command::output::Failure;
use crate::logging::{self, LogFormat};

/// Order what each sender of a signed plan lacks, wait, send the signed transfers, and judge them by
/// their receipts. Sending the same file again goes on where it stopped.
#[derive(Debug, Args)]
pub(super) struct SendArgs {
    /// The signed plan.
    #[arg(value_name = "SIGNED")]
    plan: PathBuf,
    /// Refuse the file if it sends anywhere else.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    carry: CarryArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl SendArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.output.log, LogFormat::Text)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.send())
    }

    async fn send(self) -> Result<(), Failure> {
        let plan = PlanFile::read(&self.plan)?;
        let expected = Expected {
            destination: self.to.unwrap_or(plan.destination),
            token: None,
            // Signed is signed; the run asks again before it sends whether anything would be burned.
            fee_limit_max: Sun::new(i64::MAX),
        };
        let prepared = Arc::new(Prepared::new(&plan, &expected)?);
        let api_url = self.api.url()?;
        let (api, secret) = self.api.client(&api_url)?;
        let node = self.node.connect(plan.token.address).await?;
        let journal = self.output.open_journal()?;
        let run = self.run_of(&plan, &journal, &api_url).await?;
        let settings = settings_of(&run, None, &self.carry, &self.api);
        let progress = Arc::new(Progress::new(self.output.json));
        let keys = prepared;
        let agreed = Agreed { run, settings, api, secret, node, keys, journal, progress };
        agreed.carry(&self.api, &self.output).await
    }

    /// The run of this file: the one that an earlier send began, or a new one. Its name comes from the
    /// transfers, so that a file is one run on every machine that has the journal.
    async fn run_of(
        &self,
        plan: &PlanFile,
        journal: &Journal,
        api_url: &str,
    ) -> Result<Run, Failure> {
        let id = RunId::from_bytes(plan.run_digest());
        let run = match journal.run(&id).await? {
            Some(run) if run.api_url != api_url => {
                let text = format!("this file was ordered for at {}, not at --api", run.api_url);
                return Err(Failure::Usage(text));
            }
            Some(run) if run.agreed_ms.is_some() => return Ok(run),
            Some(run) => run,
            None => {
                let run = Run {
                    id: id.clone(),
                    started_ms: now_ms(),
                    cursor: sweep::journal::Cursor { is_at_end: true, ..Default::default() },
                    agreed_ms: None,
                    ended_ms: None,
                    token: plan.token(),
                    destination: plan.destination,
                    min: TokenUnits(1),
                    api_url: api_url.to_owned(),
                    node_url: self.node.names(),
                };
                journal.begin(run.clone()).await?;
                run
            }
        };
        journal.agree(&run, items(plan)?, now_ms()).await?;
        let run = journal.run(&id).await?;
        run.ok_or_else(|| Failure::Failed(anyhow::anyhow!("the run is not in the journal")))
    }
}

/// The file's transfers as the journal keeps them.
fn items(plan: &PlanFile) -> Result<Vec<Item>, OfflineError> {
    let now = now_ms();
    let mut items = Vec::with_capacity(plan.transfers.len());
    for (rank, transfer) in plan.transfers.iter().enumerate() {
        // The amount was compared with the bytes before.
        let held = transfer.token_units().unwrap_or_default();
        let record = Record {
            burn_cost: Sun::new(transfer.burn_cost_sun),
            times: Times { planned_ms: Some(now), ..Times::default() },
            ..Record::new(transfer.from, transfer.label.clone(), Asset::Token, held)
        };
        items.push(Item::new(record, rank));
    }
    Ok(items)
}
