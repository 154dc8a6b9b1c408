//! `GET order/price`: what energy for a period costs.
//!
//! Source: api-contract 5.4. `period` is answered as it was asked, and `total_price` includes
//! `addition`: it is the `amount` of an order for this energy.

use domain::Period;
use domain::limits::EnergyBounds;
use domain::pricing::Quote;
use tron::{Address, Energy};

use crate::canon::Object;
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::endpoint::field;
use crate::error::{self, FieldErrors};
use crate::{names, period};

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "order_price",
    method: Method::Get,
    path: names::PATH_ORDER_PRICE,
    title: "What energy costs",
    text: "For an amount, or for one USDT transfer to an address. An order placed next costs what \
           total_price says.",
    caller: Caller::Key,
    takes: TAKES,
    answers: Answer::Object(ANSWER),
    errno: Errno::Never,
    more_statuses: &[],
};

/// The same under the path of an old heading.
pub const ALIAS_ENDPOINT: Endpoint = Endpoint {
    name: "order_price_alias",
    path: names::PATH_ORDER_PRICE_ALIAS,
    title: "What energy costs, under its old path",
    ..ENDPOINT
};

const TAKES: &[Field] = &[
    Field::new(names::PERIOD, Kind::Period, r#""1H""#, "for how long"),
    Field::new(names::ENERGY_AMOUNT, Kind::COUNT, "65000", "how much; wins over to_address")
        .optional(),
    Field::new(
        names::TO_ADDRESS,
        Kind::Address,
        r#""TGCAjMXComunWZEXCT1LPBdcYbDVuyexBv""#,
        "what one USDT transfer to it takes is priced",
    )
    .optional(),
];

const ANSWER: &[Field] = &[
    Field::new(names::PERIOD, Kind::Period, r#""1H""#, "as asked"),
    Field::new(names::ENERGY_AMOUNT, Kind::COUNT, "65000", "what is priced"),
    Field::new(names::PRICE, Kind::Sun, "60", "sun for one unit; for days, for a unit and a day"),
    Field::new(
        names::TOTAL_PRICE,
        Kind::Sun,
        "3900000",
        "everything, the addition included, in sun",
    ),
    Field::new(names::ADDITION, Kind::Sun, "0", "what a small order costs more, in sun"),
];

/// What the price is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priced {
    /// This much energy.
    Energy(Energy),
    /// One token transfer to this address.
    TransferTo(Address),
}

/// A question for a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceQuery {
    /// `period`
    pub period: Period,
    /// `energy_amount`, or else `to_address`.
    pub priced: Priced,
}

impl PriceQuery {
    /// Reads the parameters of the query string, already decoded. Blank ones do not count, others are
    /// ignored, and `energy_amount` wins: a client in use sends its receiver as `to_address` with it.
    ///
    /// Errors: everything that is wrong, in the order of the documents.
    pub fn parse<'a>(
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
        bounds: EnergyBounds,
    ) -> Result<Self, FieldErrors> {
        let (mut length, mut energy, mut to) = (None, None, None);
        for (name, value) in parameters {
            let value = value.trim();
            match name {
                _ if value.is_empty() => {}
                names::PERIOD => length = Some(value),
                names::ENERGY_AMOUNT => energy = Some(value),
                names::TO_ADDRESS => to = Some(value),
                _ => {}
            }
        }
        let mut errors = FieldErrors::new();
        let period = match length {
            None => {
                errors.push(names::PERIOD, error::REQUIRED);
                None
            }
            Some(text) => field::choice(text, names::PERIOD, period::from_text, &mut errors),
        };
        let range = bounds.min..=bounds.max;
        let priced = match (energy, to) {
            (Some(text), _) => field::integer(text, names::ENERGY_AMOUNT, &range, &mut errors)
                .map(|energy| Priced::Energy(Energy::new(energy))),
            (None, Some(text)) => {
                field::address(text, names::TO_ADDRESS, &mut errors).map(Priced::TransferTo)
            }
            (None, None) => {
                errors.push(names::ENERGY_AMOUNT, error::REQUIRED);
                None
            }
        };
        match (period, priced) {
            (Some(period), Some(priced)) => Ok(Self { period, priced }),
            _ => Err(errors),
        }
    }
}

/// The answer. HTTP 200, and no `errno`: it has none in the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceResponse {
    /// `period`
    pub period: Period,
    /// `energy_amount`: what is priced.
    pub energy: Energy,
    /// `price`, `total_price` and `addition`.
    pub quote: Quote,
}

impl PriceResponse {
    /// The JSON of the answer: the documented members in their order.
    #[must_use]
    pub fn to_json(&self) -> String {
        Object::new()
            .with(names::PERIOD, period::text(self.period))
            .with(names::ENERGY_AMOUNT, self.energy.get())
            .with(names::PRICE, self.quote.unit_price.get())
            .with(names::TOTAL_PRICE, self.quote.total.get())
            .with(names::ADDITION, self.quote.surcharge.get())
            .to_json()
    }
}

#[cfg(test)]
mod tests {
    use tron::Sun;

    use super::*;

    const ADDRESS: &str = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw";
    const BOUNDS: EnergyBounds = EnergyBounds { min: 10_000, max: 100_000_000 };

    fn parse(parameters: &[(&str, &str)]) -> Result<PriceQuery, FieldErrors> {
        PriceQuery::parse(parameters.iter().copied(), BOUNDS)
    }

    #[test]
    fn energy_wins_over_an_address() {
        let asked = parse(&[("period", "3D"), ("energy_amount", "65000"), ("to_address", "T")]);
        let period = Period::from_days(3).unwrap();
        let priced = Priced::Energy(Energy::new(65_000));
        assert_eq!(asked, Ok(PriceQuery { period, priced }));
        let asked = parse(&[("to_address", ADDRESS), ("energy_amount", " "), ("period", "1H")]);
        let priced = Priced::TransferTo(ADDRESS.parse().unwrap());
        assert_eq!(asked, Ok(PriceQuery { period: Period::HOUR, priced }));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let told = |parameters| {
            let errors = parse(parameters).unwrap_err();
            let texts: Vec<_> =
                errors.iter().map(|(name, texts)| format!("{name}: {}", texts[0])).collect();
            texts.join("; ")
        };
        assert_eq!(
            told(&[]),
            "period: This field is required.; energy_amount: This field is required."
        );
        assert_eq!(
            told(&[("period", "2H"), ("energy_amount", "9999")]),
            "period: \"2H\" is not a valid choice.; \
             energy_amount: Ensure this value is greater than or equal to 10000."
        );
        assert_eq!(
            told(&[("period", "1H"), ("energy_amount", "65e3")]),
            "energy_amount: A valid integer is required."
        );
        assert_eq!(
            told(&[("period", "1H"), ("to_address", "T")]),
            "to_address: Enter a valid TRON address."
        );
    }

    #[test]
    fn an_answer_has_integers_and_the_period_as_text() {
        let quote = Quote {
            unit_price: Sun::new(100),
            surcharge: Sun::new(600_000),
            total: Sun::new(10_200_000),
        };
        let period = Period::from_days(3).unwrap();
        let answer = PriceResponse { period, energy: Energy::new(32_000), quote };
        assert_eq!(
            answer.to_json(),
            r#"{"period":"3D","energy_amount":32000,"price":100,"total_price":10200000,"addition":600000}"#
        );
    }
}
