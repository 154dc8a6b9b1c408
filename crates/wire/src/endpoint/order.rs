//! `POST order`: energy for an hour or for days.
//!
//! Source: api-contract 5.1. Hours other than one, and what `active` and `exclusive` do exactly, are
//! our reading of the newest pages.

use domain::limits::EnergyBounds;
use domain::{Order, OrderId, Period};
use tron::{Address, Energy, Sun};

use crate::canon::{CanonicalForm, Object, Value};
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::endpoint::{BadAnswer, callback_url, field};
use crate::error::FieldErrors;
use crate::{names, period};

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "order",
    method: Method::Post,
    path: names::PATH_ORDER,
    title: "Order energy for a period",
    text: "An hour's energy stays an hour at most and is taken back as soon as it is used up. Large \
           orders are split over several wallets. A callback comes when it is there, or when it could \
           not be done.",
    caller: Caller::Signature,
    takes: TAKES,
    answers: Answer::Object(ANSWER),
    errno: Errno::Never,
    more_statuses: &[],
};

const TAKES: &[Field] = &[
    Field::new(
        names::ENERGY_AMOUNT,
        Kind::COUNT,
        "65000",
        "how much; the bounds are in index-data",
    ),
    Field::new(names::PERIOD, Kind::Period, r#""1H""#, "for how long: an hour, or days"),
    Field::new(
        names::RECEIVE_ADDRESS,
        Kind::Address,
        r#""TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw""#,
        "receives the energy",
    ),
    Field::new(
        names::ACTIVE,
        Kind::Nullable(&Kind::INTEGER),
        "0",
        "above 0: an address that does not exist yet is activated first, for its price",
    )
    .optional(),
    Field::new(
        names::EXCLUSIVE,
        Kind::Nullable(&Kind::INTEGER),
        "0",
        "above 0: what earlier orders left on the address is taken back first",
    )
    .optional(),
    callback_url::DESCRIBED,
    field::REFERENCE_DESCRIBED,
];

const ANSWER: &[Field] = &[
    Field::new(names::ERRNO, Kind::ZERO, "0", "0"),
    Field::new(names::SERIAL, Kind::Serial, r#""00000000000070008000000000000001""#, "the order"),
    Field::new(
        names::AMOUNT,
        Kind::Sun,
        "3900000",
        "what it costs, surcharge and activation included, in sun",
    ),
    Field::new(names::BALANCE, Kind::Sun, "96100000", "what you have left, in sun"),
];

/// What a merchant asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnergyRequest {
    /// `energy_amount`
    pub energy: Energy,
    /// `period`
    pub period: Period,
    /// `receive_address`
    pub receiver: Address,
    /// `active`: whether a receiver that does not exist is activated first, for its price.
    pub activates: bool,
    /// `exclusive`: whether what was left behind on the receiver is taken back first.
    pub is_exclusive: bool,
    /// `callback_url`: http or https; whether it is public is not yet known.
    pub callback_url: Option<String>,
    /// `out_trade_no`: printable ASCII that every language serialises alike.
    pub reference: Option<String>,
}

impl EnergyRequest {
    /// Reads the body of a request. Members that are not ours are ignored.
    ///
    /// Errors: everything that is wrong, in the order of the documents.
    pub fn parse(body: &Object, bounds: EnergyBounds) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::new();
        let range = bounds.min..=bounds.max;
        let energy = field::required_integer(body, names::ENERGY_AMOUNT, range, &mut errors);
        let period = field::required_choice(body, names::PERIOD, period::from_text, &mut errors);
        let receiver = field::required_address(body, names::RECEIVE_ADDRESS, &mut errors);
        let active = field::optional_integer(body, names::ACTIVE, &mut errors);
        let exclusive = field::optional_integer(body, names::EXCLUSIVE, &mut errors);
        let callback_url = callback_url::callback_url(body, &mut errors);
        let reference = field::reference(body, &mut errors);
        match (energy, period, receiver) {
            (Some(energy), Some(period), Some(receiver)) if errors.is_empty() => Ok(Self {
                energy: Energy::new(energy),
                period,
                receiver,
                activates: active.is_some_and(|active| active > 0),
                is_exclusive: exclusive.is_some_and(|exclusive| exclusive > 0),
                callback_url,
                reference,
            }),
            _ => Err(errors),
        }
    }

    /// The body to sign and send: sorted, compact, ASCII. For clients.
    #[must_use]
    pub fn to_body(&self) -> String {
        let mut body = Object::new()
            .with(names::ENERGY_AMOUNT, self.energy.get())
            .with(names::PERIOD, period::text(self.period))
            .with(names::RECEIVE_ADDRESS, self.receiver.to_string());
        for (name, is_set) in
            [(names::ACTIVE, self.activates), (names::EXCLUSIVE, self.is_exclusive)]
        {
            if is_set {
                body = body.with(name, 1);
            }
        }
        if let Some(url) = &self.callback_url {
            body = body.with(names::CALLBACK_URL, url.as_str());
        }
        if let Some(reference) = &self.reference {
            body = body.with(names::OUT_TRADE_NO, reference.as_str());
        }
        body.render(CanonicalForm::SortedAscii)
    }
}

/// What the merchant is told when the order is accepted. HTTP 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnergyResponse {
    /// `serial`
    pub order_id: OrderId,
    /// `amount`: what it costs, surcharge and activation included.
    pub amount: Sun,
    /// `balance`: what is left after the price.
    pub balance: Sun,
}

impl EnergyResponse {
    /// The answer to an order that was just accepted; a replay gives the same.
    #[must_use]
    pub const fn of(order: &Order) -> Self {
        Self { order_id: order.id, amount: order.price, balance: order.balance_after }
    }

    /// The JSON of the answer: the four documented members.
    #[must_use]
    pub fn to_json(&self) -> String {
        Object::new()
            .with(names::ERRNO, 0)
            .with(names::SERIAL, self.order_id.to_string())
            .with(names::AMOUNT, self.amount.get())
            .with(names::BALANCE, self.balance.get())
            .to_json()
    }

    /// Reads the answer. For clients.
    ///
    /// Errors: a member is missing or of another type. Ask [`crate::ErrorBody::read`] first.
    pub fn read(answer: &Object) -> Result<Self, BadAnswer> {
        let sun = |name| answer.get(name).and_then(Value::as_i64).ok_or(BadAnswer(name));
        let order_id = answer.get(names::SERIAL).and_then(Value::as_text).and_then(OrderId::parse);
        Ok(Self {
            order_id: order_id.ok_or(BadAnswer(names::SERIAL))?,
            amount: Sun::new(sun(names::AMOUNT)?),
            balance: Sun::new(sun(names::BALANCE)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVER: &str = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";
    const BOUNDS: EnergyBounds = EnergyBounds { min: 10_000, max: 100_000_000 };

    fn parse(body: &str) -> Result<EnergyRequest, FieldErrors> {
        EnergyRequest::parse(&Object::parse_body(body.as_bytes()).unwrap(), BOUNDS)
    }

    fn with(rest: &str) -> Result<EnergyRequest, FieldErrors> {
        parse(&format!(
            r#"{{"energy_amount":65000,"period":"1H","receive_address":"{RECEIVER}"{rest}}}"#
        ))
    }

    #[test]
    fn a_full_request_is_read_and_written_back() {
        let body = format!(
            r#"{{"active":1,"callback_url":"https://merchant.example/cb","energy_amount":32000,"exclusive":1,"out_trade_no":"123456","period":"3D","receive_address":"{RECEIVER}"}}"#
        );
        let request = parse(&body).unwrap();
        assert_eq!(request.energy, Energy::new(32_000));
        assert_eq!(request.period, Period::from_days(3).unwrap());
        assert!(request.activates && request.is_exclusive);
        assert_eq!(request.to_body(), body);
    }

    #[test]
    fn texts_that_are_integers_count_and_flags_may_be_anything_that_is_no_number() {
        let request = parse(&format!(
            r#"{{"energy_amount":" 65000 ","period":"30D","receive_address":"{RECEIVER}","active":"1","exclusive":""}}"#
        ))
        .unwrap();
        assert_eq!((request.energy.get(), request.activates), (65_000, true));
        assert!(!request.is_exclusive);
        assert!(!with(r#","active":0,"exclusive":null"#).unwrap().activates);
        assert!(!with(r#","active":-1"#).unwrap().activates);
        assert!(with(r#","active":2"#).unwrap().activates);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let errors = parse(
            r#"{"energy_amount":9999,"period":"3H","receive_address":"T","active":"yes","exclusive":true}"#,
        )
        .unwrap_err();
        let told: Vec<_> = errors.iter().map(|(name, texts)| (name, texts[0].as_str())).collect();
        assert_eq!(
            told,
            [
                ("energy_amount", "Ensure this value is greater than or equal to 10000."),
                ("period", "\"3H\" is not a valid choice."),
                ("receive_address", "Enter a valid TRON address."),
                ("active", "A valid integer is required."),
                ("exclusive", "A valid integer is required."),
            ]
        );
    }

    #[test]
    fn energy_is_an_integer_between_the_bounds() {
        for (sent, text) in [
            ("100000001", "Ensure this value is less than or equal to 100000000."),
            ("-1", "Ensure this value is greater than or equal to 10000."),
            ("99999999999999999999", "Ensure this value is less than or equal to 100000000."),
            ("-99999999999999999999", "Ensure this value is greater than or equal to 10000."),
            ("65000.0", "A valid integer is required."),
            ("0.5", "A valid integer is required."),
            ("\"6e4\"", "A valid integer is required."),
            ("\"\"", "A valid integer is required."),
            ("true", "A valid integer is required."),
            ("[65000]", "A valid integer is required."),
            ("null", "This field may not be null."),
        ] {
            let errors = parse(&format!(
                r#"{{"energy_amount":{sent},"period":"1H","receive_address":"{RECEIVER}"}}"#
            ))
            .unwrap_err();
            assert_eq!(errors.about("energy_amount"), [text], "{sent}");
        }
    }
}
