//! Scans for deposits and says when it falls behind.

use app::App;
use app::scan_deposits::{DepositScanner, Scanned};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Pace, wait};
use crate::logging::chain;

/// Solid blocks that are not scanned yet from which on it is said: five minutes.
const BEHIND_BLOCKS: i64 = 100;

pub(super) async fn run(app: App, pace: Pace, stop: CancellationToken) {
    let nobody_rings = Notify::new();
    let mut scanner = DepositScanner::new(app);
    let (mut failures, mut is_behind) = (0_u32, false);
    while !stop.is_cancelled() {
        let scanned = scanner.scan().await;
        let is_more = matches!(scanned, Ok(Scanned::Behind { .. }));
        match scanned {
            Ok(Scanned::Behind { blocks }) => {
                failures = 0;
                if blocks >= BEHIND_BLOCKS && !is_behind {
                    is_behind = true;
                    tracing::warn!(blocks, "the scan for deposits is behind and catches up");
                }
            }
            Ok(Scanned::UpToDate | Scanned::Off) => {
                failures = 0;
                if std::mem::take(&mut is_behind) {
                    tracing::info!("the scan for deposits has caught up");
                }
            }
            Err(failed) => {
                failures = failures.saturating_add(1);
                if failures.is_power_of_two() {
                    let cause = chain(&failed);
                    tracing::error!(failures, "deposits could not be scanned for: {cause}");
                }
            }
        }
        if !is_more && !wait(&nobody_rings, pace.poll, &stop).await {
            break;
        }
    }
}
