//! Discovery and planning against a devnet over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use devnet::{Devnet, DevnetConfig};
use node::{Call, Endpoint, HttpLimits, HttpTransport, JsonNode, NodeSettings};
use serde_json::json;
use sweep::discover::{Reader, discover};
use sweep::journal::{Cursor, Holding};
use sweep::plan::Planner;
use sweep::{
    Event, Journal, KeySource, KeySourceError, Leftovers, MaxCost, Observer, OnShortfall, Plan,
    PriceBook, ReasonCode, Settings, Silent, Target, Token, session,
};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tron::{Address, SecretKey, Signature, Sun, TokenUnits, TxId};

/// A chain, a node over HTTP, and what ends it.
struct World {
    chain: Devnet,
    node: JsonNode<HttpTransport>,
    _stop: DropGuard,
}

impl World {
    async fn new() -> Self {
        let chain = Devnet::new(DevnetConfig::default()).unwrap();
        chain.mine(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(devnet::serve(listener, chain.clone(), stop.clone().cancelled_owned()));
        let transport =
            HttpTransport::new(Endpoint::new(&url).unwrap(), HttpLimits::default()).unwrap();
        let settings =
            NodeSettings { totals_addresses: vec![chain.usdt()], ..NodeSettings::default() };
        Self { chain, node: JsonNode::new(transport, settings), _stop: stop.drop_guard() }
    }

    fn change(&self, name: &str, body: &serde_json::Value) {
        self.chain.control(name, body).unwrap();
    }

    fn mint(&self, number: u64, tokens: u64) {
        self.change("mint", &json!({"address": of(number), "units": tokens * 1_000_000}));
    }

    fn activate(&self, number: u64) {
        self.change("activate", &json!({"address": of(number)}));
    }

    fn switch_batches_off(&self) {
        let fault = json!({"kind": "status", "status": 404});
        self.change("fault", &json!({"path": "jsonrpc", "when": "always", "fault": fault}));
    }

    fn settings(&self) -> Settings {
        Settings {
            token: Token { address: self.chain.usdt(), symbol: "USDT".to_owned(), decimals: 6 },
            destination: of(1_000_000),
            min: TokenUnits(20_000_000),
            max_cost: None,
            leftovers: None,
            on_shortfall: OnShortfall::Wait,
            order_cost_max: None,
            lag: Duration::ZERO,
            concurrency: 8,
            patience: Duration::from_secs(60),
            poll: Duration::from_millis(50),
            callback_url: None,
        }
    }

    async fn find(&self, keys: &Numbered) -> Vec<Holding> {
        self.find_with(keys, &self.settings()).await
    }

    async fn find_with(&self, keys: &Numbered, settings: &Settings) -> Vec<Holding> {
        let journal = Journal::in_memory().unwrap();
        let run = session::begin(&journal, settings, "http://a", "n").await.unwrap();
        let reader = Reader::new(&self.node);
        let wanted = settings.wanted();
        discover(&reader, keys, wanted, &run.id, Cursor::default(), &journal, &Silent)
            .await
            .unwrap()
    }

    async fn plan(&self, found: &[Holding], settings: &Settings) -> Plan {
        let prices = PriceBook {
            energy_price_sun: Some(60),
            bandwidth_price_sun: 1_000,
            activation_price_sun: 1_500_000,
        };
        let reader = Reader::new(&self.node);
        let (node, observer) = (&self.node, &Silent);
        let planner = Planner { reader: &reader, node, settings, prices: &prices, observer };
        planner.plan(found).await.unwrap()
    }
}

fn of(number: u64) -> Address {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_bytes(&bytes).unwrap().address()
}

/// The keys 1, 2, 3 and so on; without an end if there is a gap limit.
struct Numbered {
    count: usize,
    gap: Option<usize>,
}

impl KeySource for Numbered {
    fn describe(&self) -> String {
        "numbers".to_owned()
    }

    fn page(&self, first: usize, count: usize) -> Result<Vec<Target>, KeySourceError> {
        let last = (first + count).min(self.count);
        Ok((first..last).map(|at| Target::new(of(at as u64 + 1))).collect())
    }

    fn gap_limit(&self) -> Option<usize> {
        self.gap
    }

    fn sign(&self, _target: &Target, _txid: &TxId) -> Result<Signature, KeySourceError> {
        Err(KeySourceError::WatchOnly)
    }
}

fn positions(found: &[Holding]) -> Vec<usize> {
    found.iter().map(|holding| holding.position).collect()
}

#[tokio::test]
async fn balances_are_the_same_with_batches_and_without() {
    let world = World::new().await;
    for number in (1..=250).step_by(3) {
        world.mint(number, number);
    }
    let keys = Numbered { count: 250, gap: None };
    let found = world.find(&keys).await;
    assert_eq!(found.len(), 84);
    assert_eq!((found[1].position, found[1].held), (3, TokenUnits(4_000_000)));
    let counters = world.node.counters();
    assert_eq!((counters.made(Call::CallBatch), counters.made(Call::ConstantCall)), (3, 0));

    world.switch_batches_off();
    assert_eq!(world.find(&keys).await, found);
    assert_eq!(counters.made(Call::ConstantCall), 250);
}

#[tokio::test]
async fn a_wallet_without_an_end_is_walked_to_its_gap() {
    let world = World::new().await;
    world.mint(2, 30);
    // Swept long ago: it holds nothing, and is not unused.
    world.activate(25);
    world.mint(44, 40);
    world.mint(130, 50);
    let found = world.find(&Numbered { count: usize::MAX, gap: Some(20) }).await;
    assert_eq!(positions(&found), [1, 43], "what lies behind the gap is not looked for");
}

#[tokio::test]
async fn an_interrupted_discovery_goes_on_at_its_last_page() {
    let world = World::new().await;
    world.mint(1, 30);
    world.mint(1_500, 30);
    let journal = Journal::in_memory().unwrap();
    let settings = world.settings();
    let run = session::begin(&journal, &settings, "http://a", "n").await.unwrap();
    let keys = Numbered { count: 1_600, gap: None };
    let (reader, wanted) = (Reader::new(&world.node), settings.wanted());
    let first_page = Cursor { next_position: 1_000, unused_in_a_row: 0, is_at_end: false };
    let stored = Holding { position: 0, target: Target::new(of(1)), held: TokenUnits(30_000_000) };
    journal.add_holdings(&run.id, vec![stored], first_page).await.unwrap();
    let cursor = journal.unfinished().await.unwrap().unwrap().cursor;
    let found = discover(&reader, &keys, wanted, &run.id, cursor, &journal, &Silent).await.unwrap();
    assert_eq!(positions(&found), [0, 1_499]);
    assert_eq!(world.node.counters().made(Call::CallBatch), 6, "the first page is not read again");
}

#[tokio::test]
async fn a_plan_says_what_each_lacks_costs_and_why_it_stays() {
    let world = World::new().await;
    world.mint(1_000_000, 1);
    (1..=8).for_each(|number| world.mint(number, 100 + number));
    world.mint(9, 19);
    [2, 3, 4, 7].into_iter().for_each(|number| world.activate(number));
    world.change("use", &json!({"address": of(3), "resource": "FREE", "units": 600}));
    let lent =
        json!({"from": of(50), "to": of(4), "resource": "ENERGY", "sun": 15_000_000_000_i64});
    world.change("delegate", &lent);
    world.change("contract", &json!({"address": of(5)}));
    world.change("blacklist", &json!({"address": of(6), "blacklisted": true}));
    let owner =
        json!({"name": "owner", "threshold": 1, "keys": [{"address": of(51), "weight": 1}]});
    world.change("permissions", &json!({"address": of(7), "owner": owner, "actives": []}));
    world.change("faucet", &json!({"address": of(8), "sun": 5_000_000}));
    world.chain.mine(1);

    let found = world.find(&Numbered { count: 9, gap: None }).await;
    let plan = world.plan(&found, &world.settings()).await;
    let order: Vec<u128> = plan.to_sweep().map(|row| row.held.0 / 1_000_000).collect();
    assert_eq!(order, [108, 104, 103, 102, 101], "biggest first");
    let rows: BTreeMap<Address, _> =
        plan.rows.iter().map(|row| (row.target.address, row)).collect();
    let costs = |number: u64| {
        let row = rows[&of(number)];
        (row.order_cost.unwrap().get(), row.burn_cost.get())
    };
    assert_eq!(costs(1), (3_857_100 + 1_500_000, 6_428_500 + 1_100_000), "never activated");
    assert_eq!(costs(2), (3_857_100, 6_428_500), "activated");
    assert_eq!(costs(3), (3_857_100 + 346_000, 6_428_500 + 346_000), "no bandwidth");
    assert_eq!(costs(4), (0, 0), "somebody lends it enough");
    assert_eq!(rows[&of(8)].trx, Sun::new(5_000_000));
    for (number, code) in [
        (5, ReasonCode::Contract),
        (6, ReasonCode::Blacklisted),
        (7, ReasonCode::Permission),
        (9, ReasonCode::Dust),
    ] {
        assert_eq!(rows[&of(number)].skip.as_ref().map(|reason| reason.code), Some(code));
    }

    // 1 % of 102 is 1.02, which buys 3.4 TRX at 0.30: an order of 3.857 is too dear.
    let max_cost = Some(MaxCost { basis_points: 100, units_per_trx: TokenUnits(300_000) });
    let dear = world.plan(&found, &Settings { max_cost, ..world.settings() }).await;
    let left: Vec<Address> = dear.to_sweep().map(|row| row.target.address).collect();
    assert_eq!(left, [of(4)]);
}

#[tokio::test]
async fn trx_without_tokens_or_with_dust_is_found_and_planned_where_it_is_worth_it() {
    let world = World::new().await;
    world.mint(1, 100);
    world.mint(2, 1);
    for (number, sun) in
        [(1, 9_000_000), (2, 3_000_000), (3, 5_000_000), (4, 999_999), (6, 2_000_000)]
    {
        world.change("faucet", &json!({"address": of(number), "sun": sun}));
    }
    world.change("contract", &json!({"address": of(6)}));
    world.chain.mine(1);
    let leftovers = Some(Leftovers { min: Sun::new(1_000_000) });
    let settings = Settings { leftovers, ..world.settings() };
    let keys = Numbered { count: 7, gap: None };
    let found = world.find_with(&keys, &settings).await;
    assert_eq!(positions(&found), [0, 1, 2, 5], "tokens, or TRX of at least the minimum");
    world.switch_batches_off();
    assert_eq!(world.find_with(&keys, &settings).await, found);

    let plan = world.plan(&found, &settings).await;
    let moved: Vec<(Address, i64)> =
        plan.trx_to_move().map(|row| (row.target.address, row.amount.get())).collect();
    assert_eq!(moved, [], "the destination does not exist");
    assert!(plan.reasons().any(|reason| reason.code == ReasonCode::DestinationNew));
    world.change("activate", &json!({"address": settings.destination}));
    world.chain.mine(1);
    let plan = world.plan(&found, &settings).await;
    let moved: Vec<(Address, i64)> =
        plan.trx_to_move().map(|row| (row.target.address, row.amount.get())).collect();
    // What is beside tokens that are swept goes after them.
    assert_eq!(moved, [(of(3), 5_000_000), (of(2), 3_000_000)], "to the last sun, biggest first");
    let stays = plan.trx.iter().find_map(|row| row.skip.as_ref()).map(|reason| reason.code);
    assert_eq!(stays, Some(ReasonCode::Contract));
}

#[tokio::test]
async fn only_the_first_transfer_to_an_empty_destination_is_dear() {
    let world = World::new().await;
    for number in 1..=3 {
        world.mint(number, 100 * number);
        world.activate(number);
    }
    let found = world.find(&Numbered { count: 3, gap: None }).await;
    for batches in ["offered", "switched off"] {
        let plan = world.plan(&found, &world.settings()).await;
        let energy: Vec<i64> = plan.to_sweep().map(|row| row.transfer_energy.get()).collect();
        assert_eq!(energy, [130_285, 64_285, 64_285], "{batches}");
        world.switch_batches_off();
    }
}

/// Counts what it is told.
#[derive(Default)]
struct Counting(Mutex<Vec<(usize, usize)>>);

impl Observer for Counting {
    fn notice(&self, event: &Event<'_>) {
        if let Event::Examined { done, total } = *event {
            self.0.lock().unwrap().push((done, total));
        }
    }
}

#[tokio::test]
async fn the_observer_hears_of_every_address_once() {
    let world = World::new().await;
    (1..=5).for_each(|number| world.mint(number, 100));
    let found = world.find(&Numbered { count: 5, gap: None }).await;
    let heard = Counting::default();
    let reader = Reader::new(&world.node);
    let planner = Planner {
        reader: &reader,
        node: &world.node,
        settings: &world.settings(),
        prices: &PriceBook::default(),
        observer: &heard,
    };
    let plan = planner.plan(&found).await.unwrap();
    assert!(plan.rows.iter().all(|row| row.order_cost.is_none()), "the server says no prices");
    let mut heard = heard.0.into_inner().unwrap();
    heard.sort_unstable();
    assert_eq!(heard, [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
}
