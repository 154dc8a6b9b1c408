//! Wallets that are added at the command line while the server runs: their files come beside it.

use app::ports::{Clock, Store};
use app::rows::NewWallet;
use sunsweep::keystore::{Keystore, Passphrase};
use tron::Address;
use zeroize::Zeroizing;

use crate::support::chain::{found_another_lender, recipient_with};
use crate::support::merchant::wanted;
use crate::support::{World, plain};

const PASSPHRASE: &str = "a passphrase";
/// More than each lender that is there: the pool takes the fullest one first.
const STAKE_TRX: i64 = 30_000_000;

/// What `wallet add` does: the file first, then the row. Here without the file.
async fn add_row(world: &World) -> (Address, String) {
    let lenders = world.setup.lender_stake_trx.len();
    let (wallet, private_key) = found_another_lender(&world.chain, lenders, STAKE_TRX);
    let NewWallet { address, .. } = wallet;
    world.store.put_wallet(wallet).await.unwrap();
    (address, private_key)
}

fn write_file(world: &World, private_key: &str) {
    let passphrase_file = world.config.pool.passphrase_file.clone().unwrap();
    std::fs::write(passphrase_file, PASSPHRASE).unwrap();
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(private_key, key.as_mut_slice()).unwrap();
    let keystore = Keystore::new(world.config.pool.wallets_dir.clone());
    keystore.create(&key, &Passphrase::new(PASSPHRASE).unwrap()).unwrap();
}

#[tokio::test]
async fn a_lender_whose_file_comes_later_fills_the_order_that_waits_for_it() {
    let mut world = World::new().await;
    let (lender, private_key) = add_row(&world).await;
    // Its stake is read with the next block.
    world.mine(1).await;
    let payer = world.payer(plain);
    let order = world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    assert_eq!(world.status(&order).await, 20, "the fullest lender cannot sign");
    let failures = std::mem::take(&mut world.failures);
    assert!(failures.iter().all(|failure| failure.contains("could not be signed")), "{failures:?}");
    assert!(!failures.is_empty());

    world.key_finder.look().await;
    assert!(world.app.signer.sign(lender, &tron::TxId::from_bytes([7; 32])).is_none());
    write_file(&world, &private_key);
    world.key_finder.look().await;
    world.mine(2).await;
    assert_eq!(world.status(&order).await, 40);
    let lent = world.app.node.delegation_index(lender).await.unwrap();
    assert_eq!(lent, [payer], "at {:?}", world.clock.now());
    world.sweeps(payer, recipient_with());
    world.mine(2).await;
    world.finish().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named_and_left_alone() {
    let mut world = World::new().await;
    world.expect_log("a new wallet file was not opened");
    let (_, private_key) = add_row(&world).await;
    write_file(&world, &private_key);
    let directory = world.config.pool.wallets_dir.clone();
    let file = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, "half of it").unwrap();
    for _ in 0..2 {
        world.key_finder.look().await;
    }
    let named = world.logs.lines().iter().filter(|line| line.contains("not opened")).count();
    assert_eq!(named, 1, "once, not at every look");
    world.finish().await;
}
