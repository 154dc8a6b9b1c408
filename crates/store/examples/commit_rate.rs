//! How much of the machine's group-commit rate is left for decided orders.
//!
//! Each round writes the same rows twice: in a plain loop with prepared statements, 256 orders a
//! commit (the ceiling), and through the port, with 256 tasks that place orders. Compare the ratio,
//! not the rates: disks differ.
//!
//! ```console
//! $ cargo run --release -p store --example commit_rate -- [directory]
//! ```
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use app::ports::Store;
use rusqlite::{Connection, Statement, params};
use store::{Options, SqlStore};
use support::{Base, PRICE};

/// How long each half of a round takes.
const HALF: Duration = Duration::from_millis(1_500);
/// How many rounds; the medians count.
const ROUNDS: usize = 5;
/// Tasks that place orders, and orders in a plain commit.
const TASKS: u64 = 256;

fn main() {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime starts");
    let (mut plain_rates, mut store_rates) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let plain = plain_rate(&runtime, &file(&parent, round, "plain"));
        let store = store_rate(&runtime, &file(&parent, round, "store"));
        println!("round {round}: plain {plain} orders/s, store {store} orders/s");
        plain_rates.push(plain);
        store_rates.push(store);
    }
    let (plain, store) = (median(plain_rates), median(store_rates));
    println!("median: plain {plain}, store {store} orders/s, ratio {} %", store * 100 / plain);
}

fn file(parent: &Path, round: usize, name: &str) -> tempfile::TempDir {
    let prefix = format!("commit-rate-{round}-{name}-");
    tempfile::Builder::new().prefix(&prefix).tempdir_in(parent).expect("a directory can be made")
}

fn median(mut rates: Vec<u64>) -> u64 {
    rates.sort_unstable();
    rates[rates.len() / 2]
}

fn open(runtime: &tokio::runtime::Runtime, path: &Path) -> (SqlStore, Base) {
    let store = SqlStore::open(path, Options::default()).expect("the store opens");
    let base = runtime.block_on(support::base(&store));
    (store, base)
}

fn per_second(count: u64, took: Duration) -> u64 {
    count * 1_000 / u64::try_from(took.as_millis()).expect("seconds").max(1)
}

fn store_rate(runtime: &tokio::runtime::Runtime, directory: &tempfile::TempDir) -> u64 {
    let (store, base) = open(runtime, &directory.path().join("store.sqlite"));
    let store: Arc<dyn Store> = Arc::new(store);
    let placed = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (store, placed) = (Arc::clone(&store), Arc::clone(&placed));
                tokio::spawn(async move {
                    let mut number = task;
                    while start.elapsed() < HALF {
                        support::place(&*store, base, number).await.expect("it is accepted");
                        placed.fetch_add(1, Ordering::Relaxed);
                        number += TASKS;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no task panics");
        }
    });
    let rate = per_second(placed.load(Ordering::Relaxed), start.elapsed());
    let audit = runtime.block_on(store.audit()).expect("the audit runs");
    assert!(audit.differences.is_empty(), "{:?}", audit.differences);
    rate
}

fn plain_rate(runtime: &tokio::runtime::Runtime, directory: &tempfile::TempDir) -> u64 {
    let path = directory.path().join("plain.sqlite");
    let (store, base) = open(runtime, &path);
    drop(store);
    let connection = Connection::open(&path).expect("the file opens");
    let pragmas = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;
        PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;";
    connection.execute_batch(pragmas).expect("pragmas are known");
    let mut statements: Vec<Statement<'_>> =
        PLAIN.iter().map(|sql| connection.prepare(sql).expect("it prepares")).collect();
    let (mut number, start) = (0, Instant::now());
    while start.elapsed() < HALF {
        connection.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
        for _ in 0..TASKS {
            plain_order(&mut statements, base, number).expect("rows fit");
            number += 1;
        }
        connection.execute_batch("COMMIT").expect("it commits");
    }
    per_second(number, start.elapsed())
}

const PLAIN: &[&str] = &[
    "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, NULL, '25000000', 1, ?5, 'https://m.example/cb',
       64285, 64285, 0, 0, ?6, 0, 0, ?7, NULL, NULL, NULL, NULL,
       1)",
    "INSERT INTO leg VALUES (?1, 1, 1, 1, 6775560772, 64285, ?2, 0, NULL, NULL)",
    "UPDATE ledger_account SET balance = balance + ?3 WHERE kind = ?1 AND merchant_id = ?2
       RETURNING balance",
    "INSERT INTO ledger_entry VALUES (?1, 2, ?2, ?3, ?4, ?5, ?6)",
    "INSERT INTO ledger_tx VALUES (?1, 2, ?1, NULL, ?2, NULL)",
    "UPDATE wallet SET energy_reserved = energy_reserved + 6775560772,
       own_bandwidth = own_bandwidth - 567 WHERE address = ?1",
    "INSERT INTO replay VALUES (?1, ?2, ?3, ?4, ?5)",
    "INSERT INTO outbox VALUES (0, ?1, ?2, ?2, NULL, 0, 0)",
];

fn plain_order(statements: &mut [Statement<'_>], base: Base, number: u64) -> rusqlite::Result<()> {
    let new = support::new_order(base, number);
    let request = support::request(base, number);
    let (id, now) = (new.id.0, new.now.0);
    statements[0].execute(params![
        id,
        base.merchant.0,
        base.key.0,
        new.receiver.as_bytes(),
        new.reference,
        PRICE,
        now
    ])?;
    statements[1].execute(params![id, base.lender.as_bytes()])?;
    for (line, kind, amount) in [(1, 1, -PRICE), (2, 2, PRICE)] {
        let balance: i64 =
            statements[2].query_row(params![kind, base.merchant.0, amount], |row| row.get(0))?;
        statements[3].execute(params![id, line, kind, base.merchant.0, amount, balance])?;
    }
    statements[4].execute(params![id, now])?;
    statements[5].execute([base.lender.as_bytes()])?;
    statements[6].execute(params![
        request.timestamp_secs,
        base.key.0,
        request.signature,
        request.route,
        id
    ])?;
    statements[7].execute(params![id, now])?;
    Ok(())
}
