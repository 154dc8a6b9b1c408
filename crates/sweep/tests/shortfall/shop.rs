//! A server that knows no idempotency: every request that reaches it is an order, and is paid for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use devnet::Devnet;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wire::{ErrorBody, names};

use crate::of;

/// What goes wrong with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble {
    /// Orders that are made and whose answer is lost.
    pub(crate) lost_answers: u32,
    /// Queries that find nothing yet.
    pub(crate) hidden_queries: u32,
    /// Queries after those that a gateway answers.
    pub(crate) failed_queries: u32,
    /// Once an order was made, every further one is refused for want of money.
    pub(crate) takes_one_order: bool,
    /// It delivers when it is asked how far an order is, and not before.
    pub(crate) delivers_late: bool,
    /// What is ordered does not come, though the server says so.
    pub(crate) delivers_nothing: bool,
    /// It forgets what was ordered.
    pub(crate) forgets: bool,
    /// What an order costs, sun.
    pub(crate) order_cost_sun: i64,
    /// Sun for one unit of energy, as it says; it says nothing if zero.
    pub(crate) energy_price_sun: i64,
    /// What it answers to who asks for its pool and prices; nothing if it does not know the path.
    pub(crate) named_prices: Option<&'static str>,
}

/// The server, and what was ordered from it.
#[derive(Clone)]
pub(crate) struct Shop {
    chain: Devnet,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    trouble: Trouble,
    orders: Vec<Value>,
}

impl Shop {
    /// Serves at the address.
    pub(crate) async fn open(chain: &Devnet, trouble: Trouble) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Inner { trouble, orders: Vec::new() };
        let shop = Self { chain: chain.clone(), inner: Arc::new(Mutex::new(inner)) };
        let router = Router::new()
            .route(names::PATH_COLLECT_MANUAL, post(take))
            .route(names::PATH_ORDER_QUERY, get(query))
            .route(names::PATH_ORDER_PRICE, get(price))
            .route(names::PATH_INDEX_DATA, get(index_data))
            .with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (shop, address)
    }

    /// How many orders were made for an address.
    pub(crate) fn orders_of(&self, number: u64) -> usize {
        let address = of(number).to_string();
        self.inner().orders.iter().filter(|order| order["receive_address"] == *address).count()
    }

    fn deliver(&self, trouble: &Trouble, order: &Value) {
        if trouble.delivers_nothing {
            return;
        }
        let lent = json!({"from": of(9), "to": order["receive_address"], "resource": "ENERGY",
            "sun": 15_000_000_000_i64});
        self.chain.control("delegate", &lent).unwrap();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

fn gateway_error() -> Response {
    (StatusCode::BAD_GATEWAY, "<html>Bad Gateway</html>").into_response()
}

async fn take(State(shop): State<Shop>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let mut inner = shop.inner();
    if inner.trouble.takes_one_order && !inner.orders.is_empty() {
        let body = ErrorBody::detail(wire::error::INSUFFICIENT_FUNDS).to_json();
        return (StatusCode::BAD_REQUEST, body).into_response();
    }
    let mut order = request.clone();
    order["serial"] = format!("{:032x}", inner.orders.len() + 1).into();
    order["amount"] = inner.trouble.order_cost_sun.into();
    inner.orders.push(order.clone());
    if !inner.trouble.delivers_late {
        shop.deliver(&inner.trouble, &order);
    }
    if inner.trouble.lost_answers > 0 {
        inner.trouble.lost_answers -= 1;
        return gateway_error();
    }
    let answer = json!({"errno": 0, "serial": order["serial"], "scene": order["scene"],
        "amount": order["amount"], "balance": 1_000_000_000});
    answer.to_string().into_response()
}

async fn query(State(shop): State<Shop>, RawQuery(query): RawQuery) -> Response {
    let mut inner = shop.inner();
    let trouble = &mut inner.trouble;
    if trouble.hidden_queries > 0 {
        trouble.hidden_queries -= 1;
        return ErrorBody::order_not_found().to_json().into_response();
    }
    if trouble.failed_queries > 0 {
        trouble.failed_queries -= 1;
        return gateway_error();
    }
    let query = query.unwrap();
    let (name, value) = query.split_once('=').unwrap();
    let found = inner.orders.iter().rev().find(|order| order[name] == *value);
    match found.filter(|_| !inner.trouble.forgets) {
        Some(order) => {
            if inner.trouble.delivers_late {
                shop.deliver(&inner.trouble, order);
            }
            let answer = json!({"errno": 0, "serial": order["serial"], "status": 40,
                "amount": order["amount"]});
            answer.to_string().into_response()
        }
        None => ErrorBody::order_not_found().to_json().into_response(),
    }
}

async fn price(State(shop): State<Shop>) -> Response {
    match shop.inner().trouble.energy_price_sun {
        0 => StatusCode::NOT_FOUND.into_response(),
        price => json!({"price": price}).to_string().into_response(),
    }
}

async fn index_data(State(shop): State<Shop>) -> Response {
    let named = shop.inner().trouble.named_prices;
    named.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}
