//! The command itself: discover, plan, ask, run, tell.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use sweep::receiver::{self, Wakes};
use sweep::run::now_ms;
use sweep::session::{self, Survey};
use sweep::{
    Event, Halt, Journal, KeySource, MaxCost, Observer, Plan, PriceBook, Record, Run, Settings,
    Summary, Sweeper, Token,
};
use tokio_util::sync::CancellationToken;
use tron::{Address, TokenUnits};

use super::progress::Progress;
use super::{ApiArgs, CarryArgs, KeyArgs, NodeArgs, OutputArgs, address, connect, needed, show};
use crate::command::output::{Failure, print, say};
use crate::command::serve::stop_signal;
use crate::logging::{self, LogFormat};

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    keys: KeyArgs,
    /// Where everything goes.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    api: ApiArgs,
    #[command(flatten)]
    node: NodeArgs,
    /// USDT, or the contract of another token.
    #[arg(long, value_name = "USDT|ADDRESS", default_value = "USDT", value_parser = token)]
    token: Address,
    /// Addresses with less than this stay as they are, in whole tokens.
    #[arg(long, value_name = "AMOUNT", default_value = "1")]
    min: String,
    /// Leave an address alone when sweeping it costs more than this share of what it holds.
    #[arg(long, value_name = "PERCENT", value_parser = percent, requires = "trx_price")]
    max_cost_percent: Option<u32>,
    /// What one TRX is worth in the token, for --max-cost-percent.
    #[arg(long, value_name = "AMOUNT")]
    trx_price: Option<String>,
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

fn token(text: &str) -> Result<Address, String> {
    let text = if text.eq_ignore_ascii_case("usdt") { connect::USDT } else { text };
    text.parse().map_err(|_| "USDT or a contract's address is expected".to_owned())
}

/// A percentage with at most two digits after the point, in hundredths.
fn percent(text: &str) -> Result<u32, String> {
    let wrong = || "a percentage such as 2.5 is expected".to_owned();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_plain(whole) || !is_plain(fraction) || fraction.len() > 2 || whole.len() > 4 {
        return Err(wrong());
    }
    let whole: u32 = whole.parse().map_err(|_| wrong())?;
    let fraction: u32 = format!("{fraction:0<2}").parse().map_err(|_| wrong())?;
    Ok(whole * 100 + fraction)
}

impl RunArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(&self.output.log, LogFormat::Text)?;
        let keys = self.keys.open()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.sweep(keys))
    }

    async fn sweep(self, keys: Arc<dyn KeySource>) -> Result<(), Failure> {
        let destination = needed(self.to, "--to")?;
        let api_url = self.api.url()?;
        let (api, secret) = self.api.client(&api_url)?;
        let node = self.node.connect(self.token)?;
        if !keys.can_sign() && !self.dry_run {
            let text = "addresses alone cannot sign: use --dry-run, or give keys";
            return Err(Failure::Usage(text.to_owned()));
        }
        let settings = self.settings(&*node, destination).await?;
        let journal = match self.dry_run {
            true => Journal::in_memory()?,
            false => Journal::open(&self.output.journal)?,
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
        let stop = CancellationToken::new();
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
        journal.agree(&run.id, plan.items(now_ms()), now_ms()).await?;
        let wakes = self.api.listen(&secret, &stop).await?;
        let sweeper = Sweeper {
            settings,
            api,
            node,
            keys,
            journal,
            run: run.id.clone(),
            observer: progress.clone(),
            stop,
            wakes,
        };
        let records = carry(&sweeper, &progress).await?;
        tell(&run, &records, &sweeper.settings.token, self.output.json)
    }

    async fn settings(
        &self,
        node: &dyn node::TronNode,
        destination: Address,
    ) -> Result<Settings, Failure> {
        let token = Token::read(node, self.token).await?;
        let amount = |text: &str, flag: &str| {
            let wrong = || Failure::Usage(format!("{flag} is an amount such as 20 or 0.5"));
            token.parse(text).ok_or_else(wrong)
        };
        let max_cost = match (self.max_cost_percent, &self.trx_price) {
            (Some(basis_points), Some(price)) => {
                let units_per_trx = amount(price, "--trx-price")?;
                Some(MaxCost { basis_points, units_per_trx })
            }
            _ => None,
        };
        Ok(Settings {
            min: amount(&self.min, "--min")?.max(TokenUnits(1)),
            token,
            destination,
            max_cost,
            on_shortfall: self.carry.on_shortfall(),
            concurrency: usize::from(self.carry.concurrency),
            patience: self.carry.patience(),
            poll: Duration::from_millis(self.api.poll_ms.max(50)),
            callback_url: self.api.callback_url.clone(),
        })
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
                object["discovered_in_ms"] = whole_ms(discovered);
                object["planned_in_ms"] = whole_ms(planned);
                print(&object.to_string());
            }
            false => print(&show::plan(plan, settings)),
        }
    }

    /// Shows the plan and asks, unless it was said that nobody is to be asked.
    fn is_agreed(&self, plan: &Plan, settings: &Settings) -> Result<bool, Failure> {
        say(&show::plan(plan, settings));
        if self.yes || plan.to_sweep().next().is_none() {
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
async fn refuse_over_unfinished(journal: &Journal) -> Result<(), Failure> {
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

impl ApiArgs {
    /// Starts the callback receiver if one is wanted.
    pub(super) async fn listen(
        &self,
        secret: &str,
        stop: &CancellationToken,
    ) -> Result<Wakes, Failure> {
        let wakes = Wakes::default();
        if let Some(address) = self.callback_listen {
            let at = receiver::listen(address, secret, wakes.clone(), stop.clone()).await?;
            say(&format!("callbacks are taken at {at}"));
        }
        Ok(wakes)
    }
}

/// Runs until the end. The first Ctrl-C stops beginning; a second one stops at once, which is safe
/// too, because everything is in the journal.
pub(super) async fn carry(sweeper: &Sweeper, progress: &Progress) -> Result<Vec<Record>, Failure> {
    let items = sweeper.journal.items(&sweeper.run).await?;
    progress.begin_run(&items);
    let stop = sweeper.stop.clone();
    let halted: Result<(), Halt> = {
        let running = sweeper.run();
        let stopping = async {
            stop_signal().await;
            progress.notice(&Event::Stopping);
            stop.cancel();
            stop_signal().await;
        };
        tokio::select! {
            done = running => done,
            () = stopping => Ok(()),
        }
    };
    progress.pause();
    halted?;
    let items = sweeper.journal.items(&sweeper.run).await?;
    Ok(items.into_iter().map(|item| item.record).collect())
}

/// Prints what it came to, and fails if something did.
pub(super) fn tell(
    run: &Run,
    records: &[Record],
    token: &Token,
    is_json: bool,
) -> Result<(), Failure> {
    let summary = Summary::of(records);
    match is_json {
        true => print(&summary.to_json(Some(&run.id.to_string()), records).to_string()),
        false => print(&show::outcome(run, records, token)),
    }
    if summary.unfinished > 0 {
        say("It is not finished; go on with: sunsweep sweep resume");
        return Err(Failure::Unfinished);
    }
    if summary.failed > 0 { Err(Failure::Found) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_has_two_digits_at_most() {
        for (text, basis_points) in [("2", 200), ("2.5", 250), ("0.05", 5), ("100", 10_000)] {
            assert_eq!(percent(text), Ok(basis_points));
        }
        for bad in ["", "-1", "1.", ".5", "1.234", "1e2", "99999"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }
}
