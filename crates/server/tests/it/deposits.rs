//! Deposits: credited once, when they cannot be undone, whatever happens meanwhile.

use app::administer::{AdminRefused, HandOutFailed};
use app::ports::{Clock, Store};
use app::scan_deposits::{DepositScanner, ScanFailed, Scanned};
use devnet::{Fault, When};
use domain::MerchantId;
use domain::admin::AdminScope;
use serde_json::json;
use tron::{Address, Sun};

use crate::admin::{Office, administrator};
use crate::support::chain::key;
use crate::support::world::Storage;
use crate::support::{Setup, World};

/// `m/44'/195'/0'` of a mnemonic that everybody knows.
pub(crate) const XPUB: &str = "xpub6D1AabNHCupeiLM65ZR9UStMhJ1vCpyV4XbZdyhMZBiJXALQtmn9p42VTQckoHVn8WNqS7dqnJokZHAHcHGoaQgmv8D45oNUKx6DZMNZBCd";
/// Whose key has money to deposit.
const CUSTOMER: u64 = 77_000;
const BALANCE: i64 = 100_000_000;

impl World {
    pub(crate) async fn for_deposits(storage: Storage) -> Self {
        let tune = |config: &mut sunsweep::config::Config| {
            config.deposits.xpub = XPUB.to_owned();
            config.deposits.blocks_per_read = 7;
        };
        let world = Self::with(Setup { tune, storage, ..Setup::default() }).await;
        world.chain.credit(key(CUSTOMER).address(), Sun::from_trx(10_000));
        world
    }

    pub(crate) async fn deposit_address(&self, merchant: MerchantId) -> Address {
        self.try_deposit_address(merchant).await.unwrap()
    }

    pub(crate) async fn try_deposit_address(
        &self,
        merchant: MerchantId,
    ) -> Result<Address, HandOutFailed> {
        let keys = self.config.deposit_keys().unwrap().unwrap();
        let node = &*self.app.node;
        let handed = administrator(self).hand_out_deposit_address(node, &keys, merchant).await;
        handed.map(|handed| handed.address)
    }

    fn scanner(&self) -> DepositScanner {
        DepositScanner::new(self.app.clone())
    }

    /// Scans until nothing is left.
    pub(crate) async fn scan_all(&self) {
        let mut scanner = self.scanner();
        while let Scanned::Behind { .. } = scanner.scan().await.unwrap() {}
    }

    pub(crate) fn deposits(&self, to: Address, trx: i64) {
        self.pays(CUSTOMER, to, Sun::from_trx(trx));
    }

    async fn available(&self) -> i64 {
        self.balances().await.0
    }
}

#[tokio::test]
async fn trx_is_credited_when_its_block_is_solid_and_once() {
    let mut world = World::for_deposits(Storage::Memory).await;
    let address = world.deposit_address(world.merchant).await;
    assert_eq!(address.to_string(), "TSeJkUh4Qv67VNFwY8LaAxERygNdy6NQZK", "number 1");
    assert_eq!(world.deposit_address(world.merchant).await, address, "the same every time");
    world.chain.hold_solid(true);
    world.deposits(address, 25);
    world.mine(3).await;
    world.scan_all().await;
    assert_eq!(world.available().await, BALANCE, "it could still be undone");
    world.chain.hold_solid(false);
    world.chain.solidify();
    for _ in 0..3 {
        world.scan_all().await;
        assert_eq!(world.available().await, BALANCE + 25_000_000);
    }
    let deposits = world.store.deposits(Some(world.merchant), 10).await.unwrap();
    assert_eq!(deposits.len(), 1);
    assert_eq!((deposits[0].address, deposits[0].sender), (address, key(CUSTOMER).address()));
    world.finish().await;
}

#[tokio::test]
async fn less_than_the_minimum_is_kept_and_not_credited() {
    let mut world = World::for_deposits(Storage::Memory).await;
    let address = world.deposit_address(world.merchant).await;
    world.pays(CUSTOMER, address, Sun::new(999_999));
    world.mine(1).await;
    world.deposits(address, 1);
    world.mine(1).await;
    world.chain.solidify();
    world.scan_all().await;
    assert_eq!(world.available().await, BALANCE + 1_000_000);
    let deposits = world.store.deposits(None, 10).await.unwrap();
    let credited: Vec<bool> = deposits.iter().map(|one| one.is_credited).collect();
    assert_eq!(credited, [true, false]);
    world.finish().await;
}

/// Days without us: every block is walked through in bounded reads, over restarts.
#[tokio::test]
async fn deposits_while_we_were_away_are_found() {
    let mut world = World::for_deposits(Storage::File).await;
    let address = world.deposit_address(world.merchant).await;
    for _ in 0..5 {
        world.deposits(address, 3);
        world.chain.mine(40);
    }
    world.follow_chain_time();
    world.chain.solidify();
    world.watch().await;
    let mut scanner = world.scanner();
    assert!(matches!(scanner.scan().await.unwrap(), Scanned::Behind { .. }));
    // The process ends in the middle.
    world.restart().await;
    world.watch().await;
    let mut reads = 0;
    let mut scanner = world.scanner();
    while let Scanned::Behind { .. } = scanner.scan().await.unwrap() {
        reads += 1;
    }
    assert!(reads > 20, "{reads} reads of at most 7 blocks");
    assert_eq!(world.available().await, BALANCE + 5 * 3_000_000);
    world.finish().await;
}

#[tokio::test]
async fn a_fork_that_drops_a_deposit_takes_nothing_back_because_nothing_was_given() {
    let mut world = World::for_deposits(Storage::Memory).await;
    world.expect_log("a fork dropped a block");
    let address = world.deposit_address(world.merchant).await;
    world.chain.hold_solid(true);
    world.deposits(address, 9);
    world.mine(1).await;
    world.scan_all().await;
    world.chain.reorg(1, false).unwrap();
    world.mine(2).await;
    world.deposits(address, 4);
    world.mine(1).await;
    world.chain.hold_solid(false);
    world.chain.solidify();
    world.scan_all().await;
    assert_eq!(world.available().await, BALANCE + 4_000_000, "only what stayed");
    world.finish().await;
}

#[tokio::test]
async fn two_scanners_at_once_credit_once() {
    for storage in [Storage::Memory, Storage::Threads] {
        let mut world = World::for_deposits(storage).await;
        let address = world.deposit_address(world.merchant).await;
        for _ in 0..4 {
            world.deposits(address, 2);
            world.mine(3).await;
        }
        world.chain.solidify();
        let scanners = (0..4).map(|_| async { world.scan_all().await });
        futures::future::join_all(scanners).await;
        assert_eq!(world.available().await, BALANCE + 8_000_000);
        assert_eq!(world.store.deposits(None, 10).await.unwrap().len(), 4);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_node_that_lags_or_fails_holds_the_scan_up_and_skips_nothing() {
    let mut world = World::for_deposits(Storage::Memory).await;
    let address = world.deposit_address(world.merchant).await;
    world.deposits(address, 6);
    world.mine(4).await;
    world.chain.solidify();
    let before = world.store.scanned().await.unwrap().unwrap();
    for fault in [Fault::Lag { blocks: 100 }, Fault::Status { status: 500 }, Fault::LoseAnswer] {
        world.fault("walletsolidity/getblockbylimitnext", When::Next(1), fault);
        let scanned = world.scanner().scan().await;
        assert!(matches!(scanned, Err(ScanFailed::Node(_))), "{scanned:?}");
        assert_eq!(world.store.scanned().await.unwrap(), Some(before));
        world.chain.clear_faults();
    }
    // A head that lags: nothing to do, and nothing is taken back.
    world.fault("walletsolidity/getblock", When::Next(1), Fault::Lag { blocks: 1_000 });
    let scanned = world.scanner().scan().await.unwrap();
    assert_eq!(scanned, Scanned::UpToDate);
    assert_eq!(world.store.scanned().await.unwrap(), Some(before));
    world.chain.clear_faults();
    world.scan_all().await;
    assert_eq!(world.available().await, BALANCE + 6_000_000);
    world.finish().await;
}

/// A node of another chain, or one that was set up anew: its blocks do not build on ours.
#[tokio::test]
async fn another_chain_is_not_scanned() {
    let mut world = World::for_deposits(Storage::Memory).await;
    // From here on no other world's blocks are ours.
    world.pays(CUSTOMER, key(CUSTOMER + 1).address(), Sun::from_trx(1));
    world.mine(2).await;
    world.chain.solidify();
    let address = world.deposit_address(world.merchant).await;
    let other = World::for_deposits(Storage::Memory).await;
    // As many blocks as ours, but others.
    other.chain.advance_ms(30_000);
    other.pays(CUSTOMER, address, Sun::from_trx(50));
    other.chain.mine(30);
    other.chain.solidify();
    let mut app = world.app.clone();
    app.node = other.app.node.clone();
    let scanned = DepositScanner::new(app).scan().await;
    assert!(matches!(scanned, Err(ScanFailed::AnotherChain(_))), "{scanned:?}");
    world.mine(1).await;
    world.chain.solidify();
    world.scan_all().await;
    assert_eq!(world.available().await, BALANCE);
    other.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn each_merchant_has_its_own_and_a_stranger_has_none() {
    let mut world = World::for_deposits(Storage::Memory).await;
    let other = world.store.add_merchant("Another", None, world.clock.now()).await.unwrap();
    let (mine, others) =
        (world.deposit_address(world.merchant).await, world.deposit_address(other).await);
    assert_ne!(mine, others);
    world.deposits(others, 11);
    world.mine(1).await;
    world.chain.solidify();
    world.scan_all().await;
    assert_eq!(world.available().await, BALANCE);
    let merchants = world.store.merchants().await.unwrap();
    let found = merchants.iter().find(|one| one.id == other).unwrap();
    assert_eq!(found.available, Sun::from_trx(11));
    let keys = world.config.deposit_keys().unwrap().unwrap();
    let node = &*world.app.node;
    let nobody = administrator(&world).hand_out_deposit_address(node, &keys, MerchantId(99)).await;
    let refused = AdminRefused::NoMerchant(MerchantId(99));
    assert!(matches!(nobody, Err(HandOutFailed::Refused(why)) if why == refused));
    world.finish().await;
}

/// An operator's program hands out the address and sees what came.
#[tokio::test]
async fn the_admin_interface_shows_address_and_deposits() {
    let mut world = World::for_deposits(Storage::Memory).await;
    let office = Office::open(&world, &[AdminScope::Read, AdminScope::Merchants]).await;
    let line = format!("POST /merchants/{}/deposit-address", world.merchant.0);
    let (status, shown) = office.change(&line, &json!({})).await;
    assert_eq!((status, shown["number"].as_i64()), (200, Some(1)), "{shown}");
    let address = world.deposit_address(world.merchant).await;
    assert_eq!(shown["address"], address.to_string());
    world.deposits(address, 12);
    world.mine(1).await;
    world.chain.solidify();
    world.scan_all().await;
    let listed = office.get("/merchants").await;
    assert_eq!(listed["items"][0]["deposit_addresses"], json!([address.to_string()]));
    let one = office.get(&format!("/merchants/{}", world.merchant.0)).await;
    assert_eq!(one, listed["items"][0]);
    let log = office.get("/audit-log").await;
    assert_eq!(
        log["items"][0]["action"], "merchant.deposit_address",
        "once, however often it is asked for"
    );
    assert_eq!(log["items"][0]["after"]["address"], address.to_string());
    assert_ne!(log["items"][1]["action"], "merchant.deposit_address");
    let deposits = office.get(&format!("/merchants/{}/deposits", world.merchant.0)).await;
    assert_eq!(deposits["items"][0]["amount_sun"], 12_000_000);
    assert_eq!(deposits["items"][0]["credited"], true);
    let statement = office.get(&format!("/merchants/{}/statement", world.merchant.0)).await;
    let lines = statement["items"].as_array().unwrap();
    let credit = lines.iter().find(|line| line["fact"] == "deposit_credited").unwrap();
    assert_eq!(credit["txids"][0], deposits["items"][0]["txid"]);
    // Two of one block and one of a later one, in parts of one.
    for amounts in [&[2, 3][..], &[2]] {
        amounts.iter().for_each(|trx| world.deposits(address, *trx));
        world.mine(1).await;
    }
    world.chain.solidify();
    world.scan_all().await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/merchants/{}/deposits?limit=1{after}", world.merchant.0);
        let part = office.get(&path).await;
        seen.extend(part["items"].as_array().unwrap().iter().map(|one| one["txid"].clone()));
        let Some(next) = part["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let whole = office.get(&format!("/merchants/{}/deposits", world.merchant.0)).await;
    let all: Vec<_> =
        whole["items"].as_array().unwrap().iter().map(|one| one["txid"].clone()).collect();
    assert_eq!((seen.len(), seen), (4, all));
    let (status, _) = office.change("POST /merchants/99/deposit-address", &json!({})).await;
    assert_eq!(status, 404);
    world.finish().await;
}

/// The audit looks the deposits up again.
#[tokio::test]
async fn a_deposit_that_is_not_on_chain_is_named() {
    let mut world = World::for_deposits(Storage::Memory).await;
    let address = world.deposit_address(world.merchant).await;
    world.deposits(address, 5);
    world.mine(1).await;
    world.chain.solidify();
    world.scan_all().await;
    let other = World::for_deposits(Storage::Memory).await;
    other.chain.mine(40);
    other.chain.solidify();
    let audit = app::audit::audit(&*world.store, &*other.app.node).await.unwrap();
    let named = audit.differences.iter().any(|one| one.contains("is not in block"));
    assert!(named, "{:?}", audit.differences);
    other.finish().await;
    world.finish().await;
}
