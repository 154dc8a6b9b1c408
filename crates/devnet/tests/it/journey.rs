//! One order's way over the chain: activate, stake, lend, sweep without TRX, take back.

use serde_json::json;
use tron::{Resource, TokenUnits};

use crate::world::{TRX, addr, delegate, transfer, undelegate, world};

#[test]
fn a_payment_address_without_trx_sweeps_on_lent_energy() {
    let w = world();
    let (pool, customer, cold) = (1, 2, 3);
    w.fund(pool, 20_000);
    w.net.mint(addr(customer), TokenUnits(5_000_000));
    w.net.mint(addr(cold), TokenUnits(1));
    w.net.mine(1);
    assert_eq!(w.account(customer), json!({}));
    let info = w.mined(transfer(pool, customer, 1), pool);
    assert_eq!(info["fee"], 1_100_000);
    assert_eq!(info["receipt"], json!({ "net_fee": 100_000 }));
    let info = w.mined(
        tron::Contract::Freeze {
            owner: addr(pool),
            balance: tron::Sun::from_trx(10_000),
            resource: Resource::Energy,
        },
        pool,
    );
    assert!(info["receipt"]["net_usage"].as_i64().unwrap() > 250);
    let lent = 6_900 * TRX;
    w.mined(delegate(pool, customer, lent), pool);
    assert!(w.resources(customer)["EnergyLimit"].as_i64().unwrap() > 65_000);
    let raw = w.usdt(customer, cold, 5_000_000, 30);
    let id = w.does_raw(&raw, customer);
    w.net.mine(1);
    let info = w.info(&id);
    assert_eq!(info["receipt"]["energy_usage"], 64_285);
    assert_eq!(info["receipt"]["energy_penalty_total"], 49_635);
    assert_eq!(info["receipt"]["result"], "SUCCESS");
    assert_eq!(info["receipt"]["net_usage"], 345);
    assert_eq!(info["contractResult"], json!(["0".repeat(64)]));
    assert!(info.get("fee").is_none() && info.get("result").is_none());
    assert_eq!(w.net.token_balance(addr(cold)), TokenUnits(5_000_001));
    w.mined(undelegate(pool, customer, lent), pool);
    let used = w.net.allowed(addr(pool), Resource::Energy).used;
    assert!((64_000..=64_285).contains(&used), "{used}");
    assert!(w.net.invariants().holds);
    w.pass_slots(28_800);
    assert_eq!(w.net.allowed(addr(pool), Resource::Energy).used, 0);
}
