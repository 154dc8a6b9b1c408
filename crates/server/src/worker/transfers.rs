//! Moves transfers on.

use app::App;
use app::rows::OutboxKind;
use tokio_util::sync::CancellationToken;

use super::Pace;
use super::claims::{Worker, outbox};
use crate::logging::chain;

/// Transfers moved on at the same time; most were sent by their request already.
const TRANSFERS_AT_ONCE: usize = 64;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let worker = Worker {
        what: "transfers",
        places: TRANSFERS_AT_ONCE,
        bell: app.transfer_bell.clone(),
        idle: pace.idle,
        claim: outbox(&app, OutboxKind::Transfer),
    };
    let keep = |lease| {
        let app = app.clone();
        async move {
            if let Err(failed) = app.follow_transfer(lease).await {
                let cause = chain(&failed);
                tracing::warn!(transfer.id = %lease.transfer(), "a transfer could not be moved on: {cause}");
            }
        }
    };
    worker.run(keep, stop).await;
}
