//! The command itself: discover, plan, ask, and then as every run.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use sweep::process::keep_memory_private;
use sweep::run::now_ms;
use sweep::session::{self, Survey};
use sweep::{Journal, KeySource, Observer, Plan, PriceBook, Record, Settings, Summary};

use super::carry::Agreed;
use super::progress::Progress;
use super::what::WhatArgs;
use super::{ApiArgs, CarryArgs, KeyArgs, NodeArgs, OutputArgs, show};
use crate::command::output::{Failure, print, say};
use crate::command::serve::stop_signal;
use crate::logging::{self, LogFormat};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    what: WhatArgs,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    carry: CarryArgs,
    /// Only look: print the plan, order and send nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before money moves.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    output: OutputArgs,
}

impl RunArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.output.log, LogFormat::Text)?;
        keep_memory_private()?;
        let keys = self.keys.open()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.sweep(keys))
    }

    async fn sweep(self, keys: Arc<dyn KeySource>) -> Result<(), Failure> {
        let destination = self.what.destination()?;
        let api_url = self.api.url()?;
        let (api, secret) = self.api.client(&api_url)?;
        let node = self.node.connect(self.what.token).await?;
        if !keys.can_sign() && !self.dry_run {
            let text = "addresses alone cannot sign: use --dry-run, or give keys";
            return Err(Failure::Usage(text.to_owned()));
        }
        let settings = self.what.settings(&*node, destination, &self.carry, &self.api).await?;
        let journal = match self.dry_run {
            true => Journal::in_memory()?,
            false => self.output.open_journal()?,
        };
        refuse_over_unfinished(&journal).await?;
        let progress: Arc<Progress> = Arc::new(Progress::new(self.output.json));
        let run = session::begin(&journal, &settings, &api_url, &self.node.names()).await?;
        let prices = PriceBook::ask(&api, &node.chain_parameters().await?).await;
        let observer: &dyn Observer = &*progress;
        let survey = Survey {
            settings: &settings,
            node: &*node,
            keys: &*keys,
            journal: &journal,
            prices: &prices,
            observer,
        };
        let began = Instant::now();
        let surveyed = async {
            let found = survey.discover(&run).await?;
            let discovered = began.elapsed();
            let plan = survey.plan(&found).await?;
            Ok::<_, anyhow::Error>((plan, discovered))
        };
        let (plan, discovered) = tokio::select! {
            surveyed = surveyed => surveyed?,
            () = stop_signal() => return Err(Failure::Unfinished),
        };
        progress.pause();
        if self.dry_run {
            self.show_only(&plan, &settings, discovered, began.elapsed() - discovered);
            return Ok(());
        }
        if !self.is_agreed(&plan, &settings)? {
            journal.end(&run.id, now_ms()).await?;
            say("Nothing was done.");
            return Ok(());
        }
        journal.agree(&run, plan.items(now_ms()), now_ms()).await?;
        let agreed = Agreed { run, settings, api, secret, node, keys, journal, progress };
        agreed.carry(&self.api, &self.output).await
    }

    /// The plan alone, and how long finding and planning took.
    fn show_only(&self, plan: &Plan, settings: &Settings, discovered: Duration, planned: Duration) {
        match self.output.json {
            true => {
                let items = plan.items(now_ms());
                let records: Vec<Record> = items.into_iter().map(|item| item.record).collect();
                let mut object = Summary::of(&records).to_json(None, &records);
                object["dry_run"] = true.into();
                object["plan"] = show::plan_json(plan);
                object["plan_trx"] = show::trx_json(plan);
                object["discovered_in_ms"] = whole_ms(discovered);
                object["planned_in_ms"] = whole_ms(planned);
                print(&object.to_string());
            }
            false => print(&show::plan(plan, settings)),
        }
    }

    /// Shows the plan and asks, unless it was said that nobody is to be asked.
    fn is_agreed(&self, plan: &Plan, settings: &Settings) -> Result<bool, Failure> {
        match self.output.json && self.yes {
            true => say(&show::plan_event(plan).to_string()),
            false => say(&show::plan(plan, settings)),
        }
        if self.yes || plan.is_idle() {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            let text = "nobody is there to ask: add --yes to sweep, or --dry-run to look";
            return Err(Failure::Failed(anyhow::anyhow!(text)));
        }
        let mut stderr = std::io::stderr().lock();
        write!(stderr, "Sweep them to {}? [y/N] ", settings.destination)?;
        stderr.flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}

fn whole_ms(time: Duration) -> serde_json::Value {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into()
}

/// An agreed run that is not at its end is carried on, never planned over: what it ordered and signed
/// counts. One that was not agreed to has done nothing and is closed.
pub(super) async fn refuse_over_unfinished(journal: &Journal) -> Result<(), Failure> {
    while let Some(run) = journal.unfinished().await? {
        if run.agreed_ms.is_none() {
            journal.end(&run.id, now_ms()).await?;
            continue;
        }
        let items = journal.items(&run.id).await?;
        let open = items.iter().filter(|item| !item.record.state.is_final()).count();
        return Err(Failure::Failed(anyhow::anyhow!(
            "run {} has {open} unfinished addresses; finish it first with: sunsweep sweep resume",
            run.id
        )));
    }
    Ok(())
}
