//! Read what many works need, before the first of them decides: each question once for all of them, and all
//! questions in one flight; in two, where other live orders are found on an address.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;

use app::rows::Needs;
use domain::pool::Pool;
use domain::{MerchantId, Order, OrderId, WholeOrder};

use crate::code::Code;
use crate::fault::Fault;
use crate::flight::{Answers, Asked, Flight};
use crate::known::{Head, Held, Known, replay_key, resend_key};
use crate::price::{self, HOUSE};
use crate::sql::{self, Owned, Row, Session, owned, params};
use crate::{
    answer, column, energy_use, key, ledger, leg, merchant, order, outbox, pool, tx, watch,
};

/// Ledger accounts of the operator's own, as rows name them.
const OWN_ACCOUNTS: [(u8, i64); 2] = [(3, 0), (4, 0)];

/// Reads what these works need, all of which [`crate::known::covers`].
pub(crate) fn read_ahead(session: &Session, all: &[Needs]) -> Result<Known, Fault> {
    let mut known = Known::default();
    let mut flight = Flight::default();
    let money = ask_for_money(&mut flight, all);
    let repeats = ask_for_repeats(&mut flight, all);
    let found = ask_for_orders(&mut flight, all);
    let named = ask_for_belongings(&mut flight, found.named.keys());
    // Whoever moves an order moves its wallets; those that are known are written without waiting.
    let is_pool_needed = all.iter().any(|needs| needs.pool || needs.order.is_some());
    let pool = flight.ask(pool::ALL, is_pool_needed.then_some(()), |()| Vec::new());
    let is_told_needed = all.iter().any(|needs| needs.told);
    let told = flight.ask(watch::TOLD, is_told_needed.then_some(()), |()| Vec::new());
    let answers = flight.answers(session)?;
    read_money(&mut known, &money, &answers)?;
    read_repeats(&mut known, &repeats, &answers)?;
    if is_pool_needed {
        let wallets = pool.rows(&answers, pool::read)?.into_iter();
        known.pool = Some(Pool { wallets: wallets.map(|((), (wallet, _))| wallet).collect() });
    }
    if is_told_needed {
        known.told = Some(told.rows(&answers, watch::read)?.pop().map(|((), block)| block));
    }
    let orders = read_orders(&mut known, &found, &answers)?;
    let is_named: HashSet<OrderId> = found.named.keys().collect();
    let (orders, others): (Vec<Order>, Vec<Order>) =
        orders.into_iter().partition(|order| is_named.contains(&order.id));
    read_belongings(&mut known, &named, &answers, orders)?;
    if !others.is_empty() {
        let mut flight = Flight::default();
        let asked = ask_for_belongings(&mut flight, others.iter().map(|order| order.id));
        let answers = flight.answers(session)?;
        read_belongings(&mut known, &asked, &answers, others)?;
    }
    Ok(known)
}

/// The asked rows, each by its key; those that are not there as `None`.
fn by_key<K: Clone + Eq + Hash, T, M: Extend<(K, Option<T>)>>(
    into: &mut M,
    asked: &Asked<K>,
    answers: &Answers,
    read: impl Fn(&Row<'_>) -> sql::Result<T>,
) -> Result<(), Fault> {
    into.extend(asked.keys().map(|key| (key, None)));
    let rows = asked.rows(answers, read)?;
    into.extend(rows.into_iter().map(|(key, row)| (key, Some(row))));
    Ok(())
}

/// Merchants, prices, spends, and the ledger's head and balances.
struct Money {
    merchants: Asked<MerchantId>,
    prices: Asked<i64>,
    spends: Asked<(domain::KeyId, domain::Day)>,
    head: Asked<()>,
    own: Asked<(u8, i64)>,
}

fn ask_for_money(flight: &mut Flight, all: &[Needs]) -> Money {
    let merchants = || all.iter().filter_map(|needs| needs.merchant);
    let lists = merchants().map(|id| id.0).chain([HOUSE]);
    Money {
        merchants: flight.ask(merchant::BY_ID, merchants(), |id| owned([id.0])),
        prices: flight.ask(price::OF_OWNER, lists, |owner| owned([*owner])),
        spends: flight.ask(key::SPEND, all.iter().filter_map(|needs| needs.spend), |(key, day)| {
            owned(params![key.0, day.0])
        }),
        head: flight.ask(ledger::HEAD, [()], |()| Vec::new()),
        own: flight.ask(ledger::BALANCE, OWN_ACCOUNTS, account),
    }
}

fn read_money(known: &mut Known, money: &Money, answers: &Answers) -> Result<(), Fault> {
    by_key(&mut known.merchants, &money.merchants, answers, merchant::read)?;
    for merchant in known.merchants.values().flatten() {
        known.balances.insert((1, merchant.id.0), merchant.available.get());
        known.balances.insert((2, merchant.id.0), merchant.held.get());
    }
    known.balances.extend(money.own.rows(answers, |row| row.get(0))?);
    let mut lists: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for (owner, price) in money.prices.rows(answers, price::read)? {
        lists.entry(owner).or_default().push(price);
    }
    let list = |owner| price::list(lists.get(&owner).into_iter().flatten().copied());
    for id in money.merchants.keys() {
        known.prices.insert(id, list(HOUSE)?.under(&list(id.0)?));
    }
    known.spends.extend(money.spends.keys().map(|key| (key, Default::default())));
    known.spends.extend(money.spends.rows(answers, key::read_spend)?);
    let head = |row: &Row<'_>| Ok(Head { entries: row.get(0)?, posted_ms: row.get(1)? });
    known.head = money.head.rows(answers, head)?.pop().map(|((), head)| head);
    Ok(())
}

fn account((kind, merchant): &(u8, i64)) -> Vec<Owned> {
    owned(params![kind, merchant])
}

/// What is found by what a request says of itself, and the leases.
struct Repeats {
    newest: Asked<(MerchantId, String)>,
    replays: Asked<(i64, domain::KeyId, [u8; 32])>,
    resends: Asked<(domain::KeyId, String)>,
    held: Asked<(app::rows::OutboxKind, [u8; 16])>,
}

fn ask_for_repeats(flight: &mut Flight, all: &[Needs]) -> Repeats {
    let requests = || all.iter().filter_map(|needs| needs.answers.as_ref());
    let labels = all.iter().filter_map(|needs| needs.merchant.zip(needs.reference.clone()));
    let resends =
        requests().filter_map(|request| Some(resend_key(request, request.idempotency.as_ref()?)));
    let leases = all.iter().filter_map(|needs| needs.lease);
    Repeats {
        newest: flight.ask(order::NEWEST_BY_REFERENCE, labels, |(merchant, reference)| {
            owned(params![merchant.0, reference])
        }),
        replays: flight.ask(answer::REPLAY, requests().map(replay_key), |(at, key, signature)| {
            owned(params![*at, key.0, signature])
        }),
        resends: flight.ask(answer::RESEND, resends, |(key, text)| owned(params![key.0, text])),
        held: flight.ask(
            outbox::HELD,
            leases.map(|lease| (lease.kind, lease.subject)),
            |(kind, subject)| owned(params![kind.number(), subject]),
        ),
    }
}

fn read_repeats(known: &mut Known, repeats: &Repeats, answers: &Answers) -> Result<(), Fault> {
    by_key(&mut known.newest, &repeats.newest, answers, |row| column::order_id(row, 0))?;
    by_key(&mut known.replays, &repeats.replays, answers, answer::read)?;
    by_key(&mut known.resends, &repeats.resends, answers, answer::read)?;
    by_key(&mut known.held, &repeats.held, answers, |row| {
        Ok(Held { fence: row.get(0)?, nudges: row.get(1)?, due_ms: row.get(2)? })
    })
}

/// Orders by themselves, those beside them, and those on an address.
struct Orders {
    named: Asked<OrderId>,
    beside: Asked<OrderId>,
    live: Asked<tron::Address>,
}

fn ask_for_orders(flight: &mut Flight, all: &[Needs]) -> Orders {
    let ids = || all.iter().filter_map(|needs| needs.order);
    let receivers = all.iter().filter_map(|needs| needs.receiver);
    Orders {
        named: flight.ask(order::BY_ID, ids(), |id| owned([id.0])),
        beside: flight.ask(order::LIVE_BESIDE, ids(), |id| owned([id.0])),
        live: flight.ask(order::LIVE_ON, receivers, |address| owned([address.as_bytes()])),
    }
}

/// Returns the orders that were found, each once, without what belongs to them.
fn read_orders(known: &mut Known, asked: &Orders, answers: &Answers) -> Result<Vec<Order>, Fault> {
    known.orders.extend(asked.named.keys().map(|id| (id, None)));
    known.live.extend(asked.live.keys().map(|address| (address, Default::default())));
    let named = asked.named.rows(answers, order::read)?.into_iter().map(|(_, order)| order);
    let mut orders: Vec<Order> = named.collect();
    for order in &orders {
        known.live.entry(order.receiver).or_default();
    }
    let beside = asked.beside.rows(answers, order::read)?.into_iter().map(|(_, order)| order);
    let live = asked.live.rows(answers, order::read)?.into_iter().map(|(_, order)| order);
    for order in beside.chain(live) {
        known.live.entry(order.receiver).or_default().insert(order.id);
        orders.push(order);
    }
    let mut seen = HashSet::new();
    orders.retain(|order| seen.insert(order.id));
    Ok(orders)
}

/// What belongs to orders: legs, transactions, uses, and their merchants' balances.
struct Belongings {
    legs: Asked<OrderId>,
    txs: Asked<OrderId>,
    uses: Asked<OrderId>,
    balances: Asked<OrderId>,
}

fn ask_for_belongings(flight: &mut Flight, orders: impl Iterator<Item = OrderId>) -> Belongings {
    let orders: Vec<OrderId> = orders.collect();
    let mut ask = |sql| flight.ask(sql, orders.iter().copied(), |id| owned([id.0]));
    Belongings {
        legs: ask(leg::OF_ORDER),
        txs: ask(tx::OF_ORDER),
        uses: ask(energy_use::OF_ORDER),
        balances: ask(ledger::BALANCES_OF_ORDER),
    }
}

/// Makes these orders whole.
fn read_belongings(
    known: &mut Known,
    asked: &Belongings,
    answers: &Answers,
    orders: Vec<Order>,
) -> Result<(), Fault> {
    let balance = |row: &Row<'_>| Ok(((row.get(0)?, row.get(1)?), row.get(2)?));
    let balances = asked.balances.rows(answers, balance)?;
    known.balances.extend(balances.into_iter().map(|(_, balance)| balance));
    let mut wholes: BTreeMap<OrderId, WholeOrder> = orders
        .into_iter()
        .map(|order| {
            let (legs, txs, uses) = (Vec::new(), Vec::new(), Vec::new());
            (order.id, WholeOrder { order, legs, txs, uses })
        })
        .collect();
    let mut belonging = |id: OrderId, put: &mut dyn FnMut(&mut WholeOrder)| {
        if let Some(whole) = wholes.get_mut(&id) {
            put(whole);
        }
    };
    for (id, leg) in in_order(asked.legs.rows(answers, |row| Ok((row.get(1)?, leg::read(row)?)))?) {
        belonging(id, &mut |whole| whole.legs.push(leg.clone()));
    }
    for (id, tx) in in_order(asked.txs.rows(answers, |row| Ok((row.get(11)?, tx::read(row)?)))?) {
        belonging(id, &mut |whole| whole.txs.push(tx.clone()));
    }
    let uses = asked.uses.rows(answers, |row| Ok((row.get(3)?, energy_use::read(row)?)))?;
    for (id, one) in in_order(uses) {
        belonging(id, &mut |whole| whole.uses.push(one));
    }
    known.orders.extend(wholes.into_iter().map(|(id, whole)| (id, Some(whole))));
    Ok(())
}

/// What belongs to orders, by its numbers.
fn in_order<T>(mut rows: Vec<(OrderId, (i64, T))>) -> impl Iterator<Item = (OrderId, T)> {
    rows.sort_by_key(|(id, (number, _))| (*id, *number));
    rows.into_iter().map(|(id, (_, row))| (id, row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cluster, postgres};

    /// A question that is about nothing in this batch does not stop the others.
    #[test]
    fn any_need_can_be_read_ahead_without_the_others() {
        let Some(cluster) = cluster::cluster() else { return };
        let connection = postgres::connection(&cluster.database()).unwrap();
        let session = connection.as_postgres().unwrap();
        let alone = [
            Needs::default(),
            Needs { merchant: Some(MerchantId(1)), ..Needs::default() },
            Needs { order: Some(OrderId([1; 16])), ..Needs::default() },
            Needs { pool: true, ..Needs::default() },
            Needs { told: true, ..Needs::default() },
        ];
        for needs in alone {
            let known = read_ahead(session, std::slice::from_ref(&needs)).unwrap();
            assert!(known.rows(&needs).is_some(), "{needs:?}");
        }
    }
}
