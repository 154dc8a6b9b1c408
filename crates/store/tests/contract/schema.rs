//! What the schema itself refuses, tried with plain SQL past every line of ours.

use rusqlite::{Connection, params};
use store::SqlStore;

/// A database with one merchant's ledger accounts (1: available, 2: held).
fn database() -> (tempfile::TempDir, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    drop(SqlStore::inline_at(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection
        .execute_batch("INSERT INTO ledger_account (kind, merchant_id) VALUES (1, 1), (2, 1)")
        .unwrap();
    (directory, connection)
}

const BUSINESS: [u8; 16] = [1; 16];

fn entry(connection: &Connection, number: i64, kind: i64, amount: i64) -> rusqlite::Result<usize> {
    let merchant = i64::from(kind < 3);
    connection.execute(
        "INSERT INTO ledger_entry VALUES (?1, 1, ?2, ?3, ?4, ?5, 0, ?2, 0)",
        params![BUSINESS, number, kind, merchant, amount],
    )
}

fn header(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute("INSERT INTO ledger_tx VALUES (?1, 1, NULL, 'why', 0, NULL)", [BUSINESS])
}

fn refused<T: std::fmt::Debug>(result: rusqlite::Result<T>, by: &str) {
    let text = result.unwrap_err().to_string();
    assert!(text.contains(by), "{text} should name {by}");
}

#[test]
fn a_balanced_transaction_is_taken() {
    let (_directory, connection) = database();
    connection.execute_batch("BEGIN").unwrap();
    entry(&connection, 1, 4, -5).unwrap();
    entry(&connection, 2, 1, 5).unwrap();
    header(&connection).unwrap();
    connection.execute_batch("COMMIT").unwrap();
}

#[test]
fn an_unbalanced_transaction_is_refused() {
    for amounts in [&[-5, 4][..], &[5, 5], &[], &[0], &[-5, 5, 1]] {
        let (_directory, connection) = database();
        connection.execute_batch("BEGIN").unwrap();
        for (number, amount) in (1..).zip(amounts) {
            entry(&connection, number, 4, *amount).unwrap();
        }
        refused(header(&connection), "ledger_tx_unbalanced");
    }
}

#[test]
fn a_sum_past_63_bits_is_refused() {
    let (_directory, connection) = database();
    connection.execute_batch("BEGIN").unwrap();
    for number in 1..=2 {
        entry(&connection, number, 4, i64::MAX).unwrap();
    }
    entry(&connection, 3, 4, 2).unwrap();
    refused(header(&connection), "integer overflow");
}

#[test]
fn entries_without_a_header_cannot_be_committed() {
    let (_directory, connection) = database();
    connection.execute_batch("BEGIN").unwrap();
    entry(&connection, 1, 4, -5).unwrap();
    entry(&connection, 2, 1, 5).unwrap();
    refused(connection.execute_batch("COMMIT"), "FOREIGN KEY");
    connection.execute_batch("ROLLBACK").unwrap();
    refused(entry(&connection, 1, 4, -5), "FOREIGN KEY");
}

#[test]
fn nothing_in_the_ledger_is_changed() {
    let (_directory, connection) = database();
    connection.execute_batch("BEGIN").unwrap();
    entry(&connection, 1, 4, -5).unwrap();
    entry(&connection, 2, 1, 5).unwrap();
    header(&connection).unwrap();
    connection.execute_batch("COMMIT").unwrap();
    refused(header(&connection), "ledger_tx_exists");
    refused(entry(&connection, 3, 4, 0), "ledger_tx_exists");
    for sql in [
        "UPDATE ledger_entry SET amount = 6 WHERE amount = 5",
        "UPDATE ledger_tx SET reason = 'another'",
        "DELETE FROM ledger_entry",
        "DELETE FROM ledger_tx",
    ] {
        refused(connection.execute(sql, []), "ledger_is_final");
    }
    let replace = "INSERT OR REPLACE INTO ledger_tx VALUES (?1, 1, NULL, 'another', 0, NULL)";
    refused(connection.execute(replace, [BUSINESS]), "ledger_tx_exists");
}

#[test]
fn only_outside_may_be_negative() {
    let (_directory, connection) = database();
    for (kind, is_allowed) in [(1, false), (2, false), (3, false), (4, true)] {
        let sql = "UPDATE ledger_account SET balance = -1 WHERE kind = ?1";
        let result = connection.execute(sql, [kind]);
        assert_eq!(result.is_ok(), is_allowed, "kind {kind}: {result:?}");
    }
    let nobody = connection.execute("INSERT INTO ledger_account VALUES (1, 0, 0)", []);
    refused(nobody, "ledger_account_has_its_owner");
}

#[test]
fn an_entry_needs_its_ledger_account() {
    let (_directory, connection) = database();
    let stranger = connection
        .execute("INSERT INTO ledger_entry VALUES (?1, 1, 1, 1, 99, 5, 0, 1, 0)", [BUSINESS]);
    refused(stranger, "FOREIGN KEY");
}

#[test]
fn reservations_are_never_negative() {
    let (_directory, connection) = database();
    let sql = "INSERT INTO wallet (address, signer, role, permission_id, energy_reserved)
        VALUES (zeroblob(21), zeroblob(21), 0, 2, -1)";
    refused(connection.execute(sql, []), "wallet_energy_reserved_not_negative");
}
