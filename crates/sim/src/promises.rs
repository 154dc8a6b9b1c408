//! What must hold while orders wait: nothing is lent twice for a transfer, and whoever waits is woken.

use std::sync::Arc;

use app::ports::Store;
use app::rows::{Changes, OutboxKind};
use domain::limits::OrderLimits;
use domain::order::next::Moment;
use domain::order::{Action, next_action};
use domain::{OrderId, Road, UnixMillis};
use node::TronNode;
use store::SqlStore;

use crate::checks::clean_node;
use crate::stage::{Stage, State};
use crate::world::at_once;

/// Nothing is lent once more for a transfer that a fork has dropped, as long as it can come again.
pub(crate) fn transfers_are_waited_for(state: &mut State, changes: &Changes) {
    let Some(whole) = &changes.whole else { return };
    let order = &whole.order;
    let Some(transfer) = order.undone_by.filter(|_| order.used.is_none()) else { return };
    let is_new = |txid| state.book.stored(txid).is_none();
    let is_lent_again = whole.txs.iter().any(|tx| tx.road == Road::Out && is_new(tx.txid));
    let until = state.expirations.get(&transfer).copied();
    if is_lent_again && until.is_some_and(|until| state.blocks.latest_ms() < until) {
        let text = format!("{transfer} may be in a block until {until:?}");
        state.violate("a dropped transfer is waited for", Some(order.id), text);
    }
}

/// Longest that an order sleeps on although there is something to do, in milliseconds: a final one looks by
/// itself every ten minutes.
const SLEEP_MAX_MS: i64 = 600_000;

/// Whoever could go on, because another order on its address has made way, is not asleep for long.
pub(crate) fn sleepers_are_woken(stage: &Arc<Stage>, store: &SqlStore, limits: &OrderLimits) {
    let (now, latest) = stage.with(|state| (state.now(), state.latest));
    let node = clean_node(stage);
    let (head, solid) = (at_once(node.head()), at_once(node.solid_head()));
    let (chain_now, solid_now) = (UnixMillis(head.timestamp_ms), UnixMillis(solid.timestamp_ms));
    let moment = Moment { now, chain_now, solid_now };
    let asleep = store.free_rows_after(OutboxKind::Order, latest.after_ms(SLEEP_MAX_MS));
    for (subject, wake) in at_once(asleep) {
        let order = OrderId(subject);
        let Some((whole, others)) = at_once(store.whole(order)) else { continue };
        if next_action(&whole, &others, &moment, limits, &[]) == Action::Tick {
            let text = format!("it sleeps until {wake:?}, and it is {now:?}");
            stage.violate("who waits is woken", Some(order), text);
        }
    }
}
