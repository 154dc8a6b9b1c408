//! Moves transfers on.

use app::App;
use app::rows::OutboxKind;
use tokio_util::sync::CancellationToken;

use super::{Pace, wait};
use crate::logging::chain;

/// Transfers moved on by one claim, side by side; most were sent by their request already.
const CLAIMED_AT_ONCE: usize = 64;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let now = app.clock.now();
        let until = now.after_ms(app.settings.lease_ms);
        let owner = &app.settings.owner;
        let claimed =
            app.store.claim(OutboxKind::Transfer, owner, now, until, CLAIMED_AT_ONCE).await;
        let leases = claimed.unwrap_or_else(|failed| {
            tracing::error!("due transfers could not be claimed: {failed}");
            Vec::new()
        });
        let is_idle = leases.is_empty();
        let moved = leases.into_iter().map(|lease| {
            let app = &app;
            async move {
                if let Err(failed) = app.follow_transfer(lease).await {
                    let cause = chain(&failed);
                    tracing::warn!(transfer.id = %lease.transfer(), "a transfer could not be moved on: {cause}");
                }
            }
        });
        futures::future::join_all(moved).await;
        if is_idle && !wait(&app.transfer_bell, pace.idle, &stop).await {
            break;
        }
    }
}
