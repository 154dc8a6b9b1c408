//! What is tried, and what must hold.

use std::collections::BTreeMap;

use domain::{LegState, Period, TxState};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::run::{Fault, Run, address};

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Op {
    Place { receiver: u8, lag: usize },
    Rent { receiver: u8, lag: usize, days: u8 },
    Stop { order: usize },
    Work { order: usize, fault: Fault },
    Mine { wanted: u32, fails: u32 },
    Fork { depth: usize },
    Watch { blocks: usize },
    Transfer { sender: u8 },
    Pass { secs: i64 },
    Late { is_newest: bool },
    Repeat { which: usize },
}

/// Most orders of one run.
const ORDERS_MAX: usize = 3;

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        12 => Just(Fault::None),
        2 => Just(Fault::NotSent),
        3 => Just(Fault::NoAnswer),
        3 => Just(Fault::Refused),
        2 => Just(Fault::Crash),
        2 => Just(Fault::Late),
        1 => Just(Fault::Twice),
        2 => Just(Fault::Lagging),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (1..=2_u8, 0..2_usize).prop_map(|(receiver, lag)| Op::Place { receiver, lag }),
        2 => (1..=2_u8, 0..2_usize, 0..2_u8)
            .prop_map(|(receiver, lag, days)| Op::Rent { receiver, lag, days }),
        1 => (0..ORDERS_MAX).prop_map(|order| Op::Stop { order }),
        24 => (0..ORDERS_MAX, fault()).prop_map(|(order, fault)| Op::Work { order, fault }),
        8 => (any::<u32>(), prop_oneof![6 => Just(0), 1 => any::<u32>()])
            .prop_map(|(wanted, fails)| Op::Mine { wanted, fails }),
        2 => (1..=3_usize).prop_map(|depth| Op::Fork { depth }),
        10 => (0..=3_usize).prop_map(|blocks| Op::Watch { blocks }),
        2 => (1..=2_u8).prop_map(|sender| Op::Transfer { sender }),
        2 => (1..30_i64).prop_map(|secs| Op::Pass { secs }),
        2 => any::<bool>().prop_map(|is_newest| Op::Late { is_newest }),
        3 => any::<usize>().prop_map(|which| Op::Repeat { which }),
    ]
}

fn apply(run: &mut Run, op: Op) {
    match op {
        Op::Place { receiver, lag } if run.world.orders.len() < ORDERS_MAX => {
            run.place(address(receiver), lag);
        }
        Op::Rent { receiver, lag, days } if run.world.orders.len() < ORDERS_MAX => {
            let period = Period::from_days(days).unwrap_or(Period::HOUR);
            run.rent(address(receiver), lag, period);
        }
        Op::Stop { order } if order < run.world.orders.len() => run.stop(order),
        Op::Work { order, fault } if order < run.world.orders.len() => {
            run.work(order, fault);
        }
        Op::Place { .. } | Op::Rent { .. } | Op::Stop { .. } | Op::Work { .. } => {}
        Op::Mine { wanted, fails } => run.mine(wanted, fails),
        Op::Fork { depth } => run.chain.fork(depth),
        Op::Watch { blocks } => run.watch(blocks),
        Op::Transfer { sender } => run.transfer(address(sender)),
        Op::Pass { secs } => run.pass_ms(secs * 1_000),
        Op::Late { is_newest } => run.deliver_late(is_newest),
        Op::Repeat { which } => run.repeat(which),
    }
}

fn run(ops: Vec<Op>) -> Run {
    let mut run = Run::new();
    run.place(address(1), 0);
    for op in ops {
        apply(&mut run, op);
    }
    run.settle();
    run.check_end();
    run
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..160)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_order_ends_and_everything_lent_comes_back(ops in ops()) {
        run(ops);
    }
}

#[test]
fn the_runs_reach_every_way_to_end() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..800 {
        let ended = run(ops().new_tree(&mut runner).unwrap().current());
        for whole in &ended.world.orders {
            let is_used = if whole.order.used.is_some() { " and used" } else { "" };
            let kind = if whole.order.collection().is_some() { "" } else { "rent " };
            *seen.entry(format!("{kind}{:?}{is_used}", whole.order.state)).or_default() += 1;
            if whole.order.stopped.is_some() && kind.is_empty() {
                *seen.entry("stopped".to_owned()).or_default() += 1;
            }
            for leg in whole.legs.iter().filter(|leg| leg.state == LegState::Dropped) {
                let was_signed = whole.txs.iter().any(|tx| tx.leg == leg.id);
                *seen.entry(format!("dropped, signed {was_signed}")).or_default() += 1;
            }
            for tx in whole.txs.iter().filter(|tx| tx.state == TxState::Lost) {
                let name = format!("lost {:?}, maybe taken {}", tx.road, tx.is_maybe_taken);
                *seen.entry(name).or_default() += 1;
            }
        }
        *seen.entry("undone by a fork".to_owned()).or_default() += ended.undone;
    }
    for wanted in [
        "Ended",
        "Ended and used",
        "Refunded",
        "rent Ended",
        "rent Ended and used",
        "rent Refunded",
        "stopped",
        "dropped, signed false",
        "dropped, signed true",
        "lost Out, maybe taken false",
        "lost Out, maybe taken true",
        "lost Back, maybe taken false",
        "lost Back, maybe taken true",
        "undone by a fork",
    ] {
        assert!(seen.get(wanted).is_some_and(|times| *times >= 5), "{wanted}: {seen:#?}");
    }
}
