//! What the operator does.

use app::ports::{Store, StoreError};
use app::rows::{
    Changes, Idempotency, Key, Needs, NewAnswers, NewWallet, Remembered, Rows, WatchedBlock,
};
use app::work::commit;
use domain::key::{AllowList, KeyLimits, Scope, Scopes};
use domain::order::Event;
use domain::pool::WalletRole;
use domain::{KeyId, UnixMillis};
use tron::Sun;

use crate::support::{self, CREDIT, NOW, base, key, place};

pub(crate) async fn merchants_and_their_balances(store: &dyn Store) {
    let first = base(store).await;
    let second = store.add_merchant("Zoë", Some("https://z.example"), NOW).await.unwrap();
    place(store, first, 1).await.unwrap();
    let merchants = store.merchants().await.unwrap();
    assert_eq!(merchants.len(), 2);
    assert_eq!(merchants[0].id, first.merchant);
    assert_eq!(merchants[0].available, Sun::new(CREDIT - support::PRICE));
    assert_eq!(merchants[0].held, Sun::new(support::PRICE));
    let zoe = &merchants[1];
    assert_eq!((zoe.id, zoe.name.as_str()), (second, "Zoë"));
    assert_eq!(zoe.callback_url.as_deref(), Some("https://z.example"));
    assert_eq!((zoe.available, zoe.held), (Sun::ZERO, Sun::ZERO));
    assert_eq!((zoe.is_paused, zoe.created), (false, NOW));
}

pub(crate) async fn keys_are_counted_revoked_and_found(store: &dyn Store) {
    let merchant = store.add_merchant("Acme", None, NOW).await.unwrap();
    let one = store.add_key(&key(merchant, "one"), 2).await.unwrap().unwrap();
    store.add_key(&key(merchant, "two"), 2).await.unwrap().unwrap();
    assert_eq!(store.add_key(&key(merchant, "three"), 2).await.unwrap(), None);
    let stored = store.key("one").await.unwrap().unwrap();
    assert_eq!(stored, app::rows::Key { id: one, ..key(merchant, "one") });
    assert_eq!(store.key_by_id(one).await.unwrap(), Some(stored));
    assert!(store.revoke_key("one", NOW).await.unwrap());
    assert!(!store.revoke_key("one", NOW).await.unwrap(), "it is revoked already");
    assert!(!store.revoke_key("none", NOW).await.unwrap());
    assert_eq!(store.key("one").await.unwrap().unwrap().revoked, Some(NOW));
    let same_text = store.add_key(&key(merchant, "two"), 9).await;
    assert!(matches!(same_text, Err(StoreError::Conflict(_))), "{same_text:?}");
    store.add_key(&key(merchant, "three"), 2).await.unwrap().unwrap();
    let texts: Vec<_> =
        store.keys(merchant).await.unwrap().into_iter().map(|key| key.text).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    assert_eq!(store.key_by_id(KeyId(99)).await.unwrap(), None);
    assert_eq!(store.key("none").await.unwrap(), None);
}

pub(crate) async fn a_keys_limits_come_back(store: &dyn Store) {
    let merchant = store.add_merchant("Acme", None, NOW).await.unwrap();
    let limits = KeyLimits {
        scopes: Scopes::of([Scope::Read, Scope::Transfer]).unwrap(),
        allowed_from: AllowList::of(["203.0.113.0/24", "2001:db8::7"]).unwrap(),
        daily_cap: Some(Sun::new(7)),
    };
    let limited = Key { limits: limits.clone(), ..key(merchant, "limited") };
    store.add_key(&limited, 3).await.unwrap().unwrap();
    assert_eq!(store.key("limited").await.unwrap().unwrap().limits, limits);
    store.add_key(&key(merchant, "open"), 3).await.unwrap().unwrap();
    assert_eq!(store.key("open").await.unwrap().unwrap().limits, KeyLimits::default());
}

/// What an order takes counts for the day on which it was placed, and what it gives back too.
pub(crate) async fn what_keys_spend_is_counted_by_day(store: &dyn Store) {
    let base = base(store).await;
    let spent = async |at: UnixMillis| {
        let needs = Needs { spend: Some((base.key, at.day_utc8())), ..Needs::default() };
        let look = commit(store, needs, |rows| Ok::<_, ()>((Changes::default(), rows.spend)));
        let spend = look.await.unwrap().unwrap();
        assert_eq!(spend.daily_cap, None);
        spend.spent.get()
    };
    assert_eq!(spent(NOW).await, 0);
    let first = place(store, base, 1).await.unwrap();
    place(store, base, 2).await.unwrap();
    assert_eq!(spent(NOW).await, 2 * support::PRICE);
    support::deliver(store, base, first, 7).await;
    assert_eq!(spent(NOW).await, 2 * support::PRICE, "settling takes nothing further");
    let tomorrow = NOW.after_secs(86_400);
    let refund = support::happen(store, support::order_id(2), Event::Tick, tomorrow, None);
    refund.await.unwrap().unwrap();
    assert_eq!(spent(NOW).await, support::PRICE);
    assert_eq!(spent(tomorrow).await, 0);
}

pub(crate) async fn wallets_are_changed_and_disabled(store: &dyn Store) {
    let base = base(store).await;
    let before = store.pool().await.unwrap().0.wallets[0];
    let moved = NewWallet {
        address: base.lender,
        signer: support::address(5),
        role: WalletRole::Activator,
        permission_id: 3,
    };
    store.put_wallet(moved).await.unwrap();
    assert_eq!(store.wallets().await.unwrap(), vec![moved]);
    let after = store.pool().await.unwrap().0.wallets[0];
    assert_eq!((after.role, after.permission_id), (WalletRole::Activator, 3));
    assert_eq!(after.energy_capacity, before.energy_capacity, "what was read stays");
    assert!(store.enable_wallet(base.lender, false).await.unwrap());
    assert!(!store.pool().await.unwrap().0.wallets[0].is_enabled);
    assert!(!store.enable_wallet(support::address(5), true).await.unwrap());
}

pub(crate) async fn the_watched_block_is_remembered(store: &dyn Store) {
    assert_eq!(store.watched().await.unwrap(), None);
    let turn = support::turn(store).await;
    for number in [7, 5] {
        let block = WatchedBlock { number, id: [u8::try_from(number).unwrap(); 32] };
        store.set_watched(block, turn).await.unwrap();
        assert_eq!(store.watched().await.unwrap(), Some(block));
    }
}

/// The block that a work is told orders know.
async fn told(store: &dyn Store) -> Option<WatchedBlock> {
    let needs = Needs { told: true, ..Needs::default() };
    let decide = |rows: &Rows| -> Result<(Changes, Option<WatchedBlock>), ()> {
        Ok((Changes::default(), rows.told))
    };
    commit(store, needs, decide).await.unwrap().unwrap()
}

pub(crate) async fn what_is_told_by_half_is_told_of_no_block(store: &dyn Store) {
    let turn = support::turn(store).await;
    store.begin_telling(turn).await.unwrap();
    assert_eq!(told(store).await, None, "nothing was looked at yet");
    for number in [7, 5, 5] {
        let block = WatchedBlock { number, id: [u8::try_from(number).unwrap(); 32] };
        store.set_watched(block, turn).await.unwrap();
        assert_eq!(told(store).await, Some(block));
        store.begin_telling(turn).await.unwrap();
        assert_eq!(told(store).await, None);
        assert_eq!(store.watched().await.unwrap(), Some(block), "whoever follows goes on from it");
    }
}

pub(crate) async fn old_answers_are_forgotten(store: &dyn Store) {
    let base = base(store).await;
    let order = place(store, base, 1).await.unwrap();
    let remember = |number: u64, secs: i64| {
        let mut request = support::request(base, number);
        request.timestamp_secs = secs;
        let text = format!("mine-{number}");
        request.idempotency = Some(Idempotency { text, request: [5; 32] });
        let at = domain::UnixMillis(secs * 1_000);
        let new = NewAnswers {
            request: request.clone(),
            answer: Remembered::Order(order),
            at,
            is_resend: false,
        };
        async move {
            let changes = Changes { answers: Some(new), ..Changes::default() };
            let done = commit(store, Needs::default(), move |_| Ok::<_, ()>((changes.clone(), ())));
            done.await.unwrap().unwrap();
            request
        }
    };
    let old = remember(2, 1_000).await;
    let new = remember(3, 2_000).await;
    let before = domain::UnixMillis(2_000_000);
    assert_eq!(store.prune(before, domain::UnixMillis(0)).await.unwrap(), 1);
    let stored = store.answers(&old).await.unwrap();
    assert_eq!((stored.replay, stored.resend), (None, Some((Remembered::Order(order), [5; 32]))));
    assert_eq!(store.prune(before, before).await.unwrap(), 1);
    assert_eq!(store.answers(&old).await.unwrap().resend, None);
    assert!(store.answers(&new).await.unwrap().replay.is_some());
    assert_eq!(store.prune(before, before).await.unwrap(), 0);
}
