//! Moves orders on.

use std::sync::Arc;

use app::App;
use app::rows::OutboxKind;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Pace, wait};
use crate::logging::chain;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(pace.orders_at_once));
    let tasks = TaskTracker::new();
    while !stop.is_cancelled() {
        let free = places.available_permits();
        let now = app.clock.now();
        let until = now.after_ms(app.settings.lease_ms);
        let claimed = match free {
            0 => Ok(Vec::new()),
            _ => app.store.claim(OutboxKind::Order, &app.settings.owner, now, until, free).await,
        };
        let count = match claimed {
            Ok(leases) => {
                let count = leases.len();
                for lease in leases {
                    let app = app.clone();
                    let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                    tasks.spawn(async move {
                        if let Err(failed) = app.fill_order(lease).await {
                            let cause = chain(&failed);
                            tracing::warn!(order.id = %lease.order(), "an order could not be moved on: {cause}");
                        }
                        drop(place);
                        app.order_bell.notify_one();
                    });
                }
                count
            }
            Err(failed) => {
                tracing::error!("due orders could not be claimed: {failed}");
                0
            }
        };
        if count == 0 && !wait(&app.order_bell, pace.idle, &stop).await {
            break;
        }
    }
    tasks.close();
    tasks.wait().await;
}
