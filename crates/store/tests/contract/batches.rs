//! Batches: kept, ordered once a try, followed by their orders, cancelled, retried, looked at.

use app::admin_rows::Slice;
use app::batch_rows::{BatchChanges, BatchLeft, BatchNeeds, RowChange, RowFilter, RowsChange};
use app::ports::StoreError;
use app::records::Database;
use app::rows::{Attention, Changes, Needs, OutboxKind, Rows};
use app::work::commit;
use domain::batch::{
    Batch, BatchEvent, BatchRow, Check, FailureKind, NewRow, Quoted, RowFailure, RowStage,
    RowState, step,
};
use domain::collect::{Need, Scene};
use domain::order::Event;
use domain::{BatchId, MerchantId, OrderId, UnixMillis};
use tron::{Bandwidth, Energy, Sun, TokenUnits};

use crate::support::{
    Base, NOW, PRICE, address, base, changes, decide_new, deliver, happen, new_order, place_needs,
};

const ID: BatchId = BatchId([7; 16]);

fn new_row(number: u64) -> NewRow {
    NewRow {
        address: address(number),
        recipient: (number == 1).then(|| address(99)),
        reference: Some(format!("100%_of {number}")),
    }
}

fn draft(base: Base, id: BatchId, rows: u32) -> Batch {
    Batch::draft(id, (base.merchant, base.key), "June".to_owned(), rows, NOW)
}

async fn save(store: &dyn Database, of_batch: BatchChanges) -> Result<(), StoreError> {
    let decide = move |_: &Rows| -> Result<(Changes, ()), ()> {
        Ok((Changes { batch: Some(Box::new(of_batch.clone())), ..Changes::default() }, ()))
    };
    commit(store, Needs::default(), decide).await.map(|outcome| outcome.unwrap())
}

/// A batch of rows 1 to `rows`, which runs.
async fn running(store: &dyn Database, base: Base, rows: u32) -> Batch {
    let batch = step(&draft(base, ID, rows), BatchEvent::Started, NOW).unwrap();
    let new = BatchChanges {
        batch: Some(batch.clone()),
        rows: (1..=u64::from(rows)).map(new_row).collect(),
        ..BatchChanges::of(ID)
    };
    save(store, new).await.unwrap();
    batch
}

fn placed(number: u32, attempt: u32, order: OrderId) -> RowChange {
    let burn = Some(Sun::new(6_428_500));
    RowChange { number, attempt, state: RowState::Placed(order), burn }
}

fn failed(number: u32) -> RowChange {
    let failure = RowFailure { kind: FailureKind::Contract, text: "a contract".to_owned() };
    RowChange { number, attempt: 1, state: RowState::Failed(failure), burn: None }
}

/// Places the order with this number for a row, both in one commit.
async fn place_row(
    store: &dyn Database,
    base: Base,
    row: RowChange,
    order: u64,
) -> Result<OrderId, StoreError> {
    let new = new_order(base, order);
    let id = new.id;
    let needs = Needs { answers: None, ..place_needs(base, order) };
    let decide = move |rows: &Rows| -> Result<(Changes, ()), domain::order::Refused> {
        let decision = decide_new(rows, &new)?;
        let batch = BatchChanges { row: Some(row.clone()), ..BatchChanges::of(ID) };
        let attention = Some((new.id, Attention::At(decision.due)));
        Ok((Changes { batch: Some(Box::new(batch)), attention, ..changes(decision) }, ()))
    };
    commit(store, needs, decide).await?.unwrap();
    Ok(id)
}

async fn all_rows(store: &dyn Database) -> Vec<BatchRow> {
    let page = store.batch_rows(ID, RowFilter::default(), 0, 100).await.unwrap();
    page.rows.into_iter().map(|view| view.row).collect()
}

async fn stages(store: &dyn Database) -> Vec<RowStage> {
    let page = store.batch_rows(ID, RowFilter::default(), 0, 100).await.unwrap();
    page.rows.iter().map(app::batch_rows::RowView::stage).collect()
}

pub(crate) async fn a_batch_is_kept_as_it_was_decided(store: &dyn Database) {
    let base = base(store).await;
    let batch = running(store, base, 3).await;
    assert_eq!(store.batch(ID).await.unwrap(), Some(batch.clone()));
    assert_eq!(store.batch(BatchId([8; 16])).await.unwrap(), None);
    let rows = all_rows(store).await;
    for (number, row) in (1..).zip(&rows) {
        let new = new_row(number);
        assert_eq!((row.number, row.attempt), (u32::try_from(number).unwrap(), 1));
        assert_eq!((row.address, row.recipient), (new.address, new.recipient));
        assert_eq!((&row.reference, &row.state), (&new.reference, &RowState::Waiting));
        assert_eq!((&row.check, row.burn), (&None, None));
    }
    assert_eq!(rows.len(), 3);
    let hindered = BatchEvent::Hindered(domain::batch::Hindrance::Funds);
    let asked = step(&step(&batch, hindered, NOW).unwrap(), BatchEvent::DryRunAsked, NOW).unwrap();
    let later = step(&asked, BatchEvent::DryRunDone, NOW.after_secs(9)).unwrap();
    for batch in [asked, later] {
        let change = BatchChanges { batch: Some(batch.clone()), ..BatchChanges::of(ID) };
        save(store, change).await.unwrap();
        assert_eq!(store.batch(ID).await.unwrap(), Some(batch));
    }
    let twice = BatchChanges {
        batch: Some(draft(base, BatchId([9; 16]), 2)),
        rows: vec![new_row(5), new_row(5)],
        ..BatchChanges::of(BatchId([9; 16]))
    };
    let twice = save(store, twice).await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "an address stands once: {twice:?}");
}

pub(crate) async fn batches_are_listed_by_merchant(store: &dyn Database) {
    let base = base(store).await;
    for number in 1..=3 {
        let id = BatchId([number; 16]);
        let new = BatchChanges { batch: Some(draft(base, id, 1)), ..BatchChanges::of(id) };
        save(store, new).await.unwrap();
    }
    let list = async |merchant, after: Option<u8>| {
        let slice = Slice { after: after.map(|number| BatchId([number; 16])), limit: 2 };
        let found = store.batches(merchant, slice).await.unwrap();
        found.iter().map(|batch| batch.id.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(list(Some(base.merchant), None).await, [3, 2]);
    assert_eq!(list(Some(base.merchant), Some(2)).await, [1]);
    assert_eq!(list(None, None).await, [3, 2]);
    assert!(list(Some(MerchantId(99)), None).await.is_empty());
}

pub(crate) async fn a_try_of_a_row_becomes_one_order(store: &dyn Database) {
    let base = base(store).await;
    running(store, base, 2).await;
    let new = new_order(base, 1);
    place_row(store, base, placed(1, 1, new.id), 1).await.unwrap();
    let second = new_order(base, 2);
    let again = place_row(store, base, placed(1, 1, second.id), 2).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(store.whole(second.id).await.unwrap(), None, "nothing of it was written");
    let other_try = place_row(store, base, placed(2, 2, second.id), 2).await;
    assert!(matches!(other_try, Err(StoreError::Broken(_))), "{other_try:?}");
    assert_eq!(store.audit().await.unwrap().orders, 1);
    let rows = all_rows(store).await;
    assert_eq!(rows[0].state, RowState::Placed(new.id));
    assert_eq!((rows[0].burn, &rows[1].state), (Some(Sun::new(6_428_500)), &RowState::Waiting));
}

pub(crate) async fn a_row_stands_where_its_order_does(store: &dyn Database) {
    let base = base(store).await;
    running(store, base, 5).await;
    for number in 1..=3_u32 {
        let order = u64::from(number);
        let row = placed(number, 1, new_order(base, order).id);
        place_row(store, base, row, order).await.unwrap();
    }
    let four = BatchChanges { row: Some(failed(4)), ..BatchChanges::of(ID) };
    save(store, four).await.unwrap();
    deliver(store, base, new_order(base, 2).id, 10).await;
    let given_up = new_order(base, 3).id;
    let late = NOW.after_secs(10_000);
    happen(store, given_up, Event::Tick, late, None).await.unwrap().unwrap();
    use RowStage::{Failed, Filling, Ready, Refunded, Waiting};
    let expected = [Filling, Ready, Refunded, Failed, Waiting];
    assert_eq!(stages(store).await, expected);
    for (number, stage) in (1..).zip(expected) {
        let filter = RowFilter { stage: Some(stage), text: None };
        let page = store.batch_rows(ID, filter, 0, 10).await.unwrap();
        let found: Vec<u32> = page.rows.iter().map(|view| view.row.number).collect();
        assert_eq!((found, page.all), (vec![number], 1), "{stage:?}");
    }
    let totals = store.batch_totals(ID, NOW).await.unwrap();
    for (stage, rows) in RowStage::ALL.into_iter().zip([1, 1, 1, 0, 0, 1, 1, 0]) {
        assert_eq!(totals.of(stage).rows, rows, "{stage:?}");
    }
    assert_eq!(totals.of(Ready).price, Sun::new(PRICE));
    assert_eq!(totals.of(Refunded).price, Sun::ZERO, "the money is back");
    assert_eq!((totals.of(Ready).burn, totals.recent), (Sun::new(6_428_500), 1));
    assert_eq!(store.batch_totals(ID, NOW.after_ms(1)).await.unwrap().recent, 0);
    let left = store.batch_left(ID).await.unwrap();
    assert_eq!(left, BatchLeft { waiting: 1, filling: 1, failures: 2 });
    let retry = BatchChanges { all: Some(RowsChange::RetryFailures), ..BatchChanges::of(ID) };
    save(store, retry).await.unwrap();
    assert_eq!(stages(store).await, [Filling, Ready, Waiting, Waiting, Waiting]);
    let tries: Vec<u32> = all_rows(store).await.iter().map(|row| row.attempt).collect();
    assert_eq!(tries, [1, 1, 2, 2, 1]);
    place_row(store, base, placed(3, 2, new_order(base, 30).id), 30).await.unwrap();
    assert_eq!(store.batch_left(ID).await.unwrap().filling, 2);
}

pub(crate) async fn what_waits_is_cancelled_and_nothing_else(store: &dyn Database) {
    let base = base(store).await;
    running(store, base, 3).await;
    place_row(store, base, placed(2, 1, new_order(base, 2).id), 2).await.unwrap();
    let after = async |number, limit| {
        let rows = store.waiting_rows(ID, number, limit).await.unwrap();
        rows.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    let numbers = async |limit| after(0, limit).await;
    assert_eq!((numbers(1).await, numbers(9).await), (vec![1], vec![1, 3]));
    assert_eq!((after(1, 9).await, after(3, 9).await), (vec![3], vec![]));
    let cancel = BatchChanges { all: Some(RowsChange::CancelWaiting), ..BatchChanges::of(ID) };
    save(store, cancel).await.unwrap();
    assert!(numbers(9).await.is_empty());
    use RowStage::{Cancelled, Filling};
    assert_eq!(stages(store).await, [Cancelled, Filling, Cancelled]);
}

pub(crate) async fn what_a_dry_run_found_is_kept(store: &dyn Database) {
    let base = base(store).await;
    running(store, base, 4).await;
    let quoted = |tokens| Quoted {
        token_amount: TokenUnits(tokens),
        scene: Scene::RecipientEmpty,
        need: Need {
            activation: tokens == 0,
            bandwidth: Bandwidth::new(346),
            energy: Energy::new(64_285),
        },
        price: Sun::new(3_857_100),
        burn: Sun::new(6_428_500),
    };
    let refused = RowFailure { kind: FailureKind::PoolWallet, text: "ours".to_owned() };
    let big = u128::MAX / 2;
    let checks = vec![
        (1, Check { at: NOW, found: Ok(quoted(big)) }),
        (2, Check { at: NOW.after_ms(1), found: Ok(quoted(0)) }),
        (3, Check { at: NOW.after_ms(1), found: Err(refused) }),
    ];
    let found = BatchChanges { checks: checks.clone(), ..BatchChanges::of(ID) };
    save(store, found).await.unwrap();
    let rows = all_rows(store).await;
    for (number, check) in checks {
        assert_eq!(rows[number as usize - 1].check, Some(check));
    }
    let unchecked = async |since: UnixMillis| {
        let rows = store.unchecked_rows(ID, since, 9).await.unwrap();
        rows.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(unchecked(NOW).await, [4]);
    assert_eq!(unchecked(NOW.after_ms(1)).await, [1, 4]);
    let totals = store.dry_totals(ID, NOW).await.unwrap();
    assert_eq!((totals.checked, totals.refused, totals.empty), (3, 1, 1));
    assert_eq!(totals.token_amount, TokenUnits(big));
    assert_eq!((totals.energy.get(), totals.bandwidth.get()), (2 * 64_285, 2 * 346));
    assert_eq!((totals.activations, totals.price.get()), (1, 2 * 3_857_100));
    assert_eq!(totals.burn, Sun::new(2 * 6_428_500));
    assert_eq!(store.dry_totals(ID, NOW.after_ms(1)).await.unwrap().checked, 2);
}

pub(crate) async fn rows_are_found_by_address_and_label_and_page(store: &dyn Database) {
    let base = base(store).await;
    running(store, base, 12).await;
    let find = async |text: &str, offset, limit| {
        let filter = RowFilter { stage: None, text: Some(text.to_owned()) };
        let page = store.batch_rows(ID, filter, offset, limit).await.unwrap();
        (page.rows.iter().map(|view| view.row.number).collect::<Vec<_>>(), page.all)
    };
    assert_eq!(find(&address(5).to_string(), 0, 9).await, (vec![5], 1));
    assert_eq!(find(&address(99).to_string(), 0, 9).await, (vec![1], 1), "by its recipient");
    assert_eq!(find("OF 1", 0, 9).await, (vec![1, 10, 11, 12], 4));
    assert_eq!(find("OF 1", 1, 2).await, (vec![10, 11], 4));
    assert_eq!(find("0%_o", 0, 2).await, (vec![1, 2], 12), "these are no wild cards");
    assert_eq!(find("0%o", 0, 2).await, (vec![], 0));
    assert_eq!(find("' OR 1=1", 0, 2).await, (vec![], 0));
}

pub(crate) async fn a_batch_is_worked_on_under_its_lease(store: &dyn Database) {
    let base = base(store).await;
    running(store, base, 1).await;
    let wants = |id| BatchChanges { attention: Some(Attention::At(NOW)), ..BatchChanges::of(id) };
    let unknown = save(store, wants(BatchId([8; 16]))).await;
    assert!(matches!(unknown, Err(StoreError::Broken(_))), "there is no such batch: {unknown:?}");
    save(store, wants(ID)).await.unwrap();
    let claim = async |now: UnixMillis| {
        let until = now.after_secs(30);
        store.claim(OutboxKind::Batch, "one", now, until, 5).await.unwrap()
    };
    let old = claim(NOW).await.remove(0);
    assert_eq!(old.batch(), ID);
    assert!(claim(NOW).await.is_empty());
    let new = claim(NOW.after_secs(31)).await.remove(0);
    let row = placed(1, 1, new_order(base, 1).id);
    let under = async |lease, row: RowChange| {
        let needs = Needs {
            batch: Some(BatchNeeds { batch: ID, row: Some(1), left: false }),
            lease: Some(lease),
            ..Needs::default()
        };
        let decide = move |rows: &Rows| -> Result<(Changes, ()), ()> {
            assert_eq!(rows.batch.row.as_ref().unwrap().state, RowState::Waiting);
            let batch = BatchChanges { row: Some(row.clone()), ..BatchChanges::of(ID) };
            Ok((Changes { batch: Some(Box::new(batch)), ..Changes::default() }, ()))
        };
        commit(store, needs, decide).await.map(|outcome| outcome.unwrap())
    };
    assert_eq!(under(old, row).await, Err(StoreError::LeaseLost));
    under(new, failed(1)).await.unwrap();
    assert_eq!(store.next_due(OutboxKind::Batch).await.unwrap(), Some(NOW.after_secs(61)));
    let done = BatchChanges { attention: Some(Attention::Done), ..BatchChanges::of(ID) };
    let done = Changes { batch: Some(Box::new(done)), ..Changes::default() };
    let needs = Needs { lease: Some(new), ..Needs::default() };
    let decide = move |_: &Rows| Ok::<_, ()>((done.clone(), ()));
    commit(store, needs, decide).await.unwrap().unwrap();
    assert_eq!(store.next_due(OutboxKind::Batch).await.unwrap(), None);
}
