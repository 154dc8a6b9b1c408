//! `sunsweep sweep plan`: unsigned transfers, for signing on a machine without a network.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use sweep::offline::{self, PlanFile};
use sweep::run::now_ms;
use sweep::session::{self, Survey};
use sweep::{Journal, KeySource, PriceBook};

use super::progress::Progress;
use super::what::WhatArgs;
use super::{KeyArgs, NodeArgs, show};
use crate::command::output::{Failure, print, say};
use crate::logging::{self, LogFormat};

/// Look at the chain and write what would be sent, unsigned. Nothing is ordered and nothing is paid;
/// an xpub or a list of addresses is enough.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    what: WhatArgs,
    #[command(flatten)]
    node: NodeArgs,
    /// The file to write; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How long the signed transfers can be sent; the chain allows a little less than a day.
    #[arg(long, value_name = "HOURS", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=23))]
    valid_hours: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// What is logged, as RUST_LOG writes it.
    #[arg(long, default_value = "error", value_name = "FILTER")]
    log: String,
}

impl PlanArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.log, LogFormat::Text)?;
        sweep::process::keep_memory_private()?;
        let keys = self.keys.open()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.plan(keys))
    }

    async fn plan(self, keys: Arc<dyn KeySource>) -> Result<(), Failure> {
        let destination = self.what.destination()?;
        if self.what.leftovers.is_wanted() {
            let text = "a plan for signing elsewhere holds token transfers only: leave --trx out";
            return Err(Failure::Usage(text.to_owned()));
        }
        if self.out.exists() {
            let text = format!("{} is there already", self.out.display());
            return Err(Failure::Usage(text));
        }
        let node = self.node.connect(self.what.token).await?;
        let settings = self.what.looking(&*node, destination).await?;
        let journal = Journal::in_memory()?;
        let run = session::begin(&journal, &settings, "", &self.node.names()).await?;
        let progress = Progress::new(self.json);
        let survey = Survey {
            settings: &settings,
            node: &*node,
            keys: &*keys,
            journal: &journal,
            prices: &PriceBook::default(),
            observer: &progress,
        };
        let plan = survey.plan(&survey.discover(&run).await?).await?;
        progress.pause();
        say(&show::plan(&plan, &settings));
        if plan.to_sweep().next().is_none() {
            say("There is nothing to sign.");
            if self.json {
                print(&json!({"file": null, "transfers": 0}).to_string());
            }
            return Ok(());
        }
        let (parameters, head, solid) =
            futures::try_join!(node.chain_parameters(), node.head(), node.solid_head())?;
        let valid_for = Duration::from_secs(self.valid_hours * 3_600);
        let heads = (&head, &solid);
        let file = offline::prepare(&plan, &settings, &parameters, heads, valid_for, now_ms());
        file.write(&self.out)?;
        match self.json {
            true => print(&facts(&file, &self.out).to_string()),
            false => {
                print(&format!(
                    "{} unsigned transfers in {}",
                    file.transfers.len(),
                    self.out.display()
                ));
                print(&format!("sha256 {}", file.sha256));
                print(&format!("they can be sent until {}", file.expires));
            }
        }
        Ok(())
    }
}

/// What a program wants to know about a file.
pub(super) fn facts(file: &PlanFile, path: &std::path::Path) -> serde_json::Value {
    json!({
        "file": path,
        "transfers": file.transfers.len(),
        "total": file.total,
        "destination": file.destination.to_string(),
        "expiration_ms": file.expiration_ms,
        "is_signed": file.is_signed(),
        "sha256": file.sha256,
    })
}
