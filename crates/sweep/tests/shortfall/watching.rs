//! A watch at a server that does not see to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use devnet::Devnet;
use node::TronNode;
use serde_json::json;
use sweep::receiver::Wakes;
use sweep::watch::{Memory, Metrics, WatchEnded, WatchSettings, Watcher};
use sweep::{
    Event, Journal, Observer, OnShortfall, Record, RunId, Settings, State, Summary, Sweeper,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tron::{Address, Sun, TokenUnits};
use wire::error;

use crate::shop::{Shop, Trouble};
use crate::{ALL, LENT_TO, Numbered, RICH, chain, client, of, server_that_says, settings};

/// Sends each state that an address reaches.
struct Heard(UnboundedSender<(Address, State)>);

impl Observer for Heard {
    fn notice(&self, event: &Event<'_>) {
        if let Event::Changed(record) = event {
            // The test may have seen enough.
            let _nobody_listens = self.0.send((record.address, record.state));
        }
    }
}

/// A watch, what it says of addresses and of runs, and what stops it.
struct Watching {
    watcher: Watcher,
    heard: UnboundedReceiver<(Address, State)>,
    told: UnboundedReceiver<Vec<Record>>,
    stop: CancellationToken,
}

/// A watch that looks all the time.
fn watch(
    server: SocketAddr,
    node: Arc<dyn TronNode>,
    keys: Numbered,
    settings: Settings,
) -> Watching {
    let stop = CancellationToken::new();
    let (states, heard) = unbounded_channel();
    let (runs, told) = unbounded_channel();
    let sweeper = Sweeper {
        settings,
        api: Arc::new(client(server)),
        node,
        keys: Arc::new(keys),
        journal: Arc::new(Journal::in_memory().unwrap()),
        run: RunId::from_bytes([0; 6]),
        observer: Arc::new(Heard(states)),
        stop: stop.clone(),
        wakes: Wakes::default(),
    };
    let watcher = Watcher {
        sweeper,
        settings: WatchSettings {
            every: Duration::from_millis(200),
            schedule: None,
            at_once: None,
            max_age: None,
            aged_min: TokenUnits(1),
        },
        api_url: format!("http://{server}"),
        node_url: "n".to_owned(),
        memory: Memory::in_process(),
        metrics: Arc::new(Metrics::default()),
        on_run: Box::new(move |_, records| {
            let _nobody_listens = runs.send(records.to_vec());
        }),
    };
    Watching { watcher, heard, told, stop }
}

/// Gives the address that lacks nothing what a second transfer takes, and 5 tokens to move.
fn pay_in_again(chain: &Devnet) {
    let lent = |resource: &str, sun: i64| {
        let lent = json!({"from": of(9), "to": of(LENT_TO), "resource": resource, "sun": sun});
        chain.control("delegate", &lent).unwrap();
    };
    lent("ENERGY", 15_000_000_000);
    // The free bandwidth of a day is enough for one transfer.
    lent("BANDWIDTH", 10_000_000_000);
    chain.control("mint", &json!({"address": of(LENT_TO), "units": 5_000_000})).unwrap();
}

#[tokio::test]
async fn an_address_that_waits_for_its_order_does_not_hold_up_the_watch() {
    let chain_stop = CancellationToken::new();
    let (chain, node) = chain(&chain_stop).await;
    let server = server_that_says(error::NO_CAPACITY).await;
    // Whoever is refused waits for an hour.
    let settings = settings(&chain, OnShortfall::Wait, Duration::from_secs(3_600));
    let Watching { mut watcher, mut heard, mut told, stop } =
        watch(server, node, Numbered(&ALL), settings);
    let seen = async {
        while heard.recv().await.unwrap() != (of(LENT_TO), State::Swept) {}
        pay_in_again(&chain);
        // The first run is still open: two of its addresses wait for the server.
        let records = told.recv().await.unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!((records[0].address, records[0].state), (of(LENT_TO), State::Swept));
        assert_eq!(records[0].moved, TokenUnits(5_000_000));
        stop.cancel();
    };
    let (watched, ()) = tokio::join!(watcher.watch(), seen);
    watched.unwrap();
    let records = told.recv().await.unwrap();
    assert_eq!(Summary::of(&records).unfinished, 2, "told at the end, and left for the next start");
    chain_stop.cancel();
}

#[tokio::test]
async fn an_address_that_was_skipped_after_an_order_buys_none_at_the_next_look() {
    let chain_stop = CancellationToken::new();
    let (chain, node) = chain(&chain_stop).await;
    let (shop, server) =
        Shop::open(&chain, Trouble { delivers_nothing: true, ..Trouble::default() }).await;
    let settings = settings(&chain, OnShortfall::Skip, Duration::from_secs(60));
    let Watching { mut watcher, mut told, stop, .. } =
        watch(server, node, Numbered(&[RICH, LENT_TO]), settings);
    let seen = async {
        let records = told.recv().await.unwrap();
        let skipped = records.iter().find(|record| record.address == of(RICH)).unwrap();
        assert_eq!(skipped.state, State::Skipped);
        pay_in_again(&chain);
        let records = told.recv().await.unwrap();
        let swept: Vec<Address> = records.iter().map(|record| record.address).collect();
        assert_eq!(swept, [of(LENT_TO)], "the other one is left alone");
        stop.cancel();
    };
    let (watched, ()) = tokio::join!(watcher.watch(), seen);
    watched.unwrap();
    assert_eq!(shop.orders_of(RICH), 1);
    chain_stop.cancel();
}

#[tokio::test]
async fn a_watch_ends_after_an_order_that_costs_ten_times_the_plan() {
    let chain_stop = CancellationToken::new();
    let (chain, node) = chain(&chain_stop).await;
    let trouble =
        Trouble { energy_price_sun: 60, order_cost_sun: 40_000_000, ..Trouble::default() };
    let (shop, server) = Shop::open(&chain, trouble).await;
    let settings = settings(&chain, OnShortfall::Wait, Duration::from_secs(60));
    let mut watching = watch(server, node, Numbered(&[RICH]), settings);
    let Err(WatchEnded::TooDear(dear)) = watching.watcher.watch().await else { panic!() };
    assert_eq!((dear.address, dear.charged), (of(RICH), Sun::new(40_000_000)));
    assert_eq!(shop.orders_of(RICH), 1);
    chain_stop.cancel();
}
