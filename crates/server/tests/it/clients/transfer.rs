//! A little TRX: `order/transfer`.

use serde_json::json;

use super::{Form, integer, text};
use crate::support::{World, plain};

/// Rows 1 and 15: an amount in sun is sent; 0.5, meant as TRX, is refused and never rounded.
#[tokio::test]
async fn rows_01_and_15_transfers() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let half = format!(r#"{{"amount":0.5,"receive_address":"{payer}"}}"#);
    let refused = world.client_post("/order/transfer", Form::plain(&half)).await;
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.json(), json!({"amount": ["A valid integer is required."]}));
    let body = format!(r#"{{"amount":345000,"receive_address":"{payer}"}}"#);
    let answer = world.client_post("/order/transfer", Form::plain(&body)).await;
    assert_eq!(answer.status(), 200, "{}", answer.body);
    assert_eq!(integer(&answer.json(), "errno"), 0);
    assert_eq!(text(&answer.json(), "txid").len(), 64);
    integer(&answer.json(), "balance");
    world.mine(1).await;
    world.finish().await;
}
