//! A disk that takes nothing more, and one that forgets what it took: orders are refused in words,
//! balancers are told, and nothing that was accepted is lost.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use app::ports::Store;
use serde_json::Value;

use crate::support::chain::recipient_with;
use crate::support::http::request;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Setup, World, plain};

impl World {
    /// Status and body of `/readyz`.
    async fn readiness(&self) -> (u16, Value) {
        let answer = self.send(&request("GET /readyz HTTP/1.1", &[], b"")).await;
        (answer.status(), answer.json())
    }

    /// Not ready, and for the database's sake.
    async fn expect_no_database(&self) {
        let (status, ready) = self.readiness().await;
        let told = (status, &ready["ready"], &ready["database"]);
        assert_eq!(told, (503, &false.into(), &false.into()));
        assert_eq!(ready["chain"], true, "the chain is not to blame");
    }
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_told_and_what_was_accepted_goes_on_afterwards() {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    world.expect_log("the database could not commit");
    world.expect_log("the database does not answer");
    let (first, second) = (world.payer(plain), world.payer(plain));
    world.mine(1).await;
    let accepted = world.order(&wanted(first, recipient_with())).await;
    assert_eq!(world.readiness().await.0, 200);

    assert!(world.store.set_fail_point(Some(Box::new(|_| true))));
    let refused = world.ask(&wanted(second, recipient_with())).await;
    assert_eq!(refused.status(), 503, "{}", refused.body);
    world.expect_no_database().await;
    world.mine(2).await;
    assert!(world.failures.iter().any(|failed| failed.starts_with("claim: ")));
    world.failures.clear();
    assert_eq!(world.delegations(first), 0, "nothing is sent that could not be stored");
    assert_eq!(world.status(&accepted).await, 20, "reading goes on");
    assert!(!world.store.is_fit().await);

    assert!(world.store.set_fail_point(None));
    world.mine(4).await;
    let (status, ready) = world.readiness().await;
    assert_eq!((status, &ready["database"]), (200, &true.into()));
    assert_eq!(world.status(&accepted).await, 40);
    assert_eq!(world.delegations(first), 1);
    let late = world.order(&wanted(second, recipient_with())).await;
    world.mine(4).await;
    assert_eq!(world.status(&late).await, 40);
    for payer in [first, second] {
        assert!(world.sweeps(payer, recipient_with()));
    }
    world.finish().await;
}

/// What the disk has spoiled of a database: where, and what was there.
struct Spoilt(Vec<(PathBuf, u64, [u8; SPOILT_BYTES])>);

impl Spoilt {
    /// Overwrites the beginning of every page but the first, in the file and in its log.
    fn all_of(database: &Path) -> Self {
        let log = database.with_extension("sqlite-wal");
        let (pages, frames) = (fs::read(database).unwrap(), fs::read(&log).unwrap());
        let pages = (PAGE_BYTES..pages.len()).step_by(PAGE_BYTES);
        let pages = pages.map(|at| (database.to_owned(), at));
        let starts = (LOG_HEAD_BYTES..frames.len()).step_by(FRAME_HEAD_BYTES + PAGE_BYTES);
        let starts = starts.filter(|at| frames[*at..at + 4] != FIRST_PAGE);
        let frames = starts.map(|at| (log.clone(), at + FRAME_HEAD_BYTES));
        let spoil = |(path, at): (PathBuf, usize)| {
            let (file, at) = (open(&path), u64::try_from(at).unwrap());
            let mut before = [0; SPOILT_BYTES];
            file.read_exact_at(&mut before, at).unwrap();
            file.write_all_at(&[0xa5; SPOILT_BYTES], at).unwrap();
            (path, at, before)
        };
        Self(pages.chain(frames).map(spoil).collect())
    }

    /// The disk reads well again; what was written meanwhile stays.
    fn heal(self) {
        for (path, at, before) in self.0 {
            open(&path).write_all_at(&before, at).unwrap();
        }
    }
}

fn open(path: &Path) -> File {
    File::options().read(true).write(true).open(path).unwrap()
}

/// Sizes of SQLite's file format, and what the head of a log's frame says of the first page.
const PAGE_BYTES: usize = 4_096;
const LOG_HEAD_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 24;
const FIRST_PAGE: [u8; 4] = [0, 0, 0, 1];
/// How much of a page is overwritten: its head, and where its rows are.
const SPOILT_BYTES: usize = 64;

#[tokio::test]
async fn a_page_that_breaks_while_serving_is_told_until_the_file_is_sound_and_opened_again() {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    let (first, second) = (world.payer(plain), world.payer(plain));
    world.mine(1).await;
    let accepted = world.order(&wanted(first, recipient_with())).await;
    // A life that has little of the file in memory.
    world.restart().await;
    world.watch().await;
    assert_eq!(world.readiness().await.0, 200);
    world.expect_log("the database file is damaged");

    let spoilt = Spoilt::all_of(&world.config.sqlite_path());
    let refused = world.ask(&wanted(second, recipient_with())).await;
    assert_eq!(refused.status(), 503, "{}", refused.body);
    world.expect_no_database().await;
    let lent = world.delegations(first);
    world.mine(2).await;
    assert!(world.failures.iter().any(|failed| failed.contains("damaged")), "{:?}", world.failures);
    world.failures.clear();
    assert_eq!(world.delegations(first), lent, "nothing is sent that could not be stored");

    spoilt.heal();
    world.expect_no_database().await;
    world.restart().await;
    world.mine(4).await;
    assert_eq!(world.readiness().await.0, 200);
    assert_eq!(world.status(&accepted).await, 40);
    let late = world.order(&wanted(second, recipient_with())).await;
    world.mine(4).await;
    assert_eq!(world.status(&late).await, 40);
    for payer in [first, second] {
        assert!(world.sweeps(payer, recipient_with()));
    }
    world.finish().await;
}
