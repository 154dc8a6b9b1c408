//! Forgets answers and sessions whose time is over.

use std::sync::Arc;
use std::time::Duration;

use app::App;
use app::ports::Clock;
use app::records::Sessions;
use domain::person::SessionLimits;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::wait;

/// Time between two prunings.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

pub(super) async fn run(app: App, stop: CancellationToken) {
    let nobody_rings = Notify::new();
    while wait(&nobody_rings, PRUNE_EVERY, &stop).await {
        let now = app.clock.now();
        let replays_before = now.after_secs(-app.settings.replays_kept_secs);
        let resends_before = now.after_secs(-app.settings.resends_kept_secs);
        if let Err(failed) = app.store.prune(replays_before, resends_before).await {
            tracing::warn!("old answers could not be forgotten: {failed}");
        }
    }
}

/// Forgets the console's sessions that are over; until then they are refused.
pub async fn forget_sessions(
    sessions: Arc<dyn Sessions>,
    limits: SessionLimits,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let nobody_rings = Notify::new();
    while wait(&nobody_rings, PRUNE_EVERY, &stop).await {
        let now = clock.now();
        let (idle, old) = (now.after_secs(-limits.idle_secs), now.after_secs(-limits.whole_secs));
        if let Err(failed) = sessions.prune_sessions(idle, old).await {
            tracing::warn!("old sessions could not be forgotten: {failed}");
        }
    }
}
