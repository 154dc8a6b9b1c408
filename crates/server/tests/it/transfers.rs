//! Transfers of TRX: what happens on chain and in the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::ports::Store;
use devnet::{Fault, When};
use domain::{TransferState, UnixMillis};
use futures::future::join_all;
use serde_json::{Value, json};
use store::{CommitMoment, FailPoint};
use tron::{Address, Sun};

use crate::support::chain::{PAYER, PAYER_TRX, key, payer_wallet, recipient_with};
use crate::support::http::{exchange, request};
use crate::support::merchant::wanted as collection;
use crate::support::world::Storage;
use crate::support::{Answer, KEY, SECRET, Setup, World, never_activated, plain};

const TRANSFER: &str = "POST /api/v1/frontend/order/transfer HTTP/1.1";
const AMOUNT: i64 = 345_000;
const FEE: i64 = 300_000;
const ACTIVATION: i64 = 1_500_000;
const BALANCE: i64 = 100_000_000;
/// More cuts than the life of a transfer has moments; the test ends when a life was not cut.
const CUTS_MAX: usize = 400;

fn signed(now_secs: i64, body: &Value, more: &[(&str, &str)]) -> Vec<u8> {
    let (timestamp, body) = (now_secs.to_string(), body.to_string());
    let signature = wire::sign(SECRET.as_bytes(), &timestamp, body.as_bytes());
    let mut headers = vec![
        ("Content-Type", "application/json"),
        ("API-KEY", KEY),
        ("TIMESTAMP", timestamp.as_str()),
        ("SIGNATURE", signature.as_str()),
    ];
    headers.extend(more);
    request(TRANSFER, &headers, body.as_bytes())
}

fn wanted(receiver: Address, amount: i64) -> Value {
    json!({"amount": amount, "receive_address": receiver})
}

impl World {
    fn transfer_request(&self, receiver: Address, amount: i64) -> Vec<u8> {
        signed(self.now_secs(), &wanted(receiver, amount), &[])
    }

    pub(crate) async fn transfer(&self, receiver: Address, amount: i64) -> Answer {
        self.send(&self.transfer_request(receiver, amount)).await
    }

    fn trx(&self, address: Address) -> i64 {
        self.chain.balance(address).unwrap_or(Sun::ZERO).get()
    }

    /// Transfers of TRX on chain that name an address.
    fn transfers_on_chain(&self, address: Address) -> usize {
        self.on_chain(address, "TransferContract")
    }

    async fn states(&self) -> Vec<TransferState> {
        let transfers = self.store.transfers(self.merchant, 100).await.unwrap();
        transfers.iter().map(|transfer| transfer.state).collect()
    }

    /// Lets blocks become solid and everything be looked at.
    async fn solidify(&mut self) {
        self.mine(2).await;
        self.chain.solidify();
        self.mine(2).await;
    }
}

#[tokio::test]
async fn the_txid_is_on_chain_and_the_money_is_spent_when_it_is_solid() {
    let mut world = World::new().await;
    let receiver = world.payer(plain);
    let answer = world.transfer(receiver, AMOUNT).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    let txid = answer.json()["txid"].as_str().unwrap().to_owned();
    let expected = json!({
        "errno": 0, "txid": txid, "balance": BALANCE - AMOUNT - FEE, "fee": FEE,
        "active_needed": false,
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(world.balances().await, (BALANCE - AMOUNT - FEE, AMOUNT + FEE), "held");
    world.mine(1).await;
    assert_eq!(world.trx(receiver), AMOUNT);
    assert_eq!(world.states().await, [TransferState::Included]);
    assert_eq!(world.balances().await.1, AMOUNT + FEE, "a fork could undo it");
    world.solidify().await;
    assert_eq!(world.states().await, [TransferState::Settled]);
    assert_eq!(world.balances().await, (BALANCE - AMOUNT - FEE, 0));
    assert_eq!(world.transfers_on_chain(receiver), 1);
    let stored = world.store.transfers(world.merchant, 1).await.unwrap().remove(0);
    assert_eq!(stored.txid.to_string(), txid);
    world.finish().await;
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_activated_for_its_price() {
    let mut world = World::new().await;
    let receiver = world.payer(never_activated);
    let answer = world.transfer(receiver, AMOUNT).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(answer.json()["active_needed"], true);
    assert_eq!(answer.json()["fee"], FEE + ACTIVATION);
    assert_eq!(answer.json()["balance"], BALANCE - AMOUNT - FEE - ACTIVATION);
    world.mine(1).await;
    assert_eq!(world.trx(receiver), AMOUNT);
    let left = PAYER_TRX * 1_000_000 - world.trx(payer_wallet());
    assert_eq!(left, AMOUNT + 1_100_000, "what the network takes for an activation");
    world.finish().await;
}

/// One of two transfers to an address that does not exist yet activates it, and one is charged for that.
#[tokio::test]
async fn of_two_transfers_to_a_new_address_one_is_charged_an_activation() {
    let mut world = World::new().await;
    let receiver = world.payer(never_activated);
    let first = world.transfer(receiver, AMOUNT).await.json();
    assert_eq!((&first["active_needed"], &first["fee"]), (&json!(true), &json!(FEE + ACTIVATION)));
    let bytes = world.transfer_request(receiver, AMOUNT + 1);
    let second = world.send(&bytes).await;
    let shown = second.json();
    assert_eq!((&shown["active_needed"], &shown["fee"]), (&json!(false), &json!(FEE)));
    let stored = world.store.transfers(world.merchant, 1).await.unwrap().remove(0);
    let made_here = AMOUNT + 1 + 1_100_000;
    assert_eq!(stored.outlay_max.get(), made_here, "the first may be lost");
    world.mine(1).await;
    assert_eq!(world.send(&bytes).await.body, second.body);
    world.solidify().await;
    assert_eq!(world.states().await, [TransferState::Settled; 2]);
    assert_eq!(world.trx(receiver), 2 * AMOUNT + 1);
    assert_eq!(world.balances().await, (BALANCE - 2 * AMOUNT - 1 - 2 * FEE - ACTIVATION, 0));
    world.finish().await;
}

/// A transfer that was charged an activation and given back counts no more: the next one is charged.
#[tokio::test]
async fn a_transfer_after_one_that_was_given_back_is_charged_an_activation() {
    let mut world = World::new().await;
    world.expect_log("the chain refused");
    world.expect_log("no payer has more than 0 TRX");
    let receiver = world.payer(never_activated);
    // The rows do not know yet that the payer is empty.
    world.pays(PAYER, recipient_with(), Sun::from_trx(PAYER_TRX));
    assert_eq!(world.transfer(receiver, AMOUNT).await.status(), 400);
    world.mine(1).await;
    world.chain.credit(payer_wallet(), Sun::from_trx(PAYER_TRX));
    world.mine(1).await;
    let next = world.transfer(receiver, AMOUNT + 1).await.json();
    assert_eq!((&next["active_needed"], &next["fee"]), (&json!(true), &json!(FEE + ACTIVATION)));
    world.mine(1).await;
    world.finish().await;
}

/// Two requests in one block for an address that does not exist yet. The transfer activates it; the order
/// is charged for an activation that can never be made, and gets that back when it ends.
#[tokio::test]
async fn an_order_beside_a_transfer_is_paid_back_its_activation() {
    let mut world = World::new().await;
    world.expect_log("the chain refused");
    let payer = world.payer(never_activated);
    assert_eq!(world.transfer(payer, AMOUNT).await.status(), 200);
    let order = world.order(&collection(payer, recipient_with())).await;
    let price = order["amount"].as_i64().unwrap();
    world.chain.mine(1);
    world.follow_chain_time();
    world.settle().await;
    world.mine(45).await;
    assert_eq!(world.status(&order).await, 40);
    assert!(world.sweeps(payer, recipient_with()));
    world.run_out().await;
    let shown = world.shown(&order).await;
    assert_eq!((&shown["status"], &shown["refund_amount"]), (&json!(40), &json!(ACTIVATION)));
    let paid = price - ACTIVATION + AMOUNT + FEE + ACTIVATION;
    assert_eq!(world.balances().await, (BALANCE - paid, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_repeat_gets_the_exact_first_answer_and_sends_nothing() {
    for storage in [Storage::Memory, Storage::Threads] {
        let mut world = World::with(Setup { storage, ..Setup::default() }).await;
        let receiver = world.payer(plain);
        let bytes = world.transfer_request(receiver, AMOUNT);
        let answers = join_all((0..10).map(|_| exchange(world.address, &bytes))).await;
        let first = answers[0].clone().unwrap();
        assert_eq!(first.status(), 200, "{}", first.body);
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().body == first.body));
        // The balance in the answer is that of the moment, although it is another one now.
        world.mine(1).await;
        world.transfer(receiver, AMOUNT + 1).await;
        assert_eq!(world.send(&bytes).await.body, first.body);
        world.mine(2).await;
        assert_eq!(world.transfers_on_chain(receiver), 2, "the first and the other");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_idempotency_key_answers_the_same_content_and_refuses_other() {
    let mut world = World::new().await;
    let receiver = world.payer(plain);
    let key = [("Idempotency-Key", "transfer 17")];
    let body = wanted(receiver, AMOUNT);
    let first = world.send(&signed(world.now_secs(), &body, &key)).await;
    let later = world.send(&signed(world.now_secs() + 9, &body, &key)).await;
    assert_eq!((first.status(), &first.body), (200, &later.body));
    let other = world.send(&signed(world.now_secs(), &wanted(receiver, 1_000_000), &key)).await;
    let sentence = "This key was used for a different request.";
    assert_eq!(other.json(), json!({"Idempotency-Key": [sentence]}));
    world.mine(1).await;
    assert_eq!(world.transfers_on_chain(receiver), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_unanswered_send_still_answers_the_txid_and_happens_once() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest, Fault::Status { status: 500 }, Fault::Busy]
    {
        let mut world = World::new().await;
        world.expect_log("sending went unanswered");
        let receiver = world.payer(plain);
        world.fault("wallet/broadcast*", When::Next(2), fault);
        let answer = world.transfer(receiver, AMOUNT).await;
        assert_eq!(answer.status(), 200, "{}", answer.body);
        world.mine(6).await;
        assert_eq!(world.trx(receiver), AMOUNT);
        assert_eq!(world.transfers_on_chain(receiver), 1);
        world.finish().await;
    }
}

/// Nobody ever takes it: after its expiration it is proven lost, and the money is back.
#[tokio::test]
async fn a_transfer_that_is_never_included_is_given_back() {
    let mut world = World::new().await;
    world.expect_log("sending went unanswered");
    world.expect_log("a transfer is lost");
    let receiver = world.payer(plain);
    world.fault("wallet/broadcast*", When::Always, Fault::LoseRequest);
    let answer = world.transfer(receiver, AMOUNT).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    world.pass_secs(61).await;
    assert_eq!(world.balances().await.1, AMOUNT + FEE, "it could be in a block that we do not see");
    world.solidify().await;
    world.solidify().await;
    world.run_out().await;
    assert_eq!(world.states().await, [TransferState::Released]);
    assert_eq!(world.balances().await, (BALANCE, 0));
    assert_eq!(world.transfers_on_chain(receiver), 0);
    world.chain.clear_faults();
    world.finish().await;
}

/// A refusal by every node is final for bytes that nobody else has: the money is back at once, and so
/// the same request is judged afresh.
#[tokio::test]
async fn a_refused_transfer_costs_nothing_and_may_be_tried_again() {
    let mut world = World::new().await;
    world.expect_log("the chain refused");
    world.expect_log("no payer has more than 0 TRX");
    let receiver = world.payer(plain);
    // The rows do not know yet that the payer is empty.
    world.pays(PAYER, recipient_with(), Sun::from_trx(PAYER_TRX));
    let bytes = world.transfer_request(receiver, AMOUNT);
    let refused = world.send(&bytes).await;
    let sentence = "The TRON network refused the transfer. Nothing was charged; please try again.";
    assert_eq!((refused.status(), refused.json()), (400, json!({"detail": sentence})));
    assert_eq!(world.balances().await, (BALANCE, 0));
    world.mine(1).await;
    world.chain.credit(payer_wallet(), Sun::from_trx(PAYER_TRX));
    world.mine(1).await;
    let again = world.send(&bytes).await;
    assert_eq!(again.status(), 200, "{}", again.body);
    world.mine(1).await;
    assert_eq!(world.states().await, [TransferState::Included, TransferState::Released]);
    assert_eq!(world.transfers_on_chain(receiver), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_fork_drops_it_and_it_happens_once() {
    for requeues in [true, false] {
        let mut world = World::new().await;
        world.expect_log("a fork dropped a block");
        let receiver = world.payer(plain);
        world.transfer(receiver, AMOUNT).await;
        world.mine(1).await;
        assert_eq!(world.trx(receiver), AMOUNT);
        world.chain.reorg(1, requeues).unwrap();
        world.mine(4).await;
        assert_eq!(world.trx(receiver), AMOUNT);
        assert_eq!(world.transfers_on_chain(receiver), 1);
        assert_eq!(world.states().await, [TransferState::Included]);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_float_that_is_too_small_refuses_and_is_said() {
    let mut world = World::new().await;
    world.expect_log("no payer has more than 2 TRX");
    world.expect_log("a transfer was refused for want of TRX");
    let receiver = world.payer(plain);
    world.pays(PAYER, receiver, Sun::from_trx(PAYER_TRX - 2));
    world.mine(1).await;
    let refused = world.transfer(receiver, 2_000_000).await;
    let sentence = "TRX cannot be sent at the moment. Nothing was charged; please try again later.";
    assert_eq!((refused.status(), refused.json()), (400, json!({"detail": sentence})));
    assert_eq!(world.balances().await, (BALANCE, 0));
    // What is on its way counts: two small ones do not fit into the float together.
    let first = world.transfer(receiver, 1_000_000).await;
    assert_eq!(first.status(), 200, "{}", first.body);
    let second = world.transfer(receiver, 1_000_001).await;
    assert_eq!(second.json(), json!({"detail": sentence}));
    world.mine(1).await;
    world.finish().await;
}

#[tokio::test]
async fn who_cannot_pay_or_be_paid_is_told() {
    let mut world = World::with(Setup { balance_sun: 1_000_000, ..Setup::default() }).await;
    let receiver = world.payer(plain);
    let detail = |text: &str| json!({"detail": text});
    let about = |text: &str| json!({"receive_address": [text]});
    for (receiver, amount, expected) in [
        (receiver, 700_001, detail("Insufficient funds")),
        (payer_wallet(), AMOUNT, about("This address belongs to the pool.")),
        (world.chain.usdt(), AMOUNT, about("This address is a contract.")),
    ] {
        let refused = world.transfer(receiver, amount).await;
        assert_eq!((refused.status(), refused.json()), (400, expected));
    }
    assert_eq!(world.balances().await, (1_000_000, 0));
    let all = world.transfer(receiver, 700_000).await;
    assert_eq!(all.json()["balance"], 0, "{}", all.body);
    world.mine(1).await;
    world.finish().await;
}

/// From the so manieth of these moments on the database does nothing more.
fn dies_at(cut: usize, kind: CommitMoment, passed: Arc<AtomicUsize>) -> FailPoint {
    Box::new(move |moment| {
        if moment == kind && passed.load(Ordering::Relaxed) <= cut {
            passed.fetch_add(1, Ordering::Relaxed);
        }
        passed.load(Ordering::Relaxed) > cut
    })
}

#[tokio::test]
async fn a_power_cut_at_any_commit_sends_and_charges_once() {
    for kind in [CommitMoment::BeforeCommit, CommitMoment::AfterCommit] {
        let setup =
            Setup { storage: Storage::File, balance_sun: 1_000 * BALANCE, ..Setup::default() };
        let mut world = World::with(setup).await;
        let mut cuts = 0;
        while is_cut(&mut world, cuts, kind).await {
            cuts += 1;
            assert!(cuts < CUTS_MAX, "a transfer has fewer commits");
        }
        assert!(cuts >= 8, "{cuts} commits were cut");
        world.finish().await;
    }
}

/// One transfer with a cut in its life; whether its life was long enough to be cut.
async fn is_cut(world: &mut World, cut: usize, kind: CommitMoment) -> bool {
    let receiver =
        key(900_000 + cut as u64 + if kind == CommitMoment::BeforeCommit { 0 } else { 500 });
    let receiver = receiver.address();
    world.chain.activate(receiver);
    let before = world.balances().await.0;
    let bytes = world.transfer_request(receiver, AMOUNT);
    let passed = Arc::new(AtomicUsize::new(0));
    assert!(world.store.set_fail_point(Some(dies_at(cut, kind, passed.clone()))));
    let _maybe_lost = exchange(world.address, &bytes).await;
    world.settle().await;
    world.mine(2).await;
    world.solidify().await;
    world.forget_what_the_dying_said();
    world.restart().await;
    world.settle().await;
    let answer = world.send(&bytes).await;
    assert_eq!(answer.status(), 200, "cut {cut} {kind:?}: {}", answer.body);
    // The dead process's leases run out.
    world.pass_secs(world.app.settings.lease_ms / 1_000 + 1).await;
    world.run_out().await;
    assert_eq!(world.trx(receiver), AMOUNT, "cut {cut} {kind:?}");
    assert_eq!(world.transfers_on_chain(receiver), 1, "cut {cut} {kind:?}: sent once");
    assert_eq!(
        world.balances().await,
        (before - AMOUNT - FEE, 0),
        "cut {cut} {kind:?}: charged once"
    );
    let stored = world.store.transfers(world.merchant, 1_000).await.unwrap();
    let of_receiver = stored.iter().filter(|one| one.receiver == receiver);
    let live = of_receiver.filter(|one| one.state == TransferState::Settled);
    assert_eq!(live.count(), 1, "cut {cut} {kind:?}");
    assert!(stored.iter().all(|one| one.ended.unwrap_or(UnixMillis(1)) > UnixMillis(0)));
    passed.load(Ordering::Relaxed) > cut
}
