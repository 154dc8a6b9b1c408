//! What came of a row, in the words of the tables.

use domain::callback::Outcome;
use domain::ledger::{Fact, LedgerAccount};
use domain::order::Action;
use domain::order::step::{Decision, Refused};
use domain::{Leg, LegKind, MerchantId, OrderState, Road, WholeOrder};
use tron::{Address, Resource, Sun, TxId};

use crate::model::World;

/// Legs that changed, the order's new state, money, callback; `ok` when only a transaction changed,
/// and the reason when it was refused.
pub(crate) fn decision(
    world: &World,
    before: Option<&WholeOrder>,
    decided: Result<Decision, Refused>,
) -> String {
    let decision = match decided {
        Ok(decision) => decision,
        Err(refused) => return refused.to_string(),
    };
    let mut words = Vec::new();
    for leg in &decision.whole.legs {
        match before.and_then(|before| before.leg(leg.id.number)) {
            None => words.push(new_leg(leg)),
            Some(old) if old.state != leg.state => {
                words.push(format!("{} {}", leg.id.number, lower(&leg.state)));
            }
            Some(_) => {}
        }
    }
    let state = decision.whole.order.state;
    if state != before.map_or(OrderState::Filling, |before| before.order.state) {
        words.push(lower(&state));
    }
    for tx in &decision.ledger {
        let amount = tx.entries()[1].amount.to_trx_string();
        let fact = match tx.fact {
            Fact::OrderHeld => "held",
            Fact::OrderSettled => "settled",
            Fact::OrderReleased => "released",
            Fact::OrderRefunded => "refunded",
            Fact::OrderPartlyRefunded => "partly refunded",
            Fact::MerchantCredited => "credited",
            Fact::MerchantDebited => "debited",
            Fact::TransferHeld
            | Fact::TransferSettled
            | Fact::TransferReleased
            | Fact::DepositCredited => tx.fact.name(),
        };
        words.push(format!("{fact} {amount}"));
    }
    if let Some(callback) = &decision.callback {
        let status = match callback.outcome {
            Outcome::Delivered => "40",
            Outcome::Refunded => "41",
        };
        words.push(format!("callback {status}"));
    }
    let wait_ms = decision.due.since(world.moment.now);
    if wait_ms > 0 {
        words.push(format!("wait {}s", wait_ms / 1_000));
    }
    if words.is_empty() { "ok".to_owned() } else { words.join(", ") }
}

/// `1 w1 lends 64414 energy`.
fn new_leg(leg: &Leg) -> String {
    let (number, owner) = (leg.id.number, wallet_name(leg.owner));
    match leg.kind {
        LegKind::Activation => format!("{number} {owner} activates"),
        LegKind::Delegation { resource, units, .. } => {
            format!("{number} {owner} lends {units} {}", resource.name().to_lowercase())
        }
        LegKind::Leftover { units, .. } => format!("{number} {owner} takes back {units} energy"),
    }
}

pub(crate) fn action(world: &World, order: usize) -> String {
    let named = |txid: TxId| {
        let tx = world.orders[order].tx(txid).unwrap();
        format!("{} {}", tx.leg.number, lower(&tx.road))
    };
    match world.next(order) {
        Action::Send(txid) => format!("send {}", named(txid)),
        Action::ProveLost(txid) => format!("prove {}", named(txid)),
        Action::ProveUse => "prove use".to_owned(),
        Action::Sign { leg, road: Road::Out } => format!("sign {leg} out"),
        Action::Sign { leg, road: Road::Back } => format!("sign {leg} back"),
        Action::Read => "read".to_owned(),
        Action::Tick => "tick".to_owned(),
        Action::Wait(until) => format!("wait {}s", until.since(world.moment.now) / 1_000),
        Action::Close => "close".to_owned(),
    }
}

pub(crate) fn money(world: &World, merchant: MerchantId) -> String {
    let [available, held, revenue] =
        [LedgerAccount::Available(merchant), LedgerAccount::Held(merchant), LedgerAccount::Revenue]
            .map(|account| Sun::new(world.balance(account)).to_trx_string());
    format!("available {available}, held {held}, revenue {revenue}")
}

/// Whole units that a wallet can still lend.
pub(crate) fn wallet(world: &World, address: Address) -> String {
    let wallet = world.pool.wallets.iter().find(|wallet| wallet.address == address).unwrap();
    let [energy, bandwidth] = [Resource::Energy, Resource::Bandwidth].map(|resource| {
        domain::collect::plan::units_for_sun(resource, wallet.free(resource), &world.totals)
    });
    format!("free energy {energy}, bandwidth {bandwidth}")
}

/// The one name of one to four letters and digits that an address's bytes stand for.
pub(crate) fn address_name(address: Address) -> String {
    char::from(address.as_bytes()[1]).to_string()
}

/// `w3` is 3 and `a1` is 201: activators and lenders never share an address.
pub(crate) fn named(wallet: &str) -> u8 {
    let number: u8 = wallet[1..].parse().unwrap();
    if wallet.starts_with('a') { 200 + number } else { number }
}

fn wallet_name(address: Address) -> String {
    match address.as_bytes()[1] {
        activator @ 200.. => format!("a{}", activator - 200),
        lender => format!("w{lender}"),
    }
}

fn lower(state: &impl std::fmt::Debug) -> String {
    format!("{state:?}").to_lowercase()
}
