//! What every way of sweeping ends with: an agreed run is carried to its end and told of.

use std::sync::Arc;
use std::time::Duration;

use node::TronNode;
use sweep::receiver::{self, Wakes};
use sweep::settings::LAG;
use sweep::{
    ApiClient, Event, Halt, Journal, KeySource, Leftovers, Observer, Record, Run, Settings,
    Summary, Sweeper, Token,
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::progress::Progress;
use super::{ApiArgs, CarryArgs, OutputArgs, show};
use crate::command::output::{Failure, print, say};
use crate::command::serve::stop_signal;

/// A run that was agreed to, with everything that it takes to carry it to its end.
pub(super) struct Agreed {
    pub(super) run: Run,
    pub(super) settings: Settings,
    pub(super) api: ApiClient,
    pub(super) secret: Zeroizing<String>,
    pub(super) node: Arc<dyn TronNode>,
    pub(super) keys: Arc<dyn KeySource>,
    pub(super) journal: Journal,
    pub(super) progress: Arc<Progress>,
}

impl Agreed {
    /// Carries it to its end, reports and tells what it came to.
    pub(super) async fn carry(self, api: &ApiArgs, output: &OutputArgs) -> Result<(), Failure> {
        let stop = CancellationToken::new();
        let wakes = api.listen(&self.secret, &stop).await?;
        let (run, progress) = (self.run, self.progress);
        let sweeper = Sweeper {
            settings: self.settings,
            api: Arc::new(self.api),
            node: self.node,
            keys: self.keys,
            journal: Arc::new(self.journal),
            run: run.id.clone(),
            observer: progress.clone(),
            stop,
            wakes,
        };
        let records = carry(&sweeper, &progress).await?;
        output.report(&run, &records)?;
        tell(&run, &records, &sweeper.settings.token, output.json)
    }
}

/// What an earlier agreement fixed, carried on as this command line says.
pub(super) fn settings_of(
    run: &Run,
    leftovers: Option<Leftovers>,
    carry: &CarryArgs,
    api: &ApiArgs,
) -> Settings {
    Settings {
        token: run.token.clone(),
        destination: run.destination,
        min: run.min,
        max_cost: None,
        leftovers,
        on_shortfall: carry.on_shortfall(),
        order_cost_max: carry.order_cost_max,
        lag: LAG,
        concurrency: usize::from(carry.concurrency),
        patience: carry.patience(),
        poll: Duration::from_millis(api.poll_ms.max(50)),
        callback_url: api.callback_url.clone(),
    }
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
async fn carry(sweeper: &Sweeper, progress: &Progress) -> Result<Vec<Record>, Failure> {
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
fn tell(run: &Run, records: &[Record], token: &Token, is_json: bool) -> Result<(), Failure> {
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
