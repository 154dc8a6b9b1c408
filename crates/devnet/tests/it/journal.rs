//! A chain that was kept is the same chain.

use devnet::{Devnet, DevnetConfig};
use serde_json::json;
use tron::TokenUnits;

use crate::world::{TRX, World, addr, delegate, transfer, undelegate, world};

fn busy(w: &World) {
    w.fund(1, 100_000);
    w.net.mint(addr(2), TokenUnits(50));
    w.net.set_stake(addr(1), tron::Resource::Energy, tron::Sun::from_trx(50_000));
    w.net.mine(1);
    w.mined(transfer(1, 2, 1), 1);
    w.mined(delegate(1, 2, 14_000 * TRX), 1);
    w.does_raw(&w.usdt(2, 3, 50, 100), 2);
    w.net.mine(2);
    w.mined(undelegate(1, 2, 1_000 * TRX), 1);
    w.net.reorg(3, true).unwrap();
    w.control("parameter", json!({ "key": "getEnergyFee", "value": 210 }));
    w.pass_slots(1_000);
    w.net.mine(3);
}

fn picture(w: &World) -> serde_json::Value {
    json!({
        "head": w.net.head().id.to_string(),
        "accounts": [w.account(1), w.account(2), w.account(3)],
        "resources": w.resources(1),
        "sums": w.net.invariants(),
        "solid": w.net.solid_number(),
        "prices": w.post("wallet/getenergyprices", json!({})),
    })
}

fn reopened(net: Devnet) -> World {
    let w = world();
    World { net, ..w }
}

#[test]
fn a_dump_loads_to_the_same_chain() {
    let w = world();
    busy(&w);
    let dump = w.net.dump();
    let copy = reopened(Devnet::load(&dump).unwrap());
    assert_eq!(picture(&copy), picture(&w));
    assert_eq!(copy.net.dump(), dump);
    copy.mined(transfer(1, 2, 1), 1);
}

#[test]
fn a_kept_chain_is_resumed_after_every_block_even_with_a_torn_last_line() {
    let dir = std::env::temp_dir().join(format!("devnet-journal-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("chain.jsonl");
    let open = || reopened(Devnet::open(DevnetConfig::default(), &path).unwrap());
    let w = open();
    busy(&w);
    let before = picture(&w);
    assert_eq!(picture(&open()), before);
    let mut torn = std::fs::read(&path).unwrap();
    torn.extend_from_slice(b"{\"block\":{\"timest");
    std::fs::write(&path, torn).unwrap();
    let again = open();
    assert_eq!(picture(&again), before);
    again.net.mine(1);
    assert_eq!(picture(&open())["head"], again.net.head().id.to_string());
    std::fs::write(&path, b"{\"block\":1}\n").unwrap();
    assert!(Devnet::open(DevnetConfig::default(), &path).is_err());
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_long_solid_lag_a_held_solid_block_and_deep_forks_survive() {
    let w = World::with(DevnetConfig { solid_lag_blocks: 100, ..DevnetConfig::default() });
    w.fund(1, 10);
    w.net.mine(3);
    w.net.hold_solid(true);
    w.net.mine(90);
    w.net.reorg(150, true).unwrap();
    w.net.solidify();
    let copy = reopened(Devnet::load(&w.net.dump()).unwrap());
    assert_eq!(picture(&copy), picture(&w));
    copy.net.mine(5);
    let before = copy.net.head().id;
    copy.net.reorg(1, true).unwrap();
    let replaced = json!({ "value": before.to_string() });
    assert_eq!(copy.post("wallet/getblockbyid", replaced), json!({}), "a fork has other blocks");
}

#[test]
fn damaged_journals_and_bad_configurations_are_refused() {
    let w = world();
    w.net.mine(1);
    let text = String::from_utf8(w.net.dump()).unwrap();
    assert!(Devnet::load(b"").is_err());
    let first = text.lines().next().unwrap();
    assert!(Devnet::load(format!("{first}\n").as_bytes()).is_err());
    assert!(Devnet::load(format!("{text}{{\"pop\":0}}\n").as_bytes()).is_err());
    assert!(Devnet::load(text.replace("timestamp_ms", "x").as_bytes()).is_err());
    for config in [
        DevnetConfig { block_time_ms: 0, ..DevnetConfig::default() },
        DevnetConfig { solid_lag_blocks: 1_001, ..DevnetConfig::default() },
        DevnetConfig { start_time_ms: -1, ..DevnetConfig::default() },
        DevnetConfig { energy_weight_trx: 0, ..DevnetConfig::default() },
        DevnetConfig { energy_factor: -1, ..DevnetConfig::default() },
    ] {
        assert!(Devnet::new(config).is_err());
    }
}
