//! `GET userapi/summary`: what one key has bought, and what its merchant has left.
//!
//! Days begin at midnight of UTC+8. An order that was refunded is as if it had never been placed.
//! A key that does not exist gets HTTP 403, the one place where the platform documents it.
//! Source: api-contract 5.8. `balance` is observed: a client in use takes it as its alarm.

use domain::UnixMillis;
use tron::{Energy, Sun};

use crate::canon::Object;
use crate::describe::{Answer, Caller, Endpoint, Errno, Field, Kind, Method};
use crate::names;
use crate::time::china_civil;

/// What is described in the interface's document.
pub const ENDPOINT: Endpoint = Endpoint {
    name: "summary",
    method: Method::Get,
    path: names::PATH_SUMMARY,
    title: "What a key has bought",
    text: "Of this key, not of the whole account; only the balance is the account's. Days begin at \
           midnight of UTC+8. Refunded orders do not count. An unknown key is answered with 403.",
    caller: Caller::Key,
    takes: &[],
    answers: Answer::Object(ANSWER),
    errno: Errno::Never,
    more_statuses: &[403],
};

const ANSWER: &[Field] = &[
    Field::new(names::NAME, Kind::Text(255), "\"MY API\"", "the key's name"),
    Field::new(names::CREATE_TIME, Kind::CivilTime, "\"2023-04-28 12:31:04\"", "when it was made"),
    Field::new(names::TOTAL_COUNT, Kind::COUNT, "46", "orders"),
    Field::new(names::TOTAL_SUM_ENERGY, Kind::COUNT, "3696000", "energy of them"),
    Field::new(names::TOTAL_SUM_TRX, Kind::Sun, "598165000", "what they cost, in sun"),
    Field::new(names::TODAY_COUNT, Kind::COUNT, "0", "orders of today"),
    Field::new(names::TODAY_SUM_ENERGY, Kind::COUNT, "0", "energy of them"),
    Field::new(names::TODAY_SUM_TRX, Kind::Sun, "0", "what they cost, in sun"),
    Field::new(names::YESTERDAY_COUNT, Kind::COUNT, "1", "orders of yesterday"),
    Field::new(names::YESTERDAY_SUM_ENERGY, Kind::COUNT, "1300000", "energy of them"),
    Field::new(names::YESTERDAY_SUM_TRX, Kind::Sun, "197600000", "what they cost, in sun"),
    Field::new(names::BALANCE, Kind::Sun, "813892429257", "what the account has left, in sun"),
];

/// Orders, their energy, and what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bought {
    /// `*_count`
    pub orders: i64,
    /// `*_sum_energy`
    pub energy: Energy,
    /// `*_sum_trx`, which is in sun.
    pub charged: Sun,
}

/// What a key has bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// `name`
    pub key_name: String,
    /// `create_time`
    pub created: UnixMillis,
    /// Since it was made.
    pub total: Bought,
    /// Since midnight.
    pub today: Bought,
    /// The day before.
    pub yesterday: Bought,
    /// `balance`
    pub balance: Sun,
}

impl Summary {
    /// The JSON of the answer: the documented members in their order, then `balance`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let bought = |object: Object, [count, energy, sun]: [&str; 3], of: Bought| {
            object.with(count, of.orders).with(energy, of.energy.get()).with(sun, of.charged.get())
        };
        let object = Object::new()
            .with(names::NAME, self.key_name.as_str())
            .with(names::CREATE_TIME, china_civil(self.created));
        let total = [names::TOTAL_COUNT, names::TOTAL_SUM_ENERGY, names::TOTAL_SUM_TRX];
        let today = [names::TODAY_COUNT, names::TODAY_SUM_ENERGY, names::TODAY_SUM_TRX];
        let yesterday =
            [names::YESTERDAY_COUNT, names::YESTERDAY_SUM_ENERGY, names::YESTERDAY_SUM_TRX];
        let object = bought(object, total, self.total);
        let object = bought(object, today, self.today);
        bought(object, yesterday, self.yesterday).with(names::BALANCE, self.balance.get()).to_json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_as_printed_with_the_balance_last() {
        let bought = |orders, energy, sun| Bought {
            orders,
            energy: Energy::new(energy),
            charged: Sun::new(sun),
        };
        let summary = Summary {
            key_name: "MY API".to_owned(),
            created: UnixMillis(1_682_656_264_000),
            total: bought(46, 3_696_000, 598_165_000),
            today: Bought::default(),
            yesterday: bought(1, 1_300_000, 197_600_000),
            balance: Sun::new(813_892_429_257),
        };
        assert_eq!(
            summary.to_json(),
            concat!(
                r#"{"name":"MY API","create_time":"2023-04-28 12:31:04","#,
                r#""total_count":46,"total_sum_energy":3696000,"total_sum_trx":598165000,"#,
                r#""today_count":0,"today_sum_energy":0,"today_sum_trx":0,"#,
                r#""yesterday_count":1,"yesterday_sum_energy":1300000,"#,
                r#""yesterday_sum_trx":197600000,"balance":813892429257}"#
            )
        );
    }
}
