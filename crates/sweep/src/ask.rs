//! Asking a node with patience: what only lacks capacity is asked again.

use std::future::Future;
use std::time::Duration;

use node::{NodeError, Verdict};
use tokio::time::Instant;

/// How long a question to a node is asked again before the asker gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// Longest wait between two of the same questions.
const WAIT_MAX: Duration = Duration::from_secs(15);

/// Asks until there is an answer, until the node says that asking again is of no use, or until the
/// patience is over. Waits as long as the node, or our own limit for it, wants.
pub(crate) async fn patiently<V, F>(ask: impl Fn() -> F) -> Result<V, NodeError>
where
    F: Future<Output = Result<V, NodeError>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.verdict() {
            Verdict::RetryAfter(wait) if Instant::now() < until => {
                tokio::time::sleep(wait.min(WAIT_MAX)).await;
            }
            Verdict::RetryAfter(_) | Verdict::GiveUp | Verdict::AskChain => return Err(error),
        }
    }
}
