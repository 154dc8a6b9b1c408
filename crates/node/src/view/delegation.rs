//! What is lent to whom: records per pair, the receivers of an owner, and what can still be lent.

use serde_json::Value;
use tron::{Address, Resource, Sun};

use crate::json::{self, Problem, Read};

/// One record of what `owner` lends `receiver`. A pair has at most two: unlocked and locked.
///
/// The chain knows sums per pair and no orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelegatedRecord {
    /// Whose stake it is.
    pub owner: Address,
    /// Who has its yield.
    pub receiver: Address,
    /// Stake lent for energy.
    pub energy: Sun,
    /// When the energy part can be taken back, unix milliseconds; 0 is at any time.
    pub energy_expire_ms: i64,
    /// Stake lent for bandwidth.
    pub bandwidth: Sun,
    /// When the bandwidth part can be taken back, unix milliseconds; 0 is at any time.
    pub bandwidth_expire_ms: i64,
}

impl DelegatedRecord {
    /// Stake lent for one resource.
    #[must_use]
    pub const fn amount(&self, resource: Resource) -> Sun {
        match resource {
            Resource::Energy => self.energy,
            Resource::Bandwidth => self.bandwidth,
        }
    }

    /// Whether this is the locked record of the pair.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        self.energy_expire_ms > 0 || self.bandwidth_expire_ms > 0
    }

    /// Stake that an undelegation would get back when the newest block has this time.
    ///
    /// An expired lock stays listed as locked; it is free from strictly after its expiry.
    /// Source: java-tron `UnDelegateResourceActuator.validate`.
    #[must_use]
    pub fn reclaimable(&self, resource: Resource, head_timestamp_ms: i64) -> Sun {
        let expire_ms = match resource {
            Resource::Energy => self.energy_expire_ms,
            Resource::Bandwidth => self.bandwidth_expire_ms,
        };
        if expire_ms < head_timestamp_ms { self.amount(resource) } else { Sun::ZERO }
    }

    /// Reads an answer of `getdelegatedresourcev2`.
    pub(crate) fn read_all(answer: &Value) -> Read<Vec<Self>> {
        let records = expect_field(answer, "delegatedResource")?;
        json::list(records, "delegatedResource")?.iter().map(Self::read).collect()
    }

    fn read(value: &Value) -> Read<Self> {
        Ok(Self {
            owner: json::address(value, "from")?,
            receiver: json::address(value, "to")?,
            energy: json::sun(value, "frozen_balance_for_energy")?,
            energy_expire_ms: json::natural(value, "expire_time_for_energy")?,
            bandwidth: json::sun(value, "frozen_balance_for_bandwidth")?,
            bandwidth_expire_ms: json::natural(value, "expire_time_for_bandwidth")?,
        })
    }
}

/// Reads the receivers in an answer of `getdelegatedresourceaccountindexv2`, last delegation last.
pub(crate) fn read_receivers(answer: &Value) -> Read<Vec<Address>> {
    let receivers = json::list(expect_field(answer, "account")?, "toAccounts")?;
    // A text that is no string reads as no address.
    let receiver =
        |value: &Value| json::address_of(value.as_str().unwrap_or_default(), "toAccounts");
    receivers.iter().map(receiver).collect()
}

/// Reads an answer of `getcandelegatedmaxsize`; `{}` is nothing.
pub(crate) fn read_max_size(answer: &Value) -> Read<Sun> {
    json::sun(expect_field(answer, "max_size")?, "max_size")
}

/// An answer is `{}` or has this field: a stranger's error object must not read as "nothing".
fn expect_field<'a>(answer: &'a Value, field: &'static str) -> Read<&'a Value> {
    if json::is_empty_object(json::object(answer)?) || answer.get(field).is_some() {
        Ok(answer)
    } else {
        json::bad(field, Problem::Missing)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OWNER: &str = "417e5f4552091a69125d5dfcb7b8c2659029395bdf";
    const RECEIVER: &str = "412b5ad5c4795c026514f8317c7a215e218dccd6cf";

    #[test]
    fn a_pair_has_an_unlocked_and_a_locked_record() {
        let records = DelegatedRecord::read_all(&json!({"delegatedResource": [
            {"from": OWNER, "to": RECEIVER, "frozen_balance_for_energy": 5_000_000},
            {"from": OWNER, "to": RECEIVER, "frozen_balance_for_bandwidth": 7_000_000,
                "expire_time_for_bandwidth": 1_000},
        ]}))
        .unwrap();
        assert!(!records[0].is_locked());
        assert_eq!(records[0].reclaimable(Resource::Energy, 1), Sun::new(5_000_000));
        assert!(records[1].is_locked());
        assert_eq!(records[1].reclaimable(Resource::Bandwidth, 1_000), Sun::ZERO);
        assert_eq!(records[1].reclaimable(Resource::Bandwidth, 1_001), Sun::new(7_000_000));
        assert_eq!(records[1].amount(Resource::Energy), Sun::ZERO);
    }

    #[test]
    fn nothing_lent_is_an_empty_object() {
        assert_eq!(DelegatedRecord::read_all(&json!({})).unwrap(), []);
        assert_eq!(read_receivers(&json!({"account": OWNER})).unwrap(), []);
        assert_eq!(read_max_size(&json!({})).unwrap(), Sun::ZERO);
        assert_eq!(read_max_size(&json!({"max_size": 9})).unwrap(), Sun::new(9));
    }

    #[test]
    fn receivers_are_addresses_or_the_answer_is_unreadable() {
        let answer = json!({"account": OWNER, "fromAccounts": [], "toAccounts": [RECEIVER]});
        assert_eq!(read_receivers(&answer).unwrap(), [Address::from_hex(RECEIVER).unwrap()]);
        assert!(read_receivers(&json!({"account": OWNER, "toAccounts": [7]})).is_err());
        assert!(
            read_receivers(&json!({"account": OWNER, "toAccounts": [RECEIVER.repeat(1_000)]}))
                .is_err()
        );
        assert!(DelegatedRecord::read_all(&json!({"delegatedResource": [{}]})).is_err());
        let stranger = json!({"message": "try later"});
        assert!(DelegatedRecord::read_all(&stranger).is_err());
        assert!(read_receivers(&stranger).is_err());
        assert!(read_max_size(&stranger).is_err());
    }
}
