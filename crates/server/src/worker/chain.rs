//! Follows the chain: one server for all that share a database, the others only look at its newest block.

use std::time::Duration;

use app::App;
use app::ports::StoreError;
use app::rows::{Lease, OutboxKind};
use app::watch_chain::Watcher;
use domain::UnixMillis;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Pace, wait};
use crate::logging::chain;

pub(super) async fn run(app: App, mut watcher: Watcher, pace: Pace, stop: CancellationToken) {
    let nobody_rings = Notify::new();
    let mut turn = Turn { app, held: None };
    let mut failures = 0_u32;
    loop {
        let watched = match turn.is_ours().await {
            // Many blocks may take longer than a claim lasts.
            true => tokio::select! {
                watched = watcher.watch() => watched,
                () = turn.keep() => Ok(false),
                // What is left of the blocks is gone through by whoever is next.
                () = stop.cancelled() => break,
            },
            false => watcher.look().await,
        };
        match watched {
            Ok(_) => failures = 0,
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
    turn.give_back().await;
}

/// Whose turn it is to follow the chain.
///
/// The claim is kept as long as blocks are gone through; when it is over whoever asks first has the next
/// one. Two that follow at the same time, because one was frozen in the middle, do no harm: what they tell
/// orders is judged there.
struct Turn {
    app: App,
    held: Option<(Lease, UnixMillis)>,
}

impl Turn {
    /// Whether this server is to follow the chain now.
    async fn is_ours(&mut self) -> bool {
        let now = self.app.clock.now();
        if self.held.is_some_and(|(_, until)| now < until) {
            return true;
        }
        let until = now.after_ms(self.app.settings.lease_ms);
        let owner = &self.app.settings.owner;
        let claimed = self.app.store.claim(OutboxKind::Chain, owner, now, until, 1).await;
        self.held = match claimed {
            Ok(leases) => leases.first().map(|lease| (*lease, until)),
            Err(failed) => {
                tracing::warn!("it is not known who follows the chain: {failed}");
                None
            }
        };
        self.held.is_some()
    }

    /// Keeps the turn for as long as it is waited for; ends when it is lost.
    async fn keep(&mut self) {
        let pause = Duration::from_millis(self.app.settings.lease_ms.unsigned_abs() / 3);
        while let Some((lease, _)) = self.held {
            tokio::time::sleep(pause).await;
            let now = self.app.clock.now();
            let until = now.after_ms(self.app.settings.lease_ms);
            let owner = &self.app.settings.owner;
            // Given back for later, it is nobody else's before: only who names it can take it again.
            let renewed = match self.app.store.release(lease, until).await {
                Ok(()) => {
                    let (kind, subject) = (OutboxKind::Chain, lease.subject);
                    self.app.store.claim_one(kind, subject, owner, now, until).await
                }
                Err(failed) => Err(failed),
            };
            match renewed {
                Ok(renewed) => self.held = renewed.map(|lease| (lease, until)),
                Err(StoreError::LeaseLost) => self.held = None,
                // It is not known; the claim ends by itself.
                Err(failed) => {
                    tracing::debug!("the turn to follow the chain was not kept: {failed}")
                }
            }
        }
    }

    /// Lets another server go on at once.
    async fn give_back(&mut self) {
        let Some((lease, _)) = self.held.take() else { return };
        let now = self.app.clock.now();
        if let Err(failed) = self.app.store.release(lease, now).await {
            tracing::debug!("the turn to follow the chain was not given back: {failed}");
        }
    }
}
