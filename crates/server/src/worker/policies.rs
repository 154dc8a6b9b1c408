//! Keeps policies.

use app::App;
use tokio_util::sync::CancellationToken;

use super::Pace;
use super::claims::Worker;
use crate::logging::chain;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let claiming = app.clone();
    let worker = Worker {
        what: "policies",
        places: pace.policies_at_once,
        bell: app.policy_bell.clone(),
        idle: pace.idle,
        claim: Box::new(move |free| {
            let app = claiming.clone();
            Box::pin(async move { app.claim_due_policies(free).await })
        }),
    };
    let keep = |lease: app::rows::PolicyLease| {
        let app = app.clone();
        async move {
            if let Err(failed) = app.keep_policy(lease).await {
                let (cause, id) = (chain(&failed), lease.policy.0);
                tracing::warn!(policy.id = id, "a policy could not be kept: {cause}");
            }
        }
    };
    worker.run(keep, stop).await;
}
