//! What the operator's people see of the machinery: the pool, what comes back to it, the nodes, the
//! queues.

use std::sync::Arc;

use app::figures::{DueBack, LentFigures, QueueFigures};
use app::ports::role_name;
use app::rows::OutboxKind;
use domain::UnixMillis;
use domain::collect::ChainTotals;
use domain::collect::plan::units_for_sun;
use domain::pool::{Pool, PoolWallet, WalletRole};
use node::Health;
use serde_json::json;
use tron::{Resource, Sun};

use super::edge::ConsoleEdge;
use super::refused::Refused;
use super::shown::{self, Html};
use crate::pool_stake::free_units;

/// Hours that are looked ahead.
const HOURS_AHEAD: i64 = 24;
const HOUR_MS: i64 = 3_600_000;
/// How long a queue's oldest row may be due before it is a warning, in seconds.
const LATE_SECS: i64 = 60;

/// Everything about the machinery.
pub(super) struct Machinery {
    /// The newest block, and the newest that is final.
    pub(super) head: Option<(i64, i64, UnixMillis)>,
    pub(super) capacity: String,
    pub(super) lent: Vec<LentLine>,
    pub(super) bandwidth: String,
    pub(super) recovering: String,
    pub(super) forecast: String,
    pub(super) wallets: Vec<WalletLine>,
    pub(super) nodes: Vec<NodeLine>,
    pub(super) queues: Vec<QueueLine>,
}

/// Stake that is lent.
#[derive(Clone)]
pub(super) struct LentLine {
    pub(super) resource: &'static str,
    pub(super) lent: Html,
    pub(super) owed: Html,
    pub(super) owed_since: Option<UnixMillis>,
    pub(super) stranded: Html,
    pub(super) is_stranded: bool,
}

/// A wallet with its bars; the numbers are what `meter` takes.
pub(super) struct WalletLine {
    pub(super) address: String,
    pub(super) role: &'static str,
    pub(super) is_enabled: bool,
    pub(super) energy_free: i64,
    pub(super) energy_all: i64,
    pub(super) energy_free_shown: Html,
    pub(super) energy_reserved_shown: Html,
    pub(super) bandwidth_free: i64,
    pub(super) bandwidth_all: i64,
    pub(super) bandwidth_free_shown: Html,
    pub(super) own_bandwidth: String,
    pub(super) balance: Html,
}

/// A node.
pub(super) struct NodeLine {
    pub(super) name: String,
    pub(super) phrase: &'static str,
    pub(super) look: &'static str,
    pub(super) detail: String,
}

/// A queue.
pub(super) struct QueueLine {
    pub(super) phrase: &'static str,
    pub(super) rows: i64,
    pub(super) oldest_due: Option<UnixMillis>,
    pub(super) late_secs: i64,
    pub(super) is_late: bool,
}

/// Reads it all.
///
/// Shape: four reads of the database; one question a lender, which is asked once a block.
pub(super) async fn read(edge: &Arc<ConsoleEdge>) -> Result<Machinery, Refused> {
    let view = edge.app.view.get();
    let (pool, _) = edge.app.store.pool().await?;
    let lent = edge.records.lent_figures().await?;
    let due = edge.records.due_back().await?;
    let now = edge.app.clock.now();
    let recovering = recovering(edge, &pool).await;
    let (capacity, forecast) = match &view {
        None => (0, Vec::new()),
        Some(view) => {
            let free = free_units(&pool, Resource::Energy, &view.totals);
            let hold_secs = edge.app.settings.limits.hold_secs;
            (free, forecast(free, recovering, &due, hold_secs, now, &view.totals))
        }
    };
    Ok(Machinery {
        head: view
            .as_ref()
            .map(|view| (view.head.number, view.solid.number, UnixMillis(view.head.timestamp_ms))),
        capacity: shown::grouped(capacity),
        lent: [Resource::Energy, Resource::Bandwidth]
            .map(|resource| lent_line(&lent_of(&lent, resource)))
            .to_vec(),
        bandwidth: shown::grouped(pool.wallets.iter().map(|wallet| wallet.own_bandwidth).sum()),
        recovering: shown::grouped(recovering),
        forecast: json!([
            forecast.iter().map(|(at, _)| at.get() / 1_000).collect::<Vec<_>>(),
            forecast.iter().map(|(_, energy)| *energy).collect::<Vec<_>>()
        ])
        .to_string(),
        wallets: wallets(edge).await?,
        nodes: edge
            .nodes
            .members()
            .iter()
            .map(|node| node_line(node.name(), node.health()))
            .collect(),
        queues: queues(&edge.records.queues().await?, now),
    })
}

/// The pool's wallets with their bars.
pub(super) async fn wallets(edge: &ConsoleEdge) -> Result<Vec<WalletLine>, Refused> {
    let (pool, _) = edge.app.store.pool().await?;
    let lent = edge.app.store.lent().await?;
    let lent_by = |wallet: &PoolWallet, resource: Resource| -> i64 {
        let of_wallet = lent.iter().filter(|one| one.owner == wallet.address);
        of_wallet.filter(|one| one.resource == resource).map(|one| one.lent.get()).sum()
    };
    let lines = pool.wallets.iter().map(|wallet| {
        wallet_line(wallet, lent_by(wallet, Resource::Energy), lent_by(wallet, Resource::Bandwidth))
    });
    Ok(lines.collect())
}

/// Energy of the lenders that was used and comes back within a day.
async fn recovering(edge: &ConsoleEdge, pool: &Pool) -> i64 {
    let lenders = pool.wallets.iter().filter(|wallet| wallet.role == WalletRole::Lender);
    let asked = lenders.map(|wallet| edge.app.cached_node.resources(wallet.address));
    let answers = futures::future::join_all(asked).await;
    let used = answers.into_iter().filter_map(Result::ok).flatten();
    used.map(|resources| resources.energy_used.get()).sum()
}

/// What can be lent hour by hour: what is free, what comes back at the end of its rent, and what
/// recovers, which it does evenly over a day.
fn forecast(
    free: i64,
    recovering: i64,
    due: &[DueBack],
    hold_secs: i64,
    now: UnixMillis,
    totals: &ChainTotals,
) -> Vec<(UnixMillis, i64)> {
    let ends = |one: &DueBack| match one.days {
        0 => one.ready.after_secs(hold_secs),
        days => one.ready.after_secs(days * 86_400),
    };
    (0..=HOURS_AHEAD)
        .map(|hour| {
            let at = now.after_ms(hour * HOUR_MS);
            let back = due.iter().filter(|one| ends(one) <= at).map(|one| one.stake.get()).sum();
            let back = units_for_sun(Resource::Energy, Sun::new(back), totals);
            (at, free + back + recovering * hour / HOURS_AHEAD)
        })
        .collect()
}

/// What is lent of a resource; nothing at all has no figures.
fn lent_of(known: &[LentFigures], resource: Resource) -> LentFigures {
    known.iter().find(|one| one.resource == resource).copied().unwrap_or(LentFigures {
        resource,
        lent: Sun::ZERO,
        owed: Sun::ZERO,
        owed_since: None,
        stranded: Sun::ZERO,
    })
}

fn lent_line(figures: &LentFigures) -> LentLine {
    LentLine {
        resource: match figures.resource {
            Resource::Energy => "orders.energy",
            Resource::Bandwidth => "order.bandwidth",
        },
        lent: shown::trx(figures.lent),
        owed: shown::trx(figures.owed),
        owed_since: figures.owed_since,
        stranded: shown::trx(figures.stranded),
        is_stranded: figures.stranded > Sun::ZERO,
    }
}

fn wallet_line(wallet: &PoolWallet, energy_lent: i64, bandwidth_lent: i64) -> WalletLine {
    let (energy, bandwidth) = (wallet.free(Resource::Energy), wallet.free(Resource::Bandwidth));
    WalletLine {
        address: wallet.address.to_string(),
        role: role_phrase(wallet.role),
        is_enabled: wallet.is_enabled,
        energy_free: energy.get(),
        energy_all: energy.get() + wallet.energy_reserved.get() + energy_lent,
        energy_free_shown: shown::trx(energy),
        energy_reserved_shown: shown::trx(wallet.energy_reserved),
        bandwidth_free: bandwidth.get(),
        bandwidth_all: bandwidth.get() + wallet.bandwidth_reserved.get() + bandwidth_lent,
        bandwidth_free_shown: shown::trx(bandwidth),
        own_bandwidth: shown::grouped(wallet.own_bandwidth),
        balance: shown::trx(wallet.balance),
    }
}

/// What a wallet's role is called.
pub(super) fn role_phrase(role: WalletRole) -> &'static str {
    match role_name(role) {
        "lender" => "role.lender",
        "activator" => "role.activator",
        _ => "role.payer",
    }
}

fn node_line(name: &str, health: Health) -> NodeLine {
    let (phrase, look, detail) = match health {
        Health::Unchecked => ("node.unchecked", "", String::new()),
        Health::Healthy { head, solid_number } => {
            ("node.healthy", "good", format!("#{} / #{solid_number}", head.number))
        }
        Health::Stale { age_ms } => ("node.stale", "bad", format!("{} s", age_ms / 1_000)),
        Health::Lagging { blocks } => ("node.lagging", "bad", blocks.to_string()),
        Health::WentBack { blocks } => ("node.went-back", "bad", blocks.to_string()),
        Health::Silent => ("node.silent", "bad", String::new()),
    };
    NodeLine { name: name.to_owned(), phrase, look, detail }
}

fn queues(known: &[QueueFigures], now: UnixMillis) -> Vec<QueueLine> {
    let kinds = [
        (OutboxKind::Order, "queue.orders"),
        (OutboxKind::Callback, "queue.callbacks"),
        (OutboxKind::Transfer, "queue.transfers"),
        (OutboxKind::Batch, "queue.batches"),
    ];
    let lines = kinds.into_iter().map(|(kind, phrase)| {
        let found = known.iter().find(|queue| queue.kind == kind);
        let oldest_due = found.and_then(|queue| queue.oldest_due).filter(|due| *due <= now);
        let late_secs = oldest_due.map_or(0, |due| now.since(due) / 1_000);
        QueueLine {
            phrase,
            rows: found.map_or(0, |queue| queue.rows),
            oldest_due,
            late_secs,
            is_late: late_secs > LATE_SECS,
        }
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forecast_counts_what_ends_and_what_recovers() {
        // A million units for a million TRX of stake: one unit for each TRX.
        let totals = ChainTotals {
            energy_limit: 1_000_000,
            energy_weight_trx: 1_000_000,
            bandwidth_limit: 0,
            bandwidth_weight_trx: 0,
        };
        let now = UnixMillis(1_000_000_000);
        let due = [
            DueBack { ready: now, days: 0, stake: Sun::from_trx(100) },
            DueBack { ready: now, days: 1, stake: Sun::from_trx(1_000) },
        ];
        let forecast = forecast(10, 48, &due, 3_600, now, &totals);
        assert_eq!(forecast.len(), 25);
        let at = |hour: usize| forecast[hour].1;
        assert_eq!((at(0), at(1), at(2), at(24)), (10, 112, 114, 1_158));
    }
}
