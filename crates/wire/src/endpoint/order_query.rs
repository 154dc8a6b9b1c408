//! `GET order/query`: one order, by its id or by the merchant's label.
//!
//! Every answer to a known key has HTTP status 200, because a known client reads the body of no
//! other. Source: api-contract 2.1, 5.3. The members from `serial` on are ours, additive.

use tron::{Address, Energy, Sun};

use crate::canon::{Object, Value};
use crate::error::{ERRNO_BAD_QUERY, ErrorBody, QUERY_NAMES_NO_ORDER};
use crate::names;
use crate::period::Period;
use crate::status::{DetailStatus, OrderStatus};
use crate::time::{china_micros, utc_micros};

/// Which order is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderQuery {
    /// By its id. Any text: what is not an id is not found.
    OrderId(String),
    /// By the merchant's label: the newest of that merchant.
    Reference(String),
}

impl OrderQuery {
    /// Reads the parameters of the query string, already decoded. Blank ones do not count, others are
    /// ignored, and `serial` wins.
    ///
    /// Errors: the body to answer, with HTTP 200, when neither is given.
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
            (Some(serial), _) => Ok(Self::OrderId(serial.to_owned())),
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
/// Units: moments in Unix milliseconds. Txids: 64 lower-case hex digits; written as `""` while there
/// is none, moments as `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderResponse {
    /// `order_no` and `serial`.
    pub order_id: String,
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
    pub accepted_ms: i64,
    /// `api_name`
    pub key_name: String,
    /// `period`
    pub period: Period,
    /// `status`
    pub status: OrderStatus,
    /// `active_hash`
    pub activation_txid: Option<String>,
    /// `bandwidth_hash`
    pub bandwidth_txid: Option<String>,
}

/// One delegation of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationDetail {
    /// `delegate_hash`
    pub delegate_txid: String,
    /// `delegate_time`
    pub delegated_ms: i64,
    /// `reclaim_time`: when it is due back.
    pub reclaim_due_ms: i64,
    /// `reclaim_hash`
    pub reclaim_txid: Option<String>,
    /// `reclaim_time_real`
    pub reclaimed_ms: Option<i64>,
    /// `status`
    pub status: DetailStatus,
}

impl OrderResponse {
    /// The JSON of the answer: the documented members in their order, then ours.
    #[must_use]
    pub fn to_json(&self) -> String {
        let details: Vec<Value> =
            self.delegations.iter().map(|delegation| delegation.to_object().into()).collect();
        let first = self.delegations.first();
        let delegate_txid = first.map_or("", |first| &first.delegate_txid);
        Object::new()
            .with(names::ERRNO, 0)
            .with(names::RECEIVE_ADDRESS, self.receiver.to_string())
            .with(names::ORDER_NO, self.order_id.as_str())
            .with(names::ENERGY_AMOUNT, self.energy.get())
            .with(names::PAY_AMOUNT, self.energy_delegated.get())
            .with(names::AMOUNT, self.amount.get())
            .with(names::DETAILS, details)
            .with(names::CREATE_TIME, china_micros(self.accepted_ms))
            .with(names::API_NAME, self.key_name.as_str())
            .with(names::PERIOD, i64::from(self.period.code()))
            .with(names::STATUS, self.status.code())
            .with(names::REFUND_AMOUNT, self.refunded.get())
            .with(names::SERIAL, self.order_id.as_str())
            .with(names::OUT_TRADE_NO, self.reference.as_deref())
            .with(names::TXID, delegate_txid)
            .with(names::ACTIVE_HASH, or_empty(self.activation_txid.as_deref()))
            .with(names::BANDWIDTH_HASH, or_empty(self.bandwidth_txid.as_deref()))
            .with(names::DELEGATE_HASH, delegate_txid)
            .with(names::RECLAIM_HASH, or_empty(first.and_then(|it| it.reclaim_txid.as_deref())))
            .with(names::RECLAIM_TIME_REAL, first.and_then(|it| it.reclaimed_ms).map(utc_micros))
            .to_json()
    }

    /// Reads how far the order is. For clients.
    #[must_use]
    pub fn read_status(answer: &Object) -> Option<OrderStatus> {
        answer.get(names::STATUS).and_then(Value::as_i64).and_then(OrderStatus::from_code)
    }
}

impl DelegationDetail {
    fn to_object(&self) -> Object {
        Object::new()
            .with(names::DELEGATE_HASH, self.delegate_txid.as_str())
            .with(names::DELEGATE_TIME, utc_micros(self.delegated_ms))
            .with(names::RECLAIM_HASH, or_empty(self.reclaim_txid.as_deref()))
            .with(names::RECLAIM_TIME, utc_micros(self.reclaim_due_ms))
            .with(names::RECLAIM_TIME_REAL, self.reclaimed_ms.map(utc_micros))
            .with(names::STATUS, self.status.code())
    }
}

fn or_empty(txid: Option<&str>) -> &str {
    txid.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_wins_and_blanks_do_not_count() {
        let id = OrderQuery::OrderId("7297".to_owned());
        let reference = OrderQuery::Reference("S1".to_owned());
        assert_eq!(OrderQuery::parse([("out_trade_no", "S1"), ("serial", " 7297 ")]), Ok(id));
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
            order_id: "00000000000070008000000000000001".to_owned(),
            receiver: "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw".parse().unwrap(),
            reference: None,
            energy: Energy::new(64_285),
            energy_delegated: Energy::ZERO,
            amount: Sun::new(3_857_100),
            refunded: Sun::ZERO,
            delegations: Vec::new(),
            accepted_ms: 1_686_796_826_000,
            key_name: "MY API".to_owned(),
            period: Period::HOUR,
            status: OrderStatus::Paid,
            activation_txid: None,
            bandwidth_txid: None,
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
