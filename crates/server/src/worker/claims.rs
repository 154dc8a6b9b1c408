//! The loop that workers share: claim what is due, keep each claim in a task of its own, and wait for a
//! bell or a timer when there is nothing.

use std::sync::Arc;
use std::time::Duration;

use app::App;
use app::ports::StoreError;
use app::rows::{Lease, OutboxKind};
use futures::future::BoxFuture;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::wait;

/// What is worked on, and how much of it at a time.
pub(super) struct Worker<L> {
    /// What it is, for the log.
    pub(super) what: &'static str,
    /// How many are worked on at the same time.
    pub(super) places: usize,
    /// Rung when something may be due.
    pub(super) bell: Arc<Notify>,
    /// Longest wait between two looks.
    pub(super) idle: Duration,
    /// Claims at most so many that are due now.
    pub(super) claim: Claim<L>,
}

/// Claims rows, or says why it cannot.
pub(super) type Claim<L> =
    Box<dyn Fn(usize) -> BoxFuture<'static, Result<Vec<L>, StoreError>> + Send + Sync>;

/// Claims of the outbox.
pub(super) fn outbox(app: &App, kind: OutboxKind) -> Claim<Lease> {
    let app = app.clone();
    Box::new(move |free| {
        let app = app.clone();
        Box::pin(async move { app.claim_due(kind, free).await })
    })
}

impl<L: Send + 'static> Worker<L> {
    /// Keeps whatever is due until it is stopped, and ends when what was begun is done.
    pub(super) async fn run<K>(self, keep: impl Fn(L) -> K + Send, stop: CancellationToken)
    where
        K: Future<Output = ()> + Send + 'static,
    {
        let places = Arc::new(Semaphore::new(self.places));
        let tasks = TaskTracker::new();
        while !stop.is_cancelled() {
            let claims = self.claimed(places.available_permits()).await;
            let is_idle = claims.is_empty();
            for claim in claims {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let (kept, bell) = (keep(claim), Arc::clone(&self.bell));
                tasks.spawn(async move {
                    kept.await;
                    drop(place);
                    bell.notify_one();
                });
            }
            if is_idle && !wait(&self.bell, self.idle, &stop).await {
                break;
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn claimed(&self, free: usize) -> Vec<L> {
        if free == 0 {
            return Vec::new();
        }
        (self.claim)(free).await.unwrap_or_else(|failed| {
            tracing::error!("due {} could not be claimed: {failed}", self.what);
            Vec::new()
        })
    }
}
