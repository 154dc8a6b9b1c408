//! Works that are asked for at once, so that they share commits where the store makes shared ones.

use app::ports::{Store, StoreError};
use app::rows::{Attention, Changes, Lease, Needs, OutboxKind};
use app::work::commit;
use domain::OrderId;
use domain::ledger::facts::{merchant_credited, merchant_debited};
use futures::future::join_all;
use tron::Sun;

use crate::support::{CREDIT, NOW, PRICE, address, base, order_id, place, try_place};

/// Works at once.
const WORKS: u64 = 40;

pub(crate) async fn works_of_one_commit_see_each_other(store: &dyn Store) {
    let base = base(store).await;
    let left = 5 * PRICE + PRICE - 1;
    let debit = merchant_debited([5; 16], base.merchant, Sun::new(CREDIT - left), "all", NOW);
    store.post(debit).await.unwrap();
    // Each order twice: the second finds the first one's answer, or is refused for the same reason.
    let all = join_all((0..WORKS).map(|number| try_place(store, base, number / 2)));
    let mut placed: Vec<_> = all.await.into_iter().flat_map(Result::unwrap).collect();
    placed.sort();
    placed.dedup();
    assert_eq!(placed.len(), 5, "the balance is enough for so many: {placed:?}");
    let merchant = store.merchants().await.unwrap().remove(0);
    assert_eq!((merchant.available.get(), merchant.held.get()), (PRICE - 1, 5 * PRICE));
    let audit = store.audit().await.unwrap();
    assert_eq!((audit.orders, audit.differences), (5, Vec::new()));
}

pub(crate) async fn a_refused_write_leaves_all_others_alone(store: &dyn Store) {
    let base = base(store).await;
    let taken = merchant_credited([6; 16], base.merchant, Sun::new(1), "first", NOW);
    store.post(taken.clone()).await.unwrap();
    let again = commit(store, Needs::default(), move |_| {
        Ok::<_, ()>((Changes { ledger: vec![taken.clone()], ..Changes::default() }, ()))
    });
    let before = join_all((0..WORKS).map(|number| place(store, base, number)));
    let after = join_all((WORKS..2 * WORKS).map(|number| place(store, base, number)));
    let (before, again, after) = tokio::join!(before, again, after);
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    for id in before.into_iter().chain(after) {
        assert!(store.whole(id.unwrap()).await.unwrap().is_some());
    }
    let merchant = store.merchants().await.unwrap().remove(0);
    let spent = i64::try_from(2 * WORKS).unwrap() * PRICE;
    assert_eq!(merchant.available.get(), CREDIT + 1 - spent);
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

/// So many orders, each with a lease.
async fn leased(store: &dyn Store) -> Vec<Lease> {
    let base = base(store).await;
    join_all((0..WORKS).map(|number| place(store, base, number))).await;
    let limit = usize::try_from(WORKS).unwrap();
    let until = NOW.after_secs(30);
    let leases = store.claim(OutboxKind::Order, "one", NOW, until, limit).await.unwrap();
    assert_eq!(leases.len(), limit);
    leases
}

/// Commits what becomes of an order's row, under a lease or with a nudge.
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

pub(crate) async fn a_lease_is_ended_once(store: &dyn Store) {
    let leases = leased(store).await;
    let end =
        |lease: &Lease| attend(store, Some(*lease), Some((lease.order(), Attention::Done)), vec![]);
    let ended = join_all(leases.iter().chain(&leases).map(end)).await;
    let (lost, done): (Vec<_>, Vec<_>) = ended.into_iter().partition(Result::is_err);
    assert_eq!((lost.len(), done.len()), (leases.len(), leases.len()));
    assert!(lost.iter().all(|lost| *lost == Err(StoreError::LeaseLost)), "{lost:?}");
    assert_eq!(store.next_due(OutboxKind::Order).await.unwrap(), None);
    for number in 0..WORKS {
        assert_eq!(store.live_on(address(number)).await.unwrap(), vec![]);
    }
}

pub(crate) async fn a_nudge_beside_the_end_of_a_lease_is_not_forgotten(store: &dyn Store) {
    let mut leases = leased(store).await;
    for ending in [Attention::At(NOW.after_secs(60)), Attention::Done] {
        let (one, other) = leases.split_at(leases.len() / 2);
        let end =
            |lease: &Lease| attend(store, Some(*lease), Some((lease.order(), ending)), vec![]);
        let nudge = |lease: &Lease| attend(store, None, None, vec![lease.order()]);
        // Half of the nudges are asked for before the end of the lease, half of them after it.
        let before = join_all(one.iter().map(nudge));
        let ends = join_all(leases.iter().map(end));
        let after = join_all(other.iter().map(nudge));
        let (before, ends, after) = tokio::join!(before, ends, after);
        assert!(before.iter().chain(&ends).chain(&after).all(Result::is_ok), "{ends:?}");
        let until = NOW.after_secs(30);
        let claim = store.claim(OutboxKind::Order, "two", NOW, until, leases.len());
        let again = claim.await.unwrap();
        let mut ids: Vec<_> = again.iter().map(Lease::order).collect();
        ids.sort();
        assert_eq!(ids, (0..WORKS).map(order_id).collect::<Vec<_>>(), "{ending:?}");
        leases = again;
    }
}
