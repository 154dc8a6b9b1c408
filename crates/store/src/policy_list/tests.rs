//! Which statements find policies, and what a page costs where there is hardly anything to show.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::PolicyState;
use tron::Address;

use super::*;
use crate::{migrate, sqlite_dialect};

/// Count policies of one merchant; all have ended but the first, which is paused.
const POLICIES: i64 = 24_999;
/// Steps of SQLite's machine for each row that is looked through, at most.
const STEPS_A_ROW: usize = 20;
/// Steps between two counts.
const STEPS_AT_ONCE: usize = 1_000;
const BUSY: MerchantId = MerchantId(1);

struct Shop {
    connection: Connection,
    counts: Arc<AtomicUsize>,
}

impl Shop {
    fn new() -> Self {
        let sqlite = rusqlite::Connection::open_in_memory().unwrap();
        sqlite_dialect::prepare_reader(&sqlite, 65_536, Duration::ZERO).unwrap();
        let mut connection = Connection::Sqlite(sqlite);
        migrate::migrate(&connection).unwrap();
        let insert = format!(
            "INSERT INTO merchant (id, name, created_ms) VALUES (1, 'Busy', 0), (2, 'Idle', 0);
            INSERT INTO api_key (id, merchant_id, text, name, sealed_secret, is_reference_strict,
              created_ms) VALUES (1, 1, 'K', 'key', x'00', 0, 0);
            WITH RECURSIVE numbers (n) AS
              (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {POLICIES})
            INSERT INTO policy (id, kind, merchant_id, key_id, receiver, state, step, transfers_left,
              is_perpetual, has_bandwidth, unused, unused_max, refills, failures, quiet_looks,
              not_before_ms, created_ms, updated_ms, is_watched)
            SELECT n, {kind}, 1, 1, unhex(printf('41%040x', n)), iif(n = 1, {paused}, {ended}), {step}, 5,
              0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0
            FROM numbers;",
            kind = PolicyKind::Count.number(),
            paused = PolicyState::Paused.number(),
            ended = PolicyState::Ended.number(),
            step = domain::PolicyStep::Waiting.number(),
        );
        connection.batch(&insert).unwrap();
        let counts = Arc::new(AtomicUsize::new(0));
        let counted = counts.clone();
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        let Connection::Sqlite(sqlite) = &mut connection else { unreachable!() };
        sqlite.progress_handler(i32::try_from(STEPS_AT_ONCE).unwrap(), Some(count)).unwrap();
        Self { connection, counts }
    }

    /// The numbers of the policies on a page, and where the next one begins.
    fn list(&self, filter: PolicyFilter, after: Option<PolicyId>) -> (Vec<i64>, Option<PolicyId>) {
        let before = self.counts.load(Ordering::Relaxed);
        let part = policies(&self.connection, filter, Slice { after, limit: 3 }).unwrap();
        let steps = (self.counts.load(Ordering::Relaxed) - before) * STEPS_AT_ONCE;
        assert!(steps <= LOOKED_AT_MAX * STEPS_A_ROW, "{steps} steps: {filter:?}");
        (part.rows.iter().map(|line| line.policy.id.0).collect(), part.next)
    }
}

#[test]
fn few_policies_among_many_are_found_without_reading_all() {
    let shop = Shop::new();
    let paused = PolicyFilter { state: Some(PolicyState::Paused), ..PolicyFilter::default() };
    let own = PolicyFilter { merchant: Some(BUSY), ..paused };
    let counting = PolicyFilter { kind: Some(PolicyKind::Count), ..own };
    for (filter, expected) in [(paused, 3), (own, 5), (counting, 3)] {
        let (mut found, mut after) = shop.list(filter, None);
        let mut parts = 1;
        while after.is_some() {
            assert_eq!(found, Vec::<i64>::new());
            (found, after) = shop.list(filter, after);
            parts += 1;
        }
        assert_eq!((found, parts), (vec![1], expected), "{filter:?}");
    }
    let auto = PolicyFilter { kind: Some(PolicyKind::Auto), ..PolicyFilter::default() };
    let (found, next) = shop.list(auto, None);
    assert_eq!((found, next.is_some()), (vec![], true));
    let own = PolicyFilter { merchant: Some(BUSY), ..auto };
    assert_eq!(shop.list(own, None), (vec![], None), "there is nothing to look through");
}

#[test]
fn what_every_policy_passes_is_read_from_the_end() {
    let shop = Shop::new();
    let own = PolicyFilter { merchant: Some(BUSY), ..PolicyFilter::default() };
    for filter in [PolicyFilter::default(), own] {
        let newest = vec![POLICIES, POLICIES - 1, POLICIES - 2];
        assert_eq!(shop.list(filter, None), (newest, Some(PolicyId(POLICIES - 2))));
        assert_eq!(shop.list(filter, Some(PolicyId(3))), (vec![2, 1], None));
    }
}

#[test]
fn the_policies_of_an_address_are_found_at_once() {
    let shop = Shop::new();
    let mut bytes = [0; 20];
    bytes[19] = 7;
    let receiver = Address::from_evm(bytes);
    let there = PolicyFilter { receiver: Some(receiver), ..PolicyFilter::default() };
    for merchant in [None, Some(BUSY)] {
        assert_eq!(shop.list(PolicyFilter { merchant, ..there }, None), (vec![7], None));
    }
    for filter in [
        PolicyFilter { merchant: Some(MerchantId(2)), ..there },
        PolicyFilter { kind: Some(PolicyKind::Auto), ..there },
        PolicyFilter { state: Some(PolicyState::Paused), ..there },
    ] {
        assert_eq!(shop.list(filter, None), (vec![], None), "{filter:?}");
    }
    let Connection::Sqlite(sqlite) = &shop.connection else { unreachable!() };
    let mut plan = sqlite.prepare(&format!("EXPLAIN QUERY PLAN {ON_ADDRESS}")).unwrap();
    let rows = plan.query_map([None::<i64>; 6], |row| row.get::<_, String>(3)).unwrap();
    let plan: Vec<_> = rows.map(Result::unwrap).collect();
    let is_found =
        |step: &String| step.contains("policy_of_address (merchant_id=? AND kind=? AND receiver=?");
    assert!(plan.iter().any(is_found), "{plan:?}");
}
