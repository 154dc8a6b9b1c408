//! Keeps batches.

use app::App;
use app::rows::OutboxKind;
use tokio_util::sync::CancellationToken;

use super::Pace;
use super::claims::{Worker, outbox};
use crate::logging::chain;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let worker = Worker {
        what: "batches",
        places: pace.batches_at_once,
        bell: app.batch_bell.clone(),
        idle: pace.idle,
        claim: outbox(&app, OutboxKind::Batch),
    };
    let keep = |lease| {
        let app = app.clone();
        async move {
            if let Err(failed) = app.keep_batch(lease).await {
                let cause = chain(&failed);
                tracing::warn!(batch.id = %lease.batch(), "a batch could not be kept: {cause}");
            }
        }
    };
    worker.run(keep, stop).await;
}
