//! `GET index-data`: what the pool has, what it costs, and for a key its balance.
//!
//! Who names no key reads the list prices and no balance; who names one that does not exist reads
//! `{}`. Source: api-contract 5.7. From `platform_total_energy` on the members are observed, not
//! documented: two known clients read them without any key. The last two are ours: without them nobody
//! can say beforehand what a collection will cost.

use domain::Period;
use tron::{Energy, Sun};

use crate::canon::{Number, Object, Value};
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::{names, period};

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "index_data",
    method: Method::Get,
    path: names::PATH_INDEX_DATA,
    title: "Pool, prices, balance",
    text: "Without a key: the list prices and no balance. With a key: your prices and your balance. \
           With a key that does not exist: an object without members.",
    caller: Caller::AnybodyOrKey,
    takes: &[],
    answers: Answer::Object(ANSWER),
    errno: Errno::Never,
    more_statuses: &[],
};

const ANSWER: &[Field] = &[
    Field::new(
        names::PLATFORM_AVAIL_ENERGY,
        Kind::COUNT,
        "603249",
        "energy that can be lent now, by all wallets together",
    ),
    Field::new(
        names::PLATFORM_MAX_ENERGY,
        Kind::COUNT,
        "329009",
        "energy that one order can get now",
    ),
    Field::new(
        names::MINIMUM_ORDER_ENERGY,
        Kind::COUNT,
        "10000",
        "least energy of an order that names an amount",
    ),
    Field::new(
        names::MAXIMUM_ORDER_ENERGY,
        Kind::COUNT,
        "100000000",
        "most energy of an order that names an amount",
    ),
    Field::new(names::SMALL_AMOUNT, Kind::COUNT, "50000", "an order for less energy is small"),
    Field::new(
        names::SMALL_ADDITION,
        Kind::Number,
        "0.6",
        "what a small order costs more, in TRX: the one amount that is not in sun",
    ),
    Field::new(
        names::USDT_ENERGY_NEED_OLD,
        Kind::COUNT,
        "65000",
        "energy of a transfer to an address that holds USDT",
    ),
    Field::new(
        names::USDT_ENERGY_NEED_NEW,
        Kind::COUNT,
        "131000",
        "energy of a transfer to an address that holds none",
    ),
    Field::new(
        names::TIERED_PRICING,
        Kind::List(&[
            Field::new(names::PERIOD, Kind::Integer(0, 30), "0", "0: an hour; else days"),
            Field::new(names::PRICE, Kind::Sun, "60", "sun for one unit of energy, each day"),
        ]),
        r#"[{"period":0,"price":60}]"#,
        "prices by period",
    ),
    Field::new(
        names::PLATFORM_TOTAL_ENERGY,
        Kind::COUNT,
        "178873143",
        "energy of the whole pool, lent or not",
    ),
    Field::new(
        names::PLATFORM_COLLECT_ENERGY,
        Kind::COUNT,
        "603249",
        "energy that collection orders can get now",
    ),
    Field::new(names::DEFAULT_PRICE, Kind::Sun, "60", "the price of an hour"),
    Field::new(names::BIG_AMOUNT, Kind::ZERO, "0", "0: there is no discount for large orders"),
    Field::new(names::BIG_DISCOUNT, Kind::ZERO, "0", "0: as above"),
    Field::new(
        names::COLLECTION_ADDRESS,
        Kind::Text(0),
        "\"\"",
        "empty: there are no orders without a key",
    ),
    Field::new(names::COLLECTION_HOUR_ADDRESS, Kind::Text(0), "\"\"", "as above"),
    Field::new(names::COLLECTION_ONE_DAY_ADDRESS, Kind::Text(0), "\"\"", "as above"),
    Field::new(names::COLLECTION_THREE_DAYS_ADDRESS, Kind::Text(0), "\"\"", "as above"),
    Field::new(names::COLLECTION_THIRTY_DAYS_ADDRESS, Kind::Text(0), "\"\"", "as above"),
    Field::new(
        names::DEMO_BURN_TRX,
        Kind::Number,
        "6.846",
        "what a transfer to a holder burns without energy and bandwidth, in TRX",
    ),
    Field::new(
        names::BANDWIDTH_PRICE,
        Kind::Sun,
        "1000",
        "sun for one unit of bandwidth, each day; not on the platform",
    ),
    Field::new(
        names::ACTIVATION_PRICE,
        Kind::Sun,
        "1500000",
        "sun for an activation; not on the platform",
    ),
    Field::new(names::BALANCE, Kind::Sun, "813892429257", "what you have left; only with a key")
        .optional(),
];

/// What the pool has and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexData {
    /// `platform_avail_energy` and `platform_collect_energy`
    pub energy_available: Energy,
    /// `platform_max_energy`: never less than one order is given.
    pub energy_of_one_order: Energy,
    /// `platform_total_energy`
    pub energy_total: Energy,
    /// `minimum_order_energy`
    pub order_energy_min: Energy,
    /// `maximum_order_energy`
    pub order_energy_max: Energy,
    /// `small_amount`
    pub small_order_energy: Energy,
    /// `small_addition`, which is shown in TRX.
    pub small_order_surcharge: Sun,
    /// `usdt_energy_need_old`
    pub transfer_to_holder: Energy,
    /// `usdt_energy_need_new`
    pub transfer_to_empty: Energy,
    /// `tiered_pricing`: sun for one unit of energy for a day, or for an hour.
    pub tiers: Vec<(Period, Sun)>,
    /// `demo_burn_trx`, which is shown in TRX.
    pub burnt_by_transfer: Sun,
    /// `bandwidth_price`: for a unit and an hour or a day.
    pub bandwidth_price: Sun,
    /// `activation_price`
    pub activation_price: Sun,
    /// `balance`: the caller's, if it named a key.
    pub balance: Option<Sun>,
}

impl IndexData {
    /// The answer to a key that does not exist.
    #[must_use]
    pub fn unknown_key() -> String {
        Object::new().to_json()
    }

    /// The JSON of the answer: the documented members in their order, then the observed ones, then ours.
    #[must_use]
    pub fn to_json(&self) -> String {
        let tiers: Vec<Value> = self.tiers.iter().map(|tier| tier_object(*tier).into()).collect();
        let hour = self.tiers.iter().find(|(period, _)| *period == Period::HOUR);
        let object = Object::new()
            .with(names::PLATFORM_AVAIL_ENERGY, self.energy_available.get())
            .with(names::PLATFORM_MAX_ENERGY, self.energy_of_one_order.get())
            .with(names::MINIMUM_ORDER_ENERGY, self.order_energy_min.get())
            .with(names::MAXIMUM_ORDER_ENERGY, self.order_energy_max.get())
            .with(names::SMALL_AMOUNT, self.small_order_energy.get())
            .with(names::SMALL_ADDITION, Number::trx(self.small_order_surcharge))
            .with(names::USDT_ENERGY_NEED_OLD, self.transfer_to_holder.get())
            .with(names::USDT_ENERGY_NEED_NEW, self.transfer_to_empty.get())
            .with(names::TIERED_PRICING, tiers);
        let object = match self.balance {
            Some(balance) => object.with(names::BALANCE, balance.get()),
            None => object,
        };
        let object = object
            .with(names::PLATFORM_TOTAL_ENERGY, self.energy_total.get())
            .with(names::PLATFORM_COLLECT_ENERGY, self.energy_available.get())
            .with(names::DEFAULT_PRICE, hour.map_or(0, |(_, price)| price.get()))
            .with(names::BIG_AMOUNT, 0)
            .with(names::BIG_DISCOUNT, 0);
        // There are no orders without a key, so nothing is to be paid in anywhere.
        [
            names::COLLECTION_ADDRESS,
            names::COLLECTION_HOUR_ADDRESS,
            names::COLLECTION_ONE_DAY_ADDRESS,
            names::COLLECTION_THREE_DAYS_ADDRESS,
            names::COLLECTION_THIRTY_DAYS_ADDRESS,
        ]
        .into_iter()
        .fold(object, |object, name| object.with(name, ""))
        .with(names::DEMO_BURN_TRX, Number::trx(self.burnt_by_transfer))
        .with(names::BANDWIDTH_PRICE, self.bandwidth_price.get())
        .with(names::ACTIVATION_PRICE, self.activation_price.get())
        .to_json()
    }
}

fn tier_object((length, price): (Period, Sun)) -> Object {
    Object::new().with(names::PERIOD, period::code(length)).with(names::PRICE, price.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(balance: Option<Sun>) -> IndexData {
        let days = |days| Period::from_days(days).unwrap();
        IndexData {
            energy_available: Energy::new(603_249),
            energy_of_one_order: Energy::new(329_009),
            energy_total: Energy::new(178_873_143),
            order_energy_min: Energy::new(32_000),
            order_energy_max: Energy::new(100_000_000),
            small_order_energy: Energy::new(50_000),
            small_order_surcharge: Sun::new(600_000),
            transfer_to_holder: Energy::new(32_000),
            transfer_to_empty: Energy::new(65_000),
            tiers: vec![
                (Period::HOUR, Sun::new(100)),
                (days(1), Sun::new(200)),
                (days(3), Sun::new(152)),
                (days(30), Sun::new(124)),
            ],
            burnt_by_transfer: Sun::new(3_000_000),
            bandwidth_price: Sun::new(1_000),
            activation_price: Sun::new(1_500_000),
            balance,
        }
    }

    #[test]
    fn the_documented_answer_begins_as_printed() {
        let json = data(Some(Sun::new(813_892_429_257))).to_json();
        let printed = concat!(
            r#"{"platform_avail_energy":603249,"platform_max_energy":329009,"#,
            r#""minimum_order_energy":32000,"maximum_order_energy":100000000,"#,
            r#""small_amount":50000,"small_addition":0.6,"#,
            r#""usdt_energy_need_old":32000,"usdt_energy_need_new":65000,"#,
            r#""tiered_pricing":[{"period":0,"price":100},{"period":1,"price":200},"#,
            r#"{"period":3,"price":152},{"period":30,"price":124}],"balance":813892429257,"#
        );
        assert!(json.starts_with(printed), "{json}");
        let ours = r#""demo_burn_trx":3.0,"bandwidth_price":1000,"activation_price":1500000}"#;
        assert!(json.ends_with(ours), "{json}");
    }

    #[test]
    fn without_a_key_there_is_no_balance() {
        let object = Object::parse(data(None).to_json().as_bytes()).unwrap();
        assert_eq!(object.get(names::BALANCE), None);
        assert_eq!(object.get(names::DEFAULT_PRICE), Some(&Value::from(100)));
        assert_eq!(IndexData::unknown_key(), "{}");
    }
}
