//! What a run does when the server does not see to it: a real chain, and servers that say no, that make
//! an order of every request, or that charge what they like.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod orders;
mod prices;
mod shop;
mod watching;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use devnet::{Devnet, DevnetConfig};
use node::{Endpoint, HttpLimits, HttpTransport, JsonNode, LossRule, NodeSettings, TronNode};
use serde_json::json;
use sweep::receiver::Wakes;
use sweep::session::{self, Survey};
use sweep::{
    ApiClient, ApiKey, Halt, Journal, KeySource, KeySourceError, Observer, OnShortfall, PriceBook,
    ReasonCode, Record, Settings, Silent, State, Summary, Sweeper, Target, Token,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tron::{Address, SecretKey, Signature, Sun, TokenUnits, TxId};
use wire::error;
use zeroize::Zeroizing;

/// Has TRX to burn.
const RICH: u64 = 1;
/// Has none.
const POOR: u64 = 2;
/// Lacks nothing.
const LENT_TO: u64 = 3;
/// Where everything goes.
const DESTINATION: u64 = 4;

/// Every address that holds tokens.
const ALL: [u64; 3] = [RICH, POOR, LENT_TO];

/// The keys of these numbers.
#[derive(Clone, Copy)]
struct Numbered(&'static [u64]);

fn key(number: u64) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_bytes(&bytes).unwrap()
}

fn of(number: u64) -> Address {
    key(number).address()
}

impl KeySource for Numbered {
    fn describe(&self) -> String {
        "numbers".to_owned()
    }

    fn page(&self, first: usize, count: usize) -> Result<Vec<Target>, KeySourceError> {
        let all = self.0.iter().map(|number| Target::new(of(*number)));
        Ok(all.skip(first).take(count).collect())
    }

    fn sign(&self, target: &Target, txid: &TxId) -> Result<Signature, KeySourceError> {
        let number = self.0.iter().find(|number| of(**number) == target.address);
        number.map(|number| key(*number).sign(txid)).ok_or(KeySourceError::NotHeld(target.address))
    }
}

/// A chain with three addresses that each hold 100 tokens.
async fn chain(stop: &CancellationToken) -> (Devnet, Arc<dyn TronNode>) {
    let config = DevnetConfig { solid_lag_blocks: 2, ..DevnetConfig::auto(50) };
    let chain = Devnet::new(config).unwrap();
    let change = |name: &str, body: serde_json::Value| {
        chain.control(name, &body).unwrap();
    };
    for number in [RICH, POOR, LENT_TO, DESTINATION] {
        change("activate", json!({"address": of(number)}));
        change("mint", json!({"address": of(number), "units": 100_000_000}));
    }
    change("faucet", json!({"address": of(RICH), "sun": 10_000_000}));
    let lent = json!({"from": of(9), "to": of(LENT_TO), "resource": "ENERGY",
        "sun": 15_000_000_000_i64});
    change("delegate", lent);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(devnet::serve(listener, chain.clone(), stop.clone().cancelled_owned()));
    let transport =
        HttpTransport::new(Endpoint::new(&url).unwrap(), HttpLimits::default()).unwrap();
    let settings = NodeSettings {
        loss_rule: LossRule::SINGLE,
        totals_addresses: vec![chain.usdt()],
        ..NodeSettings::default()
    };
    (chain, Arc::new(JsonNode::new(transport, settings)))
}

/// A server that refuses whatever it is asked, in these words.
async fn server_that_says(detail: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = json!({"detail": detail}).to_string();
    let no = move || std::future::ready((StatusCode::BAD_REQUEST, body.clone()));
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(no)).await });
    address
}

fn settings(chain: &Devnet, on_shortfall: OnShortfall, patience: Duration) -> Settings {
    Settings {
        token: Token { address: chain.usdt(), symbol: "USDT".to_owned(), decimals: 6 },
        destination: of(DESTINATION),
        min: TokenUnits(1),
        max_cost: None,
        on_shortfall,
        order_cost_max: None,
        lag: Duration::ZERO,
        concurrency: 3,
        patience,
        poll: Duration::from_millis(50),
        callback_url: None,
        leftovers: None,
    }
}

/// Sweeps the three and says what became of each.
async fn sweep(on_shortfall: OnShortfall) -> HashMap<Address, Record> {
    let (records, halted) = sweep_where(error::NO_CAPACITY, on_shortfall).await;
    halted.unwrap();
    records
}

/// The same at a server that refuses in these words, and how the run ended.
async fn sweep_where(
    detail: &str,
    on_shortfall: OnShortfall,
) -> (HashMap<Address, Record>, Result<(), Halt>) {
    let stop = CancellationToken::new();
    let (chain, node) = chain(&stop).await;
    let server = server_that_says(detail).await;
    let settings = settings(&chain, on_shortfall, Duration::from_secs(1));
    let swept = sweep_at(server, &node, Numbered(&ALL), settings, Arc::new(Silent)).await;
    stop.cancel();
    swept
}

/// Sweeps these at a server, and says what became of each and how the run ended.
async fn sweep_at(
    server: SocketAddr,
    node: &Arc<dyn TronNode>,
    keys: Numbered,
    settings: Settings,
    observer: Arc<dyn Observer>,
) -> (HashMap<Address, Record>, Result<(), Halt>) {
    let api = client(server);
    let token = settings.token.address;
    let before = node.token_balance(token, of(DESTINATION)).await.unwrap();
    let journal = Journal::in_memory().unwrap();
    let url = format!("http://{server}");
    let run = session::begin(&journal, &settings, &url, "n").await.unwrap();
    let prices = PriceBook::ask(&api, &node.chain_parameters().await.unwrap()).await;
    let survey = Survey {
        settings: &settings,
        node: &**node,
        keys: &keys,
        journal: &journal,
        prices: &prices,
        observer: &Silent,
    };
    let found = survey.discover(&run).await.unwrap();
    let plan = survey.plan(&found).await.unwrap();
    journal.agree(&run, plan.items(1), 1).await.unwrap();
    let sweeper = Sweeper {
        settings,
        api: Arc::new(api),
        node: Arc::clone(node),
        keys: Arc::new(keys),
        journal: Arc::new(journal),
        run: run.id.clone(),
        observer,
        stop: CancellationToken::new(),
        wakes: Wakes::default(),
    };
    let halted = sweeper.run().await;
    let items = sweeper.journal.items(&run.id).await.unwrap();
    let records: Vec<Record> = items.into_iter().map(|item| item.record).collect();
    let moved = Summary::of(&records).moved;
    let arrived = node.token_balance(token, of(DESTINATION)).await.unwrap();
    // A run that stopped early may have a transfer on its way.
    if halted.is_ok() {
        assert_eq!(arrived.0, before.0 + moved.0, "the report adds up to the chain");
    }
    (records.into_iter().map(|record| (record.address, record)).collect(), halted)
}

fn client(server: SocketAddr) -> ApiClient {
    let key = ApiKey { text: "K".to_owned(), secret: Zeroizing::new("S".to_owned()) };
    ApiClient::new(&format!("http://{server}"), key).unwrap()
}

fn outcome(records: &HashMap<Address, Record>, number: u64) -> (State, Option<ReasonCode>, i64) {
    let record = &records[&of(number)];
    (record.state, record.reason.as_ref().map(|reason| reason.code), record.burned.get())
}

const BURN: i64 = 6_428_500;
const REFUSED: Option<ReasonCode> = Some(ReasonCode::OrderRefused);

#[tokio::test]
async fn burning_is_done_where_it_was_allowed_and_the_address_can() {
    let records = sweep(OnShortfall::Burn { max: Sun::new(BURN) }).await;
    assert_eq!(outcome(&records, RICH), (State::Swept, None, BURN));
    assert_eq!(records[&of(RICH)].burned_for_energy, Sun::new(BURN));
    assert_eq!(outcome(&records, POOR), (State::Failed, REFUSED, 0));
    assert_eq!(outcome(&records, LENT_TO), (State::Swept, None, 0));
}

#[tokio::test]
async fn burning_stays_below_its_cap() {
    let records = sweep(OnShortfall::Burn { max: Sun::new(BURN - 1) }).await;
    assert_eq!(outcome(&records, RICH), (State::Failed, REFUSED, 0));
    assert_eq!(outcome(&records, LENT_TO), (State::Swept, None, 0));
}

#[tokio::test]
async fn skipping_leaves_alone_what_the_server_does_not_serve() {
    let records = sweep(OnShortfall::Skip).await;
    assert_eq!(outcome(&records, RICH), (State::Skipped, REFUSED, 0));
    assert_eq!(outcome(&records, POOR), (State::Skipped, REFUSED, 0));
    assert_eq!(outcome(&records, LENT_TO), (State::Swept, None, 0));
}

#[tokio::test]
async fn a_refusal_of_the_caller_stops_the_run_and_nothing_is_done_instead() {
    for on_shortfall in [OnShortfall::Burn { max: Sun::new(BURN) }, OnShortfall::Skip] {
        for detail in [error::INVALID_SIGNATURE, error::KEY_NOT_FOUND, error::ADDRESS_NOT_ALLOWED] {
            let (records, halted) = sweep_where(detail, on_shortfall).await;
            let Err(Halt::Api(why)) = halted else { panic!("{halted:?}") };
            assert!(why.to_string().contains(detail), "{why}");
            for number in [RICH, POOR] {
                let record = &records[&of(number)];
                assert!(!record.state.is_final(), "{detail}: {record:?}");
                assert_eq!((record.txid, record.burned), (None, Sun::ZERO), "{detail}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_that_nobody_knows_is_waited_for_and_nothing_is_done_instead() {
    for on_shortfall in [OnShortfall::Burn { max: Sun::new(BURN) }, OnShortfall::Skip] {
        let (records, halted) = sweep_where(error::CHAIN_UNREADABLE, on_shortfall).await;
        halted.unwrap();
        assert_eq!(outcome(&records, RICH), (State::Failed, REFUSED, 0));
        assert_eq!(outcome(&records, POOR), (State::Failed, REFUSED, 0));
        assert_eq!(outcome(&records, LENT_TO), (State::Swept, None, 0));
    }
}
