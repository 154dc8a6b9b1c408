//! What the newest block says, read once by the watcher and shared by everybody.

use std::sync::RwLock;

use domain::UnixMillis;
use domain::collect::{BurnFees, ChainTotals};
use domain::order::next::Moment;
use node::{ChainParameters, Head, NodeError, TronNode};
use tron::{Bandwidth, Energy};

/// The chain at its newest block.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The newest block.
    pub head: Head,
    /// The newest block that cannot be undone.
    pub solid: Head,
    /// The newest solid block of which orders know everything: what forks dropped up to it was told to
    /// them. Only by its time is anything final.
    pub settled: Option<Head>,
    /// The network's resource totals.
    pub totals: ChainTotals,
    /// Prices and limits of the chain.
    pub parameters: ChainParameters,
}

/// The shared snapshot; empty until the first block was read.
#[derive(Default)]
pub struct ChainView(RwLock<Option<Snapshot>>);

impl ChainView {
    /// The snapshot, if there is one.
    #[must_use]
    pub fn get(&self) -> Option<Snapshot> {
        self.0.read().expect("nothing panics while holding it").clone()
    }

    /// The moment of a decision at this wall time; without a snapshot chain time is unknown and
    /// nothing counts as expired.
    #[must_use]
    pub fn moment(&self, now: UnixMillis) -> Moment {
        let view = self.0.read().expect("nothing panics while holding it");
        let at = |head: &Head| UnixMillis(head.timestamp_ms);
        Moment {
            now,
            chain_now: view.as_ref().map_or(UnixMillis(i64::MIN), |snapshot| at(&snapshot.head)),
            solid_now: view
                .as_ref()
                .and_then(|snapshot| snapshot.settled.as_ref())
                .map_or(UnixMillis(i64::MIN), at),
        }
    }

    /// Reads the chain and replaces the snapshot; what is settled stays as it was.
    ///
    /// Shape: two requests side by side. Errors: the snapshot is then as before.
    pub async fn refresh(
        &self,
        node: &dyn TronNode,
        head: Head,
        solid: Head,
    ) -> Result<(), NodeError> {
        let (totals, parameters) = futures::try_join!(node.totals(), node.chain_parameters())?;
        let totals = domain_totals(&totals);
        let mut view = self.0.write().expect("nothing panics while holding it");
        let settled = view.take().and_then(|before| before.settled);
        *view = Some(Snapshot { head, solid, settled, totals, parameters });
        Ok(())
    }

    /// Orders know everything up to this solid block.
    pub fn settle(&self, solid: Head) {
        let mut view = self.0.write().expect("nothing panics while holding it");
        if let Some(snapshot) = view.as_mut() {
            snapshot.settled = Some(solid);
        }
    }
}

/// The totals in the domain's type.
#[must_use]
pub fn domain_totals(totals: &node::ChainTotals) -> ChainTotals {
    ChainTotals {
        energy_limit: totals.energy_limit.get(),
        energy_weight_trx: totals.energy_weight_trx,
        bandwidth_limit: totals.bandwidth_limit.get(),
        bandwidth_weight_trx: totals.bandwidth_weight_trx,
    }
}

/// What the chain takes from an address that has no resources.
#[must_use]
pub fn burn_fees(parameters: &ChainParameters) -> BurnFees {
    BurnFees {
        energy: parameters.energy_fee,
        byte: parameters.bandwidth_fee,
        activation: parameters.create_account_fee + parameters.create_account_system_fee,
    }
}

/// The totals in the node's type.
#[must_use]
pub fn node_totals(totals: &ChainTotals) -> node::ChainTotals {
    node::ChainTotals {
        energy_limit: Energy::new(totals.energy_limit),
        energy_weight_trx: totals.energy_weight_trx,
        bandwidth_limit: Bandwidth::new(totals.bandwidth_limit),
        bandwidth_weight_trx: totals.bandwidth_weight_trx,
    }
}
