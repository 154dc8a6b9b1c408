//! Money through the port.

use app::ports::{Store, StoreError};
use app::rows::{Changes, Needs};
use app::work::commit;
use domain::ledger::facts::{merchant_credited, merchant_debited, order_held};
use domain::order::Refused;
use domain::{OrderState, UnixMillis};
use tron::Sun;

use crate::support::{self, CREDIT, NOW, PRICE, base, place};

pub(crate) async fn a_fact_is_posted_once(store: &dyn Store) {
    let base = base(store).await;
    let credit = merchant_credited([4; 16], base.merchant, Sun::new(500), "wire 4", NOW);
    store.post(credit.clone()).await.unwrap();
    let error = store.post(credit).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    let debit = merchant_debited([4; 16], base.merchant, Sun::new(20), "paid out", NOW);
    store.post(debit).await.expect("another fact of the same business id is another posting");
    let merchant = store.merchants().await.unwrap().remove(0);
    assert_eq!(merchant.available, Sun::new(CREDIT + 480));
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

pub(crate) async fn a_second_post_takes_its_work_with_it(store: &dyn Store) {
    let base = base(store).await;
    let id = place(store, base, 1).await.unwrap();
    let needs = Needs { order: Some(id), ..Needs::default() };
    let outcome = commit(store, needs, move |rows| {
        let mut whole = rows.whole.clone().ok_or(())?;
        whole.order.state = OrderState::Delivered;
        whole.order.ready = Some(NOW);
        let again = order_held(id, base.merchant, Sun::new(PRICE), NOW);
        let changes = Changes { whole: Some(whole), ledger: vec![again], ..Changes::default() };
        Ok::<_, ()>((changes, ()))
    })
    .await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    assert_eq!((whole.order.state, whole.order.ready), (OrderState::Filling, None));
    let merchant = store.merchants().await.unwrap().remove(0);
    assert_eq!((merchant.available.get(), merchant.held.get()), (CREDIT - PRICE, PRICE));
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

pub(crate) async fn nobody_can_spend_what_is_not_there(store: &dyn Store) {
    let poor = store.add_merchant("Poor", None, NOW).await.unwrap();
    let debit = merchant_debited([5; 16], poor, Sun::new(1), "too much", NOW);
    let error = store.post(debit).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Broken(text) if text.contains("ledger_account_not_negative")),
        "{error}"
    );
    assert_eq!(store.merchants().await.unwrap()[0].available, Sun::ZERO);
    assert_eq!(store.audit().await.unwrap().ledger_txs, 0);
}

pub(crate) async fn a_failed_work_leaves_its_neighbours_alone(store: &dyn Store) {
    let base = base(store).await;
    let taken = merchant_credited([6; 16], base.merchant, Sun::new(1), "first", NOW);
    store.post(taken.clone()).await.unwrap();
    // Polled together, so that they share a commit where the store makes shared ones.
    let (first, failed, last) =
        tokio::join!(place(store, base, 1), store.post(taken), place(store, base, 2));
    assert!(matches!(failed, Err(StoreError::Conflict(_))));
    for id in [first.unwrap(), last.unwrap()] {
        assert!(store.whole(id).await.unwrap().is_some());
    }
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

pub(crate) async fn a_panicking_decision_is_an_error_of_its_own(store: &dyn Store) {
    let base = base(store).await;
    let outcome = commit(store, Needs::default(), |_| -> Result<(Changes, ()), ()> {
        panic!("a broken invariant of this test")
    });
    let (panicked, placed) = tokio::join!(outcome, place(store, base, 1));
    assert!(
        matches!(&panicked, Err(StoreError::Broken(text)) if text.contains("of this test")),
        "{panicked:?}"
    );
    placed.unwrap();
    let refused: Result<(), Refused> =
        commit(store, Needs::default(), |_| Ok((Changes::default(), ()))).await.unwrap();
    refused.unwrap();
    assert_eq!(store.watched().await.unwrap(), None);
    assert_eq!(store.prune(UnixMillis(0), UnixMillis(0)).await.unwrap(), 0);
    assert_eq!(
        support::order_id(1),
        store.newest_by_reference(base.merchant, "invoice-00000001").await.unwrap().unwrap()
    );
}
