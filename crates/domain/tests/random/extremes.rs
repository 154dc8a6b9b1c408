//! Nothing that a node or an operator can say makes a decision panic.

use domain::callback::Schedule;
use domain::collect::{ChainTotals, Reading};
use domain::order::step::{Event, ReadBack};
use domain::{MerchantId, UnixMillis};
use proptest::prelude::*;
use tron::{Address, Bandwidth, Energy, Sun};

use crate::model::World;
use crate::run::LIMITS;

/// Any number, and more often one at an edge.
fn edgy() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        prop::sample::select(vec![i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX]),
        0..1_000_000_i64,
    ]
}

fn reading() -> impl Strategy<Value = Reading> {
    (any::<bool>(), prop::array::uniform6(edgy())).prop_map(|(exists, units)| Reading {
        exists,
        energy_available: Energy::new(units[0]),
        energy_limit: Energy::new(units[1]),
        staked_bandwidth_limit: Bandwidth::new(units[2]),
        staked_bandwidth_available: Bandwidth::new(units[3]),
        free_bandwidth_available: Bandwidth::new(units[4]),
        transfer_energy: Energy::new(units[5]),
    })
}

fn totals() -> impl Strategy<Value = ChainTotals> {
    prop::array::uniform4(edgy()).prop_map(|totals| ChainTotals {
        energy_limit: totals[0],
        energy_weight_trx: totals[1],
        bandwidth_limit: totals[2],
        bandwidth_weight_trx: totals[3],
    })
}

/// More sun than there are.
const SUPPLY_SUN: i64 = 1 << 57;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_of_a_node_makes_a_decision_panic(
        readings in prop::collection::vec((reading(), totals()), 1..12),
        prices in prop::array::uniform3(0..i64::MAX),
        stake in prop::array::uniform2(0..SUPPLY_SUN),
        moment in prop::array::uniform3(edgy()),
    ) {
        let merchant = MerchantId(1);
        let mut world = World::new(LIMITS);
        world.credit(merchant, Sun::new(SUPPLY_SUN));
        for (number, stake) in (1..).zip(stake) {
            let wallet = Address::from_evm([number; 20]);
            world.add_lender(wallet, Sun::new(stake), Sun::new(SUPPLY_SUN - stake));
        }
        world.add_activator(Address::from_evm([9; 20]), Sun::new(SUPPLY_SUN));
        for (at, (reading, totals)) in readings.into_iter().enumerate() {
            world.totals = totals;
            if at % 3 == 0 {
                [
                    world.prices.energy_price_sun,
                    world.prices.bandwidth_price_sun,
                    world.prices.activation_price_sun,
                ] = prices.map(|price| price >> (at * 6));
                let _refused = world.place(merchant, Address::from_evm([7; 20]), reading);
            }
            for order in 0..world.orders.len() {
                let event = Event::Read(ReadBack { reading, totals });
                let _refused = world.tell(order, event);
                let _refused = world.tell(order, Event::Tick);
            }
        }
        world.moment.chain_now = UnixMillis(moment[0]);
        world.moment.solid_now = UnixMillis(moment[1]);
        world.moment.now = UnixMillis(moment[2].min(i64::MAX - 1_000_000));
        for order in 0..world.orders.len() {
            let _refused = world.tell(order, Event::Tick);
            let _action = world.next(order);
        }
    }

    #[test]
    fn no_schedule_makes_a_callback_panic(
        delays_secs in prop::collection::vec(edgy(), 0..5),
        tail_secs in edgy(),
        attempts in any::<u32>(),
        moment in prop::array::uniform2(edgy()),
        jitter_ppm in edgy(),
    ) {
        let schedule = Schedule { delays_secs, tail_secs };
        let [first, now] = moment.map(UnixMillis);
        let _due = schedule.next(attempts, first, now, jitter_ppm);
    }
}
