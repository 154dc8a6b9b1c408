//! What keys have bought, day by day.

use app::ports::Store;
use app::rows::{Changes, KeyUse, Needs};
use app::work::commit;
use domain::OrderState;
use domain::ledger::facts::order_partly_refunded;
use domain::order::step::Event;
use tron::{Energy, Sun, TxId};

use crate::support::{self, NOW, PRICE, base, happen, key, order_id, place};

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

fn of(orders: i64) -> KeyUse {
    KeyUse { orders, energy: Energy::new(orders * 64_285), charged: Sun::new(orders * PRICE) }
}

pub(crate) async fn orders_count_on_the_day_of_utc8_on_which_they_were_placed(store: &dyn Store) {
    let base = base(store).await;
    for number in 1..=3 {
        place(store, base, number).await.unwrap();
    }
    let at = async |now| {
        let summary = store.key_summary(base.key, now).await.unwrap().unwrap();
        (summary.total, summary.today, summary.yesterday)
    };
    assert_eq!(at(NOW).await, (of(3), of(3), of(0)));
    assert_eq!(at(NOW.after_ms(DAY_MS)).await, (of(3), of(0), of(3)));
    assert_eq!(at(NOW.after_ms(2 * DAY_MS)).await, (of(3), of(0), of(0)));
    // 2025-11-24 16:00:00 UTC is midnight of UTC+8.
    assert_eq!(NOW, NOW.day_utc8().start_utc8());
    assert_eq!(at(NOW.after_ms(DAY_MS - 1)).await.1, of(3));
    assert_eq!(at(NOW.after_ms(-1)).await.1, of(0));
    let summary = store.key_summary(base.key, NOW).await.unwrap().unwrap();
    assert_eq!((summary.name.as_str(), summary.created), ("key-of-acme of a test", NOW));
    assert_eq!(summary.available, Sun::new(support::CREDIT - 3 * PRICE));
}

pub(crate) async fn a_refunded_order_is_as_if_it_had_never_been(store: &dyn Store) {
    let base = base(store).await;
    place(store, base, 1).await.unwrap();
    place(store, base, 2).await.unwrap();
    let late = NOW.after_secs(10_000);
    happen(store, order_id(1), Event::Tick, late, None).await.unwrap().unwrap();
    let summary = store.key_summary(base.key, NOW).await.unwrap().unwrap();
    assert_eq!((summary.total, summary.today), (of(1), of(1)));
    assert_eq!(summary.available, Sun::new(support::CREDIT - PRICE));
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

pub(crate) async fn another_key_has_bought_nothing(store: &dyn Store) {
    let base = base(store).await;
    place(store, base, 1).await.unwrap();
    let other = store.add_key(&key(base.merchant, "other"), 5).await.unwrap().unwrap();
    let summary = store.key_summary(other, NOW).await.unwrap().unwrap();
    assert_eq!((summary.total, summary.today, summary.yesterday), (of(0), of(0), of(0)));
    assert_eq!(summary.available, Sun::new(support::CREDIT - PRICE), "the account's balance");
    assert_eq!(store.key_summary(domain::KeyId(99), NOW).await.unwrap(), None);
}

pub(crate) async fn a_part_that_was_paid_back_was_not_bought(store: &dyn Store) {
    let base = base(store).await;
    let (id, part) = (order_id(1), Sun::new(1_457_100));
    place(store, base, 1).await.unwrap();
    support::deliver(store, base, id, 7).await;
    let needs = Needs { order: Some(id), ..Needs::default() };
    let ended = commit(store, needs, move |rows| {
        let mut whole = rows.whole.clone().unwrap();
        let order = &mut whole.order;
        (order.state, order.ended, order.part_refunded) = (OrderState::Ended, Some(NOW), part);
        (order.undone_by, order.undone_until) = (Some(TxId::from_bytes([7; 32])), Some(NOW));
        let paid_back = order_partly_refunded(id, order.merchant, part, NOW);
        let (ledger, written) = (vec![paid_back], whole.clone());
        Ok::<_, ()>((Changes { whole: Some(whole), ledger, ..Changes::default() }, written))
    });
    let written = ended.await.unwrap().unwrap();
    assert!(written.order.unit_prices.energy > Sun::ZERO, "kept with the order");
    assert_eq!(store.order_view(id).await.unwrap().unwrap().whole, written);
    let summary = store.key_summary(base.key, NOW).await.unwrap().unwrap();
    assert_eq!(summary.total, KeyUse { charged: Sun::new(PRICE) - part, ..of(1) });
    assert_eq!(summary.available, Sun::new(support::CREDIT - PRICE) + part);
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}
