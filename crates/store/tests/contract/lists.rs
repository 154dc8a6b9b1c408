//! Lists of orders and of their callbacks: what each filter lets through, and where the next part begins.

use app::admin_rows::{CallbackFilter, OrderFilter, Part, Slice, Span};
use app::records::Database;
use app::rows::{CallbackState, OrderView};
use domain::order::Event;
use domain::{MerchantId, OrderId, OrderState};

use crate::support::{Base, NOW, address, base, deliver, happen, order_id, place};

/// So many that their ids are of two milliseconds: from 16 on they are of the second.
const ORDERS: u64 = 20;

/// Orders of which the first three are delivered, the first is ended early after that, and the others are
/// being filled.
async fn orders(store: &dyn Database) -> Base {
    let base = base(store).await;
    for number in 0..ORDERS {
        let order = place(store, base, number).await.unwrap();
        if number < 3 {
            deliver(store, base, order, 7).await;
        }
    }
    happen(store, order_id(0), Event::Stopped, NOW, None).await.unwrap().unwrap();
    base
}

async fn listed(store: &dyn Database, filter: OrderFilter) -> Vec<OrderId> {
    let part = store.orders(filter, Slice { after: None, limit: 100 }).await.unwrap();
    assert_eq!(part.next, None, "there is no more");
    part.rows.iter().map(id).collect()
}

fn id(view: &OrderView) -> OrderId {
    view.whole.order.id
}

fn newest_first(numbers: std::ops::Range<u64>) -> Vec<OrderId> {
    numbers.rev().map(order_id).collect()
}

pub(crate) async fn each_filter_lets_through_what_it_names(store: &dyn Database) {
    let base = orders(store).await;
    let nobody = Some(MerchantId(base.merchant.0 + 1));
    for merchant in [None, Some(base.merchant), nobody] {
        let all = || OrderFilter { merchant, ..OrderFilter::default() };
        let expected = |numbers| if merchant == nobody { vec![] } else { newest_first(numbers) };
        assert_eq!(listed(store, all()).await, expected(0..ORDERS));
        for (state, numbers) in [
            (OrderState::Filling, 3..ORDERS),
            (OrderState::Delivered, 0..3),
            (OrderState::Ended, 0..0),
            (OrderState::Refunded, 0..0),
        ] {
            let filter = OrderFilter { state: Some(state), ..all() };
            assert_eq!(listed(store, filter).await, expected(numbers), "{state:?}");
            let receiver = Some(address(1));
            let filter = OrderFilter { state: Some(state), receiver, ..all() };
            let numbers = if state == OrderState::Delivered { 1..2 } else { 0..0 };
            assert_eq!(listed(store, filter).await, expected(numbers), "{state:?} on an address");
            let reference = Some("invoice-00000004".to_owned());
            let filter = OrderFilter { state: Some(state), reference, ..all() };
            let numbers = if state == OrderState::Filling { 4..5 } else { 0..0 };
            assert_eq!(listed(store, filter).await, expected(numbers), "{state:?} with a label");
        }
        let second = NOW.after_ms(1);
        for (from, to, numbers) in
            [(NOW, second, 0..16), (second, second.after_ms(1), 16..ORDERS), (second, NOW, 0..0)]
        {
            let placed = Span { from, to };
            assert_eq!(listed(store, OrderFilter { placed, ..all() }).await, expected(numbers));
        }
    }
}

pub(crate) async fn a_part_says_where_the_next_one_begins(store: &dyn Database) {
    let base = orders(store).await;
    for (merchant, state) in [(None, None), (Some(base.merchant), Some(OrderState::Filling))] {
        let filter = OrderFilter { merchant, state, ..OrderFilter::default() };
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let slice = Slice { after, limit: 7 };
            let Part { rows, next } = store.orders(filter.clone(), slice).await.unwrap();
            assert_eq!(next.is_some(), rows.len() == 7);
            found.extend(rows.iter().map(id));
            after = next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(found, newest_first(if state.is_some() { 3..ORDERS } else { 0..ORDERS }));
    }
}

pub(crate) async fn callbacks_are_found_by_merchant_and_state(store: &dyn Database) {
    let base = orders(store).await;
    let nobody = Some(MerchantId(base.merchant.0 + 1));
    for merchant in [None, Some(base.merchant), nobody] {
        for state in [None, Some(CallbackState::Owed), Some(CallbackState::Dead)] {
            let filter = CallbackFilter { merchant, state };
            let slice = Slice { after: None, limit: 100 };
            let part = store.callbacks(filter, slice).await.unwrap();
            let found: Vec<_> = part.rows.iter().map(|line| line.callback.order).collect();
            let is_none = merchant == nobody || state == Some(CallbackState::Dead);
            assert_eq!(found, if is_none { vec![] } else { newest_first(0..3) }, "{filter:?}");
            assert!(part.rows.iter().all(|line| line.merchant == base.merchant));
            assert_eq!(part.next, None);
        }
    }
}
