//! Leftovers: stake of the pool that the chain shows at a receiver and that no open order counts on.
//!
//! Taking stake back takes usage back in proportion, so what was left behind on an address spoils
//! what is lent to it next. An order that asks for it has leftovers taken back first.

use tron::{Address, Resource, Sun};

use super::WholeOrder;
use crate::collect::ChainTotals;
use crate::collect::plan::units_for_sun;
use crate::leg::LegKind;
use crate::limits::LEFTOVERS_MAX;
use crate::tx::TxState;

/// The legs that take back what is left over, at most [`LEFTOVERS_MAX`].
///
/// `shown` is the energy stake that the chain shows each wallet to lend to the receiver; `live` are
/// all live orders on it. Their shares are never touched: where a transaction about a wallet's stake
/// could still be undone, the wallet is left alone.
#[must_use]
pub fn leftovers(
    shown: &[(Address, Sun)],
    live: &[WholeOrder],
    totals: &ChainTotals,
) -> Vec<(Address, LegKind)> {
    let mut legs = Vec::new();
    for (owner, shown) in shown {
        let balance = *shown - accounted_for(*owner, live);
        if balance <= Sun::ZERO || !is_settled(*owner, live) || legs.len() == LEFTOVERS_MAX {
            continue;
        }
        let units = units_for_sun(Resource::Energy, balance, totals);
        legs.push((*owner, LegKind::Leftover { balance, units }));
    }
    legs
}

/// Energy stake of a wallet that these orders' legs hold or may hold at their receiver.
#[must_use]
pub fn accounted_for(owner: Address, live: &[WholeOrder]) -> Sun {
    let legs = live.iter().flat_map(|whole| &whole.legs);
    legs.filter(|leg| leg.owner == owner && (leg.is_lent() || leg.is_in_doubt()))
        .filter_map(|leg| leg.kind.stake())
        .filter(|(resource, _)| *resource == Resource::Energy)
        .map(|(_, balance)| balance)
        .sum()
}

/// Whether every transaction about a wallet's energy stake at the receiver is solid or lost.
#[must_use]
pub fn is_settled(owner: Address, live: &[WholeOrder]) -> bool {
    live.iter().all(|whole| {
        whole.txs.iter().all(|tx| {
            let leg = whole.leg(tx.leg.number).filter(|leg| leg.owner == owner);
            let is_about_it = leg
                .and_then(|leg| leg.kind.stake())
                .is_some_and(|(resource, _)| resource == Resource::Energy);
            !is_about_it || matches!(tx.state, TxState::Solid | TxState::Lost)
        })
    })
}
