//! Keeps batches.

use std::sync::Arc;

use app::App;
use app::rows::OutboxKind;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Pace, wait};
use crate::logging::chain;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(pace.batches_at_once));
    let tasks = TaskTracker::new();
    while !stop.is_cancelled() {
        let free = places.available_permits();
        let now = app.clock.now();
        let until = now.after_ms(app.settings.lease_ms);
        let claimed = match free {
            0 => Ok(Vec::new()),
            _ => app.store.claim(OutboxKind::Batch, &app.settings.owner, now, until, free).await,
        };
        let leases = claimed.unwrap_or_else(|failed| {
            tracing::error!("due batches could not be claimed: {failed}");
            Vec::new()
        });
        let is_idle = leases.is_empty();
        for lease in leases {
            let app = app.clone();
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            tasks.spawn(async move {
                if let Err(failed) = app.keep_batch(lease).await {
                    let cause = chain(&failed);
                    tracing::warn!(
                        batch.id = %lease.batch(),
                        "a batch could not be kept: {cause}"
                    );
                }
                drop(place);
                app.batch_bell.notify_one();
            });
        }
        if is_idle && !wait(&app.batch_bell, pace.idle, &stop).await {
            break;
        }
    }
    tasks.close();
    tasks.wait().await;
}
