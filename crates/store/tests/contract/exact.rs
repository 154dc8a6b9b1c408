//! Exact answers, transfers and deposits.

use std::collections::BTreeSet;

use app::admin_rows::{AdminChanges, LogEntry};
use app::ports::{Store, StoreError};
use app::records::Database;
use app::rows::{
    Attention, Changes, DepositAddress, ExactAnswer, Idempotency, Lease, Needs, NewAnswers,
    OutboxKind, OwnTx, Remembered, RequestKeys, Rows, ScannedBlock, TxOwner,
};
use app::work::commit;
use domain::deposit::judge;
use domain::ledger::facts::transfer_held;
use domain::transfer::{Event, step};
use domain::{Deposit, DepositId, Transfer, TransferId, TransferState, UnixMillis};
use tron::{Address, Sun, TxId};

use crate::support::{self, Base, NOW, base};

async fn write(store: &dyn Store, needs: Needs, changes: Changes) -> Result<(), StoreError> {
    let done = commit(store, needs, move |_| Ok::<_, ()>((changes.clone(), ())));
    done.await.map(|decided| decided.unwrap())
}

fn request(base: Base) -> RequestKeys {
    let idempotency = Idempotency { text: "mine".to_owned(), request: [5; 32] };
    RequestKeys { idempotency: Some(idempotency), ..support::request(base, 1) }
}

fn answer() -> Remembered {
    Remembered::Exact(ExactAnswer { status: 200, body: "{\"errno\":0}".to_owned() })
}

pub(crate) async fn an_exact_answer_is_given_again_until_it_is_forgotten(store: &dyn Store) {
    let base = base(store).await;
    let request = request(base);
    let new = NewAnswers { request: request.clone(), answer: answer(), at: NOW, is_resend: false };
    let remember = Changes { answers: Some(new), ..Changes::default() };
    write(store, Needs::default(), remember.clone()).await.unwrap();
    let stored = store.answers(&request).await.unwrap();
    assert_eq!(stored.replay, Some((answer(), [3; 32])));
    assert_eq!(stored.resend, Some((answer(), [5; 32])));
    let again = write(store, Needs::default(), remember.clone()).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    // Its effect was taken back: as if it had never been asked.
    let forget = Changes { forgotten: Some(request.clone()), ..Changes::default() };
    write(store, Needs::default(), forget).await.unwrap();
    assert_eq!(store.answers(&request).await.unwrap(), Default::default());
    write(store, Needs::default(), remember).await.unwrap();
    // Neither row is left without its answer while it is pruned.
    let later = UnixMillis(NOW.get() + 10_000_000);
    assert_eq!(store.prune(later, UnixMillis(0)).await.unwrap(), 1, "the replay");
    assert_eq!(store.answers(&request).await.unwrap().resend, Some((answer(), [5; 32])));
    assert_eq!(store.prune(later, later).await.unwrap(), 2, "the resend, then the answer");
    assert_eq!(store.answers(&request).await.unwrap(), Default::default());
}

/// A resend leads to the answer by its own signature, as long as a copy of it could come.
pub(crate) async fn a_resend_leads_to_the_exact_answer_as_long_as_it_can_be_repeated(
    store: &dyn Store,
) {
    let base = base(store).await;
    let first = request(base);
    let remember = |request: &RequestKeys, at: UnixMillis, is_resend| {
        let new = NewAnswers { request: request.clone(), answer: answer(), at, is_resend };
        Changes { answers: Some(new), ..Changes::default() }
    };
    write(store, Needs::default(), remember(&first, NOW, false)).await.unwrap();
    let late_secs = 80_000;
    let timestamp_secs = first.timestamp_secs + late_secs;
    let resent = RequestKeys { timestamp_secs, signature: [9; 32], ..first.clone() };
    let resent_at = NOW.after_secs(late_secs);
    write(store, Needs::default(), remember(&resent, resent_at, true)).await.unwrap();
    let bare = RequestKeys { idempotency: None, ..resent.clone() };
    let replay = || async { store.answers(&bare).await.unwrap().replay };
    assert_eq!(replay().await, Some((answer(), [3; 32])));
    // The first signature and the key are forgotten, and the answer is kept for the second.
    for _ in 0..3 {
        store.prune(resent_at.after_secs(-60), resent_at.after_secs(-60)).await.unwrap();
    }
    assert_eq!(store.answers(&first).await.unwrap(), Default::default());
    assert_eq!(replay().await, Some((answer(), [3; 32])));
    let later = resent_at.after_secs(10_000);
    assert_eq!(store.prune(later, later).await.unwrap(), 2, "the replay, then the answer");
    // What was taken back has no answer for its resends either.
    write(store, Needs::default(), remember(&first, NOW, false)).await.unwrap();
    let timestamp_secs = first.timestamp_secs + 300;
    let resent = RequestKeys { timestamp_secs, signature: [9; 32], ..first.clone() };
    write(store, Needs::default(), remember(&resent, NOW, true)).await.unwrap();
    let forget = Changes { forgotten: Some(first), ..Changes::default() };
    write(store, Needs::default(), forget).await.unwrap();
    assert_eq!(store.answers(&resent).await.unwrap(), Default::default());
}

fn transfer(base: Base, number: u8) -> Transfer {
    Transfer {
        id: TransferId([number; 16]),
        merchant: base.merchant,
        key: base.key,
        receiver: support::address(70),
        amount: Sun::from_trx(1),
        fee: Sun::new(300_000),
        has_activation: false,
        payer: base.lender,
        outlay_max: Sun::new(1_300_000),
        txid: TxId::from_bytes([number; 32]),
        bytes: vec![1, 2, 3],
        expiration: NOW.after_ms(60_000),
        state: TransferState::Stored,
        is_maybe_taken: false,
        sent_at: None,
        block: None,
        created: NOW,
        ended: None,
    }
}

async fn keep(store: &dyn Store, new: &Transfer) {
    let changes = Changes {
        transfer: Some(new.clone()),
        ledger: vec![transfer_held(new)],
        transfer_attention: Some((new.id, Attention::At(NOW))),
        ..Changes::default()
    };
    write(store, Needs::default(), changes).await.unwrap();
}

async fn happen(store: &dyn Store, id: TransferId, event: Event, lease: Option<Lease>) {
    let needs = Needs { transfer: Some(id), lease, ..Needs::default() };
    let done = commit(store, needs, move |rows| {
        let moment = support::moment(NOW);
        let decision = step(rows.transfer.as_ref().unwrap(), event, &moment).map_err(drop)?;
        let changes = Changes {
            transfer: Some(decision.transfer),
            ledger: decision.ledger,
            ..Changes::default()
        };
        Ok::<_, ()>((changes, ()))
    });
    done.await.unwrap().unwrap();
}

pub(crate) async fn a_transfer_is_followed_to_its_end(store: &dyn Store) {
    let base = base(store).await;
    let new = transfer(base, 1);
    keep(store, &new).await;
    assert_eq!(store.transfer(new.id).await.unwrap(), Some(new.clone()));
    assert_eq!(store.outlays().await.unwrap().get(&base.lender), Some(&new.outlay_max));
    let own = vec![OwnTx { txid: new.txid, owner: TxOwner::Transfer(new.id) }];
    assert_eq!(store.own_txs(&[new.txid]).await.unwrap(), own);
    assert_eq!(store.open_txs().await.unwrap(), own);
    happen(store, new.id, Event::Included { block: 9, has_succeeded: true }, None).await;
    assert_eq!(store.included_since(9).await.unwrap(), own);
    assert_eq!(store.included_until(9).await.unwrap(), vec![(9, own[0])]);
    assert!(store.outlays().await.unwrap().is_empty(), "it has left the payer");
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
    happen(store, new.id, Event::Solid, None).await;
    assert_eq!(store.open_txs().await.unwrap(), vec![]);
    let merchant = store.merchants().await.unwrap().remove(0);
    assert_eq!((merchant.available.get(), merchant.held), (support::CREDIT - 1_300_000, Sun::ZERO));
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

async fn is_activated(store: &dyn Store, receiver: Address) -> bool {
    let needs = Needs { activated: Some(receiver), ..Needs::default() };
    let read = |rows: &Rows| Ok::<_, ()>((Changes::default(), rows.is_activated));
    commit(store, needs, read).await.unwrap().unwrap()
}

pub(crate) async fn an_activation_is_found_while_its_transfer_is_open(store: &dyn Store) {
    let base = base(store).await;
    let new = Transfer { has_activation: true, ..transfer(base, 1) };
    let beside = Transfer { receiver: support::address(71), ..transfer(base, 2) };
    assert!(!is_activated(store, new.receiver).await);
    keep(store, &new).await;
    keep(store, &beside).await;
    assert!(is_activated(store, new.receiver).await, "stored");
    assert!(!is_activated(store, beside.receiver).await, "another, which activates nothing");
    happen(store, new.id, Event::Included { block: 9, has_succeeded: true }, None).await;
    assert!(is_activated(store, new.receiver).await, "a fork could undo it");
    happen(store, new.id, Event::Solid, None).await;
    assert!(!is_activated(store, new.receiver).await, "it is over");
}

pub(crate) async fn one_row_is_claimed_by_one(store: &dyn Store) {
    let base = base(store).await;
    let new = transfer(base, 1);
    keep(store, &new).await;
    let claim = || {
        let until = NOW.after_ms(30_000);
        store.claim_one(OutboxKind::Transfer, new.id.0, "me", NOW, until)
    };
    let lease = claim().await.unwrap().unwrap();
    assert_eq!(lease.transfer(), new.id);
    assert_eq!(claim().await.unwrap(), None);
    store.release(lease, NOW).await.unwrap();
    assert!(claim().await.unwrap().unwrap().fence > lease.fence);
}

pub(crate) async fn what_a_transfer_is_cannot_be_changed(store: &dyn Store) {
    let base = base(store).await;
    let new = transfer(base, 1);
    keep(store, &new).await;
    let other = Transfer { amount: Sun::from_trx(2), ..new.clone() };
    let needs = Needs { transfer: Some(new.id), ..Needs::default() };
    let changes = Changes { transfer: Some(other), ..Changes::default() };
    let outcome = write(store, needs, changes).await;
    assert!(matches!(outcome, Err(StoreError::Broken(_))), "{outcome:?}");
}

fn block(number: i64) -> ScannedBlock {
    ScannedBlock { number, id: [7; 32], at: NOW }
}

pub(crate) async fn the_scan_only_goes_forward(store: &dyn Store) {
    assert_eq!(store.scanned().await.unwrap(), None);
    let scanned = |number| Changes { scanned: Some(block(number)), ..Changes::default() };
    write(store, Needs::default(), scanned(10)).await.unwrap();
    write(store, Needs::default(), scanned(11)).await.unwrap();
    for number in [11, 10] {
        let back = write(store, Needs::default(), scanned(number)).await;
        assert!(matches!(back, Err(StoreError::Broken(_))), "{back:?}");
    }
    assert_eq!(store.scanned().await.unwrap(), Some(block(11)));
}

fn deposit_address(base: Base) -> DepositAddress {
    DepositAddress {
        address: support::address(80),
        merchant: base.merchant,
        xpub: "ba4475c1".to_owned(),
        number: 1,
        created: NOW,
    }
}

/// A deposit of 5 TRX in one transaction, with its credit.
fn deposit(base: Base, id: u8, contract_index: i64) -> Changes {
    let seen = Deposit {
        id: DepositId([id; 16]),
        merchant: base.merchant,
        address: deposit_address(base).address,
        sender: support::address(81),
        amount: Sun::from_trx(5),
        txid: TxId::from_bytes([6; 32]),
        contract_index,
        block: 12,
        at: NOW,
        seen: NOW,
        is_credited: false,
    };
    let (deposit, credit) = judge(seen, Sun::from_trx(1));
    Changes { deposits: vec![deposit], ledger: credit.into_iter().collect(), ..Changes::default() }
}

async fn hand_out(store: &dyn Store, new: &DepositAddress) -> Result<(), StoreError> {
    let log = LogEntry {
        at: NOW,
        actor: "cli".to_owned(),
        action: "merchant.deposit_address".to_owned(),
        subject: format!("merchant {}", new.merchant.0),
        before: None,
        after: None,
    };
    let changes = AdminChanges { deposit_address: Some(new.clone()), ..AdminChanges::logged(log) };
    let changes = Changes { admin: Some(Box::new(changes)), ..Changes::default() };
    write(store, Needs::default(), changes).await
}

/// A transfer that is settled and closed, and a deposit that is credited.
pub(crate) async fn transfer_and_deposit(store: &dyn Store, base: Base) {
    let new = transfer(base, 1);
    keep(store, &new).await;
    happen(store, new.id, Event::Included { block: 9, has_succeeded: true }, None).await;
    happen(store, new.id, Event::Solid, None).await;
    let done = Some((new.id, Attention::Done));
    let close = Changes { transfer_attention: done, ..Changes::default() };
    write(store, Needs::default(), close).await.unwrap();
    hand_out(store, &deposit_address(base)).await.unwrap();
    write(store, Needs::default(), deposit(base, 50, 0)).await.unwrap();
}

pub(crate) async fn a_deposit_is_credited_once(store: &dyn Store) {
    let base = base(store).await;
    let address = deposit_address(base).address;
    let new = deposit_address(base);
    hand_out(store, &new).await.unwrap();
    let again = hand_out(store, &new).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(store.deposit_addresses(Some(base.merchant)).await.unwrap(), vec![new]);
    let stranger = support::address(81);
    let found = store.deposit_merchants(&[stranger, address]).await.unwrap();
    assert_eq!(found, vec![(address, base.merchant)]);
    write(store, Needs::default(), deposit(base, 1, 0)).await.unwrap();
    let again = write(store, Needs::default(), deposit(base, 2, 0)).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let merchant = store.merchants().await.unwrap().remove(0);
    assert_eq!(merchant.available.get(), support::CREDIT + 5_000_000, "once");
    write(store, Needs::default(), deposit(base, 3, 1)).await.unwrap();
    assert_eq!(store.deposits(None, 10).await.unwrap().len(), 2);
    assert_eq!(store.audit().await.unwrap().differences, Vec::<String>::new());
}

/// Whoever asks what rows know of the chain must not forget what has ended.
pub(crate) async fn transactions_are_known_whatever_became_of_them(store: &dyn Database) {
    let base = base(store).await;
    transfer_and_deposit(store, base).await;
    let order = support::place(store, base, 1).await.unwrap();
    support::deliver(store, base, order, 100).await;
    let (whole, _) = store.whole(order).await.unwrap().unwrap();
    let ours: BTreeSet<TxId> = whole.txs.iter().map(|tx| tx.txid).collect();
    let deposit = TxId::from_bytes([6; 32]);
    let ours: BTreeSet<TxId> = ours.into_iter().chain([TxId::from_bytes([1; 32])]).collect();
    let stranger = TxId::of_raw(b"a stranger's");
    let all: Vec<TxId> = ours.iter().copied().chain([deposit, stranger]).collect();
    let open = store.own_txs(&all).await.unwrap();
    assert!(ours.len() > open.len(), "some have ended");
    store.mark_solid(&all, support::turn(store).await).await.unwrap();
    assert_eq!(store.own_txs(&all).await.unwrap(), vec![]);
    assert_eq!(store.known_txs(&all).await.unwrap(), ours);
    assert_eq!(store.known_deposits(&all).await.unwrap(), BTreeSet::from([deposit]));
    assert_eq!(store.known_txs(&[]).await.unwrap(), BTreeSet::new());
}
