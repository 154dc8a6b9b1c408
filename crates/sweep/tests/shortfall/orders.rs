//! Orders at a server that makes one of every request: how many there are, and what they cost.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use devnet::Devnet;
use serde_json::json;
use sweep::{Event, Halt, Observer, OnShortfall, ReasonCode, Record, Settings, Silent, State};
use tokio_util::sync::CancellationToken;
use tron::{Address, Sun};

use crate::shop::{Shop, Trouble};
use crate::{ALL, BURN, LENT_TO, Numbered, POOR, RICH, chain, of, outcome, settings, sweep_at};

/// What became of a run, and of the shop that it ordered from.
struct Ran {
    records: HashMap<Address, Record>,
    halted: Result<(), Halt>,
    shop: Shop,
}

/// Sweeps the one that has TRX of its own.
async fn sweep_one(trouble: Trouble, on_shortfall: OnShortfall) -> Ran {
    let stop = CancellationToken::new();
    let (chain, node) = chain(&stop).await;
    let (shop, server) = Shop::open(&chain, trouble).await;
    let settings = settings(&chain, on_shortfall, Duration::from_secs(60));
    let (records, halted) =
        sweep_at(server, &node, Numbered(&[RICH]), settings, Arc::new(Silent)).await;
    stop.cancel();
    Ran { records, halted, shop }
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_order_though_the_look_for_it_fails() {
    let trouble = Trouble { lost_answers: 1, failed_queries: 1, ..Trouble::default() };
    let ran = sweep_one(trouble, OnShortfall::Wait).await;
    ran.halted.unwrap();
    assert_eq!(outcome(&ran.records, RICH), (State::Swept, None, 0));
    assert_eq!(ran.shop.orders_of(RICH), 1);
}

#[tokio::test]
async fn nothing_is_burned_while_the_order_in_doubt_may_be_what_took_the_money() {
    let burn = OnShortfall::Burn { max: Sun::new(BURN) };
    // The order is not shown before the second request, and the look after its refusal fails.
    let trouble = Trouble {
        lost_answers: 1,
        hidden_queries: 1,
        failed_queries: 1,
        takes_one_order: true,
        delivers_late: true,
        ..Trouble::default()
    };
    let ran = sweep_one(trouble, burn).await;
    ran.halted.unwrap();
    assert_eq!(outcome(&ran.records, RICH), (State::Swept, None, 0));
    assert_eq!(ran.shop.orders_of(RICH), 1);
}

#[tokio::test]
async fn a_server_that_says_done_and_lends_nothing_is_paid_three_times_at_most() {
    let trouble = Trouble { delivers_nothing: true, ..Trouble::default() };
    let ran = sweep_one(trouble, OnShortfall::Wait).await;
    ran.halted.unwrap();
    assert_eq!(outcome(&ran.records, RICH), (State::Failed, Some(ReasonCode::Shortfall), 0));
    assert_eq!(ran.shop.orders_of(RICH), 3);
}

#[tokio::test]
async fn after_an_order_that_costs_ten_times_the_plan_nothing_more_is_ordered() {
    let stop = CancellationToken::new();
    let (chain, node) = chain(&stop).await;
    let trouble =
        Trouble { energy_price_sun: 60, order_cost_sun: 40_000_000, ..Trouble::default() };
    let (shop, server) = Shop::open(&chain, trouble).await;
    let settings = settings(&chain, OnShortfall::Wait, Duration::from_secs(60));
    let settings = Settings { concurrency: 1, ..settings };
    let (records, halted) =
        sweep_at(server, &node, Numbered(&ALL), settings, Arc::new(Silent)).await;
    stop.cancel();
    let Err(Halt::TooDear(dear)) = halted else { panic!("{halted:?}") };
    assert_eq!((dear.address, dear.charged), (of(RICH), Sun::new(40_000_000)));
    assert!(dear.to_string().contains("costs 40 TRX"), "{dear}");
    assert_eq!((shop.orders_of(RICH), shop.orders_of(POOR)), (1, 0));
    assert_eq!(outcome(&records, RICH), (State::Swept, None, 0), "it is paid for");
    assert_eq!(outcome(&records, POOR), (State::Ordering, Some(ReasonCode::TooDear), 0));
    assert_eq!(outcome(&records, LENT_TO), (State::Swept, None, 0));
}

#[tokio::test]
async fn an_order_that_the_server_does_not_know_any_more_does_not_stay_open() {
    let stop = CancellationToken::new();
    let (chain, node) = chain(&stop).await;
    let trouble = Trouble { forgets: true, delivers_nothing: true, ..Trouble::default() };
    let (shop, server) = Shop::open(&chain, trouble).await;
    let settings = settings(&chain, OnShortfall::Wait, Duration::from_secs(1));
    let (records, halted) =
        sweep_at(server, &node, Numbered(&[RICH]), settings, Arc::new(Silent)).await;
    stop.cancel();
    halted.unwrap();
    assert_eq!(outcome(&records, RICH), (State::Failed, Some(ReasonCode::OrderEnded), 0));
    assert_eq!(shop.orders_of(RICH), 1);
}

/// Raises the price of burned energy when the first transfer is in a block.
struct Raises(Devnet);

impl Observer for Raises {
    fn notice(&self, event: &Event<'_>) {
        if matches!(event, Event::Changed(record) if record.state == State::Included) {
            self.0.control("parameter", &json!({"key": "getEnergyFee", "value": 210})).unwrap();
        }
    }
}

#[tokio::test]
async fn a_price_that_the_chain_changes_meanwhile_fails_no_transfer() {
    let stop = CancellationToken::new();
    let (chain, node) = chain(&stop).await;
    let (_, server) = Shop::open(&chain, Trouble::default()).await;
    let settings = settings(&chain, OnShortfall::Wait, Duration::from_secs(60));
    let settings = Settings { concurrency: 1, ..settings };
    let observer = Arc::new(Raises(chain));
    let (records, halted) =
        sweep_at(server, &node, Numbered(&[RICH, POOR]), settings, observer).await;
    stop.cancel();
    halted.unwrap();
    assert_eq!(outcome(&records, RICH), (State::Swept, None, 0));
    assert_eq!(outcome(&records, POOR), (State::Swept, None, 0));
}
