//! Every golden exchange, replayed against the running product.
//!
//! `UPDATE_GOLDEN=1` rewrites the answers; the difference is reviewed like code.

pub(crate) mod case;
pub(crate) mod coverage;

use std::collections::BTreeSet;
use std::fs;

use app::administer::KeyChange;
use app::rows::Callback;
use axum::http::HeaderMap;
use case::{Case, Message};
use domain::key::{AllowList, Scopes};
use domain::{KeyId, OrderId, UnixMillis};
use serde_json::json;
use tron::{Address, Sun, TokenUnits};

use crate::admin::administrator;
use crate::support::http::request;
use crate::support::world::NOW_MS;
use crate::support::{self, Answer, KEY, Receiver, Setup, World};

use app::ports::Store;

/// The addresses of `golden/README.md`.
const PLAIN: &str = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";
const HAS_ENERGY: &str = "TBXSw8fM4jpQkGc6zZjsVABFpVN7UvXPdV";
const NEVER_ACTIVATED: &str = "TD5gsCwxykWsLN9aPrq2TAfNjByuZKYp4E";
const NO_BANDWIDTH: &str = "TEdvoHEatmDKvTh3o9vBRB9Vdtbhn4QFhy";
const HOLDS: &str = "TGCAjMXComunWZEXCT1LPBdcYbDVuyexBv";

/// What is shown of the head of an answer.
const SHOWN_HEADERS: [&str; 2] = ["Content-Type", "Retry-After"];

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// The world that a note describes.
async fn world(case: &Case) -> World {
    let mut setup =
        Setup { tune: |config| config.callback.allow_private = false, ..Setup::default() };
    for (name, value) in case.world() {
        match (name, value) {
            ("now_ms", value) => setup.now_ms = value.parse().unwrap(),
            ("balance_sun", value) => setup.balance_sun = value.parse().unwrap(),
            ("pool", "empty") => setup.lender_stake_trx.clear(),
            ("key_burst", "1") => {
                setup.tune = |config| {
                    config.callback.allow_private = false;
                    (config.limit.key_requests_per_second, config.limit.key_burst) = (1, 1);
                };
            }
            ("payer", "none")
            | ("frozen" | "scopes" | "allowed_from" | "daily_cap_sun", _)
            | ("key", "strict")
            | ("merchant", "paused")
            | ("other_key" | "open_orders", _)
            | ("node", "unreachable") => {}
            other => panic!("{}: {other:?} is not in golden/README.md", case.name),
        }
    }
    let mut world = World::with(setup).await;
    people(&world);
    for (name, value) in case.world() {
        match (name, value) {
            ("merchant", _) => {
                assert!(world.store.pause_merchant(world.merchant, true).await.unwrap());
            }
            ("payer", _) => {
                let payer = support::chain::payer_wallet();
                assert!(world.store.enable_wallet(payer, false).await.unwrap());
                world.expect_log("a transfer was refused for want of TRX");
            }
            ("frozen", text) => {
                let frozen = json!({"address": text, "blacklisted": true});
                world.chain.control("blacklist", &frozen).unwrap();
            }
            ("scopes" | "allowed_from" | "daily_cap_sun" | "key", _) => {
                bind_key(&world, name, value).await;
            }
            ("other_key", text) => drop(world.add_merchant_with_key(text).await),
            ("node", _) => {
                world.node_stop.cancel();
                world.expect_log("the chain could not be read");
            }
            _ => {}
        }
    }
    if case.name == "error_no_capacity" {
        world.expect_log("want of capacity");
    }
    world
}

/// Binds the key as an operator does.
async fn bind_key(world: &World, name: &str, value: &str) {
    let mut change = KeyChange::default();
    match name {
        "scopes" => change.scopes = Some(Scopes::of([value.parse().unwrap()]).unwrap()),
        "allowed_from" => change.allowed_from = Some(AllowList::of([value]).unwrap()),
        "daily_cap_sun" => change.daily_cap = Some(Some(Sun::new(value.parse().unwrap()))),
        _ => change.is_reference_strict = Some(true),
    }
    administrator(world).change_key(KEY, change).await.unwrap();
}

fn people(world: &World) {
    support::plain(&world.chain, address(PLAIN));
    support::has_energy(&world.chain, address(HAS_ENERGY));
    support::never_activated(&world.chain, address(NEVER_ACTIVATED));
    support::no_bandwidth(&world.chain, address(NO_BANDWIDTH));
    world.chain.mint(address(HOLDS), TokenUnits(1_000_000));
}

/// The orders that wait already when the first request comes, by serial.
async fn order_before(world: &World, case: &Case) -> BTreeSet<String> {
    let many = case.world().find(|(name, _)| *name == "open_orders");
    let many = many.map_or(0, |(_, value)| value.parse().unwrap());
    let mut placed = BTreeSet::new();
    for number in 0..many {
        let label = json!({ "out_trade_no": number });
        let order = world.rent_with(address(PLAIN), 10_000, "1H", label).await;
        placed.insert(order["serial"].as_str().unwrap().to_owned());
    }
    placed
}

async fn replay(world: &World, asked: &Message) -> Answer {
    let headers: Vec<(&str, &str)> =
        asked.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    world.send(&request(&asked.first_line, &headers, &asked.body)).await
}

#[tokio::test]
async fn every_exchange_is_answered_to_the_byte() {
    let is_updating = std::env::var_os("UPDATE_GOLDEN").is_some();
    let (mut replayed, mut rendered, mut wrong) = (0, 0, Vec::new());
    for case in case::all().into_iter().filter(|case| case.endpoint != "callback") {
        if case.judged() == "render" {
            rendered += 1;
            continue;
        }
        let mut world = world(&case).await;
        let mut placed = order_before(&world, &case).await;
        let mut sent = BTreeSet::new();
        for (number, asked) in case.requests.iter().enumerate() {
            let answer = replay(&world, asked).await;
            if let Some(serial) = answer.json()["serial"].as_str() {
                placed.insert(serial.to_owned());
            }
            if case.endpoint == "order_transfer"
                && let Some(txid) = answer.json()["txid"].as_str()
            {
                sent.insert(txid.to_owned());
            }
            let shown = shown(&answer);
            let file = case.response(number);
            if is_updating {
                fs::write(&file, &shown).unwrap();
            }
            let golden = fs::read_to_string(&file).unwrap();
            if golden != shown {
                wrong.push(format!("{}/{}:\n{golden}\n{shown}", case.endpoint, case.name));
            }
            replayed += 1;
        }
        world.open_transfers = sent.len();
        // Workers do not run in these worlds.
        if case.world().any(|(name, _)| name == "node") {
            world.leave_without_chain(placed.len(), 0).await;
        } else {
            world.leave(placed.len(), 0).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(replayed > 300, "{replayed} exchanges");
    assert_eq!(rendered, 2, "answers about an order that ended, judged in crates/wire");
}

/// An answer as its file shows it.
fn shown(answer: &Answer) -> String {
    let mut head = answer.status_line.clone();
    for name in SHOWN_HEADERS {
        if let Some(value) = answer.header(name) {
            head += &format!("\n{name}: {value}");
        }
    }
    format!("{head}\n\n{}\n", answer.body)
}

/// The head of a callback as its file shows it, without the headers that HTTP itself wants.
fn shown_headers(headers: &HeaderMap, golden: &Message) -> Vec<(String, String)> {
    let value = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let shown = golden.headers.iter().map(|(name, _)| name.clone());
    shown.map(|name| (name.clone(), value(&name).unwrap_or_default())).collect()
}

#[tokio::test]
async fn every_callback_is_posted_to_the_byte() {
    let tune = |config: &mut sunsweep::config::Config| {
        config.callback.allow_hosts = vec!["merchant.example".to_owned()];
    };
    let world = World::with(Setup { tune, ..Setup::default() }).await;
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let key = world.store.key(KEY).await.unwrap().unwrap().id;
    let cases: Vec<_> =
        case::all().into_iter().filter(|case| case.endpoint == "callback").collect();
    assert_eq!(cases.len(), 9);
    for (number, case) in cases.iter().enumerate() {
        let golden = &case.requests[0];
        let callback = stored(key, port, &golden.body);
        let posted = world.app.poster.post(&callback).await;
        assert_eq!(posted.status, Some(200), "{}: {}", case.name, posted.note);
        let post = receiver.posts()[number].clone();
        assert_eq!(format!("POST {} HTTP/1.1", post.path), golden.first_line, "{}", case.name);
        let mut headers = shown_headers(&post.headers, golden);
        // The receiver of the test has no port of its own to listen on.
        for (name, value) in &mut headers {
            if name == "Host" {
                *value = value.replace(&format!(":{port}"), "");
            }
        }
        assert_eq!(headers, golden.headers, "{}", case.name);
        assert_eq!(post.body, golden.body, "{}", case.name);
        assert!(post.is_genuine, "{}", case.name);
    }
    world.leave(0, 0).await;
}

fn stored(key: KeyId, port: u16, body: &[u8]) -> Callback {
    Callback {
        order: OrderId::parse("00000000000070008000000000000001").unwrap(),
        key,
        url: format!("http://merchant.example:{port}/callback"),
        body: body.to_vec(),
        attempts: 0,
        first: UnixMillis(NOW_MS),
        state: app::rows::CallbackState::Owed,
    }
}

#[test]
fn the_fixture_is_the_readmes() {
    let readme = fs::read_to_string(case::top().join("README.md")).unwrap();
    for text in [PLAIN, HAS_ENERGY, NEVER_ACTIVATED, NO_BANDWIDTH, HOLDS, KEY, support::SECRET] {
        assert!(readme.contains(text), "{text}");
    }
    assert!(readme.contains(&json!(NOW_MS).to_string()));
}
