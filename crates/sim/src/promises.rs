//! What must hold while orders wait: nothing is lent twice for a transfer, and whoever waits is woken.

use std::sync::Arc;

use app::ports::Store;
use app::rows::{Changes, OutboxKind};
use domain::collect::Need;
use domain::order::next::Moment;
use domain::order::{Action, next_action};
use domain::{Leg, LegKind, OrderId, OrderState, Road, UnixMillis, WholeOrder};
use node::TronNode;
use store::SqlStore;
use tron::{Bandwidth, Energy, Resource};

use crate::book::Page;
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

/// What an order was charged for and the chain does not hold when it ends is paid back then: an activation,
/// and so many units as its lost legs were to lend and nothing replaced.
pub(crate) fn what_was_never_made_is_paid_back(state: &mut State, changes: &Changes) {
    let Some(whole) = &changes.whole else { return };
    let order = &whole.order;
    // What came again after its energy had left has a rule of its own.
    let came_again = order.used_by.is_some() && order.used_by == order.undone_by;
    if order.state != OrderState::Ended || came_again {
        return;
    }
    let is_held = |leg: &&Leg| state.blocks.holds_leg((order.id, leg.id.number, Road::Out));
    let (held, lost): (Vec<&Leg>, Vec<&Leg>) = whole.fill_legs().partition(is_held);
    let units = |legs: &[&Leg], resource| -> i64 {
        legs.iter().map(|leg| leg.kind.units_of(resource)).sum()
    };
    let owed = |resource, bought: i64| {
        let missing = bought - units(&held, resource);
        // Each leg's units are rounded down.
        let rounded = i64::try_from(whole.legs.len()).unwrap_or(i64::MAX);
        if missing > rounded { missing.min(units(&lost, resource)) } else { 0 }
    };
    let was_activated = held.iter().any(|leg| leg.kind == LegKind::Activation);
    let owed = Need {
        activation: order.has_activation && !was_activated,
        bandwidth: Bandwidth::new(owed(Resource::Bandwidth, order.bandwidth.get())),
        energy: Energy::new(owed(Resource::Energy, order.energy.get())),
    };
    let wanted = order.unit_prices.of(&owed).min(order.price);
    if order.part_refunded != wanted {
        let text = format!("{wanted:?} for {owed:?}, and it was {:?}", order.part_refunded);
        state.violate("what was never made is paid back", Some(order.id), text);
    }
}

/// Whoever could not go on before this commit and can now, because of another order on its address, is told
/// so in this commit.
///
/// Only what the commit touched is looked at, in the book. By the latest time that any clock has shown, so
/// that what ended for one clock is not still awaited here.
pub(crate) fn who_waits_is_told(state: &mut State, changes: &Changes, chain_now: UnixMillis) {
    let Some(after) = &changes.whole else { return };
    let Some(before) = state.book.page(after.order.id).map(Page::whole) else { return };
    let id = after.order.id;
    let live: Vec<&WholeOrder> = state
        .book
        .pages_on(after.order.receiver)
        .map(Page::whole)
        .filter(|whole| whole.order.id != id && !whole.is_closed())
        .collect();
    let moment = Moment { now: state.latest, chain_now, solid_now: chain_now };
    let can_go_on = |one: &WholeOrder, changed: &WholeOrder| {
        let rest = live.iter().filter(|other| other.order.id != one.order.id);
        let others: Vec<WholeOrder> =
            rest.map(|other| (*other).clone()).chain([changed.clone()]).collect();
        next_action(one, &others, &moment, &state.limits, &[]) == Action::Tick
    };
    let is_forgotten = |one: &&&WholeOrder| {
        !changes.nudges.contains(&one.order.id) && can_go_on(one, after) && !can_go_on(one, before)
    };
    if let Some(forgotten) = live.iter().find(is_forgotten).map(|one| one.order.id) {
        let text = format!("{id} has made way, and it was not told");
        state.violate("who waits is woken", Some(forgotten), text);
    }
}

/// Longest that an order sleeps on although there is something to do, in milliseconds: a final one looks by
/// itself every ten minutes.
const SLEEP_MAX_MS: i64 = 600_000;

/// Whoever could go on, because another order on its address has made way, is not asleep for long.
pub(crate) fn sleepers_are_woken(stage: &Arc<Stage>, store: &SqlStore) {
    let (now, latest, limits) = stage.with(|state| (state.now(), state.latest, state.limits));
    let node = clean_node(stage);
    let (head, solid) = (at_once(node.head()), at_once(node.solid_head()));
    let (chain_now, solid_now) = (UnixMillis(head.timestamp_ms), UnixMillis(solid.timestamp_ms));
    let moment = Moment { now, chain_now, solid_now };
    let asleep = store.free_rows_after(OutboxKind::Order, latest.after_ms(SLEEP_MAX_MS));
    for (subject, wake) in at_once(asleep) {
        let order = OrderId(subject);
        let Some((whole, others)) = at_once(store.whole(order)) else { continue };
        if next_action(&whole, &others, &moment, &limits, &[]) == Action::Tick {
            let text = format!("it sleeps until {wake:?}, and it is {now:?}");
            stage.violate("who waits is woken", Some(order), text);
        }
    }
}
