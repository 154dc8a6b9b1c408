//! How many decided orders a store takes in a second: 256 tasks that place one after the other.
//!
//! ```console
//! $ cargo run --release -p store --example commit_rate -- [directory [postgres://…]]
//! ```
//!
//! With the URL of an empty PostgreSQL database orders are placed there instead. `sunsweep bench` measures
//! the same through HTTP, beside what the disk does without us.
#![expect(clippy::print_stdout, reason = "a bench prints its numbers")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use app::ports::Store;
use store::{Options, SqlStore};
use support::Base;

/// How long a round takes.
const ROUND: Duration = Duration::from_millis(2_000);
/// How many rounds; the median counts.
const ROUNDS: u64 = 5;
/// Tasks that place orders.
const TASKS: u64 = 256;

fn main() {
    let mut given = std::env::args().skip(1);
    let parent = given.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = tempfile::Builder::new().prefix("commit-rate-").tempdir_in(parent);
    let directory = directory.expect("a directory can be made");
    let store = match given.next() {
        Some(url) => SqlStore::connect(&url.as_str().into(), Options::default()),
        None => SqlStore::open(&directory.path().join("store.sqlite"), Options::default()),
    };
    let store: Arc<dyn Store> = Arc::new(store.expect("the store opens"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("a runtime starts");
    let base = runtime.block_on(support::base(&*store));
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let rate = runtime.block_on(rate(&store, base, round << 32));
        println!("round {}: {rate} orders/s", round + 1);
        rates.push(rate);
    }
    rates.sort_unstable();
    println!("median: {} orders/s", rates[rates.len() / 2]);
    let audit = runtime.block_on(store.audit()).expect("the audit runs");
    assert!(audit.differences.is_empty(), "{:?}", audit.differences);
}

/// Orders placed in a second, numbered from this one on.
async fn rate(store: &Arc<dyn Store>, base: Base, first: u64) -> u64 {
    let placed = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (store, placed) = (Arc::clone(store), Arc::clone(&placed));
            tokio::spawn(async move {
                let mut number = first + task;
                while start.elapsed() < ROUND {
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
    let took_ms = u64::try_from(start.elapsed().as_millis()).expect("seconds").max(1);
    placed.load(Ordering::Relaxed) * 1_000 / took_ms
}
