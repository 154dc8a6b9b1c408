//! Orders, and whole orders: with their legs and transactions.

use app::rows::OrderView;
use domain::pricing::UnitPrices;
use domain::{
    ChainTx, Collection, Leg, MerchantId, Order, OrderId, OrderKind, Origin, PolicyId, UnixMillis,
    WholeOrder,
};
use tron::{Address, TxId};

use crate::code::{Code, OrderWord, OriginWord};
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};
use crate::{column, energy_use, flight, leg, tx};

/// The columns of an order, as [`read`] expects them.
macro_rules! columns {
    () => {
        "orders.id, merchant_id, key_id, receiver, recipient, token_amount, scene, reference, \
         callback_url, transfer_energy, energy, bandwidth, has_activation, price, balance_after, \
         state, orders.created_ms, ready_ms, used_ms, ended_ms, used_by, kind, period_days, origin, \
         policy_id, stopped_ms, energy_unit_price, bandwidth_unit_price, activation_price, \
         part_refunded, undone_by, undone_until_ms"
    };
}

crate::statement::statements! {
    INSERT = "
INSERT INTO orders (id, merchant_id, key_id, receiver, recipient, token_amount, scene, reference,
  callback_url, transfer_energy, energy, bandwidth, has_activation, price, balance_after, state,
  created_ms, ready_ms, used_ms, ended_ms, used_by, is_live, kind, period_days, origin, policy_id,
  stopped_ms, energy_unit_price, bandwidth_unit_price, activation_price, part_refunded, undone_by,
  undone_until_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
  ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)";
    UPDATE = "
UPDATE orders SET state = ?2, ready_ms = ?3, used_ms = ?4, ended_ms = ?5, used_by = ?6,
  stopped_ms = ?7, part_refunded = ?8, undone_by = ?9, undone_until_ms = ?10
WHERE id = ?1";
    SET_LIVE = "UPDATE orders SET is_live = ?2 WHERE id = ?1 AND is_live <> ?2";
    BY_ID = concat!("SELECT ", columns!(), " FROM orders WHERE id = ?1");
    LIVE_ON = concat!("SELECT ", columns!(), "
FROM orders WHERE receiver = ?1 AND is_live = 1 ORDER BY id");
    LIVE_BESIDE = concat!("SELECT ", columns!(), "
FROM orders WHERE receiver = (SELECT receiver FROM orders WHERE id = ?1) AND is_live = 1
ORDER BY id");
    IS_LIVE_RECEIVER = "SELECT 1 FROM orders WHERE receiver = ?1 AND is_live = 1 LIMIT 1";
    USED_SINCE = "
SELECT id, used_by FROM orders WHERE is_live = 1 AND used_ms > ?1 AND used_by IS NOT NULL";
    KEY_NAME = "SELECT name FROM api_key WHERE id = ?1";
    NEWEST_BY_REFERENCE = "
SELECT id FROM orders WHERE merchant_id = ?1 AND reference = ?2 ORDER BY id DESC LIMIT 1";
}

pub(crate) fn read(row: &Row<'_>) -> sql::Result<Order> {
    Ok(Order {
        id: column::order_id(row, 0)?,
        merchant: column::merchant_id(row, 1)?,
        key: column::key_id(row, 2)?,
        origin: read_origin(row)?,
        kind: read_kind(row)?,
        receiver: column::address(row, 3)?,
        reference: row.get(7)?,
        callback_url: row.get(8)?,
        energy: column::energy(row, 10)?,
        bandwidth: column::bandwidth(row, 11)?,
        has_activation: row.get(12)?,
        price: column::sun(row, 13)?,
        balance_after: column::sun(row, 14)?,
        state: column::code(row, 15)?,
        created: column::millis(row, 16)?,
        ready: column::maybe_millis(row, 17)?,
        used: column::maybe_millis(row, 18)?,
        ended: column::maybe_millis(row, 19)?,
        used_by: column::maybe_txid(row, 20)?,
        stopped: column::maybe_millis(row, 25)?,
        unit_prices: UnitPrices {
            energy: column::sun(row, 26)?,
            bandwidth: column::sun(row, 27)?,
            activation: column::sun(row, 28)?,
        },
        part_refunded: column::sun(row, 29)?,
        undone_by: column::maybe_txid(row, 30)?,
        undone_until: column::maybe_millis(row, 31)?,
    })
}

fn read_kind(row: &Row<'_>) -> sql::Result<OrderKind> {
    Ok(match column::code(row, 21)? {
        OrderWord::Collection => OrderKind::Collection(Collection {
            recipient: column::maybe_address(row, 4)?,
            token_amount: column::token_units(row, 5)?,
            scene: column::code(row, 6)?,
            transfer_energy: column::energy(row, 9)?,
        }),
        OrderWord::Energy => OrderKind::Energy { period: column::period(row, 22)? },
    })
}

fn read_origin(row: &Row<'_>) -> sql::Result<Origin> {
    let policy = || row.get(24).map(PolicyId);
    Ok(match column::code(row, 23)? {
        OriginWord::Api => Origin::Api,
        OriginWord::Manual => Origin::Manual,
        OriginWord::CountPolicy => Origin::CountPolicy(policy()?),
        OriginWord::AutoPolicy => Origin::AutoPolicy(policy()?),
    })
}

/// What an order is about, as its columns have it.
fn written_kind(kind: &OrderKind) -> (OrderWord, Option<Collection>, u8) {
    match kind {
        OrderKind::Collection(collection) => (OrderWord::Collection, Some(*collection), 0),
        OrderKind::Energy { period } => (OrderWord::Energy, None, period.days().unwrap_or(0)),
    }
}

fn written_origin(origin: Origin) -> (OriginWord, Option<i64>) {
    match origin {
        Origin::Api => (OriginWord::Api, None),
        Origin::Manual => (OriginWord::Manual, None),
        Origin::CountPolicy(policy) => (OriginWord::CountPolicy, Some(policy.0)),
        Origin::AutoPolicy(policy) => (OriginWord::AutoPolicy, Some(policy.0)),
    }
}

/// An order with its legs and transactions.
pub(crate) fn whole(connection: &Connection, id: OrderId) -> Result<Option<WholeOrder>, Fault> {
    let order = connection.prepare_cached(BY_ID)?.query_row([id.0], read).optional()?;
    order.map(|order| complete(connection, order)).transpose()
}

/// An order, and the other live orders on its receiver.
pub(crate) fn whole_and_others(
    connection: &Connection,
    id: OrderId,
) -> Result<Option<(WholeOrder, Vec<WholeOrder>)>, Fault> {
    let mut beside = connection.prepare_cached(LIVE_BESIDE)?;
    let live: Vec<Order> = beside.query_map([id.0], read)?.collect::<Result<_, _>>()?;
    let mut others = complete_all(connection, live)?;
    let whole = match others.iter().position(|other| other.order.id == id) {
        Some(own) => Some(others.remove(own)),
        None => whole(connection, id)?,
    };
    Ok(whole.map(|whole| (whole, others)))
}

/// The live orders on an address, oldest first.
pub(crate) fn live_on(
    connection: &Connection,
    receiver: Address,
) -> Result<Vec<WholeOrder>, Fault> {
    let mut live = connection.prepare_cached(LIVE_ON)?;
    let live = live.query_map([receiver.as_bytes()], read)?.collect::<Result<_, _>>()?;
    complete_all(connection, live)
}

/// All the live orders on an address with what belongs to them: asked for at once where there are several.
fn complete_all(connection: &Connection, orders: Vec<Order>) -> Result<Vec<WholeOrder>, Fault> {
    let receiver = match orders.as_slice() {
        [first, _, ..] => first.receiver,
        _ => return orders.into_iter().map(|order| complete(connection, order)).collect(),
    };
    let mut legs = leg::live_on(connection, receiver)?.into_iter().peekable();
    let mut txs = tx::live_on(connection, receiver)?.into_iter().peekable();
    // Orders, legs and transactions are sorted by order.
    let each = orders.into_iter().map(|order| {
        let id = order.id;
        let legs = std::iter::from_fn(|| legs.next_if(|leg| leg.id.order == id)).collect();
        let txs = std::iter::from_fn(|| txs.next_if(|tx| tx.leg.order == id)).collect();
        with_uses(connection, order, legs, txs)
    });
    let wholes = each.collect::<Result<_, _>>()?;
    match (legs.next(), txs.next()) {
        (None, None) => Ok(wholes),
        _ => Err(Fault::Broken("what belongs to an order was read without it".to_owned())),
    }
}

fn complete(connection: &Connection, order: Order) -> Result<WholeOrder, Fault> {
    let legs = leg::of_order(connection, order.id)?;
    let txs = tx::of_order(connection, order.id)?;
    with_uses(connection, order, legs, txs)
}

fn with_uses(
    connection: &Connection,
    order: Order,
    legs: Vec<Leg>,
    txs: Vec<ChainTx>,
) -> Result<WholeOrder, Fault> {
    // A collection is used by one transfer, which its own row names.
    let uses = match order.collection() {
        Some(_) => Vec::new(),
        None => energy_use::of_order(connection, order.id)?,
    };
    Ok(WholeOrder { order, legs, txs, uses })
}

/// An order with the name of the key that placed it.
pub(crate) fn view(connection: &Connection, id: OrderId) -> Result<Option<OrderView>, Fault> {
    let Some(whole) = whole(connection, id)? else { return Ok(None) };
    let mut name = connection.prepare_cached(KEY_NAME)?;
    let key_name = name.query_row([whole.order.key.0], |row| row.get(0))?;
    Ok(Some(OrderView { whole, key_name }))
}

/// The newest order of a merchant with this reference.
pub(crate) fn newest_by_reference(
    connection: &Connection,
    merchant: MerchantId,
    reference: &str,
) -> Result<Option<OrderId>, Fault> {
    let mut newest = connection.prepare_cached(NEWEST_BY_REFERENCE)?;
    let found = newest.query_row(params![merchant.0, reference], |row| column::order_id(row, 0));
    Ok(found.optional()?)
}

/// Which of these addresses have live orders.
pub(crate) fn live_receivers(
    connection: &Connection,
    receivers: &[Address],
) -> Result<Vec<Address>, Fault> {
    let bytes_of = |address: &Address| address.as_bytes().to_vec();
    let live = flight::found_of(connection, IS_LIVE_RECEIVER, receivers, bytes_of, |_| Ok(()))?;
    Ok(live.into_iter().map(|(receiver, ())| receiver).collect())
}

/// Live orders whose transfer is in a block after this time, with that transfer.
pub(crate) fn used_since(
    connection: &Connection,
    after: UnixMillis,
) -> Result<Vec<(OrderId, TxId)>, Fault> {
    let mut used = connection.prepare_cached(USED_SINCE)?;
    let rows =
        used.query_map([after.0], |row| Ok((column::order_id(row, 0)?, column::txid(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a new order with everything that belongs to it.
pub(crate) fn insert(
    connection: &Connection,
    whole: &WholeOrder,
    is_live: bool,
) -> Result<(), Fault> {
    let order = &whole.order;
    let (word, collection, period_days) = written_kind(&order.kind);
    let (origin, policy) = written_origin(order.origin);
    let recipient = collection.and_then(|collection| collection.recipient);
    connection.prepare_cached(INSERT)?.run(params![
        order.id.0,
        order.merchant.0,
        order.key.0,
        order.receiver.as_bytes(),
        recipient.as_ref().map(Address::as_bytes),
        collection.map_or(0, |collection| collection.token_amount.0).to_string(),
        collection.map_or(0, |collection| collection.scene.number()),
        order.reference,
        order.callback_url,
        collection.map_or(0, |collection| collection.transfer_energy.get()),
        order.energy.get(),
        order.bandwidth.get(),
        order.has_activation,
        order.price.get(),
        order.balance_after.get(),
        order.state.number(),
        order.created.0,
        order.ready.map(|at| at.0),
        order.used.map(|at| at.0),
        order.ended.map(|at| at.0),
        order.used_by.as_ref().map(TxId::as_bytes),
        is_live,
        word.number(),
        period_days,
        origin.number(),
        policy,
        order.stopped.map(|at| at.0),
        order.unit_prices.energy.get(),
        order.unit_prices.bandwidth.get(),
        order.unit_prices.activation.get(),
        order.part_refunded.get(),
        order.undone_by.as_ref().map(TxId::as_bytes),
        order.undone_until.map(|at| at.0),
    ])?;
    leg::update(connection, &[], &whole.legs)?;
    tx::update(connection, &[], &whole.txs)?;
    energy_use::update(connection, order.id, &[], &whole.uses)
}

/// Writes what differs between an order as it was loaded and as it is to be.
pub(crate) fn update(
    connection: &Connection,
    old: &WholeOrder,
    new: &WholeOrder,
) -> Result<(), Fault> {
    if old.order != new.order {
        let (before, after) = (&old.order, &new.order);
        let moved = Order {
            state: after.state,
            ready: after.ready,
            used: after.used,
            ended: after.ended,
            used_by: after.used_by,
            stopped: after.stopped,
            part_refunded: after.part_refunded,
            undone_by: after.undone_by,
            undone_until: after.undone_until,
            ..before.clone()
        };
        if moved != *after {
            let what = "was to change what is fixed when it is accepted";
            return Err(Fault::Broken(format!("order {} {what}", before.id)));
        }
        connection.prepare_cached(UPDATE)?.run(params![
            after.id.0,
            after.state.number(),
            after.ready.map(|at| at.0),
            after.used.map(|at| at.0),
            after.ended.map(|at| at.0),
            after.used_by.as_ref().map(TxId::as_bytes),
            after.stopped.map(|at| at.0),
            after.part_refunded.get(),
            after.undone_by.as_ref().map(TxId::as_bytes),
            after.undone_until.map(|at| at.0),
        ])?;
    }
    leg::update(connection, &old.legs, &new.legs)?;
    tx::update(connection, &old.txs, &new.txs)?;
    energy_use::update(connection, new.order.id, &old.uses, &new.uses)
}

/// Keeps the mark of a live order equal to the existence of its outbox row.
pub(crate) fn set_live(connection: &Connection, id: OrderId, is_live: bool) -> Result<(), Fault> {
    match connection.know(|known| known.set_live(id, is_live)) {
        Some(true) => {}
        Some(false) => return Ok(()),
        // It may be one of those on an address that is known.
        None => connection.forget_known(),
    }
    connection.prepare_cached(SET_LIVE)?.run(params![id.0, is_live])?;
    Ok(())
}
