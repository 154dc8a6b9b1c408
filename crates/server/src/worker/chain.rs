//! Follows the chain: one server for all that share a database, the others only look at its newest block.

use app::ports::StoreError;
use app::watch_chain::{WatchFailed, Watcher};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Pace, wait};
use crate::logging::chain;

pub(super) async fn run(mut watcher: Watcher, pace: Pace, stop: CancellationToken) {
    let nobody_rings = Notify::new();
    let mut failures = 0_u32;
    loop {
        let watched = tokio::select! {
            watched = watcher.watch() => watched,
            // What is left of the blocks is gone through by whoever is next.
            () = stop.cancelled() => break,
        };
        match watched {
            Ok(_) => failures = 0,
            Err(WatchFailed::Store(StoreError::LeaseLost)) => {
                tracing::info!("another server follows the chain now");
            }
            Err(failed) => {
                failures = failures.saturating_add(1);
                // One line when it begins and one now and then, not one for each look.
                if failures.is_power_of_two() {
                    tracing::error!(
                        failures,
                        "the chain could not be followed: {}",
                        chain(&failed)
                    );
                }
            }
        }
        if !wait(&nobody_rings, pace.poll, &stop).await {
            break;
        }
    }
    watcher.give_back().await;
}
