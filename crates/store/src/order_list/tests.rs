//! What a page of a list costs where there is hardly anything to show among a great deal.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::admin_rows::{CallbackFilter, CallbackLine};
use app::rows::CallbackState;
use domain::{MerchantId, UnixMillis};

use super::*;
use crate::{callback_list, migrate, sqlite_dialect};

/// Orders that are over, one a second from the beginning of time; the first is refunded, the third is
/// being filled.
const ORDERS: i64 = 99_999;
/// Steps of SQLite's machine for each row that is looked through, at most.
const STEPS_A_ROW: usize = 20;
/// Steps between two counts.
const STEPS_AT_ONCE: usize = 1_000;
const BUSY: MerchantId = MerchantId(1);

/// A shop whose one merchant has all the orders, none of which was to be called back.
struct Shop {
    connection: Connection,
    counts: Arc<AtomicUsize>,
}

impl Shop {
    fn new() -> Self {
        let sqlite = rusqlite::Connection::open_in_memory().unwrap();
        sqlite_dialect::prepare_reader(&sqlite, 65_536, Duration::ZERO).unwrap();
        let mut connection = Connection::Sqlite(sqlite);
        migrate::migrate(&connection).unwrap();
        let insert = format!(
            "DROP TRIGGER order_counts_as_use;
            INSERT INTO merchant (id, name, created_ms) VALUES (1, 'Busy', 0), (2, 'Idle', 0);
            INSERT INTO api_key (id, merchant_id, text, name, sealed_secret, is_reference_strict,
              created_ms) VALUES (1, 1, 'K', 'key', x'00', 0, 0);
            WITH RECURSIVE numbers (n) AS
              (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ORDERS})
            INSERT INTO orders (id, merchant_id, key_id, receiver, token_amount, scene,
              transfer_energy, energy, bandwidth, has_activation, price, balance_after, state,
              created_ms, is_live)
            SELECT unhex(printf('%012x%020x', n * 1000, n)), 1, 1, unhex(printf('41%040x', n)), '1', 1,
              65000, 65000, 0, 0, 0, 0, CASE n WHEN 1 THEN 3 WHEN 3 THEN 0 ELSE 2 END, n * 1000,
              CASE n WHEN 3 THEN 1 ELSE 0 END
            FROM numbers;"
        );
        connection.batch(&insert).unwrap();
        let counts = Arc::new(AtomicUsize::new(0));
        let counted = counts.clone();
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        let Connection::Sqlite(sqlite) = &mut connection else { unreachable!() };
        sqlite.progress_handler(i32::try_from(STEPS_AT_ONCE).unwrap(), Some(count)).unwrap();
        Self { connection, counts }
    }

    /// The numbers of the orders on a page, and where the next one begins.
    fn orders(&self, filter: &OrderFilter, after: Option<OrderId>) -> (Vec<i64>, Option<OrderId>) {
        let part = self.counted(|| orders(&self.connection, filter, Slice { after, limit: 50 }));
        let number = |view: &OrderView| view.whole.order.created.0 / 1_000;
        (part.rows.iter().map(number).collect(), part.next)
    }

    fn callbacks(&self, filter: CallbackFilter) -> Part<CallbackLine> {
        let slice = Slice { after: None, limit: 50 };
        self.counted(|| callback_list::callbacks(&self.connection, filter, slice))
    }

    /// Asks, and counts what it costs.
    fn counted<T>(&self, ask: impl FnOnce() -> Result<T, Fault>) -> T {
        let before = self.counts.load(Ordering::Relaxed);
        let found = ask().unwrap();
        let steps = (self.counts.load(Ordering::Relaxed) - before) * STEPS_AT_ONCE;
        assert!(steps <= LOOKED_AT_MAX * STEPS_A_ROW, "{steps} steps");
        found
    }
}

fn in_state(state: OrderState, merchant: Option<MerchantId>) -> OrderFilter {
    OrderFilter { merchant, state: Some(state), ..OrderFilter::default() }
}

#[test]
fn few_orders_among_many_are_found_without_reading_all() {
    let shop = Shop::new();
    for merchant in [None, Some(BUSY)] {
        let filling = shop.orders(&in_state(OrderState::Filling, merchant), None);
        assert_eq!(filling, (vec![3], None), "live ones are found at once, however old");
        let refunded = in_state(OrderState::Refunded, merchant);
        let (mut found, mut after) = shop.orders(&refunded, None);
        let mut parts = 1;
        while after.is_some() {
            assert_eq!(found, Vec::<i64>::new());
            (found, after) = shop.orders(&refunded, after);
            parts += 1;
        }
        let expected = 1 + ORDERS / i64::try_from(LOOKED_AT_MAX).unwrap();
        assert_eq!((found, parts), (vec![1], expected));
    }
}

#[test]
fn orders_of_a_span_are_found_without_those_around_it() {
    let shop = Shop::new();
    let placed = Span { from: UnixMillis(5_000), to: UnixMillis(7_000) };
    for (merchant, state) in [
        (None, None),
        (Some(BUSY), None),
        (None, Some(OrderState::Ended)),
        (Some(MerchantId(2)), None),
    ] {
        let filter = OrderFilter { merchant, state, placed, ..OrderFilter::default() };
        let expected = if merchant == Some(MerchantId(2)) { vec![] } else { vec![6, 5] };
        assert_eq!(shop.orders(&filter, None), (expected, None), "{filter:?}");
    }
}

#[test]
fn callbacks_of_a_merchant_without_any_are_not_looked_for_for_ever() {
    let shop = Shop::new();
    for merchant in [None, Some(BUSY), Some(MerchantId(2))] {
        use CallbackState::{Dead, Delivered, Owed};
        for state in [None, Some(Owed), Some(Delivered), Some(Dead)] {
            let part = shop.callbacks(CallbackFilter { merchant, state });
            assert_eq!(part.rows, vec![]);
            // They could be of any of its orders, unless an index says that there is none.
            let is_open = merchant == Some(BUSY) && matches!(state, None | Some(Delivered));
            assert_eq!(part.next.is_some(), is_open, "{merchant:?} {state:?}");
        }
    }
}
