//! What must hold: at the moment an order is ready, every so often, and in the end.

use std::sync::Arc;

use app::audit::audit;
use app::ports::Store;
use devnet::Request;
use domain::{OrderId, OrderState};
use futures::FutureExt;
use node::{JsonNode, LossRule, NodeSettings};
use serde_json::json;
use store::SqlStore;
use tron::{Address, Resource};

use crate::book::Page;
use crate::stage::{Stage, State};
use crate::transport::CleanTransport;

/// Bytes of a transfer of the token.
const TRANSFER_BYTES: i64 = 345;

/// A node that is never at fault.
pub(crate) fn clean_node(stage: &Arc<Stage>) -> JsonNode<CleanTransport> {
    let settings = NodeSettings { loss_rule: LossRule::SINGLE, ..NodeSettings::default() };
    JsonNode::new(CleanTransport(Arc::clone(stage)), settings)
}

/// What an address can use now.
#[derive(Clone, Copy, Debug)]
struct Usable {
    energy: i64,
    energy_limit: i64,
    free_bandwidth: i64,
    staked_bandwidth: i64,
}

fn usable(stage: &Stage, address: Address) -> Usable {
    let left = |resource| {
        let allowed = stage.devnet.allowed(address, resource);
        allowed.limit - allowed.used
    };
    let body = json!({"address": address.to_hex()});
    let reply = stage.devnet.call(&Request::post("wallet/getaccountnet", body)).body;
    let number = |name: &str| reply[name].as_i64().unwrap_or(0);
    Usable {
        energy: left(Resource::Energy),
        energy_limit: stage.devnet.allowed(address, Resource::Energy).limit,
        free_bandwidth: number("freeNetLimit") - number("freeNetUsed"),
        staked_bandwidth: left(Resource::Bandwidth),
    }
}

/// An order was just committed as delivered: the chain must agree, unless somebody else changed what
/// the address can use since the block that the answer shows.
pub(crate) fn ready_means_ready(stage: &Stage, order: OrderId) {
    let promise = stage.with(|state| promise(state, order));
    let Some((receiver, energy, transfers)) = promise else { return };
    let usable = usable(stage, receiver);
    if transfers == 0 {
        // Energy of its own, whatever the address has used before.
        if usable.energy_limit < energy {
            let text = format!("{receiver} has {usable:?}, {energy} energy are to be there");
            stage.violate("ready means ready", Some(order), text);
        }
        return;
    }
    let free = (usable.free_bandwidth / TRANSFER_BYTES).max(0);
    let staked = (usable.staked_bandwidth / TRANSFER_BYTES).max(0);
    // Its owner had it, and has used it for something else.
    let is_wasted =
        stage.with(|state| state.wasteful.contains(&receiver)) && usable.energy_limit >= energy;
    if (usable.energy < energy && !is_wasted) || free + staked < transfers {
        let text = format!("{receiver} has {usable:?}, promised are {energy} for {transfers}");
        stage.violate("ready means ready", Some(order), text);
    }
}

/// What was promised to an address: energy, and transfers, none for energy that is rented; `None` when
/// the chain may have changed since.
fn promise(state: &State, order: OrderId) -> Option<(Address, i64, i64)> {
    let page = state.book.page(order)?;
    let receiver = page.order().receiver;
    if page.order().used.is_some() {
        return None;
    }
    let read_step = state.reads.get(&(state.task, receiver))?;
    let disturbed = state.disturbed_at(receiver);
    if disturbed >= *read_step {
        return None;
    }
    if page.order().collection().is_none() {
        return Some((receiver, page.order().energy.get(), 0));
    }
    // It was lent more than it bought, and its receiver has used that for something else.
    if page.was_lent_again() {
        return None;
    }
    // What was promised to others before counts too, as long as nobody touched it since.
    let is_promised = |other: &&Page| {
        let end = other.order().ready.map(|ready| ready.after_secs(state.limits.hold_secs));
        end.is_some_and(|end| end > state.now())
            && other.state() == OrderState::Delivered
            && other.order().collection().is_some()
            && other.order().used.is_none()
            && other.order().stopped.is_none()
            && other.order().id != order
            && other.ready_step().is_some_and(|step| step > disturbed)
            && !other.was_lent_again()
    };
    let promised = |page: &Page| {
        page.order().collection().map_or(0, |collection| collection.transfer_energy.get())
    };
    let own = promised(page);
    let others = state.book.pages_on(receiver).filter(is_promised);
    Some(others.fold((receiver, own, 1), |(receiver, energy, transfers), other| {
        (receiver, energy + promised(other), transfers + 1)
    }))
}

/// Money against the book, after a commit that moved some.
pub(crate) fn money_agrees(stage: &Stage, store: &SqlStore) {
    let Some(Ok(merchants)) = store.merchants().now_or_never() else { return };
    stage.with(|state| {
        let wrong = state.book.sums.balances().find_map(|(merchant, wanted)| {
            let found = merchants.iter().find(|found| found.id == merchant);
            let has = found.map(|merchant| (merchant.available.get(), merchant.held.get()));
            let text = || format!("{merchant:?}: (available, held) {has:?}, not {wanted:?}");
            (has != Some(wanted)).then(text)
        });
        if let Some(text) = wrong {
            state.violate("merchants have what they did not spend", None, text);
        }
    });
}

/// The rows against each other and against the book; costs a pass over everything.
pub(crate) fn rows_agree(stage: &Stage, store: &SqlStore) {
    let Some(Ok(audit)) = store.audit().now_or_never() else {
        return stage.note(None, "the audit could not be made");
    };
    for difference in &audit.differences {
        stage.violate("the rows agree with each other", None, difference.clone());
    }
    money_agrees(stage, store);
    if let Some(Ok((pool, _))) = store.pool().now_or_never() {
        for wallet in pool.wallets {
            if wallet.energy_reserved.is_negative() || wallet.bandwidth_reserved.is_negative() {
                let text = format!("{wallet:?}");
                stage.violate("reservations are never negative", None, text);
            }
        }
    }
    if !stage.devnet.invariants().holds {
        let text = format!("{:?}", stage.devnet.invariants());
        stage.violate("the chain's own sums agree", None, text);
    }
}

/// The rows against the chain; only when every block was looked at and nothing is under way.
pub(crate) fn chain_agrees(stage: &Arc<Stage>, store: &SqlStore) {
    let node = clean_node(stage);
    match audit(store, &node).now_or_never() {
        Some(Ok(audit)) => {
            for difference in audit.differences {
                stage.violate("the chain agrees with the rows", None, difference);
            }
        }
        other => stage.violate("an audit can be made", None, format!("{other:?}")),
    }
}
