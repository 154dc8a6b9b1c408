//! The audit names what does not add up; rows are spoiled with plain SQL.

use app::ports::Store;
use rusqlite::Connection;
use store::SqlStore;

use crate::support::{self, PRICE, base, deliver, place};

/// What the settled transfer sent, in sun.
const TRANSFER: i64 = 1_000_000;
/// What the settled transfer earned, in sun.
const FEE: i64 = 300_000;

/// Spoils a database with one delivered and one filling order, and asks for the differences.
fn spoiled(sql: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    let store = SqlStore::inline_at(&path).unwrap();
    crate::block_on(async {
        let base = base(&store).await;
        for number in 1..=2 {
            place(&store, base, number).await.unwrap();
        }
        deliver(&store, base, support::order_id(1), 7).await;
        crate::exact::transfer_and_deposit(&store, base).await;
        assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        for trigger in ["ledger_tx", "ledger_entry", "deposit"] {
            let drop = format!(
                "DROP TRIGGER {trigger}_is_not_changed; DROP TRIGGER {trigger}_is_not_deleted"
            );
            connection.execute_batch(&drop).unwrap();
        }
        connection.execute_batch(sql).unwrap();
        store.audit().await.unwrap().differences
    })
}

/// Spoils it so and expects a difference with all of these words.
fn names(sql: &str, words: &[&str]) {
    let differences = spoiled(sql);
    let is_named = |difference: &&String| words.iter().all(|word| difference.contains(word));
    assert!(differences.iter().any(|difference| is_named(&difference)), "{sql}: {differences:#?}");
}

fn order(number: u64) -> String {
    support::order_id(number).to_string()
}

#[test]
fn a_part_that_was_not_paid_back_is_named() {
    let spoils = format!("UPDATE orders SET part_refunded = 7 WHERE state = 1 AND price = {PRICE}");
    names(&spoils, &[&order(1), "partly refunded 0"]);
}

#[test]
fn spoiled_use_is_named() {
    let bought = [&*(2 * PRICE).to_string(), "in 2"];
    names("UPDATE key_use SET charged = charged + 7", &["key 1", "sun in 2 orders", bought[0]]);
    names("UPDATE key_use SET orders = orders + 1", &["key 1", "in 3 orders", bought[1]]);
    names("DELETE FROM key_use", &["key 1", "in 0 orders", bought[1]]);
    names("UPDATE key_use SET day = day + 1", &["key 1", "in 2 orders", "it was 0 for 0"]);
}

#[test]
fn spoiled_money_is_named() {
    names(
        "UPDATE ledger_account SET balance = balance + 7 WHERE kind = 3",
        &["revenue", &(PRICE + FEE + 7).to_string(), &(PRICE + FEE).to_string()],
    );
    names(
        "UPDATE ledger_account SET balance = balance + 7 WHERE kind = 2",
        &["merchant 1", "held", &(PRICE + 7).to_string(), "open orders and transfers cost"],
    );
    names(
        "UPDATE ledger_entry SET amount = amount + 7 WHERE fact = 3 AND number = 1",
        &["fact 3", "sum to 7 sun"],
    );
    names("DELETE FROM ledger_entry WHERE fact = 3", &["fact 3", "no entries"]);
    names("DELETE FROM ledger_tx WHERE fact = 1", &["fact 1", "no header"]);
    names("DELETE FROM ledger_tx WHERE fact = 3", &[&order(1), "settled 0"]);
    let spent = 2 * PRICE + TRANSFER + FEE;
    names("UPDATE key_day SET spent = spent + 7", &["key 1", &(spent + 7).to_string(), "day"]);
    names("DELETE FROM key_day", &["key 1", &spent.to_string(), "not counted"]);
    names("UPDATE orders SET price = price + 1", &[&order(2), &(PRICE + 1).to_string()]);
}

#[test]
fn spoiled_transfers_and_deposits_are_named() {
    names("UPDATE transfer SET state = 3", &["transfer 0101", "Released", "settled 1"]);
    names("UPDATE transfer SET state = 0", &["transfer 0101", "Stored and not queued"]);
    names("UPDATE transfer SET fee = fee + 7", &["transfer 0101", "1300007", "moved 1300000"]);
    names("UPDATE deposit SET amount = amount + 7", &["deposit 0606", "5000007", "5000000"]);
    names("UPDATE deposit SET is_credited = 0", &["deposit 0606", "5000000 sun are credited"]);
    names("DELETE FROM deposit", &["fact 9", "no such deposit"]);
}

#[test]
fn a_spoiled_pool_is_named() {
    names(
        "UPDATE wallet SET energy_reserved = energy_reserved + 7",
        &["wallet", "energy stake", "6775560772"],
    );
    names("UPDATE leg SET balance = balance + 7", &["wallet", "6775560779"]);
}

#[test]
fn spoiled_legs_and_transactions_are_named() {
    names("UPDATE chain_tx SET state = 3, block = NULL", &["leg", "Included with 0", "way out"]);
    names("UPDATE leg SET state = 6 WHERE state = 2", &["leg", "Dropped with 1", "way out"]);
    names("UPDATE leg SET state = 4 WHERE state = 2", &["leg", "Returning with 0", "way back"]);
    names("UPDATE chain_tx SET block = NULL", &[&order(1), "Included with block None"]);
    names(
        "INSERT INTO chain_tx SELECT order_id, 2, zeroblob(32), leg, road, signer, bytes,
           expiration_ms, 0, 0, NULL, NULL FROM chain_tx",
        &["leg", "2 transactions", "Out"],
    );
}

#[test]
fn a_spoiled_outbox_is_named() {
    names("DELETE FROM callback", &[&order(1), "0 callbacks instead of 1"]);
    names("DELETE FROM outbox WHERE kind = 1", &[&order(1), "owed and not queued"]);
    names("DELETE FROM outbox WHERE kind = 0", &[&order(2), "live mark is 1"]);
    names("UPDATE orders SET is_live = 0", &[&order(1), "not live", "1 open legs"]);
}

#[test]
fn the_list_is_bounded() {
    let differences = spoiled(
        "DROP TRIGGER ledger_tx_sums_to_zero;
         INSERT INTO ledger_tx
         WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 1100)
         SELECT zeroblob(16), n + 10, NULL, NULL, 0, NULL FROM count",
    );
    assert_eq!(differences.len(), 1_001);
    assert_eq!(differences[1_000], "there are more differences than these");
}
