//! Batches from outside: CSV in, orders out, each row once, whoever stops what and whatever dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::administer::{AdminRefused, Administrator, BatchAct};
use app::ports::{Clock, Store};
use app::rows::OutboxKind;
use domain::admin::AdminScope;
use domain::{BatchId, MerchantId};
use serde_json::{Value, json};
use store::CommitMoment;
use tron::{Address, TokenUnits};

use crate::admin::Office;
use crate::restart::dies_at;
use crate::support::chain::{no_bandwidth, payer_wallet, recipient_with};
use crate::support::world::Storage;
use crate::support::{KEY, Setup, World, plain};

/// What an order for a plain address costs, in sun.
const PRICE: i64 = 3_857_100;
/// What the devnet burns for the same transfer.
const BURN: i64 = 64_285 * 100;
/// More cuts than a batch's life has moments; the test ends when a life was not cut.
const CUTS_MAX: usize = 400;

const SCOPES: [AdminScope; 2] = [AdminScope::Read, AdminScope::Batches];

/// One line of CSV for each address.
pub(crate) fn csv(payers: &[Address]) -> String {
    let lines = payers.iter().enumerate();
    lines.map(|(index, payer)| format!("{payer},{},row {index}\n", recipient_with())).collect()
}

pub(crate) fn new(world: &World, csv: &str) -> Value {
    json!({"merchant": world.merchant.0, "key": KEY, "name": "June", "csv": csv})
}

/// Makes a draft; where it is.
pub(crate) async fn draft(world: &World, office: &Office, payers: &[Address]) -> String {
    let (status, batch) = office.change("POST /batches", &new(world, &csv(payers))).await;
    assert_eq!(status, 201, "{batch}");
    format!("/batches/{}", batch["batch"].as_str().unwrap())
}

pub(crate) async fn act(office: &Office, batch: &str, what: &str) -> (u16, Value) {
    office.change(&format!("POST {batch}/{what}"), &json!({})).await
}

/// Every row's stage.
pub(crate) async fn stages(office: &Office, batch: &str) -> Vec<String> {
    let rows = office.get(&format!("{batch}/rows?limit=500")).await;
    let rows = rows["items"].as_array().unwrap().iter();
    rows.map(|row| row["stage"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn state(office: &Office, batch: &str) -> (String, Value) {
    let shown = office.get(batch).await;
    (shown["state"].as_str().unwrap().to_owned(), shown["hindrance"].clone())
}

pub(crate) fn payers(world: &mut World, count: usize) -> Vec<Address> {
    (0..count).map(|_| world.payer(plain)).collect()
}

/// Every address that can makes its transfer.
pub(crate) fn sweep(world: &World, payers: &[Address]) -> usize {
    let able = |payer: &&Address| {
        world.usable_energy(**payer) >= 64_285
            && world.chain.token_balance(**payer) != TokenUnits(0)
    };
    let able: Vec<_> = payers.iter().filter(able).collect();
    for payer in &able {
        assert!(world.sweeps(**payer, recipient_with()));
    }
    able.len()
}

#[tokio::test]
async fn a_batch_goes_from_csv_to_done() {
    let mut world = World::new().await;
    let office = Office::open(&world, &SCOPES).await;
    let mut payers = payers(&mut world, 3);
    payers.push(world.payer(no_bandwidth));
    let batch = draft(&world, &office, &payers).await;
    assert_eq!(stages(&office, &batch).await, ["waiting"; 4]);
    world.mine(2).await;
    assert_eq!(world.balances().await, (100_000_000, 0), "a draft orders nothing");
    let (status, _) = act(&office, &batch, "dry-run").await;
    assert_eq!(status, 200);
    world.settle().await;
    let shown = office.get(&batch).await;
    assert_eq!(shown["dry_run"]["checked"], 4, "{shown}");
    assert_eq!(shown["dry_run"]["price_sun"], 4 * PRICE + 346_000);
    assert_eq!(shown["dry_run"]["burn_sun"], 4 * BURN + 346_000);
    assert_eq!((&shown["dry_run"]["stale"], &shown["state"]), (&json!(false), &json!("draft")));
    assert_eq!(world.balances().await, (100_000_000, 0), "a dry run costs nothing");
    assert_eq!(act(&office, &batch, "start").await.0, 200);
    world.settle().await;
    world.mine(3).await;
    assert_eq!(stages(&office, &batch).await, ["ready"; 4]);
    assert_eq!(state(&office, &batch).await, ("finished".to_owned(), Value::Null));
    assert_eq!(sweep(&world, &payers), 4);
    world.mine(4).await;
    let shown = office.get(&batch).await;
    let progress = &shown["progress"];
    assert_eq!(progress["spent_sun"], 4 * PRICE + 346_000);
    assert_eq!(progress["saved_sun"], 4 * (BURN - PRICE));
    assert_eq!((&progress["done"], &progress["failures"]), (&json!(4), &json!(0)));
    world.run_out().await;
    assert_eq!(stages(&office, &batch).await, ["reclaimed"; 4]);
    let rows = office.get(&format!("{batch}/rows?text=row%203")).await;
    let row = &rows["items"][0];
    let order = office.get(&format!("/orders/{}", row["order"].as_str().unwrap())).await;
    assert_eq!((&order["origin"], &order["receiver"]), (&json!("manual"), &row["address"]));
    let kinds: Vec<_> =
        row["transactions"].as_array().unwrap().iter().map(|tx| &tx["what"]).collect();
    assert_eq!(kinds, ["delegate", "delegate", "reclaim", "reclaim"]);
    let export = office.send(&format!("GET {batch}/rows.csv"), &[], "").await;
    assert_eq!(export.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(export.body.lines().count(), 5);
    assert!(export.body.contains(row["used_by"].as_str().unwrap()), "{}", export.body);
    let log = office.get("/audit-log").await;
    let actions: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|line| line["action"].clone()).collect();
    assert_eq!(actions[..3], ["batch.start", "batch.dry_run", "batch.add"]);
    world.finish().await;
}

#[tokio::test]
async fn every_fault_is_told_and_nothing_is_kept() {
    let mut world = World::new().await;
    let office = Office::open(&world, &SCOPES).await;
    let one = world.payer(plain);
    let text = format!("{one},{one}\nnothing\n{one},,<script>alert(1)</script>\n");
    let (status, told) = office.change("POST /batches", &new(&world, &text)).await;
    assert_eq!(status, 400);
    let lines: Vec<_> = told["errors"].as_array().unwrap().iter().map(|one| &one["line"]).collect();
    assert_eq!(lines, [1, 2, 3, 3], "{told}");
    assert_eq!(office.get("/batches").await["items"], json!([]));
    let other = world.add_merchant_with_key("another").await;
    let mut foreign = new(&world, &csv(&[one]));
    foreign["key"] = json!(other);
    let (status, told) = office.change("POST /batches", &foreign).await;
    assert_eq!((status, &told["detail"]), (404, &json!("there is no live key another")));
    let reader = Office::open_as(&world, "reader", &[AdminScope::Read]).await;
    assert_eq!(reader.change("POST /batches", &new(&world, &csv(&[one]))).await.0, 403);
    assert_eq!(world.store.merchants().await.unwrap().len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn ten_thousand_rows_are_taken_and_looked_at_in_pages() {
    let world = World::new().await;
    let office = Office::open(&world, &SCOPES).await;
    let address = |number: u64| {
        let mut evm = [0x11; 20];
        evm[12..].copy_from_slice(&number.to_be_bytes());
        Address::from_evm(evm)
    };
    let all: Vec<_> = (0..10_000).map(address).collect();
    let batch = draft(&world, &office, &all).await;
    let page = office.get(&format!("{batch}/rows?after=9998&limit=500")).await;
    let numbers: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|row| row["number"].clone()).collect();
    assert_eq!((numbers, &page["next"]), (vec![json!(9_999), json!(10_000)], &Value::Null));
    let (status, _) = office.change("POST /batches", &new(&world, &"x".repeat(2_097_153))).await;
    assert_eq!(status, 400);
    world.finish().await;
}

#[tokio::test]
async fn a_batch_whose_money_runs_short_pauses_itself() {
    let balance_sun = 2 * PRICE + 5;
    let mut world = World::with(Setup { balance_sun, ..Setup::default() }).await;
    let office = Office::open(&world, &SCOPES).await;
    let payers = payers(&mut world, 4);
    let batch = draft(&world, &office, &payers).await;
    act(&office, &batch, "start").await;
    world.settle().await;
    world.mine(3).await;
    assert_eq!(state(&office, &batch).await, ("paused".to_owned(), json!("funds")));
    assert_eq!(stages(&office, &batch).await.iter().filter(|one| *one == "ready").count(), 2);
    assert_eq!(world.balances().await, (5, 0));
    world.credit(10 * PRICE).await;
    world.mine(2).await;
    assert_eq!(world.balances().await.0, 5 + 10 * PRICE, "a person decides");
    assert_eq!(act(&office, &batch, "resume").await.0, 200);
    world.settle().await;
    world.mine(3).await;
    assert_eq!(state(&office, &batch).await.0, "finished");
    assert_eq!(world.balances().await.0, 5 + 8 * PRICE);
    sweep(&world, &payers);
    world.finish().await;
}

#[tokio::test]
async fn rows_start_some_at_a_time_and_stop_when_told() {
    let tune = |config: &mut sunsweep::config::Config| config.batch.in_flight_max = 2;
    let mut world = World::with(Setup { tune, ..Setup::default() }).await;
    let office = Office::open(&world, &SCOPES).await;
    let payers = payers(&mut world, 7);
    let batch = draft(&world, &office, &payers).await;
    act(&office, &batch, "start").await;
    world.settle().await;
    let count = async |stage: &str| {
        stages(&office, &batch).await.iter().filter(|one| *one == stage).count()
    };
    assert_eq!((count("filling").await, count("waiting").await), (2, 5));
    assert_eq!(act(&office, &batch, "pause").await.0, 200);
    world.mine(4).await;
    assert_eq!((count("ready").await, count("waiting").await), (2, 5), "it is paused");
    assert_eq!(act(&office, &batch, "pause").await.0, 409);
    act(&office, &batch, "resume").await;
    world.settle().await;
    assert_eq!(act(&office, &batch, "cancel").await.0, 200);
    world.mine(4).await;
    assert_eq!((count("ready").await, count("cancelled").await), (4, 3), "orders go on");
    assert_eq!(act(&office, &batch, "resume").await.0, 409);
    assert_eq!(world.balances().await.0, 100_000_000 - 4 * PRICE);
    sweep(&world, &payers);
    world.finish().await;
}

#[tokio::test]
async fn only_what_failed_is_tried_again() {
    let mut world = World::new().await;
    let office = Office::open(&world, &SCOPES).await;
    let mut rows = payers(&mut world, 1);
    rows.push(payer_wallet());
    let batch = draft(&world, &office, &rows).await;
    act(&office, &batch, "dry-run").await;
    world.settle().await;
    assert_eq!(office.get(&batch).await["dry_run"]["refused"], 1, "found before it is tried");
    act(&office, &batch, "start").await;
    world.settle().await;
    world.mine(4).await;
    assert_eq!(stages(&office, &batch).await, ["ready", "failed"]);
    let failed = office.get(&format!("{batch}/rows?stage=failed")).await;
    assert_eq!(failed["items"][0]["failure"]["kind"], "pool_wallet");
    assert_eq!(state(&office, &batch).await.0, "finished");
    let (status, shown) = act(&office, &batch, "retry").await;
    assert_eq!((status, &shown["state"]), (200, &json!("running")));
    world.settle().await;
    world.mine(3).await;
    let rows_shown = office.get(&format!("{batch}/rows")).await;
    let tries: Vec<_> =
        rows_shown["items"].as_array().unwrap().iter().map(|row| row["attempt"].clone()).collect();
    assert_eq!(tries, [1, 2]);
    assert_eq!(world.store.audit().await.unwrap().orders, 1, "what was ready is left alone");
    sweep(&world, &rows[..1]);
    world.finish().await;
}

#[tokio::test]
async fn a_batch_waits_for_the_pool_and_goes_on() {
    let setup = Setup { lender_stake_trx: vec![10_000], ..Setup::default() };
    let mut world = World::with(setup).await;
    let office = Office::open(&world, &SCOPES).await;
    let payers = payers(&mut world, 3);
    let batch = draft(&world, &office, &payers).await;
    act(&office, &batch, "start").await;
    world.settle().await;
    world.mine(3).await;
    assert_eq!(state(&office, &batch).await, ("running".to_owned(), json!("capacity")));
    // What nobody used goes back to the pool after an hour.
    for _ in 0..4 {
        world.pass_secs(3_600).await;
        world.mine(8).await;
    }
    assert_eq!(state(&office, &batch).await, ("finished".to_owned(), Value::Null));
    assert_eq!(world.balances().await.0, 100_000_000 - 3 * PRICE);
    world.finish().await;
}

#[tokio::test]
async fn another_merchant_has_no_such_batch() {
    let mut world = World::new().await;
    let office = Office::open(&world, &SCOPES).await;
    let payers = payers(&mut world, 1);
    let batch = draft(&world, &office, &payers).await;
    let id = BatchId::parse(batch.trim_start_matches("/batches/")).unwrap();
    let store: Arc<dyn Store> = world.store.clone();
    let somebody = Administrator { store, actor: "test".to_owned(), now: world.clock.now() };
    let stranger = Some(MerchantId(world.merchant.0 + 1));
    for what in BatchAct::ALL {
        let refused = somebody.act_on_batch(stranger, id, what).await;
        assert_eq!(refused.err(), Some(AdminRefused::NoBatch(id)), "{what:?}");
    }
    assert_eq!(world.app.look_at_batch(stranger, id).await.unwrap(), None);
    assert!(world.app.look_at_batch(Some(world.merchant), id).await.unwrap().is_some());
    world.finish().await;
}

#[tokio::test]
async fn two_servers_order_each_row_once() {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    let office = Office::open(&world, &SCOPES).await;
    let payers = payers(&mut world, 3);
    let batch = draft(&world, &office, &payers).await;
    act(&office, &batch, "start").await;
    let (store, now) = (world.store.clone(), world.clock.now());
    let lease_ms = world.app.settings.lease_ms;
    let claim = async |at: domain::UnixMillis| {
        let until = at.after_ms(lease_ms);
        store.claim(OutboxKind::Batch, "one of two", at, until, 5).await.unwrap()
    };
    let old = claim(now).await.remove(0);
    let new = claim(now.after_ms(lease_ms + 1)).await.remove(0);
    // The first one was only slow: both are at it at the same time.
    let (first, second) = (world.app.clone(), world.product().app.clone());
    second.view.refresh(&*second.node, head(&first), head(&first)).await.unwrap();
    let (one, two) = tokio::join!(first.keep_batch(old), second.keep_batch(new));
    assert_eq!((one, two), (Ok(()), Ok(())));
    assert_eq!(world.store.audit().await.unwrap().orders, 3);
    world.mine(4).await;
    assert_eq!(world.balances().await, (100_000_000 - 3 * PRICE, 0));
    sweep(&world, &payers);
    world.finish().await;
}

fn head(app: &app::App) -> node::Head {
    app.view.get().unwrap().head
}

#[tokio::test]
async fn a_power_cut_before_any_commit_orders_each_row_once() {
    cut_at_every(CommitMoment::BeforeCommit).await;
}

#[tokio::test]
async fn a_power_cut_after_any_commit_orders_each_row_once() {
    cut_at_every(CommitMoment::AfterCommit).await;
}

async fn cut_at_every(kind: CommitMoment) {
    let tune = |config: &mut sunsweep::config::Config| config.batch.in_flight_max = 2;
    let mut world = World::with(Setup {
        storage: Storage::File,
        balance_sun: 1_000_000_000_000,
        tune,
        ..Setup::default()
    })
    .await;
    let mut lives = 0;
    for cut in 0..CUTS_MAX {
        lives += 1;
        if !is_cut(&mut world, cut, kind).await {
            break;
        }
    }
    assert!((20..CUTS_MAX).contains(&lives), "{lives} lives");
    world.finish().await;
}

/// Lets one batch live with a cut in it; whether its life was long enough to be cut.
async fn is_cut(world: &mut World, cut: usize, kind: CommitMoment) -> bool {
    let office = Office::open_as(world, &format!("life {cut}"), &SCOPES).await;
    let payers = payers(world, 3);
    let batch = draft(world, &office, &payers).await;
    let before = world.balances().await.0;
    let passed = Arc::new(AtomicUsize::new(0));
    assert!(world.store.set_fail_point(Some(dies_at(cut, kind, passed.clone()))));
    let _maybe_lost = act(&office, &batch, "start").await;
    world.settle().await;
    world.mine(4).await;
    sweep(world, &payers);
    world.mine(4).await;
    world.forget_what_the_dying_said();
    world.restart().await;
    let office = Office::open_as(world, &format!("second life {cut}"), &SCOPES).await;
    world.settle().await;
    if state(&office, &batch).await.0 == "draft" {
        assert_eq!(act(&office, &batch, "start").await.0, 200, "cut {cut}");
    }
    // The dead process's leases run out.
    world.pass_secs(world.app.settings.lease_ms / 1_000 + 1).await;
    world.mine(6).await;
    sweep(world, &payers);
    world.mine(6).await;
    world.run_out().await;
    assert_eq!(stages(&office, &batch).await, ["reclaimed"; 3], "cut {cut}");
    assert_eq!(state(&office, &batch).await.0, "finished", "cut {cut}");
    assert_eq!(world.balances().await, (before - 3 * PRICE, 0), "cut {cut}: charged once each");
    for payer in payers {
        assert_eq!(world.delegations(payer), 1, "cut {cut}: lent once");
        assert_eq!(world.returns(payer), 1, "cut {cut}: taken back once");
    }
    passed.load(Ordering::Relaxed) > cut
}
