//! What a plan takes for the prices of a server that does not name them all.

use sweep::PriceBook;
use tokio_util::sync::CancellationToken;

use crate::shop::{Shop, Trouble};
use crate::{chain, client};

#[tokio::test]
async fn what_a_server_does_not_name_is_taken_at_what_the_chain_takes() {
    let stop = CancellationToken::new();
    let (chain, node) = chain(&stop).await;
    let parameters = node.chain_parameters().await.unwrap();
    for (named_prices, bandwidth, activation) in [
        (None, 1_000, 1_100_000),
        (Some(r#"{"balance":1,"default_price":60}"#), 1_000, 1_100_000),
        (Some(r#"{"activation_price":1500000}"#), 1_000, 1_500_000),
        (Some(r#"{"activation_price":0,"bandwidth_price":800}"#), 800, 0),
        (Some("{}"), 1_000, 1_100_000),
    ] {
        let trouble = Trouble { energy_price_sun: 60, named_prices, ..Trouble::default() };
        let (_shop, server) = Shop::open(&chain, trouble).await;
        let expected = PriceBook {
            energy_price_sun: Some(60),
            bandwidth_price_sun: bandwidth,
            activation_price_sun: activation,
        };
        assert_eq!(
            PriceBook::ask(&client(server), &parameters).await,
            expected,
            "{named_prices:?}"
        );
    }
    stop.cancel();
}
