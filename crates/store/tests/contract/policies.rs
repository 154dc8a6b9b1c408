//! Policies: kept, claimed, nudged, and what they count.

use app::admin_rows::{PolicyFilter, Slice};
use app::ports::{Store, StoreError};
use app::records::Database;
use app::rows::{Changes, Counted, Needs, PolicyKey, PolicyLease, Rows};
use app::work::commit;
use domain::policy::{CountTerms, NewPolicy, PolicyEvent, step};
use domain::{MerchantId, Policy, PolicyId, PolicyKind, PolicyState, UnixMillis};
use tron::{Energy, TxId};

use crate::support::{Base, NOW, address, base, place, turn};

fn new(base: Base, id: i64) -> NewPolicy {
    let receiver = address(u64::try_from(id).unwrap());
    NewPolicy { id: PolicyId(id), merchant: base.merchant, key: base.key, receiver, now: NOW }
}

fn counting(base: Base, id: i64) -> Policy {
    let terms = CountTerms { key: base.key, times: 5, has_bandwidth: Some(true), unused_max: None };
    step(&new(base, id).count(), PolicyEvent::Bought(terms), NOW).unwrap().policy
}

fn hired(base: Base, id: i64, energy: Option<Energy>) -> Policy {
    let event = PolicyEvent::Hired { key: base.key, energy, period_days: 3 };
    step(&new(base, id).auto(), event, NOW).unwrap().policy
}

/// Writes what a policy becomes.
async fn save(store: &dyn Store, changes: Changes) -> Result<(), StoreError> {
    let id = changes.policy.as_ref().map(|policy| policy.id);
    let needs = Needs { policy: id.map(PolicyKey::Id), ..Needs::default() };
    let decide = move |_: &Rows| -> Result<(Changes, ()), ()> { Ok((changes.clone(), ())) };
    commit(store, needs, decide).await.map(|outcome| outcome.unwrap())
}

async fn put(store: &dyn Store, policy: Policy) {
    save(store, Changes { policy: Some(policy), ..Changes::default() }).await.unwrap();
}

async fn nudge(store: &dyn Store, id: i64, due: UnixMillis) {
    let policy_nudges = vec![(PolicyId(id), due)];
    save(store, Changes { policy_nudges, ..Changes::default() }).await.unwrap();
}

async fn claim(store: &dyn Store, now: UnixMillis) -> Vec<PolicyLease> {
    store.claim_policies(now, now.after_secs(30), 10).await.unwrap()
}

pub(crate) async fn a_policy_is_kept_as_it_was_decided(store: &dyn Store) {
    let base = base(store).await;
    let order = place(store, base, 1).await.unwrap();
    for policy in [
        counting(base, 1),
        hired(base, 2, None),
        hired(base, 3, Some(Energy::new(65_000))),
        Policy { failures: 3, quiet_looks: 4, ..counting(base, 4) },
    ] {
        put(store, policy.clone()).await;
        let id = policy.id;
        assert_eq!(store.policy_view(id).await.unwrap().unwrap().policy, policy);
        let event = match policy.kind() {
            PolicyKind::Count => PolicyEvent::Transferred,
            PolicyKind::Auto => PolicyEvent::Spent(Energy::new(130_285)),
        };
        let next = step(&policy, event, NOW.after_secs(9)).unwrap().policy;
        put(store, next.clone()).await;
        assert_eq!(store.policy_view(id).await.unwrap().unwrap().policy, next);
    }
    let refilled = step(&counting(base, 1), PolicyEvent::Refilled(order), NOW).unwrap().policy;
    put(store, refilled).await;
    let view = store.policy_view(PolicyId(1)).await.unwrap().unwrap();
    assert_eq!(view.open.unwrap().order.id, order);
    assert_eq!(store.policy_view(PolicyId(9)).await.unwrap(), None);
}

pub(crate) async fn a_due_policy_is_claimed_once(store: &dyn Store) {
    let base = base(store).await;
    put(store, counting(base, 1)).await;
    assert_eq!(store.next_policy_due().await.unwrap(), None, "nobody wanted it to be looked at");
    nudge(store, 1, NOW).await;
    assert_eq!(claim(store, NOW.after_ms(-1)).await, []);
    let leases = claim(store, NOW).await;
    assert_eq!(leases.len(), 1);
    assert_eq!(claim(store, NOW).await, []);
    assert_eq!(claim(store, NOW.after_secs(30)).await.len(), 1, "the lease is over");
    assert_eq!(store.release_policy(leases[0], None).await, Err(StoreError::LeaseLost));
    let due = store.next_policy_due().await.unwrap();
    assert_eq!(due, Some(NOW.after_secs(60)), "an older holder changes nothing");
}

pub(crate) async fn an_older_holder_of_a_policy_is_refused(store: &dyn Store) {
    let base = base(store).await;
    let policy = counting(base, 1);
    put(store, policy.clone()).await;
    nudge(store, 1, NOW).await;
    let older = claim(store, NOW).await[0];
    let under = async |lease: PolicyLease| {
        let next = step(&policy, PolicyEvent::Transferred, NOW).unwrap().policy;
        let policy = Some(PolicyKey::Id(next.id));
        let needs = Needs { policy, policy_lease: Some(lease), ..Needs::default() };
        let decide = move |_: &Rows| -> Result<(Changes, ()), ()> {
            Ok((Changes { policy: Some(next.clone()), ..Changes::default() }, ()))
        };
        commit(store, needs, decide).await
    };
    // A nudge lets another claim it although the lease has not ended.
    nudge(store, 1, NOW).await;
    let newer = claim(store, NOW).await[0];
    assert!(newer.fence > older.fence);
    assert_eq!((newer.policy, newer.until), (older.policy, older.until));
    assert_eq!(under(older).await, Err(StoreError::LeaseLost));
    assert_eq!(store.release_policy(older, None).await, Err(StoreError::LeaseLost));
    assert_eq!(store.policy_view(policy.id).await.unwrap().unwrap().policy, policy);
    assert_eq!(store.next_policy_due().await.unwrap(), Some(newer.until));
    under(newer).await.unwrap().unwrap();
    assert_ne!(store.policy_view(policy.id).await.unwrap().unwrap().policy, policy);
    store.release_policy(newer, None).await.unwrap();
    assert_eq!(store.next_policy_due().await.unwrap(), None);
}

pub(crate) async fn a_nudge_of_a_claimed_policy_is_not_forgotten(store: &dyn Store) {
    let base = base(store).await;
    put(store, counting(base, 1)).await;
    nudge(store, 1, NOW).await;
    let lease = claim(store, NOW).await[0];
    store.release_policy(lease, Some(NOW.after_secs(9))).await.unwrap();
    assert_eq!(store.next_policy_due().await.unwrap(), Some(NOW.after_secs(9)));
    let lease = claim(store, NOW.after_secs(9)).await[0];
    nudge(store, 1, NOW.after_secs(10)).await;
    store.release_policy(lease, None).await.unwrap();
    assert_eq!(store.next_policy_due().await.unwrap(), Some(NOW.after_secs(10)));
    let lease = claim(store, NOW.after_secs(10)).await[0];
    store.release_policy(lease, None).await.unwrap();
    assert_eq!(store.next_policy_due().await.unwrap(), None);
}

pub(crate) async fn a_refill_is_numbered_once(store: &dyn Store) {
    let base = base(store).await;
    put(store, counting(base, 1)).await;
    let (first, second) =
        (place(store, base, 1).await.unwrap(), place(store, base, 2).await.unwrap());
    let refilled = |order| {
        let policy = step(&counting(base, 1), PolicyEvent::Refilled(order), NOW).unwrap().policy;
        Changes { policy: Some(policy), ..Changes::default() }
    };
    save(store, refilled(first)).await.unwrap();
    // As if the row had been put back by a defect: the key still knows.
    put(store, counting(base, 1)).await;
    let again = save(store, refilled(second)).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let view = store.policy_view(PolicyId(1)).await.unwrap().unwrap();
    assert_eq!(view.open, None, "nothing of the second was written");
}

pub(crate) async fn a_transfer_is_counted_once_until_a_fork(store: &dyn Store) {
    let base = base(store).await;
    put(store, counting(base, 1)).await;
    let counted = |number: u8, block| Counted {
        policy: PolicyId(1),
        txid: TxId::from_bytes([number; 32]),
        block,
        is_deducted: true,
    };
    let count = |one| Changes { counted: Some(one), ..Changes::default() };
    for one in [counted(1, 10), counted(2, 11)] {
        save(store, count(one)).await.unwrap();
        assert!(matches!(save(store, count(one)).await, Err(StoreError::Conflict(_))));
    }
    assert_eq!(store.counted_since(11).await.unwrap(), [counted(2, 11)]);
    store.mark_counted_solid(&[counted(1, 10)], turn(store).await).await.unwrap();
    assert_eq!(store.counted_until(11).await.unwrap(), [counted(2, 11)]);
    let uncount = |one| Changes { uncounted: Some(one), ..Changes::default() };
    save(store, uncount(counted(2, 11))).await.unwrap();
    save(store, count(counted(2, 12))).await.unwrap();
    let solid = save(store, uncount(counted(1, 10))).await;
    assert!(matches!(solid, Err(StoreError::Broken(_))), "what is solid stays: {solid:?}");
}

pub(crate) async fn policies_are_found_by_merchant_kind_and_address(store: &dyn Database) {
    let base = base(store).await;
    for policy in [counting(base, 1), hired(base, 2, None), counting(base, 3)] {
        put(store, policy).await;
    }
    let list = async |kind, receiver, offset, limit| {
        let page = store.policies((base.merchant, kind, receiver), offset, limit).await.unwrap();
        (page.policies.iter().map(|policy| policy.id.0).collect::<Vec<_>>(), page.all)
    };
    assert_eq!(list(PolicyKind::Count, None, 0, 20).await, (vec![3, 1], 2));
    assert_eq!(list(PolicyKind::Count, None, 1, 1).await, (vec![1], 2));
    assert_eq!(list(PolicyKind::Auto, None, 0, 20).await, (vec![2], 1));
    assert_eq!(list(PolicyKind::Count, Some(address(3)), 0, 20).await, (vec![3], 1));
    assert_eq!(list(PolicyKind::Count, Some(address(2)), 0, 20).await, (vec![], 0));
    let of_both = async |after: Option<i64>, limit| {
        let slice = Slice { after: after.map(PolicyId), limit };
        let filter = PolicyFilter { merchant: Some(base.merchant), ..PolicyFilter::default() };
        let part = store.policy_lines(filter, slice).await.unwrap();
        assert!(part.rows.iter().all(|line| line.key.id == base.key));
        part.rows.iter().map(|line| line.policy.id.0).collect::<Vec<_>>()
    };
    assert_eq!((of_both(None, 9).await, of_both(None, 2).await), (vec![3, 2, 1], vec![3, 2]));
    assert_eq!((of_both(Some(2), 2).await, of_both(Some(1), 2).await), (vec![1], vec![]));
    let found = async |filter: PolicyFilter| {
        let part = store.policy_lines(filter, Slice { after: None, limit: 9 }).await.unwrap();
        part.rows.iter().map(|line| line.policy.id.0).collect::<Vec<_>>()
    };
    let all = PolicyFilter::default();
    let own = PolicyFilter { merchant: Some(base.merchant), ..all };
    let auto = Some(PolicyKind::Auto);
    for filter in [all, own] {
        assert_eq!(found(filter).await, [3, 2, 1]);
        assert_eq!(found(PolicyFilter { kind: auto, ..filter }).await, [2]);
        assert_eq!(found(PolicyFilter { receiver: Some(address(3)), ..filter }).await, [3]);
        let ended = Some(PolicyState::Ended);
        assert_eq!(found(PolicyFilter { state: ended, ..filter }).await, [0; 0]);
        let enabled = Some(PolicyState::Enabled);
        assert_eq!(found(PolicyFilter { state: enabled, kind: auto, ..filter }).await, [2]);
    }
    assert_eq!(found(PolicyFilter { merchant: Some(MerchantId(99)), ..all }).await, [0; 0]);
    assert_eq!(store.policy_line(PolicyId(2)).await.unwrap().unwrap().key.id, base.key);
    assert_eq!(store.policy_line(PolicyId(9)).await.unwrap(), None);
    let other = (MerchantId(99), PolicyKind::Count, None);
    assert_eq!(store.policies(other, 0, 20).await.unwrap().all, 0);
    let watched = store.watched_policies(&[address(1), address(2), address(7)]).await.unwrap();
    assert_eq!(watched.iter().map(|one| one.id.0).collect::<Vec<_>>(), [1, 2]);
    put(store, step(&hired(base, 2, None), PolicyEvent::Switched(false), NOW).unwrap().policy)
        .await;
    assert_eq!(store.watched_policies(&[address(2)]).await.unwrap(), []);
    assert_eq!(store.nudge_watched_policies(NOW, turn(store).await).await.unwrap(), 2);
}
