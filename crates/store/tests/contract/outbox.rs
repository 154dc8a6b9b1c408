//! The queue: claims, leases, nudges.

use app::ports::{Store, StoreError};
use app::rows::{Attention, Changes, Lease, Needs, OutboxKind};
use app::work::commit;
use domain::{OrderId, UnixMillis};

use crate::support::{self, NOW, base, place};

const KIND: OutboxKind = OutboxKind::Order;
const UNTIL: UnixMillis = UnixMillis(NOW.0 + 30_000);

async fn claim(store: &dyn Store, now: UnixMillis, limit: usize) -> Vec<Lease> {
    store.claim(KIND, "worker", now, now.after_ms(30_000), limit).await.unwrap()
}

/// Claims the one row that is due.
async fn claim_one(store: &dyn Store, now: UnixMillis) -> Lease {
    let mut leases = claim(store, now, 10).await;
    assert_eq!(leases.len(), 1);
    leases.remove(0)
}

/// Commits nothing but this attention and these nudges.
async fn attend(
    store: &dyn Store,
    lease: Option<Lease>,
    attention: Option<(OrderId, Attention)>,
    nudges: Vec<OrderId>,
) -> Result<(), StoreError> {
    let changes = Changes { attention, nudges, ..Changes::default() };
    let needs = Needs { lease, ..Needs::default() };
    let decided = commit(store, needs, move |_| Ok::<_, ()>((changes.clone(), ()))).await?;
    decided.unwrap();
    Ok(())
}

async fn is_live(store: &dyn Store, number: u64) -> bool {
    !store.live_on(support::address(number)).await.unwrap().is_empty()
}

pub(crate) async fn rows_are_claimed_once_and_earliest_first(store: &dyn Store) {
    let base = base(store).await;
    for number in 1..=3 {
        let id = place(store, base, number).await.unwrap();
        let due = Attention::At(NOW.after_ms(-i64::try_from(number).unwrap()));
        attend(store, None, Some((id, due)), vec![]).await.unwrap();
    }
    assert_eq!(claim(store, NOW.after_ms(-4), 10).await, vec![], "nothing is due yet");
    let first = claim(store, NOW, 2).await;
    let ids: Vec<_> = first.iter().map(|lease| lease.order()).collect();
    assert_eq!(ids, vec![support::order_id(3), support::order_id(2)]);
    let rest = claim(store, NOW, 2).await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].order(), support::order_id(1));
    assert_eq!(claim(store, NOW, 2).await, vec![]);
    assert_eq!(store.next_due(KIND).await.unwrap(), Some(UNTIL), "leases count");
    let callbacks = store.claim(OutboxKind::Callback, "worker", NOW, UNTIL, 10).await.unwrap();
    assert_eq!(callbacks, vec![], "each kind has its own rows");
}

pub(crate) async fn a_start_ends_the_leases_of_the_life_before(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let old = claim_one(store, NOW).await;
    assert_eq!(store.free_leases().await.unwrap(), 1);
    assert_eq!(store.free_leases().await.unwrap(), 0);
    let attention = Some((id, Attention::At(UNTIL)));
    let alive = attend(store, Some(old), attention, vec![]).await;
    assert_eq!(alive, Err(StoreError::LeaseLost), "whoever held it is refused");
    assert!(claim_one(store, NOW).await.fence > old.fence);
}

pub(crate) async fn a_lease_that_is_over_is_taken_over(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let old = claim_one(store, NOW).await;
    let attention = Some((id, Attention::At(UNTIL)));
    let new = claim_one(store, UNTIL).await;
    assert!(new.fence > old.fence);
    let lost = attend(store, Some(old), attention, vec![]).await;
    assert_eq!(lost, Err(StoreError::LeaseLost));
    assert_eq!(store.release(old, NOW).await, Err(StoreError::LeaseLost));
    attend(store, Some(new), attention, vec![]).await.unwrap();
    let ended = attend(store, Some(new), attention, vec![]).await;
    assert_eq!(ended, Err(StoreError::LeaseLost), "a lease ends with its last commit");
}

pub(crate) async fn a_released_row_is_due_when_it_was_said(store: &dyn Store) {
    let base = base(store).await;
    place(store, base, 1).await.unwrap();
    let lease = claim_one(store, NOW).await;
    store.release(lease, NOW.after_ms(500)).await.unwrap();
    assert_eq!(store.next_due(KIND).await.unwrap(), Some(NOW.after_ms(500)));
    assert_eq!(claim(store, NOW.after_ms(499), 1).await, vec![]);
    assert!(claim_one(store, NOW.after_ms(500)).await.fence > lease.fence);
}

pub(crate) async fn commits_under_a_lease_keep_it_until_they_say_when(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let lease = claim_one(store, NOW).await;
    for _ in 0..2 {
        attend(store, Some(lease), None, vec![]).await.unwrap();
        assert_eq!(claim(store, NOW, 1).await, vec![], "it is still leased");
    }
    let later = NOW.after_ms(9_000);
    attend(store, Some(lease), Some((id, Attention::At(later))), vec![]).await.unwrap();
    assert_eq!(store.next_due(KIND).await.unwrap(), Some(later), "later than it was due");
    assert!(is_live(store, 1).await);
}

pub(crate) async fn done_ends_what_is_owed(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let lease = claim_one(store, NOW).await;
    attend(store, Some(lease), Some((id, Attention::Done)), vec![]).await.unwrap();
    assert_eq!(store.next_due(KIND).await.unwrap(), None);
    assert!(!is_live(store, 1).await);
    let gone = attend(store, Some(lease), None, vec![]).await;
    assert_eq!(gone, Err(StoreError::LeaseLost));
}

pub(crate) async fn a_nudge_during_a_lease_is_not_forgotten(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    for ending in [Attention::At(NOW.after_secs(60)), Attention::Done] {
        let lease = claim_one(store, NOW).await;
        attend(store, None, None, vec![id]).await.unwrap();
        assert_eq!(claim(store, NOW, 1).await, vec![], "the nudge leaves the lease alone");
        attend(store, Some(lease), Some((id, ending)), vec![]).await.unwrap();
        assert!(is_live(store, 1).await, "{ending:?}");
        let due = store.next_due(KIND).await.unwrap().unwrap();
        assert!(due <= NOW, "{ending:?} leaves it due at once, not at {due:?}");
    }
    let lease = claim_one(store, NOW).await;
    attend(store, None, None, vec![id]).await.unwrap();
    store.release(lease, NOW.after_secs(60)).await.unwrap();
    claim_one(store, NOW).await;
}

pub(crate) async fn a_nudge_wakes_a_finished_order(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    attend(store, None, Some((id, Attention::Done)), vec![]).await.unwrap();
    assert!(!is_live(store, 1).await);
    attend(store, None, None, vec![id, id]).await.unwrap();
    assert!(is_live(store, 1).await);
    assert_eq!(claim_one(store, NOW).await.order(), id);
    let nobody = attend(store, None, None, vec![support::order_id(99)]).await;
    assert!(matches!(nobody, Err(StoreError::Broken(_))), "{nobody:?}");
}

pub(crate) async fn attention_without_a_lease_only_moves_earlier(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let at = |ms| Some((id, Attention::At(NOW.after_ms(ms))));
    attend(store, None, at(500), vec![]).await.unwrap();
    assert_eq!(store.next_due(KIND).await.unwrap(), Some(NOW));
    attend(store, None, at(-500), vec![]).await.unwrap();
    assert_eq!(store.next_due(KIND).await.unwrap(), Some(NOW.after_ms(-500)));
}

pub(crate) async fn the_fence_does_not_fall_when_a_row_comes_again(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let stale = claim_one(store, NOW).await;
    let second = claim_one(store, UNTIL).await;
    attend(store, Some(second), Some((id, Attention::Done)), vec![]).await.unwrap();
    attend(store, None, None, vec![id]).await.unwrap();
    let third = claim_one(store, UNTIL).await;
    assert_ne!(third.fence, stale.fence);
    let lost = attend(store, Some(stale), None, vec![]).await;
    assert_eq!(lost, Err(StoreError::LeaseLost));
}

pub(crate) async fn the_chain_is_followed_by_one_at_a_time(store: &dyn Store) {
    let take = async |owner: &str, now: UnixMillis| {
        store.take_turn(owner, now, now.after_ms(30_000)).await.unwrap()
    };
    let first = take("one", NOW).await.unwrap();
    assert_eq!(take("two", NOW.after_ms(29_999)).await, None);
    store.keep_turn(first, UNTIL.after_ms(30_000)).await.unwrap();
    assert_eq!(take("two", UNTIL).await, None, "it was kept");
    let second = take("two", UNTIL.after_ms(30_000)).await.expect("the first one's time is over");
    assert!(second.fence > first.fence);
    assert_eq!(store.release(first, NOW).await, Err(StoreError::LeaseLost));
    store.release(second, UNTIL).await.unwrap();
    assert_eq!(store.keep_turn(second, UNTIL).await, Err(StoreError::LeaseLost), "given back");
    assert!(take("one", UNTIL).await.is_some(), "given back, it is anybody's at once");
}

pub(crate) async fn a_turn_from_before_the_clock_was_set_back_is_over(store: &dyn Store) {
    let take = async |owner: &str, now: UnixMillis| {
        store.take_turn(owner, now, now.after_ms(30_000)).await.unwrap()
    };
    let ahead = take("one", NOW.after_secs(3_600)).await.unwrap();
    let behind = take("two", NOW).await.expect("no turn is an hour long");
    assert!(behind.fence > ahead.fence);
    assert_eq!(take("three", NOW.after_ms(-30_000)).await, None, "clocks differ a little");
}
