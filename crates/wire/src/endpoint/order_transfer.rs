//! `POST order/transfer`: send a little TRX to an address.
//!
//! Source: api-contract 5.6. The platform documents `errno`, `txid` and `balance`; what is charged
//! beyond the amount, and that an address is activated, is ours and told in two more members.

use std::ops::RangeInclusive;

use tron::{Address, Sun, TxId};

use crate::canon::{CanonicalForm, Object, Value};
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::endpoint::{BadAnswer, field};
use crate::error::FieldErrors;
use crate::names;

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "order_transfer",
    method: Method::Post,
    path: names::PATH_ORDER_TRANSFER,
    title: "Send a little TRX",
    text: "The address gets the amount; amount and fee are charged. An address that does not exist is \
           activated by it, for a higher fee. The transaction is stored before it is sent, and sent \
           until it is in a block or proven lost; then the money is back.",
    caller: Caller::Signature,
    takes: &[
        Field::new(
            names::AMOUNT,
            Kind::Integer(100_000, 10_000_000),
            "345000",
            "what the address gets, in sun and not in TRX; the operator may set other bounds",
        ),
        Field::new(
            names::RECEIVE_ADDRESS,
            Kind::Address,
            r#""TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw""#,
            "gets the TRX",
        ),
    ],
    answers: Answer::Object(&[
        Field::new(names::ERRNO, Kind::ZERO, "0", "0"),
        Field::new(
            names::TXID,
            Kind::Text(64),
            r#""9df44479551ef93c9bbfeca3cb82ef1564199d2d492ad38f7f1d2e454f5efb0f""#,
            "the transaction",
        ),
        Field::new(names::BALANCE, Kind::Sun, "99355000", "what you have left, in sun"),
        Field::new(names::FEE, Kind::Sun, "300000", "charged beyond the amount, in sun"),
        Field::new(names::ACTIVE_NEEDED, Kind::Flag, "false", "whether it activates the address"),
    ]),
    errno: Errno::Never,
    more_statuses: &[],
};

/// What a merchant asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferRequest {
    /// `amount`: what the receiver gets.
    pub amount: Sun,
    /// `receive_address`
    pub receiver: Address,
}

impl TransferRequest {
    /// Reads the body of a request; `amounts` are the sun that one transfer may move.
    ///
    /// An amount of 0.5 is half a sun and not half a TRX: it is refused, never rounded.
    /// Errors: everything that is wrong, in the order of the documents.
    pub fn parse(body: &Object, amounts: RangeInclusive<i64>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let amount = field::required_integer(body, names::AMOUNT, amounts, &mut errors);
        let receiver = field::required_address(body, names::RECEIVE_ADDRESS, &mut errors);
        match (amount, receiver) {
            (Some(amount), Some(receiver)) if errors.is_empty() => {
                Ok(Self { amount: Sun::new(amount), receiver })
            }
            _ => Err(errors),
        }
    }

    /// The body to sign and send: sorted, compact, ASCII. For clients.
    #[must_use]
    pub fn to_body(&self) -> String {
        Object::new()
            .with(names::AMOUNT, self.amount.get())
            .with(names::RECEIVE_ADDRESS, self.receiver.to_string())
            .render(CanonicalForm::SortedAscii)
    }
}

/// What the merchant is told when the transfer is on its way. HTTP 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferResponse {
    /// `txid`: stored, and sent until it is in a block or proven lost.
    pub txid: TxId,
    /// `balance`: what is left after amount and fee.
    pub balance: Sun,
    /// `fee`: charged beyond the amount, activation included. Ours.
    pub fee: Sun,
    /// `active_needed`: whether an activation was charged. Ours.
    pub is_activation_needed: bool,
}

impl TransferResponse {
    /// The JSON of the answer: the documented members in their order, then ours.
    #[must_use]
    pub fn to_json(&self) -> String {
        Object::new()
            .with(names::ERRNO, 0)
            .with(names::TXID, self.txid.to_string())
            .with(names::BALANCE, self.balance.get())
            .with(names::FEE, self.fee.get())
            .with(names::ACTIVE_NEEDED, self.is_activation_needed)
            .to_json()
    }

    /// Reads the answer. For clients; what only we send counts as nothing when missing.
    ///
    /// Errors: a documented member is missing or of another type. Ask [`crate::ErrorBody::read`]
    /// first.
    pub fn read(answer: &Object) -> Result<Self, BadAnswer> {
        let integer = |name| answer.get(name).and_then(Value::as_i64);
        let txid = answer.get(names::TXID).and_then(Value::as_text).and_then(|it| it.parse().ok());
        Ok(Self {
            txid: txid.ok_or(BadAnswer(names::TXID))?,
            balance: Sun::new(integer(names::BALANCE).ok_or(BadAnswer(names::BALANCE))?),
            fee: Sun::new(integer(names::FEE).unwrap_or(0)),
            is_activation_needed: answer
                .get(names::ACTIVE_NEEDED)
                .and_then(Value::as_bool)
                .unwrap_or(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorBody;

    fn refused(body: &str) -> String {
        let body = Object::parse_body(body.as_bytes()).unwrap();
        let errors = TransferRequest::parse(&body, 100_000..=10_000_000).unwrap_err();
        ErrorBody::Fields(errors).to_json()
    }

    fn amount(amount: &str) -> String {
        let address = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";
        refused(&format!(r#"{{"amount":{amount},"receive_address":"{address}"}}"#))
    }

    #[test]
    fn half_a_trx_is_not_half_a_sun() {
        for wrong in ["0.5", "1e6", "true", "[]", "\"0.5\"", "\"one\""] {
            assert_eq!(amount(wrong), r#"{"amount":["A valid integer is required."]}"#, "{wrong}");
        }
    }

    #[test]
    fn bounds_are_said() {
        let low = r#"{"amount":["Ensure this value is greater than or equal to 100000."]}"#;
        assert_eq!(amount("99999"), low);
        let high = r#"{"amount":["Ensure this value is less than or equal to 10000000."]}"#;
        assert_eq!(amount("10000001"), high);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let required = "This field is required.";
        let all = format!(r#"{{"amount":["{required}"],"receive_address":["{required}"]}}"#);
        assert_eq!(refused("{}"), all);
    }

    #[test]
    fn digits_in_a_string_count_and_what_clients_write_is_read() {
        let wanted = TransferRequest {
            amount: Sun::new(345_000),
            receiver: "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw".parse().unwrap(),
        };
        let quoted = wanted.to_body().replace("345000", "\"345000\"");
        for body in [wanted.to_body(), quoted] {
            let body = Object::parse_body(body.as_bytes()).unwrap();
            assert_eq!(TransferRequest::parse(&body, 100_000..=10_000_000), Ok(wanted));
        }
    }

    #[test]
    fn answers_read_back() {
        let answer = TransferResponse {
            txid: TxId::from_bytes([7; 32]),
            balance: Sun::new(5),
            fee: Sun::new(300_000),
            is_activation_needed: true,
        };
        let json = Object::parse(answer.to_json().as_bytes()).unwrap();
        assert_eq!(TransferResponse::read(&json), Ok(answer));
    }
}
