//! What a run came to: totals, and the one object that programs read.

use serde_json::{Value, json};
use tron::{Sun, TokenUnits};

use crate::record::{Asset, Record, State};

/// Totals of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Addresses whose tokens arrived in a solid block.
    pub swept: usize,
    /// Addresses that were given up.
    pub failed: usize,
    /// Addresses that were left alone on purpose.
    pub skipped: usize,
    /// Addresses that a resume goes on with.
    pub unfinished: usize,
    /// Tokens that arrived.
    pub moved: TokenUnits,
    /// TRX that arrived.
    pub trx_moved: Sun,
    /// What the server charged.
    pub charged: Sun,
    /// TRX burned.
    pub burned: Sun,
    /// The part of it that was burned for energy.
    pub burned_for_energy: Sun,
    /// What the transfers that arrived would have burned without orders.
    pub burn_cost: Sun,
}

impl Summary {
    /// The totals of these records. Swept and skipped are counted by the token; failed and unfinished
    /// are TRX transfers too, since neither may go unnoticed.
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        let mut sum = Self::default();
        for record in records {
            sum.charged = sum.charged + record.charged;
            sum.burned = sum.burned + record.burned;
            sum.burned_for_energy = sum.burned_for_energy + record.burned_for_energy;
            match record.state {
                State::Swept if record.asset == Asset::Trx => {
                    let arrived = i64::try_from(record.moved.0).unwrap_or(i64::MAX);
                    sum.trx_moved = sum.trx_moved + Sun::new(arrived);
                }
                State::Skipped if record.asset == Asset::Trx => {}
                State::Swept => {
                    sum.swept += 1;
                    sum.moved.0 += record.moved.0;
                    sum.burn_cost = sum.burn_cost + record.burn_cost;
                }
                State::Failed => sum.failed += 1,
                State::Skipped => sum.skipped += 1,
                State::Planned
                | State::Ordering
                | State::Ordered
                | State::Ready
                | State::Signed
                | State::Included => sum.unfinished += 1,
            }
        }
        sum
    }

    /// What was saved against burning; negative if burning would have been cheaper.
    #[must_use]
    pub fn saved(&self) -> Sun {
        self.burn_cost - self.charged - self.burned
    }

    /// The totals and every record, as one object.
    #[must_use]
    pub fn to_json(&self, run: Option<&str>, records: &[Record]) -> Value {
        json!({
            "run": run,
            "swept": self.swept,
            "failed": self.failed,
            "skipped": self.skipped,
            "unfinished": self.unfinished,
            "moved": units(self.moved),
            "trx_moved_sun": self.trx_moved.get(),
            "charged_sun": self.charged.get(),
            "burned_sun": self.burned.get(),
            "burned_for_energy_sun": self.burned_for_energy.get(),
            "burn_cost_sun": self.burn_cost.get(),
            "results": records.iter().map(Record::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Record {
    /// The record as an object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "address": self.address.to_string(),
            "label": self.label,
            "asset": match self.asset { Asset::Token => "token", Asset::Trx => "trx" },
            "state": self.state.word(),
            "reason": self.reason.as_ref().map(|reason| reason.code.word()),
            "reason_text": self.reason.as_ref().map(|reason| reason.text.as_str()),
            "held": units(self.held),
            "moved": units(self.moved),
            "serial": self.serial.map(|serial| serial.to_string()),
            "txid": self.txid.map(|txid| txid.to_string()),
            "charged_sun": self.charged.get(),
            "burned_sun": self.burned.get(),
            "burned_for_energy_sun": self.burned_for_energy.get(),
            "burn_cost_sun": self.burn_cost.get(),
            "energy_used": self.energy_used.get(),
            "planned_ms": self.times.planned_ms,
            "ordered_ms": self.times.ordered_ms,
            "ready_ms": self.times.ready_ms,
            "sent_ms": self.times.sent_ms,
            "ended_ms": self.times.ended_ms,
        })
    }
}

/// A number; decimal text where a token has so many digits that 64 bits do not hold it.
#[must_use]
pub fn units(units: TokenUnits) -> Value {
    u64::try_from(units.0).map_or_else(|_| Value::from(units.0.to_string()), Value::from)
}

#[cfg(test)]
mod tests {
    use tron::Address;

    use super::*;

    fn record(state: State, moved: u128, charged: i64, burn_cost: i64) -> Record {
        let address = Address::from_evm([7; 20]);
        Record {
            state,
            moved: TokenUnits(moved),
            charged: Sun::new(charged),
            burn_cost: Sun::new(burn_cost),
            ..Record::new(address, String::new(), Asset::Token, TokenUnits(moved))
        }
    }

    #[test]
    fn totals_count_what_arrived_and_everything_that_was_paid() {
        let records = [
            record(State::Swept, 5, 10, 100),
            record(State::Swept, 6, 10, 100),
            record(State::Failed, 0, 3, 100),
            record(State::Skipped, 0, 0, 0),
            record(State::Ordered, 0, 1, 100),
            Record { asset: Asset::Trx, ..record(State::Swept, 9, 0, 0) },
            Record { asset: Asset::Trx, ..record(State::Failed, 0, 0, 0) },
            Record { asset: Asset::Trx, ..record(State::Skipped, 0, 0, 0) },
            Record { asset: Asset::Trx, ..record(State::Signed, 0, 0, 0) },
        ];
        let sum = Summary::of(&records);
        assert_eq!((sum.swept, sum.failed, sum.skipped, sum.unfinished), (2, 2, 1, 2));
        assert_eq!((sum.moved, sum.charged.get()), (TokenUnits(11), 24));
        assert_eq!(sum.trx_moved, Sun::new(9));
        assert_eq!((sum.burn_cost.get(), sum.saved().get()), (200, 176));
        let object = sum.to_json(Some("a"), &records);
        assert_eq!(object["moved"], 11);
        assert_eq!(object["results"][0]["state"], "swept");
        assert_eq!(units(TokenUnits(u128::MAX)), u128::MAX.to_string());
    }
}
