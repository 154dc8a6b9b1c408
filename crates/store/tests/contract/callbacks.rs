//! Callbacks: the bytes owed, the attempts, the replay.

use app::ports::{Store, StoreError};
use app::rows::{Attempt, Attention, CallbackState, Changes, Lease, Needs, OutboxKind};
use app::work::commit;
use domain::{OrderId, UnixMillis};

use crate::support::{Base, NOW, base, changes, deliver, place};

const KIND: OutboxKind = OutboxKind::Callback;

async fn claim(store: &dyn Store, now: UnixMillis) -> Option<Lease> {
    store.claim(KIND, "worker", now, now.after_ms(30_000), 10).await.unwrap().pop()
}

async fn delivered(store: &dyn Store) -> (Base, OrderId) {
    let base = base(store).await;
    let order = place(store, base, 1).await.unwrap();
    deliver(store, base, order, 7).await;
    (base, order)
}

/// Records an attempt under a lease.
async fn record(
    store: &dyn Store,
    lease: Lease,
    at: UnixMillis,
    state: CallbackState,
    attention: Attention,
) {
    let attempt = Attempt {
        order: lease.order(),
        at,
        status: Some(503),
        note: "not now".to_owned(),
        took_ms: 12,
        signed_secs: Some(1_686_796_826),
        state,
    };
    let changes = Changes {
        attempt: Some(attempt),
        attention: Some((lease.order(), attention)),
        ..Changes::default()
    };
    let needs = Needs { lease: Some(lease), ..Needs::default() };
    commit(store, needs, move |_| Ok::<_, ()>((changes.clone(), ()))).await.unwrap().unwrap();
}

pub(crate) async fn a_delivered_order_owes_one_callback(store: &dyn Store) {
    let (base, order) = delivered(store).await;
    let callback = store.callback(order).await.unwrap().unwrap();
    assert_eq!(callback.body, b"{\"a callback\":1}");
    assert_eq!(callback.url, "https://m.example/cb");
    assert_eq!((callback.key, callback.order), (base.key, order));
    assert_eq!((callback.attempts, callback.first), (0, NOW));
    assert_eq!(callback.state, CallbackState::Owed);
    assert_eq!(store.next_due(KIND).await.unwrap(), Some(NOW), "it is due at once");

    // The same again, with a second callback for the order.
    let needs = Needs { order: Some(order), ..Needs::default() };
    let second = commit(store, needs, move |rows| {
        let whole = rows.whole.clone().ok_or(())?;
        let event = domain::callback::CallbackEvent {
            order,
            key: base.key,
            origin: domain::Origin::Api,
            period: domain::Period::HOUR,
            url: "https://m.example/other".to_owned(),
            outcome: domain::callback::Outcome::Delivered,
            receiver: whole.order.receiver,
            reference: None,
            energy: 0,
            energy_delegated: 0,
            amount: tron::Sun::ZERO,
            activation: None,
            bandwidth: None,
            delegation: None,
        };
        let decision = domain::order::Decision {
            whole,
            ledger: vec![],
            callback: Some(event),
            wallets: vec![],
            due: NOW,
        };
        Ok::<_, ()>((changes(decision), ()))
    })
    .await;
    assert!(matches!(second, Err(StoreError::Conflict(_))), "{second:?}");
    assert_eq!(store.callback(order).await.unwrap(), Some(callback));
}

pub(crate) async fn attempts_are_kept_and_the_last_one_counts(store: &dyn Store) {
    let (_, order) = delivered(store).await;
    let lease = claim(store, NOW).await.unwrap();
    let again = NOW.after_secs(15);
    record(store, lease, NOW, CallbackState::Owed, Attention::At(again)).await;
    assert_eq!(store.next_due(KIND).await.unwrap(), Some(again));
    let lease = claim(store, again).await.unwrap();
    record(store, lease, again, CallbackState::Delivered, Attention::Done).await;
    assert_eq!(store.next_due(KIND).await.unwrap(), None);
    let callback = store.callback(order).await.unwrap().unwrap();
    assert_eq!((callback.attempts, callback.state), (2, CallbackState::Delivered));
    let attempts = store.attempts(order).await.unwrap();
    let seen: Vec<_> = attempts.iter().map(|attempt| (attempt.at, attempt.state)).collect();
    assert_eq!(seen, vec![(NOW, CallbackState::Owed), (again, CallbackState::Delivered)]);
    assert_eq!(attempts[0].status, Some(503));
    assert_eq!((attempts[0].note.as_str(), attempts[0].took_ms), ("not now", 12));
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

pub(crate) async fn a_dead_callback_can_be_replayed(store: &dyn Store) {
    let (base, order) = delivered(store).await;
    let lease = claim(store, NOW).await.unwrap();
    record(store, lease, NOW, CallbackState::Dead, Attention::Done).await;
    let later = NOW.after_secs(999);
    assert!(store.replay_callback(order, later).await.unwrap());
    let callback = store.callback(order).await.unwrap().unwrap();
    assert_eq!(callback.state, CallbackState::Owed);
    assert_eq!((callback.attempts, callback.first), (0, later), "the schedule begins again");
    let lease = claim(store, later).await.unwrap();
    record(store, lease, later, CallbackState::Owed, Attention::At(later.after_secs(15))).await;
    assert_eq!(store.attempts(order).await.unwrap().len(), 2, "what was tried is kept");
    assert!(store.replay_callback(order, later).await.unwrap(), "one still owed is due now");
    assert_eq!(store.next_due(KIND).await.unwrap(), Some(later));
    assert_eq!(store.callback(order).await.unwrap().unwrap().attempts, 1);
    let other = place(store, base, 2).await.unwrap();
    assert!(!store.replay_callback(other, later).await.unwrap(), "it owes none");
}
