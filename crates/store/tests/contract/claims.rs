//! Claims on PostgreSQL, whose plan was made when there was hardly anything to claim.

use app::ports::Store;
use app::rows::OutboxKind;
use store::{Options, SqlStore};

use crate::cluster::{cluster, name_of};
use crate::support::NOW;

/// Rows that are claimed at once.
const LIMIT: usize = 2;
/// Claims one after the other: a statement gets the plan that it keeps at the sixth.
const CLAIMS: usize = 8;

#[test]
fn a_claim_takes_no_more_rows_than_it_may() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let store = SqlStore::connect(&url.as_str().into(), Options::default()).unwrap();
    // The rows were counted when there was one of them. What they are about is not there.
    let insert = |first: u32, last: u32| {
        format!(
            "INSERT INTO outbox SELECT 1, decode(lpad(n::text, 32, '0'), 'hex'), n, n, NULL, 0, 0 \
             FROM generate_series({first}, {last}) AS n"
        )
    };
    let (one, many) = (insert(0, 0), insert(1, 200));
    let sql = format!("SET session_replication_role = replica; {one}; ANALYZE; {many}");
    cluster.try_ask(name_of(&url), &sql).unwrap();
    crate::block_on(async {
        for _ in 0..CLAIMS {
            let until = NOW.after_secs(30);
            let claim = store.claim(OutboxKind::Callback, "one", NOW, until, LIMIT);
            assert_eq!(claim.await.unwrap().len(), LIMIT);
        }
    });
}
