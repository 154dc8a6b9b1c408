//! Many finished orders, written through the store as their real lives would have written them.

use std::convert::Infallible;

use app::ports::{Clock, Ids, Store, StoreError};
use app::rows::{Attempt, Attention, CallbackState, Changes, Lease, Needs, OutboxKind, Rows};
use app::work::commit;
use domain::callback::{CallbackEvent, Format, Outcome};
use domain::collect::ChainTotals;
use domain::ledger::facts::order_settled;
use domain::limits::OrderLimits;
use domain::order::step::{Offer, accept};
use domain::pool::Pool;
use domain::pricing::PriceList;
use domain::{ChainTx, LegState, OrderState, Road, TxState, UnixMillis, WholeOrder};
use futures::{StreamExt, TryStreamExt, stream};
use tron::{Address, Sun, TxId};
use wire::WireFormat;

use super::raw_commit::{Base, CREDIT, LACKS_ENERGY, new_order};
use super::workload::receiver;
use crate::system::{SystemClock, SystemIds};

/// Works that wait for the committer at once; fewer than its queue takes.
const WORKS_AT_ONCE: usize = 2_048;
/// About the length of a signed delegation, in bytes.
const TX_BYTES: usize = 240;
/// How long the claim on a callback lasts; longer than it takes to finish it.
const LEASE_MS: i64 = 600_000;

/// What orders are accepted against.
pub(super) struct Market {
    pub(super) prices: PriceList,
    pub(super) limits: OrderLimits,
    pub(super) totals: ChainTotals,
    pub(super) pool: Pool,
}

/// Writes this many finished orders: filled, used, given back, solid, their callbacks delivered.
pub(super) async fn write(
    store: &dyn Store,
    base: Base,
    market: &Market,
    count: usize,
) -> anyhow::Result<()> {
    stream::iter(0..count)
        .map(|number| async move {
            let changes = finished(base, market, number)?;
            done(store, Needs::default(), changes).await
        })
        .buffer_unordered(WORKS_AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    loop {
        let now = SystemClock.now();
        let until = now.after_ms(LEASE_MS);
        let leases = store.claim(OutboxKind::Callback, "bench", now, until, WORKS_AT_ONCE).await?;
        if leases.is_empty() {
            return Ok(());
        }
        stream::iter(leases)
            .map(|lease| deliver(store, lease, now))
            .buffer_unordered(WORKS_AT_ONCE)
            .try_for_each(|()| async { Ok(()) })
            .await?;
    }
}

async fn deliver(store: &dyn Store, lease: Lease, now: UnixMillis) -> anyhow::Result<()> {
    let attempt = Attempt {
        order: lease.order(),
        at: now,
        status: Some(200),
        note: "ok".to_owned(),
        took_ms: 12,
        signed_secs: Some(now.get().div_euclid(1_000)),
        state: CallbackState::Delivered,
    };
    let changes = Changes {
        attempt: Some(attempt),
        attention: Some((lease.order(), Attention::Done)),
        ..Changes::default()
    };
    done(store, Needs { lease: Some(lease), ..Needs::default() }, changes).await
}

async fn done(store: &dyn Store, needs: Needs, changes: Changes) -> anyhow::Result<()> {
    let decide = move |_: &Rows| Ok::<_, Infallible>((changes.clone(), ()));
    let outcome: Result<Result<(), Infallible>, StoreError> = commit(store, needs, decide).await;
    let Ok(()) = outcome?;
    Ok(())
}

/// Everything that the life of one order leaves behind, but for its callback's attempt.
fn finished(base: Base, market: &Market, number: usize) -> anyhow::Result<Changes> {
    let now = SystemClock.now();
    let new = new_order(base, SystemIds.order_id(now), receiver(number), number);
    let offer = Offer {
        reading: LACKS_ENERGY,
        totals: market.totals,
        prices: market.prices,
        available: CREDIT,
        is_paused: false,
        spend: domain::key::KeySpend::default(),
        others: &[],
        leftovers: &[],
        pool: &market.pool,
        limits: &market.limits,
    };
    let decision = accept(new, &offer)?;
    let (mut whole, mut ledger) = (decision.whole, decision.ledger);
    end(&mut whole, number, now);
    let order = &whole.order;
    ledger.push(order_settled(order.id, order.merchant, order.price, now));
    let event = told(&whole);
    let body = WireFormat.callback_body(&event);
    Ok(Changes { whole: Some(whole), ledger, callback: Some((event, body)), ..Changes::default() })
}

fn end(whole: &mut WholeOrder, number: usize, now: UnixMillis) {
    let order = &mut whole.order;
    order.state = OrderState::Ended;
    (order.ready, order.used, order.ended) = (Some(now), Some(now), Some(now));
    order.used_by = Some(txid("used", number, 0));
    for leg in &mut whole.legs {
        leg.state = LegState::Returned;
        (leg.included_at, leg.returned_at) = (Some(now), Some(now));
        for (road, word) in [(Road::Out, "out"), (Road::Back, "back")] {
            whole.txs.push(ChainTx {
                txid: txid(word, number, leg.id.number),
                leg: leg.id,
                road,
                signer: Address::from_evm([8; 20]),
                bytes: vec![8; TX_BYTES],
                expiration: now,
                state: TxState::Solid,
                is_maybe_taken: true,
                sent_at: Some(now),
                block: Some(1),
            });
        }
    }
}

fn txid(word: &str, number: usize, leg: u8) -> TxId {
    TxId::of_raw(format!("{word} {number} {leg}").as_bytes())
}

fn told(whole: &WholeOrder) -> CallbackEvent {
    let order = &whole.order;
    CallbackEvent {
        order: order.id,
        key: order.key,
        origin: order.origin,
        period: order.kind.period(),
        url: order.callback_url.clone().unwrap_or_default(),
        outcome: Outcome::Delivered,
        receiver: order.receiver,
        reference: order.reference.clone(),
        energy: order.energy.get(),
        energy_delegated: order.energy.get(),
        amount: Sun::new(order.price.get()),
        activation: None,
        bandwidth: None,
        delegation: whole.txs.first().map(|tx| tx.txid),
    }
}
