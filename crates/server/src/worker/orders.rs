//! Moves orders on.

use app::App;
use app::rows::OutboxKind;
use tokio_util::sync::CancellationToken;

use super::Pace;
use super::claims::{Worker, outbox};
use crate::logging::chain;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let worker = Worker {
        what: "orders",
        places: pace.orders_at_once,
        bell: app.order_bell.clone(),
        idle: pace.idle,
        claim: outbox(&app, OutboxKind::Order),
    };
    let keep = |lease| {
        let app = app.clone();
        async move {
            if let Err(failed) = app.fill_order(lease).await {
                let cause = chain(&failed);
                tracing::warn!(order.id = %lease.order(), "an order could not be moved on: {cause}");
            }
        }
    };
    worker.run(keep, stop).await;
}
