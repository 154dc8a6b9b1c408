//! Transactions, blocks, and what is lent.

use app::ports::{Lent, Store, StoreError};
use app::rows::{Counted, Lease, OutboxKind, OwnTx, TxOwner, WalletReading, WatchedBlock};
use domain::order::Event;
use domain::{PolicyId, Road, TxState, UnixMillis};
use tron::{Resource, Sun, TxId};

use crate::support::{self, NOW, base, happen, include, place, signed, turn};

pub(crate) async fn own_transactions_are_found_until_they_are_solid(store: &dyn Store) {
    let base = base(store).await;
    let order = place(store, base, 1).await.unwrap();
    let tx = signed(order, 1, Road::Out, base.lender, 1);
    let txid = tx.txid;
    happen(store, order, Event::Signed(tx), NOW, None).await.unwrap().unwrap();
    let block = [TxId::of_raw(b"a stranger's"), txid];
    let ours = vec![OwnTx { txid, owner: TxOwner::Order(order) }];
    assert_eq!(store.own_txs(&block).await.unwrap(), ours, "stored");
    assert_eq!(store.open_txs().await.unwrap(), ours);
    let included = Event::Included { txid, block: 7, at: NOW, has_succeeded: true };
    happen(store, order, included, NOW, None).await.unwrap().unwrap();
    assert_eq!(store.own_txs(&block).await.unwrap(), ours, "included");
    assert_eq!(store.open_txs().await.unwrap(), ours);
    store.mark_solid(&[txid], turn(store).await).await.unwrap();
    assert_eq!(store.own_txs(&block).await.unwrap(), vec![], "solid");
    assert_eq!(store.open_txs().await.unwrap(), vec![]);
}

pub(crate) async fn a_final_order_is_due_when_its_last_transaction_is_solid(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    support::deliver(store, base, id, 100).await;
    let (later, turn) = (NOW.after_secs(7_200), turn(store).await);
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    let out: Vec<TxId> = whole.txs.iter().map(|tx| tx.txid).collect();
    rest(store, later).await;
    store.mark_solid(&out, turn).await.unwrap();
    let due = || store.next_due(OutboxKind::Order);
    assert_eq!(due().await.unwrap(), Some(later), "a delivered one waits for other things");

    let transfer = TxId::of_raw(b"the merchant's transfer");
    let used = Event::Used { txid: transfer, at: NOW };
    happen(store, id, used, NOW, None).await.unwrap().unwrap();
    let back = signed(id, 1, Road::Back, base.lender, 2);
    let txid = back.txid;
    happen(store, id, Event::Signed(back), NOW, None).await.unwrap().unwrap();
    let included = Event::Included { txid, block: 101, at: NOW, has_succeeded: true };
    happen(store, id, included, NOW, None).await.unwrap().unwrap();
    let proven = Event::UseProven(vec![transfer]);
    happen(store, id, proven, NOW, None).await.unwrap().unwrap();
    rest(store, later).await;
    store.mark_solid(&out, turn).await.unwrap();
    assert_eq!(due().await.unwrap(), Some(later), "its way back may still be undone");
    let lease = lease(store, later).await;
    store.mark_solid(&[txid], turn).await.unwrap();
    store.release(lease, later).await.unwrap();
    assert!(due().await.unwrap() < Some(NOW), "who holds it may not have seen that");
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    assert!(whole.is_closed(), "{whole:?}");
}

/// Lets the only order rest until then.
async fn rest(store: &dyn Store, until: UnixMillis) {
    let lease = lease(store, until).await;
    store.release(lease, until).await.unwrap();
}

async fn lease(store: &dyn Store, now: UnixMillis) -> Lease {
    let until = now.after_secs(30);
    store.claim(OutboxKind::Order, "a worker", now, until, 1).await.unwrap().remove(0)
}

pub(crate) async fn included_ones_are_found_by_block_and_become_solid(store: &dyn Store) {
    let base = base(store).await;
    let (mut orders, mut ours) = (Vec::new(), Vec::new());
    for number in 1..=3 {
        let order = place(store, base, number).await.unwrap();
        let block = 10 * i64::try_from(number).unwrap();
        let txid = include(store, base, order, block).await;
        orders.push(order);
        ours.push(OwnTx { txid, owner: TxOwner::Order(order) });
    }
    assert_eq!(store.included_since(20).await.unwrap(), ours[1..]);
    assert_eq!(store.included_since(31).await.unwrap(), vec![]);
    let until = store.included_until(20).await.unwrap();
    assert_eq!(until, vec![(10, ours[0]), (20, ours[1])]);
    let turn = turn(store).await;
    store.mark_solid(&[ours[0].txid, ours[1].txid], turn).await.unwrap();
    assert_eq!(store.included_until(20).await.unwrap(), vec![]);
    assert_eq!(store.included_since(0).await.unwrap(), ours[2..]);
    let states = |whole: &domain::WholeOrder| whole.txs[0].state;
    let (first, _) = store.whole(orders[0]).await.unwrap().unwrap();
    let (third, _) = store.whole(orders[2]).await.unwrap().unwrap();
    assert_eq!((states(&first), states(&third)), (TxState::Solid, TxState::Included));
    happen(store, orders[2], Event::ReorgedOut(ours[2].txid), NOW, None).await.unwrap().unwrap();
    store.mark_solid(&[ours[2].txid], turn).await.unwrap();
    let (third, _) = store.whole(orders[2]).await.unwrap().unwrap();
    assert_eq!(states(&third), TxState::Stored, "only what is included becomes solid");
}

pub(crate) async fn an_open_transaction_is_stored_once(store: &dyn Store) {
    let base = base(store).await;
    let first = place(store, base, 1).await.unwrap();
    let second = place(store, base, 2).await.unwrap();
    let tx = signed(first, 1, Road::Out, base.lender, 1);
    let mut same = signed(second, 1, Road::Out, base.lender, 1);
    same.txid = tx.txid;
    happen(store, first, Event::Signed(tx), NOW, None).await.unwrap().unwrap();
    let outcome = happen(store, second, Event::Signed(same), NOW, None).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
}

pub(crate) async fn what_is_lent_is_summed_by_wallet_and_receiver(store: &dyn Store) {
    let base = base(store).await;
    assert_eq!(store.lent().await.unwrap(), vec![]);
    let order = place(store, base, 1).await.unwrap();
    assert_eq!(store.lent().await.unwrap(), vec![], "planned is not lent");
    let (whole, _) = store.whole(order).await.unwrap().unwrap();
    let stake = whole.legs[0].energy_stake();
    let lent = |lent, in_doubt| {
        let (owner, receiver) = (base.lender, support::address(1));
        vec![Lent { owner, receiver, resource: Resource::Energy, lent, in_doubt }]
    };
    let tx = signed(order, 1, Road::Out, base.lender, 1);
    let txid = tx.txid;
    happen(store, order, Event::Signed(tx), NOW, None).await.unwrap().unwrap();
    assert_eq!(store.lent().await.unwrap(), lent(Sun::ZERO, stake), "signed is in doubt");
    let included = Event::Included { txid, block: 7, at: NOW, has_succeeded: true };
    happen(store, order, included, NOW, None).await.unwrap().unwrap();
    assert_eq!(store.lent().await.unwrap(), lent(stake, Sun::ZERO), "included is lent");
}

pub(crate) async fn an_outdated_reading_is_dropped(store: &dyn Store) {
    let base = base(store).await;
    let order = place(store, base, 1).await.unwrap();
    let (pool, versions) = store.pool().await.unwrap();
    assert_eq!(versions, vec![0], "a reservation is no reason to read again");
    assert!(pool.wallets[0].energy_reserved > Sun::ZERO);
    include(store, base, order, 7).await;
    let (before, versions) = store.pool().await.unwrap();
    assert_eq!(versions, vec![1], "an inclusion is");
    assert_eq!(before.wallets[0].energy_reserved, Sun::ZERO);
    let reading = |version| WalletReading {
        energy_capacity: Sun::new(123),
        ..support::reading_of(base.lender, version)
    };
    let turn = turn(store).await;
    store.save_readings(&[reading(0)], turn).await.unwrap();
    assert_eq!(store.pool().await.unwrap().0.wallets, before.wallets);
    store.save_readings(&[reading(1)], turn).await.unwrap();
    let (after, _) = store.pool().await.unwrap();
    assert_eq!(after.wallets[0].energy_capacity, Sun::new(123));
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

pub(crate) async fn who_was_frozen_past_its_turn_changes_nothing(store: &dyn Store) {
    let base = base(store).await;
    let order = place(store, base, 1).await.unwrap();
    let txid = include(store, base, order, 7).await;
    let (before, _) = store.whole(order).await.unwrap().unwrap();
    let (pool, versions) = store.pool().await.unwrap();
    let stale = turn(store).await;
    let over = NOW.after_secs(30);
    let newer = store.take_turn("two", over, over.after_secs(30)).await.unwrap().unwrap();
    assert!(newer.fence > stale.fence);
    let block = WatchedBlock { number: 8, id: [8; 32] };
    let reading = support::reading_of(base.lender, versions[0]);
    let counted = Counted { policy: PolicyId(1), txid, block: 8, is_deducted: true };
    let lost = Err(StoreError::LeaseLost);
    assert_eq!(store.mark_solid(&[txid], stale).await, lost);
    assert_eq!(store.set_watched(block, stale).await, lost);
    assert_eq!(store.begin_telling(stale).await, lost);
    assert_eq!(store.save_readings(&[reading], stale).await, lost);
    assert_eq!(store.mark_counted_solid(&[counted], stale).await, lost);
    assert_eq!(store.nudge_watched_policies(NOW, stale).await, Err(StoreError::LeaseLost));
    assert_eq!(store.keep_turn(stale, over.after_secs(60)).await, lost);
    let event = Event::ReorgedOut(txid);
    let dropped = support::happen_under(Some(stale), store, order, event, (NOW, None)).await;
    assert_eq!(dropped.unwrap_err(), StoreError::LeaseLost);
    assert_eq!(store.whole(order).await.unwrap().unwrap().0, before);
    let (after, after_versions) = store.pool().await.unwrap();
    assert_eq!((after.wallets, after_versions), (pool.wallets, versions));
    assert_eq!(store.watched().await.unwrap(), None);
    store.set_watched(block, newer).await.unwrap();
    assert_eq!(store.watched().await.unwrap(), Some(block), "whose turn it is may");
}
