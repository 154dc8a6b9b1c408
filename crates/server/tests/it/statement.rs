//! Statements prove themselves against the ledger: every entry once, in order, with running balances.

use app::ports::Store;
use domain::admin::AdminScope;
use serde_json::{Value, json};

use crate::admin::Office;
use crate::support::chain::recipient_with;
use crate::support::http::{exchange, request};
use crate::support::merchant::wanted;
use crate::support::{Answer, World, no_bandwidth, plain};

impl Office {
    async fn read(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let line = format!("GET /admin/v1{path} HTTP/1.1");
        let bytes = request(&line, &[("Authorization", &bearer)], b"");
        exchange(self.address, &bytes).await.expect("an answer")
    }

    /// The whole list, asked for part by part.
    async fn read_all(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let answer = self.read(&format!("{path}limit={limit}{after}")).await;
            assert_eq!(answer.status(), 200, "{}", answer.body);
            let page = answer.json();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            all.extend(items.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return all,
            }
        }
    }
}

/// Delivered, refunded and used orders, credits between them, and a clock that goes back.
async fn lively() -> World {
    let mut world = World::new().await;
    let used = world.payer(plain);
    world.order(&wanted(used, recipient_with())).await;
    world.settle().await;
    world.mine(2).await;
    assert!(world.sweeps(used, recipient_with()));
    world.mine(2).await;
    world.credit(7_000_000).await;
    world.fault("wallet/broadcast*", devnet::When::Always, devnet::Fault::LoseRequest);
    world.expect_log("sending went unanswered");
    let refunded = world.payer(no_bandwidth);
    world.order(&wanted(refunded, recipient_with())).await;
    world.run_out().await;
    world.chain.clear_faults();
    let open = world.payer(plain);
    world.order(&wanted(open, recipient_with())).await;
    world
}

#[tokio::test]
async fn a_statement_holds_every_entry_once_with_its_running_balance() {
    let world = lively().await;
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let all = office.read_all("/merchants/1/statement?", 500).await;
    for limit in [1, 2, 3] {
        assert_eq!(
            office.read_all("/merchants/1/statement?", limit).await,
            all,
            "{limit} at a time"
        );
    }
    let mut balances = std::collections::BTreeMap::new();
    for line in &all {
        let account = line["account"].as_str().unwrap();
        let balance: &mut i64 = balances.entry(account.to_owned()).or_default();
        *balance += line["amount_sun"].as_i64().unwrap();
        assert_eq!(line["balance_sun"].as_i64().unwrap(), *balance, "{line}");
    }
    let (available, held) = world.balances().await;
    assert_eq!((balances["available"], balances["held"]), (available, held));
    let numbers: Vec<_> = all.iter().map(|line| line["number"].as_i64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    let facts = |fact: &str| all.iter().filter(|line| line["fact"] == fact).count();
    assert_eq!(facts("merchant_credited"), 2);
    assert_eq!((facts("order_held"), facts("order_settled"), facts("order_released")), (6, 1, 2));
    let of_order = |fact: &str| all.iter().find(|line| line["fact"] == fact).unwrap();
    let settled = of_order("order_settled");
    assert_eq!(settled["txids"].as_array().unwrap().len(), 2, "there and back");
    assert_eq!(of_order("order_released")["txids"], json!([]), "nothing of it was included");
    assert_eq!(of_order("merchant_credited")["reason"], json!("test"));
    world.finish().await;
}

#[tokio::test]
async fn a_statement_is_cut_by_time_and_nothing_falls_between_two_cuts() {
    let world = lively().await;
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let all = office.read_all("/merchants/1/statement?", 500).await;
    let times: Vec<i64> = all.iter().map(|line| line["posted_ms"].as_i64().unwrap()).collect();
    for cut in [times[0], times[times.len() / 2], times[times.len() - 1] + 1] {
        let before = office.read_all(&format!("/merchants/1/statement?to={cut}&"), 2).await;
        let after = office.read_all(&format!("/merchants/1/statement?from={cut}&"), 2).await;
        assert!(before.iter().all(|line| line["posted_ms"].as_i64().unwrap() < cut));
        assert_eq!([before, after].concat(), all);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_statement_in_csv_says_the_same() {
    let world = lively().await;
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let all = office.read_all("/merchants/1/statement?", 500).await;
    let answer = office.read("/merchants/1/statement.csv").await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(answer.header("next-after"), None);
    let rows: Vec<Vec<&str>> = answer.body.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), all.len() + 1);
    assert_eq!(rows[0][4..6], ["amount_sun", "balance_sun"]);
    for (row, line) in rows[1..].iter().zip(&all) {
        assert_eq!(row[0], line["number"].to_string());
        assert_eq!(row[3], line["fact"].as_str().unwrap());
        assert_eq!(
            (row[4], row[5]),
            (&*line["amount_sun"].to_string(), &*line["balance_sun"].to_string())
        );
        assert_eq!(row[6], line["order"].as_str().unwrap_or_default());
    }
    let part = office.read("/merchants/1/statement.csv?limit=2").await;
    assert!(part.header("next-after").is_some());
    let nobody = office.read("/merchants/9/statement").await;
    assert_eq!(
        (nobody.status(), nobody.json()),
        (404, json!({"detail": "there is no merchant 9"}))
    );
    world.finish().await;
}

/// A clock that goes back puts nothing in front of what was posted before.
#[tokio::test]
async fn the_order_of_posting_outlives_the_clock() {
    let world = World::new().await;
    let now = domain::UnixMillis(crate::support::world::NOW_MS);
    for (number, secs) in [(1, 100), (2, -5_000), (3, 50)] {
        let (amount, at) = (tron::Sun::new(number), now.after_secs(secs));
        let business = [u8::try_from(100 + number).unwrap(); 16];
        let credit =
            domain::ledger::facts::merchant_credited(business, world.merchant, amount, "x", at);
        world.store.post(credit).await.unwrap();
    }
    let office = Office::open(&world, &[AdminScope::Read]).await;
    let all = office.read_all("/merchants/1/statement?", 1).await;
    let amounts: Vec<_> = all.iter().map(|line| line["amount_sun"].as_i64().unwrap()).collect();
    assert_eq!(amounts, [100_000_000, 1, 2, 3]);
    let posted: Vec<_> = all.iter().map(|line| line["posted_ms"].as_i64().unwrap()).collect();
    assert!(posted.is_sorted(), "{posted:?}");
    world.finish().await;
}
