//! How pool, queues and chain stand at the moment, as metrics. The figures are those of the console's
//! overview.

use app::figures::{LentFigures, QueueFigures};
use app::ports::{Lent, StoreError, role_name};
use app::rows::OutboxKind;
use domain::UnixMillis;
use domain::collect::ChainTotals;
use domain::collect::plan::units_for_sun;
use domain::pool::{Pool, WalletRole};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tron::{Resource, Sun};

use super::AdminEdge;
use crate::pool_stake::free_units;

const RESOURCES: [Resource; 2] = [Resource::Energy, Resource::Bandwidth];

/// What was read for one answer.
pub(super) struct Standing {
    now: UnixMillis,
    chain: Option<Chain>,
    pool: Pool,
    lent: Vec<Lent>,
    by_state: Vec<LentFigures>,
    queues: Vec<QueueFigures>,
}

struct Chain {
    head_at: UnixMillis,
    solid_lag_blocks: i64,
    totals: ChainTotals,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfResource {
    resource: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRole {
    role: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfWallet {
    role: &'static str,
    address: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

impl Standing {
    /// Reads it all.
    ///
    /// Shape: four reads of the database, of wallets, live orders and what is open; no node is asked.
    pub(super) async fn read(edge: &AdminEdge) -> Result<Self, StoreError> {
        let chain = edge.app.view.get().map(|view| Chain {
            head_at: UnixMillis(view.head.timestamp_ms),
            solid_lag_blocks: view.head.number - view.solid.number,
            totals: view.totals,
        });
        let (pool, _) = edge.app.store.pool().await?;
        Ok(Self {
            now: edge.app.clock.now(),
            chain,
            pool,
            lent: edge.app.store.lent().await?,
            by_state: edge.records.lent_figures().await?,
            queues: edge.records.queues().await?,
        })
    }

    /// Adds its metrics. Before a block was read there is nothing that follows from the chain: zero would
    /// be an alarm.
    pub(super) fn register(&self, registry: &mut Registry) {
        if let Some(chain) = &self.chain {
            self.register_chain(chain, registry);
        }
        self.register_lent(registry);
        self.register_wallets(registry);
        self.register_outbox(registry);
    }

    fn register_chain(&self, chain: &Chain, registry: &mut Registry) {
        let age_secs = secs_since(chain.head_at, self.now);
        let help = "Age of the newest block that was read";
        registry.register("chain_head_age_seconds", help, gauge(age_secs));
        let help = "Blocks between the newest and the newest solid one";
        registry.register("chain_solid_lag_blocks", help, gauge(chain.solid_lag_blocks));
        let (free, whole) = (of_resources(), of_resources());
        for resource in RESOURCES {
            let units = free_units(&self.pool, resource, &chain.totals);
            set(&free, resource, units);
            set(&whole, resource, units_for_sun(resource, self.stake(resource), &chain.totals));
        }
        registry.register("pool_free_units", "What enabled lenders can lend now", free);
        registry.register(
            "pool_whole_units",
            "What all stake of lenders yields, lent or not",
            whole,
        );
    }

    /// All stake of lenders, lent or not.
    fn stake(&self, resource: Resource) -> Sun {
        let lenders = self.pool.wallets.iter().filter(|wallet| wallet.role == WalletRole::Lender);
        let capacity = lenders.map(|wallet| match resource {
            Resource::Energy => wallet.energy_capacity.get().max(0),
            Resource::Bandwidth => wallet.bandwidth_capacity.get().max(0),
        });
        let lent = self.lent.iter().filter(|one| one.resource == resource);
        Sun::new(capacity.chain(lent.map(|one| one.lent.get())).sum())
    }

    fn register_lent(&self, registry: &mut Registry) {
        let [lent, in_doubt, owed, owed_age, stranded] = [(); 5].map(|()| of_resources());
        for resource in RESOURCES {
            let found = self.by_state.iter().find(|one| one.resource == resource);
            let sun = |part: fn(&LentFigures) -> Sun| found.map_or(0, |one| part(one).get());
            set(&lent, resource, sun(|one| one.lent));
            let doubted = self.lent.iter().filter(|one| one.resource == resource);
            set(&in_doubt, resource, doubted.map(|one| one.in_doubt.get()).sum());
            set(&owed, resource, sun(|one| one.owed));
            set(&stranded, resource, sun(|one| one.stranded));
            let since = found.and_then(|one| one.owed_since);
            set(&owed_age, resource, since.map_or(0, |since| secs_since(since, self.now)));
        }
        registry.register("pool_lent_sun", "Stake with receivers, lent for orders", lent);
        let help = "Stake that may or may not be lent yet, or still";
        registry.register("pool_in_doubt_sun", help, in_doubt);
        registry.register("pool_owed_sun", "Stake that is owed back and not back yet", owed);
        let help = "Time since the oldest stake that is owed back was lent";
        registry.register("pool_owed_age_seconds", help, owed_age);
        let help = "Stake with receivers that no order counts on";
        registry.register("pool_stranded_sun", help, stranded);
    }

    fn register_wallets(&self, registry: &mut Registry) {
        let wallets = Family::<OfRole, Gauge>::default();
        let balances = Family::<OfWallet, Gauge>::default();
        for role in [WalletRole::Lender, WalletRole::Activator, WalletRole::Payer] {
            for (state, is_enabled) in [("enabled", true), ("disabled", false)] {
                let of_role = OfRole { role: role_name(role), state };
                let alike = self.pool.wallets.iter().filter(|wallet| wallet.role == role);
                let count = alike.filter(|wallet| wallet.is_enabled == is_enabled).count();
                wallets.get_or_create(&of_role).set(i64::try_from(count).unwrap_or(i64::MAX));
            }
        }
        let enabled = self.pool.wallets.iter().filter(|wallet| wallet.is_enabled);
        for wallet in enabled.filter(|wallet| wallet.role != WalletRole::Lender) {
            let role = role_name(wallet.role);
            let of_wallet = OfWallet { role, address: wallet.address.to_string() };
            balances.get_or_create(&of_wallet).set(wallet.balance.get());
        }
        registry.register("pool_wallets", "Wallets of the pool", wallets);
        let help = "TRX of each enabled wallet that spends it";
        registry.register("pool_wallet_balance_sun", help, balances);
    }

    fn register_outbox(&self, registry: &mut Registry) {
        let [rows, late] = [(); 2].map(|()| Family::<OfKind, Gauge>::default());
        for (kind, name) in [
            (OutboxKind::Order, "order"),
            (OutboxKind::Callback, "callback"),
            (OutboxKind::Transfer, "transfer"),
            (OutboxKind::Batch, "batch"),
        ] {
            let found = self.queues.iter().find(|queue| queue.kind == kind);
            let due = found.and_then(|queue| queue.oldest_due);
            let of_kind = OfKind { kind: name };
            rows.get_or_create(&of_kind).set(found.map_or(0, |queue| queue.rows));
            late.get_or_create(&of_kind).set(due.map_or(0, |due| secs_since(due, self.now)));
        }
        registry.register("outbox_rows", "What is owed and not done", rows);
        let help = "Time since the oldest of it became due";
        registry.register("outbox_oldest_due_age_seconds", help, late);
    }
}

/// How long ago it was; what lies ahead was not.
fn secs_since(at: UnixMillis, now: UnixMillis) -> i64 {
    now.since(at).max(0) / 1_000
}

fn gauge(value: i64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(value);
    gauge
}

fn of_resources() -> Family<OfResource, Gauge> {
    Family::default()
}

fn set(family: &Family<OfResource, Gauge>, resource: Resource, value: i64) {
    let resource = match resource {
        Resource::Energy => "energy",
        Resource::Bandwidth => "bandwidth",
    };
    family.get_or_create(&OfResource { resource }).set(value);
}

#[cfg(test)]
mod tests;
