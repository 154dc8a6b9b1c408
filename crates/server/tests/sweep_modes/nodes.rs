//! Nodes that stand still.

use devnet::{Devnet, DevnetConfig};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::{Shop, Watch, answer};

/// A node that has stood still for years, in a runtime of its own.
struct Frozen {
    url: String,
    _runtime: Runtime,
}

impl Frozen {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // Nobody moves its clock.
        let config = DevnetConfig { start_time_ms: 1_700_000_001_000, ..DevnetConfig::default() };
        let chain = Devnet::new(config).unwrap();
        runtime.spawn(devnet::serve(listener, chain, std::future::pending()));
        Self { url, _runtime: runtime }
    }
}

#[test]
fn a_node_that_stands_still_is_not_asked() {
    let (shop, frozen) = (Shop::open(2), Frozen::start());
    let to = shop.fact("recipient_with_usdt");
    let before = shop.tokens(to);
    let nodes = format!("{},{}", frozen.url, shop.fact("node_url"));
    let mut command = shop.command(&["--keys", "keys.csv", "--to", to, "--node", &nodes]);
    command.args(["--token", shop.fact("usdt_contract")]).args(shop.api());
    command.args(["--yes", "--json", "--poll-ms", "100", "--journal", "journal"]);
    let swept = answer(&mut command);
    assert_eq!((swept["swept"].as_u64(), swept["failed"].as_u64()), (Some(2), Some(0)));
    assert_eq!(shop.tokens(to) - before, shop.tokens_of_all());
}

#[test]
fn a_node_alone_that_stands_still_is_not_believed_either() {
    let (shop, frozen) = (Shop::open(1), Frozen::start());
    let to = shop.fact("recipient_with_usdt");
    let mut command = shop.command(&["--keys", "keys.csv", "--to", to, "--node", &frozen.url]);
    command.args(["--token", shop.fact("usdt_contract")]).args(shop.api());
    command.args(["--dry-run", "--json"]);
    let mut looked = Watch::start(command);
    looked.until("is not used for now: its newest block is ");
}
