//! Orders through the port.

use app::ports::{Store, StoreError};
use app::rows::{Attention, Changes, Idempotency, Needs, NewAnswers, OutboxKind, Remembered};
use app::work::commit;
use domain::order::Event;
use domain::order::step::{Refused, Wanted};
use domain::{OrderState, Road, WholeOrder};
use tron::{Sun, TxId};

use crate::support::{self, NOW, base, happen, order_id, place, signed};

pub(crate) async fn an_order_is_kept_as_it_was_decided(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let (whole, others) = store.whole(id).await.unwrap().unwrap();
    assert!(others.is_empty());
    let new = support::new_order(base, 1);
    assert_eq!(whole.order.receiver, new.receiver);
    assert_eq!(whole.order.reference, new.reference);
    assert_eq!(whole.order.callback_url, new.callback_url);
    let collection = whole.order.collection().unwrap();
    let wanted = Wanted::Collection {
        recipient: collection.recipient,
        token_amount: collection.token_amount,
        scene: collection.scene,
    };
    assert_eq!((wanted, whole.order.origin), (new.wanted, new.origin));
    assert_eq!(whole.order.price, Sun::new(support::PRICE));
    assert_eq!(whole.order.balance_after, Sun::new(support::CREDIT - support::PRICE));
    assert_eq!((whole.legs.len(), whole.txs.len()), (1, 0));
    assert_eq!(whole.legs[0].owner, base.lender);
    assert_eq!(store.live_on(new.receiver).await.unwrap(), vec![whole.clone()]);
    let view = store.order_view(id).await.unwrap().unwrap();
    assert_eq!((view.whole, view.key_name.as_str()), (whole, "key-of-acme of a test"));
    let live = store.live_receivers(&[support::address(77), new.receiver]).await.unwrap();
    assert_eq!(live, vec![new.receiver]);
    assert_eq!(store.whole(order_id(2)).await.unwrap(), None);
    assert_eq!(store.order_view(order_id(2)).await.unwrap(), None);
    let audit = store.audit().await.unwrap();
    assert_eq!(audit.differences, Vec::<String>::new());
    assert_eq!((audit.accounts, audit.ledger_txs, audit.orders), (4, 2, 1));
}

pub(crate) async fn a_refused_work_writes_nothing(store: &dyn Store) {
    let base = base(store).await;
    let needs = support::place_needs(base, 1);
    let refused: Result<(), &str> = commit(store, needs, |rows| {
        assert!(rows.merchant.is_some() && rows.pool.wallets.len() == 1);
        Err("no")
    })
    .await
    .unwrap();
    assert_eq!(refused, Err("no"));
    assert_eq!(store.audit().await.unwrap().orders, 0);
    assert_eq!(store.next_due(OutboxKind::Order).await.unwrap(), None);
}

pub(crate) async fn an_exact_replay_places_nothing(store: &dyn Store) {
    let base = base(store).await;
    let first = place(store, base, 1).await.unwrap();
    assert_eq!(place(store, base, 1).await.unwrap(), first);
    let stored = store.answers(&support::request(base, 1)).await.unwrap();
    assert_eq!(stored.replay, Some((Remembered::Order(first), [3; 32])));
    assert_eq!(stored.resend, None);
    let audit = store.audit().await.unwrap();
    assert_eq!((audit.orders, audit.ledger_txs), (1, 2));
}

pub(crate) async fn a_resend_is_known_by_its_key(store: &dyn Store) {
    let base = base(store).await;
    let order = place(store, base, 1).await.unwrap();
    let idempotency = Idempotency { text: "mine-1".to_owned(), request: [5; 32] };
    let mut request = support::request(base, 2);
    request.idempotency = Some(idempotency.clone());
    let new = NewAnswers {
        request: request.clone(),
        answer: Remembered::Order(order),
        at: NOW,
        is_resend: false,
    };
    let remember = Changes { answers: Some(new), ..Changes::default() };
    let done: Result<(), Refused> =
        commit(store, Needs::default(), move |_| Ok((remember.clone(), ()))).await.unwrap();
    done.unwrap();
    let mut again = support::request(base, 3);
    again.idempotency = Some(idempotency);
    let stored = store.answers(&again).await.unwrap();
    assert_eq!((stored.replay, stored.resend), (None, Some((Remembered::Order(order), [5; 32]))));
}

pub(crate) async fn two_works_on_one_order_see_each_other(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let sign = |salt| {
        let tx = signed(id, 1, Road::Out, base.lender, salt);
        happen(store, id, Event::Signed(tx), NOW, None)
    };
    let (first, second) = futures_join(sign(1), sign(2)).await;
    let mut outcomes = [first.unwrap(), second.unwrap()];
    outcomes.sort_by_key(Result::is_err);
    assert_eq!(outcomes, [Ok(()), Err(Refused::NoChange)]);
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    assert_eq!(whole.txs.len(), 1, "one transaction for one leg");
}

/// Both at once on this task.
async fn futures_join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    tokio::join!(a, b)
}

pub(crate) async fn orders_on_one_address_see_each_other(store: &dyn Store) {
    let base = base(store).await;
    let first = place(store, base, 1).await.unwrap();
    let mut new = support::new_order(base, 2);
    new.receiver = support::address(1);
    let needs = Needs { receiver: Some(new.receiver), ..support::place_needs(base, 2) };
    let second = commit(store, needs, move |rows| {
        assert_eq!(rows.others.len(), 1, "the live order on the address comes along");
        let decision = support::decide_new(rows, &new)?;
        let attention = Some((new.id, Attention::At(NOW)));
        Ok::<_, Refused>((Changes { attention, ..support::changes(decision) }, new.id))
    })
    .await
    .unwrap()
    .unwrap();
    let (whole, others) = store.whole(first).await.unwrap().unwrap();
    assert_eq!(whole.order.id, first);
    let ids: Vec<_> = others.iter().map(|other| other.order.id).collect();
    assert_eq!(ids, vec![second]);
    assert_eq!(store.live_on(support::address(1)).await.unwrap().len(), 2);
}

pub(crate) async fn the_newest_of_a_reference_is_found(store: &dyn Store) {
    let base = base(store).await;
    let mut newest = None;
    for number in [1, 40, 20] {
        let mut new = support::new_order(base, number);
        new.reference = Some("constant".to_owned());
        let id = new.id;
        let placed = commit(store, support::place_needs(base, number), move |rows| {
            let decision = support::decide_new(rows, &new)?;
            let attention = Some((new.id, Attention::At(NOW)));
            Ok::<_, Refused>((Changes { attention, ..support::changes(decision) }, ()))
        });
        placed.await.unwrap().unwrap();
        newest = newest.max(Some(id));
    }
    let found = store.newest_by_reference(base.merchant, "constant").await.unwrap();
    assert_eq!(found, newest);
    assert_eq!(store.newest_by_reference(base.merchant, "other").await.unwrap(), None);
}

pub(crate) async fn what_is_fixed_cannot_be_changed(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let change = |edit: fn(&mut WholeOrder)| async move {
        let needs = Needs { order: Some(id), ..Needs::default() };
        let outcome = commit(store, needs, move |rows| {
            let mut whole = rows.whole.clone().ok_or(())?;
            edit(&mut whole);
            Ok::<_, ()>((Changes { whole: Some(whole), ..Changes::default() }, ()))
        });
        outcome.await.map(Result::unwrap)
    };
    for edit in [
        (|whole| whole.order.price = Sun::new(1)) as fn(&mut WholeOrder),
        |whole| whole.order.receiver = support::address(5),
        |whole| whole.legs[0].owner = support::address(5),
        |whole| whole.legs.clear(),
    ] {
        let error = change(edit).await.unwrap_err();
        assert!(matches!(error, StoreError::Broken(_)), "{error}");
    }
    change(|whole| whole.order.state = OrderState::Delivered).await.unwrap();
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    assert_eq!(whole.order.state, OrderState::Delivered);
}

pub(crate) async fn a_whole_life_leaves_nothing_open(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    support::deliver(store, base, id, 100).await;
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    assert_eq!(whole.order.state, OrderState::Delivered);
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());

    let (transfer, used) = (TxId::of_raw(b"the merchant's transfer"), NOW.after_ms(9_000));
    happen(store, id, Event::Used { txid: transfer, at: used }, used, None).await.unwrap().unwrap();
    let back = signed(id, 1, Road::Back, base.lender, 2);
    let txid = back.txid;
    happen(store, id, Event::Signed(back), used, None).await.unwrap().unwrap();
    let included = Event::Included { txid, block: 101, at: used, has_succeeded: true };
    happen(store, id, included, used, None).await.unwrap().unwrap();
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    let txids: Vec<TxId> = whole.txs.iter().map(|tx| tx.txid).collect();
    store.mark_solid(&txids, support::turn(store).await).await.unwrap();
    let proven = Event::UseProven(vec![transfer]);
    happen(store, id, proven, used, None).await.unwrap().unwrap();
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    assert!(whole.is_closed(), "{whole:?}");
    assert_eq!((whole.order.used, whole.order.used_by), (Some(used), Some(transfer)));
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());

    let close = Changes { attention: Some((id, Attention::Done)), ..Changes::default() };
    let done: Result<(), Refused> =
        commit(store, Needs::default(), move |_| Ok((close.clone(), ()))).await.unwrap();
    done.unwrap();
    assert_eq!(store.live_on(whole.order.receiver).await.unwrap(), Vec::new());
    assert_eq!(store.next_due(OutboxKind::Order).await.unwrap(), None);
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
    let merchant = store.merchants().await.unwrap().remove(0);
    assert_eq!(merchant.available, Sun::new(support::CREDIT - support::PRICE));
    assert_eq!(merchant.held, Sun::ZERO);
}
