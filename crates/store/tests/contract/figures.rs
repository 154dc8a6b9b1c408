//! What is counted over many orders.

use app::figures::{FiguresAsked, Outcome, OutcomeFigures, StepFigures};
use app::records::Database;
use app::rows::OutboxKind;
use domain::order::Event;
use domain::{MerchantId, UnixMillis};
use tron::{Bandwidth, Energy, Resource, Sun};

use crate::support::{Base, NOW, PRICE, base, deliver, happen, place};

const HOUR_MS: i64 = 3_600_000;

fn asked(merchant: Option<MerchantId>) -> FiguresAsked {
    let from = UnixMillis(NOW.0.div_euclid(HOUR_MS) * HOUR_MS);
    FiguresAsked { merchant, from, to: from.after_ms(2 * HOUR_MS), step_ms: HOUR_MS }
}

/// Three orders: one that is ready, one that is ended early after that, one that is being filled.
async fn three_orders(store: &dyn Database) -> Base {
    let base = base(store).await;
    for number in 1..=3 {
        let order = place(store, base, number).await.unwrap();
        if number < 3 {
            deliver(store, base, order, 7).await;
        }
        if number == 2 {
            happen(store, order, Event::Stopped, NOW, None).await.unwrap().unwrap();
        }
    }
    base
}

pub(crate) async fn orders_are_counted_by_step_and_merchant(store: &dyn Database) {
    let base = three_orders(store).await;
    let steps = store.steps(asked(Some(base.merchant))).await.unwrap();
    let [step] = steps[..] else { panic!("{steps:?}") };
    assert_eq!(step.at_ms, asked(None).from.0);
    assert_eq!((step.orders, step.refunded), (3, 0));
    assert_eq!(step.charged, Sun::new(3 * PRICE));
    assert!(step.energy > Energy::ZERO && step.bandwidth >= Bandwidth::ZERO, "{step:?}");
    assert!(step.ready_p50_ms.is_some() && step.ready_p50_ms <= step.ready_p95_ms, "{step:?}");
    assert_eq!(store.steps(asked(None)).await.unwrap(), steps, "nobody else has ordered");
    let other = MerchantId(base.merchant.0 + 1);
    assert_eq!(store.steps(asked(Some(other))).await.unwrap(), Vec::<StepFigures>::new());
    let later =
        FiguresAsked { from: asked(None).to, to: asked(None).to.after_ms(1), ..asked(None) };
    assert_eq!(store.steps(later).await.unwrap(), Vec::<StepFigures>::new());
}

pub(crate) async fn orders_are_counted_by_what_became_of_them(store: &dyn Database) {
    let base = three_orders(store).await;
    let one = |outcome| OutcomeFigures { outcome, orders: 1 };
    let mut found = store.outcomes(asked(Some(base.merchant))).await.unwrap();
    found.sort_by_key(|figures| figures.outcome);
    let expected = [Outcome::Filling, Outcome::Waiting, Outcome::Stopped].map(one);
    assert_eq!(found, expected);
    assert_eq!(store.outcomes(asked(None)).await.unwrap().len(), 3);
    let other = MerchantId(base.merchant.0 + 1);
    assert_eq!(store.outcomes(asked(Some(other))).await.unwrap(), Vec::new());
}

pub(crate) async fn what_is_owed_and_lent_is_summed(store: &dyn Database) {
    three_orders(store).await;
    let queues = store.queues().await.unwrap();
    let rows = |kind| queues.iter().find(|queue| queue.kind == kind).map(|queue| queue.rows);
    assert_eq!((rows(OutboxKind::Order), rows(OutboxKind::Callback)), (Some(3), Some(2)));
    let lent = store.lent_figures().await.unwrap();
    let energy = lent.iter().find(|figures| figures.resource == Resource::Energy).unwrap();
    assert!(energy.lent > Sun::ZERO, "{energy:?}");
    let due = store.due_back().await.unwrap();
    let stake: i64 = due.iter().map(|one| one.stake.get()).sum();
    assert_eq!(stake, energy.lent.get(), "what is lent comes back at the end of its rent");
    assert!(due.iter().all(|one| one.days == 0), "{due:?}");
}
