//! Yesterday's copy is put back: what it has forgotten is found on chain, posted once, and taken back.

use std::sync::{Arc, Barrier};

use app::administer::{AdminRefused, Administrator, DepositKeys, HandOutFailed, Posting, Side};
use app::ports::{Clock, Signer, Store, StoreError};
use app::reconcile::{Deed, Findings, Stranded, business, reconcile};
use app::take_back::{OnItsWay, TakeBackRefused, outcome, take_back};
use domain::admin::AdminScope;
use serde_json::json;
use store::backup::back_up;
use tron::{Address, Resource, Signature, Sun, TxId};

use crate::admin::Office;
use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Setup, World, never_activated, plain};

/// Signs when two ask.
struct Both(Arc<dyn Signer>, Barrier);

impl Signer for Both {
    fn sign(&self, signer: Address, txid: &TxId) -> Option<Signature> {
        // What this thread would do next, such as answering for the node, is done by another one.
        tokio::task::block_in_place(|| self.1.wait());
        self.0.sign(signer, txid)
    }
}

impl World {
    pub(crate) async fn found(&self) -> Findings {
        self.found_in(None).await
    }

    /// What is found in these blocks.
    pub(crate) async fn found_in(&self, blocks: Option<(i64, i64)>) -> Findings {
        let (node, prices) = (&*self.app.node, &self.app.settings.prices);
        let keys = self.config.deposit_keys().unwrap();
        let keys = keys.as_ref().map(|keys| keys as &dyn DepositKeys);
        reconcile(&*self.store, node, keys, prices, blocks, &|_, _| {}).await.unwrap()
    }

    /// The database as it is now, to be put back later.
    pub(crate) fn copied_to(&self, directory: &tempfile::TempDir) -> std::path::PathBuf {
        let copy = directory.path().join("yesterday.sqlite");
        back_up(&self.config.sqlite_path(), &copy).unwrap();
        copy
    }

    /// Goes on with a copy.
    pub(crate) async fn put_back(&mut self, copy: &std::path::Path) {
        self.config.database.url = format!("sqlite:{}", copy.display());
        self.restart().await;
    }

    /// Blocks in which everything so far becomes solid, and is looked at.
    pub(crate) async fn make_final(&mut self) {
        self.mine(2).await;
        self.chain.solidify();
        self.mine(2).await;
        self.scan_all().await;
    }

    fn administrator(&self) -> Administrator {
        let store: Arc<dyn Store> = self.store.clone();
        Administrator { store, actor: "test".to_owned(), now: self.clock.now() }
    }

    /// Two people take the same back, both of whom have read the log before either writes into it. One sends.
    async fn taken_back_by_two(&self, stranded: &Stranded) -> OnItsWay {
        let signer = Arc::new(Both(self.app.signer.clone(), Barrier::new(2)));
        let people = [1, 2].map(|place| {
            let (store, node) = (self.store.clone(), self.app.node.clone());
            let (signer, stranded) = (signer.clone(), *stranded);
            let now = self.clock.now().after_ms(place);
            let by = Administrator { now, ..self.administrator() };
            tokio::spawn(async move {
                let ports =
                    (&*store as &dyn app::records::Database, &*node, &*signer as &dyn Signer);
                take_back(ports, &by, &stranded).await
            })
        });
        let [one, other] = people;
        match (one.await.unwrap(), other.await.unwrap()) {
            (Ok(sent), Err(TakeBackRefused::OnItsWay(txid)))
            | (Err(TakeBackRefused::OnItsWay(txid)), Ok(sent)) => {
                assert_eq!(txid, sent.txid);
                sent
            }
            both => panic!("{both:?}"),
        }
    }

    /// Posts everything that was found and is not posted, as the command does; how many there were.
    pub(crate) async fn post_entries(&self, found: &Findings) -> Vec<Result<String, AdminRefused>> {
        let mut posted = Vec::new();
        for tx in found.txs.iter().filter(|tx| !tx.is_posted && tx.charge > Sun::ZERO) {
            let posting = Posting {
                business: business(tx.txid),
                merchant: tx.merchant.unwrap(),
                side: Side::Debit,
                amount: tx.charge,
                reason: "reconciled".to_owned(),
                request: None,
            };
            posted.push(self.administrator().post_money(posting).await);
        }
        posted
    }
}

// Signing waits for the other, in a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_learns_from_the_chain_what_it_has_forgotten() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    let (known, forgotten) = (world.payer(plain), world.payer(never_activated));
    world.mine(1).await;
    let order = world.order(&wanted(known, recipient_with())).await;
    world.mine(3).await;
    assert_eq!(world.status(&order).await, 40);
    let copy = world.copied_to(&elsewhere);
    let before = world.balances().await;

    let later = world.order(&wanted(forgotten, recipient_with())).await;
    world.mine(3).await;
    assert_eq!(world.status(&later).await, 40);
    let charged = before.0 - world.balances().await.0;
    world.chain.solidify();
    world.chain.mine(1);
    assert!(world.found().await.is_clean(), "who has seen it all misses nothing");

    world.put_back(&copy).await;
    assert_eq!(world.balances().await, before, "its money is back, and the energy is still out");
    let found = world.found().await;
    let deeds: Vec<Deed> = found.txs.iter().map(|tx| tx.deed).collect();
    let [Deed::Activated, Deed::Lent(Resource::Energy, stake)] = deeds[..] else {
        panic!("{found:?}");
    };
    assert!(found.txs.iter().all(|tx| tx.receiver == forgotten));
    assert!(found.txs.iter().all(|tx| tx.merchant == Some(world.merchant)), "the only one");
    let proposed: Sun = found.txs.iter().map(|tx| tx.charge).sum();
    // Stake is lent in whole sun and with a margin, so its energy is a little more than was ordered.
    let beyond = proposed.get() - charged;
    assert!((0..charged / 50).contains(&beyond), "{charged} were charged, {proposed} are proposed");
    let [stranded] = found.stranded[..] else { panic!("{found:?}") };
    assert_eq!((stranded.receiver, stranded.stake), (forgotten, stake));

    assert_eq!(world.post_entries(&found).await.iter().filter(|posted| posted.is_ok()).count(), 2);
    for again in world.post_entries(&found).await {
        assert!(matches!(again, Err(AdminRefused::Store(StoreError::Conflict(_)))), "{again:?}");
    }
    assert_eq!(world.balances().await.0, before.0 - proposed.get());
    assert!(world.found().await.txs.iter().all(|tx| tx.is_posted));

    let (node, signer) = (world.app.node.clone(), world.app.signer.clone());
    let ports = (&*world.store as &dyn app::records::Database, &*node, &*signer);
    let sent = world.taken_back_by_two(&stranded).await;
    assert_eq!(sent.stake, stake);
    assert_eq!(outcome(&*node, sent.txid, sent.expiration).await.unwrap(), None);
    let again = take_back(ports, &world.administrator(), &stranded).await;
    assert!(
        matches!(again, Err(TakeBackRefused::OnItsWay(txid)) if txid == sent.txid),
        "{again:?}"
    );
    world.chain.mine(1);
    assert_eq!(outcome(&*node, sent.txid, sent.expiration).await.unwrap(), Some(true));
    let again = take_back(ports, &world.administrator(), &stranded).await;
    assert!(matches!(again, Err(TakeBackRefused::Nothing)), "{again:?}");
    assert_eq!(world.found().await.stranded, Vec::new(), "what a known order lent is left alone");

    // The copy serves from here on.
    world.mine(1).await;
    assert!(world.sweeps(known, recipient_with()));
    world.finish().await;
}

/// What came in is credited by the scan, which goes on from where the copy was; what went out is posted.
#[tokio::test]
async fn a_copy_learns_what_was_sent_and_paid_in_after_it() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut world = World::for_deposits(Storage::File).await;
    let (address, receiver) = (world.deposit_address(world.merchant).await, world.payer(plain));
    world.make_final().await;
    let copy = world.copied_to(&elsewhere);
    let before = world.balances().await.0;

    let sent = world.transfer(receiver, 345_000).await;
    assert_eq!(sent.status(), 200, "{}", sent.body);
    world.deposits(address, 25);
    world.make_final().await;
    let after = world.balances().await.0;
    assert_eq!(after, before - 645_000 + 25_000_000);
    assert!(world.found().await.is_clean(), "who has seen it all misses nothing");

    world.put_back(&copy).await;
    assert_eq!(world.balances().await.0, before);
    let found = world.found().await;
    assert!(!found.is_clean());
    let [tx] = found.txs[..] else { panic!("{found:?}") };
    assert_eq!(tx.txid.to_string(), sent.json()["txid"].as_str().unwrap());
    assert_eq!((tx.deed, tx.receiver), (Deed::Sent(Sun::new(345_000)), receiver));
    assert_eq!((tx.charge, tx.merchant), (Sun::new(645_000), Some(world.merchant)));
    let [deposit] = found.deposits[..] else { panic!("{found:?}") };
    assert_eq!((deposit.address, deposit.amount), (address, Sun::from_trx(25)));
    assert!(deposit.is_ahead_of_scan);

    assert!(world.post_entries(&found).await.iter().all(Result::is_ok));
    let again = world.post_entries(&found).await.remove(0);
    assert!(matches!(again, Err(AdminRefused::Store(StoreError::Conflict(_)))), "{again:?}");
    let found = world.found().await;
    assert!(found.txs.iter().all(|tx| tx.is_posted) && !found.is_clean(), "the deposit is left");
    for _ in 0..2 {
        world.watch().await;
        world.scan_all().await;
        assert_eq!(world.balances().await.0, after, "as if nothing had been forgotten");
    }
    world.finish().await;
}

/// The copy does not know the address any more, so its scan goes past what was paid to it.
#[tokio::test]
async fn a_deposit_that_the_scan_has_passed_is_named_when_its_address_is_known_again() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut world = World::for_deposits(Storage::File).await;
    world.deposit_address(world.merchant).await;
    let receiver = world.payer(plain);
    world.add_merchant_with_key("C433BFF1CDE7450AA38A56BEAC690DD4").await;
    let other = world.store.merchants().await.unwrap().pop().unwrap().id;
    assert_ne!(other, world.merchant);
    world.make_final().await;
    let copy = world.copied_to(&elsewhere);

    let first = world.app.node.solid_head().await.unwrap().number;
    let address = world.deposit_address(other).await;
    world.deposits(address, 7);
    assert_eq!(world.transfer(receiver, 345_000).await.status(), 200);
    world.make_final().await;
    let last = world.app.node.solid_head().await.unwrap().number;
    assert_eq!(world.store.deposits(Some(other), 10).await.unwrap().len(), 1);

    world.put_back(&copy).await;
    world.watch().await;
    world.scan_all().await;
    let found = world.found_in(Some((first, last))).await;
    let [deposit] = found.deposits[..] else { panic!("{found:?}") };
    assert_eq!((deposit.merchant, deposit.number), (None, other.0), "no row knows whose it is");
    assert_eq!((deposit.address, deposit.amount), (address, Sun::from_trx(7)));
    assert!(!deposit.is_ahead_of_scan);
    let [tx] = found.txs[..] else { panic!("{found:?}") };
    assert_eq!(tx.merchant, None, "either of two merchants may have sent it");
    let refused = world.try_deposit_address(other).await;
    assert!(matches!(refused, Err(HandOutFailed::Used { .. })), "{refused:?}");
    // A person knows that it is this merchant's own.
    let keys = world.config.deposit_keys().unwrap().unwrap();
    let node = &*world.app.node;
    let handed = world.administrator().hand_out_used_deposit_address(node, &keys, other).await;
    assert_eq!(handed.unwrap().address, address, "the same as before");
    let found = world.found_in(Some((first, last))).await;
    let [deposit] = found.deposits[..] else { panic!("{found:?}") };
    assert_eq!((deposit.merchant, deposit.amount), (Some(other), Sun::from_trx(7)));
    assert!(!deposit.is_ahead_of_scan, "a person has to credit it");
    world.scan_all().await;
    assert_eq!(world.store.deposits(Some(other), 10).await.unwrap(), Vec::new());
    world.finish().await;
}

/// Its number is given again: the next merchant must not get its address, and with it its money.
#[tokio::test]
async fn a_merchant_that_the_copy_has_forgotten_keeps_its_address_from_the_next_one() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut world = World::for_deposits(Storage::File).await;
    world.deposit_address(world.merchant).await;
    world.make_final().await;
    let copy = world.copied_to(&elsewhere);
    let first = world.app.node.solid_head().await.unwrap().number;
    let add = async |world: &World, name: &str| {
        world.store.add_merchant(name, None, world.clock.now()).await.unwrap()
    };
    let forgotten = add(&world, "Forgotten").await;
    let address = world.deposit_address(forgotten).await;
    world.deposits(address, 7);
    world.make_final().await;

    world.put_back(&copy).await;
    world.watch().await;
    world.scan_all().await;
    let range = Some((first, world.app.node.solid_head().await.unwrap().number));
    let found = world.found_in(range).await;
    let [deposit] = found.deposits[..] else { panic!("{found:?}") };
    assert_eq!((deposit.merchant, deposit.number), (None, forgotten.0), "beyond the highest known");
    assert_eq!((deposit.address, deposit.amount), (address, Sun::from_trx(7)));
    assert!(!deposit.is_ahead_of_scan && !found.is_clean());

    let next = add(&world, "Next").await;
    assert_eq!(next, forgotten, "its number");
    let refused = world.try_deposit_address(next).await.unwrap_err();
    assert!(refused.to_string().contains("a merchant which the copy has forgotten"), "{refused}");
    let office = Office::open(&world, &[AdminScope::Merchants]).await;
    let line = format!("POST /merchants/{}/deposit-address", next.0);
    let (status, told) = office.change(&line, &json!({})).await;
    assert_eq!((status, told["detail"].as_str().unwrap()), (409, refused.to_string().as_str()));
    assert_eq!(world.store.deposit_addresses(Some(next)).await.unwrap(), Vec::new());
    let found = world.found_in(range).await;
    assert_eq!(found.deposits, [deposit], "as before: it is not said to be that of its number");
    // What the sentence says to do: once more, and the next number is free.
    let again = add(&world, "Next").await;
    assert_ne!(world.deposit_address(again).await, address);
    world.deposits(address, 8);
    world.make_final().await;
    assert_eq!(world.store.deposits(None, 10).await.unwrap(), Vec::new(), "nobody else's money");
    world.finish().await;
}
