//! Refused before anything changes, in the order that clients come to depend on.

use domain::MerchantId;
use domain::collect::Reading;
use domain::order::step::{Event, Refused, admit};
use tron::{Address, Energy, Sun, TxId};

use crate::language::{LIMITS, check};
use crate::model::{BEGINNING, World, bare_reading};

#[test]
fn paused_comes_before_funds_and_funds_before_capacity() {
    check(
        "
        merchant m1 trx 1
        merchant m1 paused
        order    o1 m1 A          -> the merchant is paused
        merchant m2 trx 3.857099
        order    o1 m2 A          -> the order costs 3857100 sun and 3857099 sun are available
        merchant m2 trx 0.000001
        order    o1 m2 A          -> the pool lacks 6441300001 sun of ENERGY stake
        pool     w1 energy 64412
        order    o1 m2 A          -> the pool lacks 100000 sun of ENERGY stake
        pool     w2 energy 10
        order    o1 m2 A          -> 1 w1 lends 64412 energy, 2 w2 lends 9 energy, held 3.8571
        money    m2               -> available 0, held 3.8571, revenue 0
        ",
    );
}

#[test]
fn an_activation_needs_an_activator_that_can_pay() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        address  A absent
        order    o1 m1 A          -> no activator wallet can pay for an activation
        pool     a1 activator 1.099999
        order    o1 m1 A          -> no activator wallet can pay for an activation
        pool     a2 activator 1.1
        order    o1 m1 A          -> 1 a2 activates, 2 w1 lends 64413 energy, held 5.3571
        ",
    );
}

#[test]
fn unreadable_totals_refuse_the_order() {
    check(
        "
        merchant m1 trx 100
        pool     w1 energy 70000
        drift    0
        order    o1 m1 A          -> the network's resource totals are unreadable
        ",
    );
}

#[test]
fn a_price_past_63_bits_is_refused() {
    check(
        "
        merchant m1 trx 100
        prices   9223372036854775807 0 0
        pool     w1 energy 70000
        order    o1 m1 A          -> the price is out of range
        ",
    );
}

#[test]
fn the_open_orders_of_one_address_are_bounded() {
    let orders: String = (1..=20).map(|number| format!("order o{number} m1 A\n")).collect();
    check(&format!(
        "
        merchant m1 trx 1
        address  A energy 2000000 free 10000
        {orders}
        order    o21 m1 A         -> 20 orders are open on this address
        order    o21 m1 B         -> the order costs 3857100 sun and 1000000 sun are available
        used     o1 t1            -> delivered, callback 40
        order    o21 m1 A
        "
    ));
}

#[test]
fn orders_that_are_stopped_at_once_count_until_they_have_ended() {
    let orders: String =
        (1..=20).map(|number| format!("order o{number} m1 A\nstop o{number}\n")).collect();
    check(&format!(
        "
        merchant m1 trx 1
        address  A energy 2000000 free 10000
        {orders}
        order    o21 m1 A         -> 20 orders are open on this address
        read     o1               -> delivered, callback 40
        order    o21 m1 A         -> 20 orders are open on this address
        tick     o1               -> ended
        order    o21 m1 A
        "
    ));
}

/// Each is used, and its transfer is not solid.
#[test]
fn the_live_orders_of_one_address_are_bounded() {
    let (merchant, receiver) = (MerchantId(1), Address::from_evm([1; 20]));
    let rich = Reading { energy_available: Energy::new(70_000), ..bare_reading(64_285) };
    let mut world = World::new(LIMITS);
    world.credit(merchant, Sun::from_trx(1));
    let used = Event::Used { txid: TxId::from_bytes([1; 32]), at: BEGINNING };
    world.place(merchant, receiver, rich).unwrap();
    let whole = world.tell(0, used).unwrap().whole;
    let admitted = |live: usize| admit(receiver, &world.pool, &vec![whole.clone(); live]);
    assert_eq!(admitted(199), Ok(()));
    assert_eq!(admitted(200), Err(Refused::TooManyOpen { open: 200 }));
}
