//! What survives: restarts, power cuts, full disks, failed commits; and what is bounded.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use app::ports::{Store, StoreError};
use app::rows::{Changes, Needs};
use app::work::commit;
use domain::MerchantId;
use domain::ledger::facts::{merchant_credited, merchant_debited};
use proptest::prelude::*;
use rusqlite::Connection;
use store::backup::{BackupError, back_up, check, restore};
use store::{CommitMoment, OpenError, Options, SqlStore};
use tron::Sun;

use crate::support::{Base, CREDIT, NOW, PRICE, base, order_id, place, try_place};

/// Size of SQLite's pages here.
const PAGE_BYTES: usize = 4_096;

fn open(path: &Path) -> SqlStore {
    SqlStore::open(path, Options::default()).unwrap()
}

/// Everything that was acknowledged is there and adds up.
async fn holds(store: &dyn Store, orders: u64) {
    for number in 0..orders {
        assert!(store.whole(order_id(number)).await.unwrap().is_some(), "order {number}");
    }
    let audit = store.audit().await.unwrap();
    assert_eq!(audit.differences, Vec::<String>::new());
    assert_eq!(u64::try_from(audit.orders).unwrap(), orders);
    let merchant = store.merchants().await.unwrap().remove(0);
    let spent = i64::try_from(orders).unwrap() * PRICE;
    assert_eq!((merchant.available, merchant.held), (Sun::new(CREDIT - spent), Sun::new(spent)));
}

/// Places orders 0 to 63 at once.
async fn place_64(store: &Arc<SqlStore>, base: Base) {
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = Arc::clone(store);
            tokio::spawn(async move { place(&*store, base, number).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[test]
fn concurrent_commits_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    crate::block_on(async {
        let store = Arc::new(open(&path));
        let base = base(&*store).await;
        place_64(&store, base).await;
        holds(&*store, 64).await;
        drop(store);
        let store = open(&path);
        holds(&store, 64).await;
        assert_eq!(place(&store, base, 0).await.unwrap(), order_id(0), "replays are known");
    });
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = crate::path_in(&directory);
    crate::block_on(async {
        let store = Arc::new(open(&path));
        let base = base(&*store).await;
        place_64(&store, base).await;
        // The file and its log as they are while the store is open: nothing was closed or moved.
        for name in ["sunsweep.sqlite", "sunsweep.sqlite-wal"] {
            std::fs::copy(directory.path().join(name), elsewhere.path().join(name)).unwrap();
        }
        holds(&open(&crate::path_in(&elsewhere)), 64).await;
    });
}

#[test]
fn a_backup_is_one_moment_of_the_database() {
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    crate::block_on(async {
        let store = Arc::new(open(&crate::path_in(&directory)));
        let base = base(&*store).await;
        place_64(&store, base).await;
        let copy = crate::path_in(&elsewhere);
        let made = back_up(&crate::path_in(&directory), &copy).unwrap();
        assert_eq!(check(&copy).unwrap(), made);
        assert_eq!(made.watched, None, "nobody has followed the chain");
        place(&*store, base, 64).await.unwrap();
        assert!(matches!(back_up(&copy, &copy), Err(BackupError::Exists(_))));
        let names = std::fs::read_dir(elsewhere.path()).unwrap();
        assert_eq!(names.count(), 1, "one file, complete by itself");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        }
        holds(&open(&copy), 64).await;
        holds(&*store, 65).await;
    });
}

#[test]
fn a_copy_is_put_back_whole_and_only_while_nobody_works_with_the_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    let copy = directory.path().join("yesterday.sqlite");
    crate::block_on(async {
        let store = Arc::new(open(&path));
        let base = base(&*store).await;
        place_64(&store, base).await;
        back_up(&path, &copy).unwrap();
        place(&*store, base, 64).await.unwrap();
        assert!(matches!(restore(&copy, &path, 7), Err(BackupError::InUse(_))));
        drop(store);
        let restored = restore(&copy, &path, 7).unwrap();
        holds(&open(&path), 64).await;
        holds(&open(&restored.old.unwrap()), 65).await;
    });
    let text = directory.path().join("notes.txt");
    std::fs::write(&text, "no database at all, but long enough to be taken for one by its size")
        .unwrap();
    assert!(matches!(restore(&text, &path, 8), Err(BackupError::Foreign(_))));
    let strange = directory.path().join("strange.sqlite");
    Connection::open(&strange).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    assert!(matches!(check(&strange), Err(BackupError::Foreign(_))));
    assert!(matches!(
        back_up(&directory.path().join("absent"), &text),
        Err(BackupError::Exists(_))
    ));
    let absent = back_up(&directory.path().join("absent"), &directory.path().join("b"));
    assert!(matches!(absent, Err(BackupError::File { .. })));
    assert!(!directory.path().join("absent").exists(), "looking makes no database");
}

/// Overwrites the middle of some pages, as a dying disk does.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let pages = bytes.len() / PAGE_BYTES;
    for page in pages / 2..pages {
        bytes[page * PAGE_BYTES..page * PAGE_BYTES + 64].fill(0xa5);
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_file_is_named_and_neither_copied_nor_put_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    let at = |name: &str| directory.path().join(name);
    crate::block_on(async {
        let store = Arc::new(open(&path));
        let base = base(&*store).await;
        place_64(&store, base).await;
    });
    back_up(&path, &at("sound")).unwrap();
    std::fs::copy(at("sound"), at("damaged")).unwrap();
    damage(&at("damaged"));
    for refused in [
        check(&at("damaged")).map(drop),
        back_up(&at("damaged"), &at("copy")).map(drop),
        restore(&at("damaged"), &path, 1).map(drop),
    ] {
        assert!(matches!(refused, Err(BackupError::Damaged { .. })), "{refused:?}");
    }
    assert!(!at("copy").exists() && !at("copy.part").exists());
    crate::block_on(async { holds(&open(&path), 64).await });
    let Err(refused) = SqlStore::open(&at("damaged"), Options::default()) else {
        panic!("a damaged file was opened");
    };
    assert!(matches!(refused, OpenError::Database { .. }), "{refused}");
    // A database that is damaged itself is moved aside for the copy.
    damage(&path);
    let restored = restore(&at("sound"), &path, 2).unwrap();
    assert!(restored.old.unwrap().exists());
    crate::block_on(async { holds(&open(&path), 64).await });
}

#[test]
fn a_full_disk_is_an_error_and_not_a_loss() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    crate::block_on(async {
        let store = open(&path);
        let base = base(&store).await;
        let pages: u32 = Connection::open(&path)
            .unwrap()
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        store.set_pages_max(pages + 8).await.unwrap();
        let (mut placed, mut failure) = (0, None);
        while failure.is_none() && placed < 10_000 {
            match try_place(&store, base, placed).await {
                Ok(accepted) => drop(accepted.unwrap()),
                Err(error) => failure = Some(error),
            }
            placed += u64::from(failure.is_none());
        }
        let full = StoreError::Unavailable("database or disk is full".to_owned());
        assert_eq!(failure, Some(full));
        assert!(!store.is_fit().await);
        holds(&store, placed).await;
        assert_eq!(store.free_leases().await.unwrap(), 0);
        assert!(!store.is_fit().await, "what writes nothing proves nothing");
        store.set_pages_max(pages + 1_000).await.unwrap();
        for number in placed..placed + 10 {
            place(&store, base, number).await.unwrap();
        }
        assert!(store.is_fit().await);
        holds(&store, placed + 10).await;
    });
}

#[test]
fn nothing_is_written_to_a_file_that_was_moved_away() {
    let directory = tempfile::tempdir().unwrap();
    let (path, elsewhere) = (crate::path_in(&directory), directory.path().join("elsewhere"));
    crate::block_on(async {
        let store = open(&path);
        let base = base(&store).await;
        place(&store, base, 0).await.unwrap();
        std::fs::rename(&path, &elsewhere).unwrap();
        let gone = StoreError::Unavailable("the database file is gone or another".to_owned());
        assert_eq!(place(&store, base, 1).await, Err(gone.clone()));
        assert!(!store.is_fit().await);
        std::fs::write(&path, b"").unwrap();
        assert_eq!(place(&store, base, 1).await, Err(gone));
        std::fs::rename(&elsewhere, &path).unwrap();
        place(&store, base, 1).await.unwrap();
        assert!(store.is_fit().await);
        holds(&store, 2).await;
    });
}

#[test]
fn a_commit_can_fail_before_and_after() {
    let store = SqlStore::inline_in_memory().unwrap();
    crate::block_on(async {
        let base = base(&store).await;
        for moment in [CommitMoment::BeforeCommit, CommitMoment::AfterCommit] {
            let number = u64::from(moment == CommitMoment::AfterCommit);
            assert!(store.set_fail_point(Some(Box::new(move |at| at == moment))));
            let outcome = place(&store, base, number).await;
            assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
            assert!(store.set_fail_point(None));
            let is_there = store.whole(order_id(number)).await.unwrap().is_some();
            assert_eq!(is_there, moment == CommitMoment::AfterCommit);
            place(&store, base, number).await.unwrap();
        }
        holds(&store, 2).await;
    });
}

#[test]
fn an_inline_store_in_a_file_outlives_itself() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    crate::block_on(async {
        let store = SqlStore::inline_at(&path).unwrap();
        let base = base(&store).await;
        place(&store, base, 0).await.unwrap();
        drop(store);
        let store = open(&path);
        assert!(!store.set_fail_point(None), "only inline stores have fail points");
        holds(&store, 1).await;
    });
}

#[test]
fn a_full_queue_is_busy_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { batch_max: 1, queue_max: 1, ..Options::default() };
    let store = Arc::new(SqlStore::open(&crate::path_in(&directory), options).unwrap());
    crate::block_on(async {
        let base = base(&*store).await;
        let (started, has_started) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let slow = {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let decided = commit(&*store, Needs::default(), move |_| {
                    started.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    Ok::<_, ()>((Changes::default(), ()))
                });
                decided.await.unwrap().unwrap();
            })
        };
        // The writer is at work now; one more may wait, and no third.
        tokio::task::spawn_blocking(move || has_started.recv().unwrap()).await.unwrap();
        let mut waiting = Box::pin(place(&*store, base, 0));
        assert!(futures_poll_once(&mut waiting).await.is_none(), "it waits");
        assert_eq!(place(&*store, base, 1).await, Err(StoreError::Busy));
        go_on.send(()).unwrap();
        assert_eq!(waiting.await, Ok(order_id(0)));
        slow.await.unwrap();
        holds(&*store, 1).await;
    });
}

/// The result of one poll.
async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *future).poll(context);
        std::task::Poll::Ready(match polled {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing").join("sunsweep.sqlite");
    let error = SqlStore::open(&path, Options::default()).err().unwrap();
    assert!(error.to_string().contains("missing/sunsweep.sqlite"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    std::fs::write(&path, vec![b'x'; 8_192]).unwrap();
    assert!(SqlStore::open(&path, Options::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is posted in whatever order, what was taken is what the balances say, and all of the
    /// ledger sums to zero.
    #[test]
    fn balances_are_what_was_posted(
        posts in prop::collection::vec((any::<bool>(), 0_u8..6, 1_i64..3, 0_i64..1_000), 1..40),
    ) {
        let store = SqlStore::inline_in_memory().unwrap();
        crate::block_on(async {
            let mut balances = BTreeMap::new();
            for name in ["one", "two"] {
                let merchant = store.add_merchant(name, None, NOW).await.unwrap();
                balances.insert(merchant, 0);
            }
            let mut known = std::collections::BTreeSet::new();
            for (is_credit, business, merchant, amount) in posts {
                let (merchant, sun) = (MerchantId(merchant), Sun::new(amount));
                let (signed, tx) = match is_credit {
                    true => (amount, merchant_credited([business; 16], merchant, sun, "in", NOW)),
                    false => (-amount, merchant_debited([business; 16], merchant, sun, "out", NOW)),
                };
                let balance = balances.get_mut(&merchant).unwrap();
                let outcome = store.post(tx).await;
                if *balance + signed < 0 {
                    assert!(matches!(outcome, Err(StoreError::Broken(_))), "{outcome:?}");
                } else if known.contains(&(is_credit, business)) {
                    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
                } else {
                    outcome.unwrap();
                    known.insert((is_credit, business));
                    *balance += signed;
                }
            }
            let stored: BTreeMap<_, _> = store.merchants().await.unwrap().into_iter()
                .map(|merchant| (merchant.id, merchant.available.get()))
                .collect();
            assert_eq!(stored, balances);
            let audit = store.audit().await.unwrap();
            assert_eq!(audit.differences, Vec::<String>::new());
            assert_eq!(usize::try_from(audit.ledger_txs).unwrap(), known.len());
        });
    }
}

#[test]
fn many_old_answers_are_forgotten_in_several_turns() {
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    let store = SqlStore::inline_at(&path).unwrap();
    let sql = "INSERT INTO replay
        WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 4500)
        SELECT n, 1, zeroblob(32), zeroblob(32), zeroblob(16) FROM count";
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    crate::block_on(async {
        let before = domain::UnixMillis(4_400_500);
        assert_eq!(store.prune(before, before).await.unwrap(), 4_399);
    });
}
