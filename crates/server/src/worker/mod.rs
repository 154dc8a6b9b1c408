//! Workers: loops that claim due outbox rows, run one use case each, and wait for a bell or a timer.
//!
//! They have no input and no memory; stopping one at any line is harmless.

mod batches;
mod callbacks;
mod chain;
mod claims;
mod deposits;
mod hosts;
mod orders;
mod policies;
mod pruning;
mod transfers;

use std::time::Duration;

use app::App;
use app::watch_chain::Watcher;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use pruning::forget_sessions;

/// How workers pace themselves.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Longest wait between two looks at an outbox.
    pub idle: Duration,
    /// Wait between two looks for a new block.
    pub poll: Duration,
    /// Orders moved on at the same time.
    pub orders_at_once: usize,
    /// Callbacks posted at the same time.
    pub callbacks_at_once: usize,
    /// Policies looked at at the same time.
    pub policies_at_once: usize,
    /// Batches looked at at the same time.
    pub batches_at_once: usize,
}

/// Starts every worker; they end after the token is cancelled and what they hold is done.
pub fn start(app: &App, pace: Pace, watcher: Watcher, stop: &CancellationToken) -> TaskTracker {
    let tasks = TaskTracker::new();
    tasks.spawn(chain::run(watcher, pace, stop.clone()));
    tasks.spawn(orders::run(app.clone(), pace, stop.clone()));
    tasks.spawn(deposits::run(app.clone(), pace, stop.clone()));
    tasks.spawn(transfers::run(app.clone(), pace, stop.clone()));
    tasks.spawn(callbacks::run(app.clone(), pace, stop.clone()));
    tasks.spawn(policies::run(app.clone(), pace, stop.clone()));
    tasks.spawn(batches::run(app.clone(), pace, stop.clone()));
    tasks.spawn(pruning::run(app.clone(), stop.clone()));
    tasks.close();
    tasks
}

/// Waits for the bell, at most `longest`; false once stopped.
async fn wait(bell: &Notify, longest: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = bell.notified() => true,
        () = tokio::time::sleep(longest) => true,
    }
}
