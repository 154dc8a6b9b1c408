//! What is in the way of a batch, and whom it stops: one row, or all of them.

use app::administer::KeyChange;
use domain::admin::AdminScope;
use domain::key::{KeyLimits, Scope, Scopes};
use serde_json::json;

use crate::admin::{Office, administrator};
use crate::batches::{act, csv, draft, new, payers, stages, state};
use crate::support::{KEY, World};

const SCOPES: [AdminScope; 2] = [AdminScope::Read, AdminScope::Batches];
const OTHER: &str = "00000000000000000000000000000009";

/// Scopes without that to order.
fn narrow() -> Scopes {
    Scopes::of([Scope::Read, Scope::Transfer]).unwrap()
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
