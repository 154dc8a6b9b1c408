//! What is in the way of a batch, and whom it stops: one row, or all of them.

use app::administer::KeyChange;
use domain::admin::AdminScope;
use domain::key::{KeyLimits, Scope, Scopes};
use serde_json::{Value, json};
use sunsweep::config::Config;

use crate::admin::{Office, administrator};
use crate::batches::{act, csv, draft, new, payers, stages, state, sweep};
use crate::support::{KEY, Setup, World, never_activated};

const SCOPES: [AdminScope; 3] = [AdminScope::Read, AdminScope::Batches, AdminScope::Pool];
const OTHER: &str = "00000000000000000000000000000009";

/// Scopes without that to order.
fn narrow() -> Scopes {
    Scopes::of([Scope::Read, Scope::Transfer]).unwrap()
}

#[tokio::test]
async fn a_row_that_nobody_can_activate_stops_no_other() {
    first_of_twenty_cannot_be_activated(|config| config.batch.rows_at_once = 1).await;
    first_of_twenty_cannot_be_activated(|config| config.batch.rows_at_once = 4).await;
}

async fn first_of_twenty_cannot_be_activated(tune: fn(&mut Config)) {
    let setup = Setup { balance_sun: 1_000_000_000, tune, ..Setup::default() };
    let mut world = World::with(setup).await;
    let office = Office::open(&world, &SCOPES).await;
    let wallets = office.get("/wallets").await;
    let activator = wallets["items"].as_array().unwrap().iter();
    let activator = activator.clone().find(|one| one["role"] == "activator").unwrap();
    let activator = activator["address"].as_str().unwrap();
    let switch = async |to: &str| {
        let line = format!("POST /wallets/{activator}/{to}");
        assert_eq!(office.change(&line, &json!({})).await.0, 200);
    };
    switch("disable").await;
    let mut rows = vec![world.payer(never_activated)];
    rows.extend(payers(&mut world, 19));
    let batch = draft(&world, &office, &rows).await;
    act(&office, &batch, "start").await;
    world.settle().await;
    world.mine(8).await;
    let expected = [vec!["waiting"], vec!["ready"; 19]].concat();
    assert_eq!(stages(&office, &batch).await, expected);
    assert_eq!(state(&office, &batch).await, ("running".to_owned(), json!("capacity")));
    switch("enable").await;
    world.pass_secs(30).await;
    world.mine(8).await;
    assert_eq!(stages(&office, &batch).await, ["ready"; 20]);
    assert_eq!(state(&office, &batch).await, ("finished".to_owned(), Value::Null));
    sweep(&world, &rows);
    world.finish().await;
}

#[tokio::test]
async fn a_key_that_may_not_order_starts_no_row() {
    let mut world = World::new().await;
    let limits = KeyLimits { scopes: narrow(), ..KeyLimits::default() };
    world.add_limited_key(OTHER, limits).await;
    let office = Office::open(&world, &SCOPES).await;
    let rows = payers(&mut world, 2);
    let mut asked = new(&world, &csv(&rows));
    asked["key"] = json!(OTHER);
    let text = format!("key {OTHER} may not order: it lacks the scope \"order\"");
    let refused = (409, json!({ "detail": text }));
    assert_eq!(office.change("POST /batches", &asked).await, refused);
    // One that loses the scope later.
    let batch = draft(&world, &office, &rows).await;
    let change = KeyChange { scopes: Some(narrow()), ..KeyChange::default() };
    administrator(&world).change_key(KEY, change).await.unwrap();
    act(&office, &batch, "start").await;
    world.settle().await;
    assert_eq!(state(&office, &batch).await, ("paused".to_owned(), json!("key_revoked")));
    assert_eq!(stages(&office, &batch).await, ["waiting"; 2]);
    assert_eq!(world.balances().await, (100_000_000, 0));
    world.finish().await;
}
