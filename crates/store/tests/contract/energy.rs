//! Plain orders of energy through the port: kind, origin, uses, early ends, leftovers.

use app::ports::Store;
use app::rows::{Attention, Changes, Needs};
use app::work::commit;
use domain::order::step::{NewOrder, Offer, Refused, Wanted, accept};
use domain::order::{Event, OrderKind, Use};
use domain::{LegKind, OrderId, Origin, Period, PolicyId, UnixMillis};
use tron::{Address, Bandwidth, Energy, Sun, TxId};

use crate::support::{self, Base, LIMITS, NOW, TOTALS, base, happen, order_id, place};

/// What nobody counts on.
const LEFTOVER: LegKind = LegKind::Leftover { balance: Sun::from_trx(500), units: 4_700 };

/// Places energy for a period; the first of its legs takes back a leftover of the lender.
async fn rent(store: &dyn Store, base: Base, number: u64, origin: Origin) -> OrderId {
    let wanted = Wanted::Energy {
        energy: Energy::new(65_000),
        bandwidth: Bandwidth::ZERO,
        period: Period::from_days(3).unwrap(),
        activates: false,
    };
    let new = NewOrder { origin, wanted, ..support::new_order(base, number) };
    let lender: Address = base.lender;
    commit(store, support::place_needs(base, number), move |rows| {
        let merchant = rows.merchant.as_ref().unwrap();
        let offer = Offer {
            reading: support::reading(0),
            totals: TOTALS,
            prices: support::PRICES,
            available: merchant.available,
            is_paused: merchant.is_paused,
            spend: domain::key::KeySpend::default(),
            others: &rows.others,
            leftovers: &[(lender, LEFTOVER)],
            pool: &rows.pool,
            limits: &LIMITS,
        };
        let decision = accept(new.clone(), &offer)?;
        let attention = Some((new.id, Attention::At(decision.due)));
        Ok::<_, Refused>((Changes { attention, ..support::changes(decision) }, new.id))
    })
    .await
    .unwrap()
    .unwrap()
}

pub(crate) async fn kind_and_origin_are_kept(store: &dyn Store) {
    let base = base(store).await;
    for (number, origin) in (1..).zip([
        Origin::Api,
        Origin::Manual,
        Origin::CountPolicy(PolicyId(7)),
        Origin::AutoPolicy(PolicyId(8)),
    ]) {
        let id = rent(store, base, number, origin).await;
        let (whole, _) = store.whole(id).await.unwrap().unwrap();
        assert_eq!(whole.order.origin, origin);
        let period = Period::from_days(3).unwrap();
        assert_eq!(whole.order.kind, OrderKind::Energy { period });
        assert_eq!(whole.order.energy, Energy::new(65_000));
        assert_eq!((whole.legs.len(), whole.legs[0].kind), (2, LEFTOVER));
        assert_eq!(store.live_on(whole.order.receiver).await.unwrap(), vec![whole]);
    }
    let collection = place(store, base, 9).await.unwrap();
    let (whole, _) = store.whole(collection).await.unwrap().unwrap();
    assert!(whole.order.collection().is_some());
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

pub(crate) async fn a_leftover_counts_as_lent_until_it_is_back(store: &dyn Store) {
    let base = base(store).await;
    rent(store, base, 1, Origin::Api).await;
    let lent = store.lent().await.unwrap();
    assert_eq!(lent.len(), 1);
    assert_eq!((lent[0].lent, lent[0].in_doubt), (Sun::from_trx(500), Sun::ZERO));
}

pub(crate) async fn uses_are_kept_in_their_order_and_an_early_end_too(store: &dyn Store) {
    let base = base(store).await;
    let id = rent(store, base, 1, Origin::CountPolicy(PolicyId(7))).await;
    let needs = Needs { order: Some(id), ..Needs::default() };
    let used = |number: u8| Use {
        txid: TxId::from_bytes([number; 32]),
        at: UnixMillis(NOW.0 + i64::from(number)),
        energy: Energy::new(i64::from(number) * 1_000),
    };
    for number in [2, 1] {
        let one = used(number);
        let decide = move |rows: &app::rows::Rows| {
            let mut whole = rows.whole.clone().unwrap();
            whole.uses.push(one);
            Ok::<_, Refused>((Changes { whole: Some(whole), ..Changes::default() }, ()))
        };
        commit(store, needs.clone(), decide).await.unwrap().unwrap();
    }
    happen(store, id, Event::Stopped, NOW, None).await.unwrap().unwrap();
    let (whole, _) = store.whole(id).await.unwrap().unwrap();
    assert_eq!(whole.uses, [used(2), used(1)]);
    assert_eq!(whole.order.stopped, Some(NOW));
    let again = happen(store, id, Event::Stopped, NOW, None).await.unwrap();
    assert_eq!(again, Err(Refused::NoChange));
    assert_eq!(store.whole(order_id(2)).await.unwrap(), None);
}
