//! `GET order/query`: one order, by its id or by the merchant's label.
//!
//! Every answer to a known key has HTTP status 200, because a known client reads the body of no
//! other. Source: api-contract 2.1, 5.3. The members from `serial` on are ours, additive.

use domain::leg::{Leg, LegKind, Road};
use domain::{OrderId, Period, UnixMillis, WholeOrder};
use tron::{Address, Energy, Resource, Sun, TxId};

use crate::canon::{Object, Value};
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::endpoint::{BadAnswer, MAX_REFERENCE_CHARS};
use crate::error::{ERRNO_BAD_QUERY, ErrorBody, QUERY_NAMES_NO_ORDER};
use crate::status::{DetailStatus, OrderStatus};
use crate::time::{china_micros, utc_micros};
use crate::{names, period};

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "order_query",
    method: Method::Get,
    path: names::PATH_ORDER_QUERY,
    title: "One order",
    text: "By its serial or by your label, of which the newest order is shown. Wait for status 40 or \
           41. An order that does not exist, or is somebody else's, is answered with 200 and errno 404.",
    caller: Caller::Key,
    takes: TAKES,
    answers: Answer::Object(ANSWER),
    errno: Errno::WithOk,
    more_statuses: &[],
};

/// The same under the path of an old heading.
pub const ALIAS_ENDPOINT: Endpoint = Endpoint {
    name: "order_query_alias",
    path: names::PATH_ORDER_QUERY_ALIAS,
    title: "One order, under its old path",
    ..ENDPOINT
};

const TAKES: &[Field] = &[
    Field::new(
        names::SERIAL,
        Kind::Text(MAX_REFERENCE_CHARS),
        r#""00000000000070008000000000000001""#,
        "the order; wins if both are given",
    )
    .optional(),
    Field::new(
        names::OUT_TRADE_NO,
        Kind::Text(MAX_REFERENCE_CHARS),
        r#""S202302320004""#,
        "your label",
    )
    .optional(),
];

const ANSWER: &[Field] = &[
    Field::new(names::ERRNO, Kind::ZERO, "0", "0"),
    Field::new(
        names::RECEIVE_ADDRESS,
        Kind::Address,
        r#""TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw""#,
        "the address that gets the energy",
    ),
    Field::new(names::ORDER_NO, Kind::Serial, SERIAL_EXAMPLE, "the order"),
    Field::new(names::ENERGY_AMOUNT, Kind::COUNT, "64285", "energy ordered"),
    Field::new(names::PAY_AMOUNT, Kind::COUNT, "64413", "energy delegated so far"),
    Field::new(names::AMOUNT, Kind::Sun, "3857100", "what it cost, in sun"),
    Field::new(names::DETAILS, Kind::List(DETAIL), "[]", "the delegations, oldest first"),
    Field::new(
        names::CREATE_TIME,
        Kind::Moment,
        r#""2023-06-15T10:40:26.000000+08:00""#,
        "when it was accepted",
    ),
    Field::new(names::API_NAME, Kind::Text(255), r#""MY API""#, "the key that placed it"),
    Field::new(names::PERIOD, Kind::Integer(0, 30), "0", "0: an hour; else days"),
    Field::new(
        names::STATUS,
        Kind::Integer(0, 43),
        "40",
        "20 paid, 30 on its way, 31 partly there, 32 retrying, 40 done, 41 refunded",
    ),
    Field::new(names::REFUND_AMOUNT, Kind::Sun, "0", "what was given back, in sun"),
    Field::new(names::SERIAL, Kind::Serial, SERIAL_EXAMPLE, "the order again"),
    Field::new(
        names::OUT_TRADE_NO,
        Kind::Nullable(&Kind::Text(MAX_REFERENCE_CHARS)),
        "null",
        "your label",
    ),
    Field::new(names::TXID, Kind::Hash, "\"\"", "the first delegation"),
    Field::new(names::ACTIVE_HASH, Kind::Hash, "\"\"", "the activation"),
    Field::new(names::BANDWIDTH_HASH, Kind::Hash, "\"\"", "the bandwidth"),
    Field::new(names::DELEGATE_HASH, Kind::Hash, "\"\"", "the first delegation"),
    Field::new(names::RECLAIM_HASH, Kind::Hash, "\"\"", "its return"),
    Field::new(
        names::RECLAIM_TIME_REAL,
        Kind::Nullable(&Kind::Moment),
        "null",
        "when that came back",
    ),
];

const DETAIL: &[Field] = &[
    Field::new(names::DELEGATE_HASH, Kind::Hash, "\"\"", "the delegation"),
    Field::new(names::DELEGATE_TIME, Kind::Moment, MOMENT_EXAMPLE, "its block's time"),
    Field::new(names::RECLAIM_HASH, Kind::Hash, "\"\"", "its return"),
    Field::new(names::RECLAIM_TIME, Kind::Moment, MOMENT_EXAMPLE, "when it is due back"),
    Field::new(
        names::RECLAIM_TIME_REAL,
        Kind::Nullable(&Kind::Moment),
        "null",
        "when it came back",
    ),
    Field::new(names::STATUS, Kind::Integer(20, 30), "20", "20 delegated, 30 taken back"),
];

const SERIAL_EXAMPLE: &str = r#""00000000000070008000000000000001""#;
const MOMENT_EXAMPLE: &str = r#""2023-10-09T10:21:07.840000Z""#;

/// Which order is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderQuery {
    /// By its id.
    Id(OrderId),
    /// By the merchant's label: the newest of that merchant.
    Reference(String),
}

impl OrderQuery {
    /// Reads the parameters of the query string, already decoded. Blank ones do not count, others are
    /// ignored, and `serial` wins.
    ///
    /// Errors: the body to answer, with HTTP 200: neither is given, or `serial` is no id of ours.
    pub fn parse<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ErrorBody> {
        let (mut serial, mut reference) = (None, None);
        for (name, value) in parameters {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            match name {
                names::SERIAL => serial = Some(value),
                names::OUT_TRADE_NO => reference = Some(value),
                _ => {}
            }
        }
        match (serial, reference) {
            (Some(serial), _) => {
                OrderId::parse(serial).map(Self::Id).ok_or_else(ErrorBody::order_not_found)
            }
            (None, Some(reference)) => Ok(Self::Reference(reference.to_owned())),
            (None, None) => Err(ErrorBody::Errno {
                errno: ERRNO_BAD_QUERY,
                message: QUERY_NAMES_NO_ORDER.to_owned(),
            }),
        }
    }
}

/// How one order stands.
///
/// A txid that does not exist yet is written as `""`, a moment as `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderResponse {
    /// `order_no` and `serial`.
    pub order_id: OrderId,
    /// `receive_address`
    pub receiver: Address,
    /// `out_trade_no`
    pub reference: Option<String>,
    /// `energy_amount`: energy ordered.
    pub energy: Energy,
    /// `pay_amount`: energy delegated so far.
    pub energy_delegated: Energy,
    /// `amount`
    pub amount: Sun,
    /// `refund_amount`
    pub refunded: Sun,
    /// `details`, oldest first.
    pub delegations: Vec<DelegationDetail>,
    /// `create_time`
    pub accepted: UnixMillis,
    /// `api_name`
    pub key_name: String,
    /// `period`
    pub period: Period,
    /// `status`
    pub status: OrderStatus,
    /// `active_hash`
    pub activation: Option<TxId>,
    /// `bandwidth_hash`
    pub bandwidth: Option<TxId>,
}

/// One delegation of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationDetail {
    /// `delegate_hash`
    pub delegation: TxId,
    /// `delegate_time`
    pub delegated: UnixMillis,
    /// `reclaim_time`: when it is due back.
    pub reclaim_due: UnixMillis,
    /// `reclaim_hash`
    pub reclaim: Option<TxId>,
    /// `reclaim_time_real`
    pub reclaimed: Option<UnixMillis>,
    /// `status`
    pub status: DetailStatus,
}

impl OrderResponse {
    /// How a stored order stands.
    ///
    /// `key_name` is the name of the key that placed it; `hold_secs` how long an hour's delegation
    /// stays at most, for the moment when it is due back.
    #[must_use]
    pub fn of(whole: &WholeOrder, key_name: &str, hold_secs: i64) -> Self {
        let order = &whole.order;
        let is_bandwidth = |kind: &LegKind| resource_of(kind) == Some(Resource::Bandwidth);
        Self {
            order_id: order.id,
            receiver: order.receiver,
            reference: order.reference.clone(),
            energy: order.energy,
            energy_delegated: Energy::new(whole.lent_units(Resource::Energy)),
            amount: order.price,
            refunded: order.refunded(),
            delegations: whole
                .legs
                .iter()
                .filter_map(|leg| DelegationDetail::of(whole, leg, hold_secs))
                .collect(),
            accepted: order.created,
            key_name: key_name.to_owned(),
            period: order.kind.period(),
            status: OrderStatus::of(whole),
            activation: whole.delivered_tx(|kind| *kind == LegKind::Activation),
            bandwidth: whole.delivered_tx(is_bandwidth),
        }
    }

    /// The JSON of the answer: the documented members in their order, then ours.
    #[must_use]
    pub fn to_json(&self) -> String {
        let details: Vec<Value> =
            self.delegations.iter().map(|delegation| delegation.to_object().into()).collect();
        let first = self.delegations.first();
        let delegation = or_empty(first.map(|first| first.delegation));
        Object::new()
            .with(names::ERRNO, 0)
            .with(names::RECEIVE_ADDRESS, self.receiver.to_string())
            .with(names::ORDER_NO, self.order_id.to_string())
            .with(names::ENERGY_AMOUNT, self.energy.get())
            .with(names::PAY_AMOUNT, self.energy_delegated.get())
            .with(names::AMOUNT, self.amount.get())
            .with(names::DETAILS, details)
            .with(names::CREATE_TIME, china_micros(self.accepted))
            .with(names::API_NAME, self.key_name.as_str())
            .with(names::PERIOD, period::code(self.period))
            .with(names::STATUS, self.status.code())
            .with(names::REFUND_AMOUNT, self.refunded.get())
            .with(names::SERIAL, self.order_id.to_string())
            .with(names::OUT_TRADE_NO, self.reference.as_deref())
            .with(names::TXID, delegation.as_str())
            .with(names::ACTIVE_HASH, or_empty(self.activation))
            .with(names::BANDWIDTH_HASH, or_empty(self.bandwidth))
            .with(names::DELEGATE_HASH, delegation)
            .with(names::RECLAIM_HASH, or_empty(first.and_then(|first| first.reclaim)))
            .with(names::RECLAIM_TIME_REAL, first.and_then(|first| first.reclaimed).map(utc_micros))
            .to_json()
    }

    /// Reads how far the order is. For clients.
    #[must_use]
    pub fn read_status(answer: &Object) -> Option<OrderStatus> {
        answer.get(names::STATUS).and_then(Value::as_i64).and_then(OrderStatus::from_code)
    }
}

/// What a client needs to know of an order that it placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderProgress {
    /// `serial`, or `order_no` where a server sends only that.
    pub order_id: OrderId,
    /// `status`
    pub status: OrderStatus,
    /// `amount` less `refund_amount`: what the order costs as things stand.
    pub charged: Sun,
}

impl OrderProgress {
    /// Reads the answer. Ask [`ErrorBody::read`] first.
    ///
    /// Errors: the id or the status is missing or of another type. A missing amount is zero, because
    /// it decides nothing.
    pub fn read(answer: &Object) -> Result<Self, BadAnswer> {
        let id = |name| answer.get(name).and_then(Value::as_text).and_then(OrderId::parse);
        let sun = |name| answer.get(name).and_then(Value::as_i64).unwrap_or(0);
        Ok(Self {
            order_id: id(names::SERIAL)
                .or_else(|| id(names::ORDER_NO))
                .ok_or(BadAnswer(names::ORDER_NO))?,
            status: OrderResponse::read_status(answer).ok_or(BadAnswer(names::STATUS))?,
            charged: Sun::new(sun(names::AMOUNT).saturating_sub(sun(names::REFUND_AMOUNT)).max(0)),
        })
    }
}

impl DelegationDetail {
    /// A leg of a stored order, if it is a delegation of energy that the chain has shown.
    fn of(whole: &WholeOrder, leg: &Leg, hold_secs: i64) -> Option<Self> {
        if resource_of(&leg.kind) != Some(Resource::Energy) {
            return None;
        }
        let status = DetailStatus::of(leg.state)?;
        let delegated = leg.included_at?;
        let reclaim = whole.live_tx(leg.id.number, Road::Back).map(|tx| tx.txid);
        Some(Self {
            delegation: whole.live_tx(leg.id.number, Road::Out)?.txid,
            delegated,
            reclaim_due: whole
                .order
                .ready
                .unwrap_or(delegated)
                .after_secs(whole.order.rent_secs(hold_secs)),
            reclaim: reclaim.filter(|_| status == DetailStatus::TakenBack),
            reclaimed: leg.returned_at,
            status,
        })
    }

    fn to_object(&self) -> Object {
        Object::new()
            .with(names::DELEGATE_HASH, self.delegation.to_string())
            .with(names::DELEGATE_TIME, utc_micros(self.delegated))
            .with(names::RECLAIM_HASH, or_empty(self.reclaim))
            .with(names::RECLAIM_TIME, utc_micros(self.reclaim_due))
            .with(names::RECLAIM_TIME_REAL, self.reclaimed.map(utc_micros))
            .with(names::STATUS, self.status.code())
    }
}

const fn resource_of(kind: &LegKind) -> Option<Resource> {
    match kind {
        LegKind::Activation | LegKind::Leftover { .. } => None,
        LegKind::Delegation { resource, .. } => Some(*resource),
    }
}

fn or_empty(txid: Option<TxId>) -> String {
    txid.map(|txid| txid.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_wins_and_blanks_do_not_count() {
        let serial = "00000000000070008000000000000001";
        let id = OrderQuery::Id(OrderId::parse(serial).unwrap());
        let reference = OrderQuery::Reference("S1".to_owned());
        assert_eq!(OrderQuery::parse([("out_trade_no", "S1"), ("serial", serial)]), Ok(id));
        assert_eq!(
            OrderQuery::parse([("out_trade_no", "S1"), ("serial", "7297")]),
            Err(ErrorBody::order_not_found())
        );
        assert_eq!(OrderQuery::parse([("serial", ""), ("out_trade_no", "S1")]), Ok(reference));
        for nothing in [vec![], vec![("serial", " ")], vec![("order_no", "7297")]] {
            assert_eq!(
                OrderQuery::parse(nothing).unwrap_err().to_json(),
                r#"{"errno":1,"message":"serial or out_trade_no is required."}"#
            );
        }
    }

    #[test]
    fn an_order_without_delegations_shows_empty_hashes_and_null_moments() {
        let response = OrderResponse {
            order_id: OrderId::parse("00000000000070008000000000000001").unwrap(),
            receiver: "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw".parse().unwrap(),
            reference: None,
            energy: Energy::new(64_285),
            energy_delegated: Energy::ZERO,
            amount: Sun::new(3_857_100),
            refunded: Sun::ZERO,
            delegations: Vec::new(),
            accepted: UnixMillis(1_686_796_826_000),
            key_name: "MY API".to_owned(),
            period: Period::HOUR,
            status: OrderStatus::Paid,
            activation: None,
            bandwidth: None,
        };
        let json = response.to_json();
        assert_eq!(
            json,
            concat!(
                r#"{"errno":0,"receive_address":"TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw","#,
                r#""order_no":"00000000000070008000000000000001","energy_amount":64285,"#,
                r#""pay_amount":0,"amount":3857100,"details":[],"#,
                r#""create_time":"2023-06-15T10:40:26.000000+08:00","api_name":"MY API","#,
                r#""period":0,"status":20,"refund_amount":0,"#,
                r#""serial":"00000000000070008000000000000001","out_trade_no":null,"txid":"","#,
                r#""active_hash":"","bandwidth_hash":"","delegate_hash":"","reclaim_hash":"","#,
                r#""reclaim_time_real":null}"#
            )
        );
        let answer = Object::parse(json.as_bytes()).unwrap();
        assert_eq!(OrderResponse::read_status(&answer), Some(OrderStatus::Paid));
    }
}
