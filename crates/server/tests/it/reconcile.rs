//! Yesterday's copy is put back: what it has forgotten is found on chain, posted once, and taken back.

use std::sync::Arc;

use app::administer::{AdminRefused, Administrator, Posting, Side};
use app::ports::{Clock, Store, StoreError};
use app::reconcile::{Deed, Findings, business, reconcile};
use app::take_back::{TakeBackRefused, outcome, take_back};
use store::backup::back_up;
use tron::{Resource, Sun};

use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Setup, World, never_activated, plain};

impl World {
    async fn found(&self) -> Findings {
        let (node, prices) = (&*self.app.node, &self.app.settings.prices);
        reconcile(&*self.store, node, prices, None, &|_, _| {}).await.unwrap()
    }

    fn administrator(&self) -> Administrator {
        let store: Arc<dyn Store> = self.store.clone();
        Administrator { store, actor: "test".to_owned(), now: self.clock.now() }
    }

    /// Posts everything that was found and is not posted, as the command does; how many there were.
    async fn post_entries(&self, found: &Findings) -> Vec<Result<String, AdminRefused>> {
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

#[tokio::test]
async fn a_copy_learns_from_the_chain_what_it_has_forgotten() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    let (known, forgotten) = (world.payer(plain), world.payer(never_activated));
    world.mine(1).await;
    let order = world.order(&wanted(known, recipient_with())).await;
    world.mine(3).await;
    assert_eq!(world.status(&order).await, 40);
    let copy = elsewhere.path().join("yesterday.sqlite");
    back_up(&world.config.sqlite_path(), &copy).unwrap();
    let before = world.balances().await;

    let later = world.order(&wanted(forgotten, recipient_with())).await;
    world.mine(3).await;
    assert_eq!(world.status(&later).await, 40);
    let charged = before.0 - world.balances().await.0;
    world.chain.solidify();
    world.chain.mine(1);
    assert!(world.found().await.is_clean(), "who has seen it all misses nothing");

    world.config.database.url = format!("sqlite:{}", copy.display());
    world.restart().await;
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
    let sent = take_back(ports, &world.administrator(), &stranded).await.unwrap();
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
