//! How a stored order is shown: its number and its delegations.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

use domain::pricing::UnitPrices;
use domain::{
    ChainTx, KeyId, Leg, LegId, LegKind, LegState, MerchantId, Order, OrderId, OrderKind,
    OrderState, Origin, Period, Road, TxState, UnixMillis, WholeOrder,
};
use tron::{Bandwidth, Energy, Resource, Sun, TxId};
use wire::{DetailStatus, OrderResponse, OrderStatus};

const ACCEPTED: UnixMillis = UnixMillis(1_686_796_826_000);
const INCLUDED: UnixMillis = UnixMillis(1_686_796_830_000);
const READY: UnixMillis = UnixMillis(1_686_796_831_500);
const RETURNED: UnixMillis = UnixMillis(1_686_797_103_000);
const HOLD_SECS: i64 = 3600;
const ID: OrderId = OrderId([7; 16]);

fn txid(number: u8, road: Road) -> TxId {
    TxId::of_raw(&[number, u8::from(road == Road::Back)])
}

fn energy_leg(number: u8, state: LegState) -> Leg {
    let kind = LegKind::Delegation {
        resource: Resource::Energy,
        balance: Sun::from_trx(6_776),
        units: 64_289,
    };
    leg(number, kind, state)
}

fn leg(number: u8, kind: LegKind, state: LegState) -> Leg {
    let is_there = !matches!(state, LegState::Planned | LegState::Signed | LegState::Dropped);
    Leg {
        id: LegId { order: ID, number },
        kind,
        owner: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".parse().unwrap(),
        state,
        included_at: is_there.then_some(INCLUDED),
        returned_at: (state == LegState::Returned).then_some(RETURNED),
    }
}

fn tx(number: u8, road: Road, state: TxState) -> ChainTx {
    ChainTx {
        txid: txid(number, road),
        leg: LegId { order: ID, number },
        road,
        signer: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".parse().unwrap(),
        bytes: Vec::new(),
        expiration: UnixMillis(0),
        state,
        is_maybe_taken: true,
        sent_at: None,
        block: None,
    }
}

fn whole(state: OrderState, legs: Vec<Leg>, txs: Vec<ChainTx>) -> WholeOrder {
    let order = Order {
        id: ID,
        merchant: MerchantId(1),
        key: KeyId(1),
        origin: Origin::Api,
        kind: OrderKind::Energy { period: Period::HOUR },
        receiver: "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw".parse().unwrap(),
        reference: Some("S1".to_owned()),
        callback_url: None,
        energy: Energy::new(64_285),
        bandwidth: Bandwidth::ZERO,
        has_activation: false,
        price: Sun::new(3_857_100),
        unit_prices: UnitPrices::default(),
        balance_after: Sun::ZERO,
        state,
        created: ACCEPTED,
        ready: (state != OrderState::Filling).then_some(READY),
        used: None,
        used_by: None,
        undone_by: None,
        undone_until: None,
        stopped: None,
        ended: None,
        part_refunded: Sun::ZERO,
    };
    WholeOrder { order, legs, txs, uses: Vec::new() }
}

#[test]
fn the_table_of_statuses_holds() {
    use LegState::{Included, Planned, Returned, Signed};
    use OrderState::{Delivered, Ended, Filling, Refunded};
    use TxState::{Lost, Stored};
    let sent = |number, state| tx(number, Road::Out, state);
    for (order, legs, txs, status) in [
        (Filling, vec![], vec![], OrderStatus::Paid),
        (Filling, vec![Planned], vec![], OrderStatus::Paid),
        (Filling, vec![Signed], vec![sent(1, Stored)], OrderStatus::Preparing),
        (Filling, vec![Signed, Planned], vec![sent(1, Stored)], OrderStatus::Preparing),
        (
            Filling,
            vec![Included, Signed],
            vec![sent(1, TxState::Included), sent(2, Stored)],
            OrderStatus::PartlyDelegated,
        ),
        (Filling, vec![Included], vec![sent(1, TxState::Included)], OrderStatus::Preparing),
        (Filling, vec![Planned], vec![sent(1, Lost)], OrderStatus::Retrying),
        (Filling, vec![Signed], vec![sent(1, Lost), sent(1, Stored)], OrderStatus::Retrying),
        (
            Filling,
            vec![Included],
            vec![sent(1, Lost), sent(1, TxState::Included)],
            OrderStatus::Preparing,
        ),
        (Delivered, vec![Included], vec![sent(1, TxState::Included)], OrderStatus::Completed),
        (Ended, vec![Returned], vec![sent(1, TxState::Solid)], OrderStatus::Completed),
        (Refunded, vec![Planned], vec![sent(1, Lost)], OrderStatus::Refunded),
    ] {
        let legs = legs.into_iter().zip(1..).map(|(state, number)| energy_leg(number, state));
        let whole = whole(order, legs.collect(), txs);
        assert_eq!(OrderStatus::of(&whole), status, "{whole:?}");
    }
}

#[test]
fn a_delegation_on_its_way_back_is_still_shown_as_delegated() {
    for (state, status) in [
        (LegState::Planned, None),
        (LegState::Signed, None),
        (LegState::Dropped, None),
        (LegState::Included, Some(DetailStatus::Delegated)),
        (LegState::Owed, Some(DetailStatus::Delegated)),
        (LegState::Returning, Some(DetailStatus::Delegated)),
        (LegState::Returned, Some(DetailStatus::TakenBack)),
    ] {
        assert_eq!(DetailStatus::of(state), status, "{state:?}");
    }
}

#[test]
fn a_stored_order_shows_its_energy_delegations_and_names_its_help() {
    let bandwidth = LegKind::Delegation {
        resource: Resource::Bandwidth,
        balance: Sun::from_trx(300),
        units: 346,
    };
    let legs = vec![
        leg(1, LegKind::Activation, LegState::Included),
        leg(2, bandwidth, LegState::Returned),
        energy_leg(3, LegState::Returned),
        energy_leg(4, LegState::Returning),
        energy_leg(5, LegState::Dropped),
    ];
    let mut txs: Vec<_> = (1..=4).map(|number| tx(number, Road::Out, TxState::Solid)).collect();
    txs.push(tx(3, Road::Back, TxState::Solid));
    txs.push(tx(4, Road::Back, TxState::Stored));
    let response = OrderResponse::of(&whole(OrderState::Delivered, legs, txs), "MY API", HOLD_SECS);

    assert_eq!(response.activation, Some(txid(1, Road::Out)));
    assert_eq!(response.bandwidth, Some(txid(2, Road::Out)));
    assert_eq!(response.energy_delegated, Energy::new(2 * 64_289));
    assert_eq!((response.refunded, response.status), (Sun::ZERO, OrderStatus::Completed));
    let [back, lent] = response.delegations.as_slice() else {
        panic!("{:?}", response.delegations)
    };
    assert_eq!(back.delegation, txid(3, Road::Out));
    assert_eq!((back.reclaim, back.reclaimed), (Some(txid(3, Road::Back)), Some(RETURNED)));
    assert_eq!((back.delegated, back.reclaim_due), (INCLUDED, READY.after_secs(HOLD_SECS)));
    assert_eq!(lent.delegation, txid(4, Road::Out));
    assert_eq!((lent.reclaim, lent.reclaimed), (None, None), "stored is not taken back");
}

#[test]
fn a_refunded_order_shows_what_was_given_back() {
    let whole = whole(OrderState::Refunded, vec![energy_leg(1, LegState::Dropped)], Vec::new());
    let response = OrderResponse::of(&whole, "MY API", HOLD_SECS);
    assert_eq!(response.refunded, response.amount);
    assert_eq!(response.status, OrderStatus::Refunded);
    assert!(response.delegations.is_empty());
}
