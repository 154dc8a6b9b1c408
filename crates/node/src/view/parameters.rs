//! Prices and limits that change by vote (`getchainparameters`).

use serde_json::Value;
use tron::{Bandwidth, Sun};

use crate::json::{self, Problem, Read};

/// What things cost now. Read live: votes change prices between two maintenance periods.
///
/// Source: java-tron `Wallet.getChainParameters`; the node's keys stand beside the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainParameters {
    /// Sun burnt per energy (`getEnergyFee`); always above zero.
    pub energy_fee: Sun,
    /// Sun burnt per byte (`getTransactionFee`); always above zero.
    pub bandwidth_fee: Sun,
    /// Sun burnt instead of bandwidth when an address is activated (`getCreateAccountFee`).
    pub create_account_fee: Sun,
    /// Sun that an activation costs on top (`getCreateNewAccountFeeInSystemContract`).
    pub create_account_system_fee: Sun,
    /// Staked bandwidth per byte of an activation (`getCreateNewAccountBandwidthRate`).
    pub create_account_bandwidth_rate: i64,
    /// Free bandwidth of every address a day (`getFreeNetLimit`).
    pub free_bandwidth_limit: Bandwidth,
    /// Sun for a memo (`getMemoFee`).
    pub memo_fee: Sun,
    /// Sun for a second and further signatures (`getMultiSignFee`).
    pub multi_sign_fee: Sun,
    /// Sun for changing permissions (`getUpdateAccountPermissionFee`).
    pub permission_update_fee: Sun,
    /// Largest fee limit of a contract call (`getMaxFeeLimit`).
    pub max_fee_limit: Sun,
    /// Longest lock of a delegation, blocks (`getMaxDelegateLockPeriod`); 0 where the chain has none.
    pub max_lock_period_blocks: i64,
}

impl ChainParameters {
    /// Reads an answer of `getchainparameters`.
    ///
    /// A key without a value is zero; a missing key is an error, except for the lock period.
    pub(crate) fn read(answer: &Value) -> Read<Self> {
        let all = json::list(json::object(answer)?, "chainParameter")?;
        let all: Vec<Entry<'_>> =
            all.iter().filter_map(|entry| Some((entry["key"].as_str()?, entry))).collect();
        let all = all.as_slice();
        let parameters = Self {
            energy_fee: sun(all, "getEnergyFee")?,
            bandwidth_fee: sun(all, "getTransactionFee")?,
            create_account_fee: sun(all, "getCreateAccountFee")?,
            create_account_system_fee: sun(all, "getCreateNewAccountFeeInSystemContract")?,
            create_account_bandwidth_rate: number(all, "getCreateNewAccountBandwidthRate")?,
            free_bandwidth_limit: Bandwidth::new(number(all, "getFreeNetLimit")?),
            memo_fee: sun(all, "getMemoFee")?,
            multi_sign_fee: sun(all, "getMultiSignFee")?,
            permission_update_fee: sun(all, "getUpdateAccountPermissionFee")?,
            max_fee_limit: sun(all, "getMaxFeeLimit")?,
            max_lock_period_blocks: match find(all, "getMaxDelegateLockPeriod") {
                None => 0,
                Some(_) => number(all, "getMaxDelegateLockPeriod")?,
            },
        };
        // A price of zero would sell for nothing: it is a broken answer.
        for (field, fee) in [
            ("getEnergyFee", parameters.energy_fee),
            ("getTransactionFee", parameters.bandwidth_fee),
        ] {
            if fee == Sun::ZERO {
                return json::bad(field, Problem::OutOfRange);
            }
        }
        Ok(parameters)
    }
}

/// A parameter, by its key.
type Entry<'a> = (&'a str, &'a Value);

fn find<'a>(all: &[Entry<'a>], key: &str) -> Option<&'a Value> {
    all.iter().find(|(name, _)| *name == key).map(|(_, entry)| *entry)
}

fn number(all: &[Entry<'_>], key: &'static str) -> Read<i64> {
    let Some(entry) = find(all, key) else { return json::bad(key, Problem::Missing) };
    match json::natural(entry, "value") {
        Ok(number) if number <= json::SUN_MAX => Ok(number),
        Ok(_) => json::bad(key, Problem::OutOfRange),
        Err(unreadable) => json::bad(key, unreadable.problem),
    }
}

fn sun(all: &[Entry<'_>], key: &'static str) -> Read<Sun> {
    number(all, key).map(Sun::new)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MAINNET: [(&str, i64); 11] = [
        ("getCreateAccountFee", 100_000),
        ("getTransactionFee", 1_000),
        ("getCreateNewAccountFeeInSystemContract", 1_000_000),
        ("getCreateNewAccountBandwidthRate", 1),
        ("getEnergyFee", 100),
        ("getUpdateAccountPermissionFee", 100_000_000),
        ("getMultiSignFee", 1_000_000),
        ("getMaxFeeLimit", 15_000_000_000),
        ("getFreeNetLimit", 600),
        ("getMemoFee", 1_000_000),
        ("getMaxDelegateLockPeriod", 864_000),
    ];

    fn answer(change: impl Fn(&str, i64) -> Option<Value>) -> Value {
        let entries: Vec<Value> =
            MAINNET.into_iter().filter_map(|(key, value)| change(key, value)).collect();
        json!({ "chainParameter": entries })
    }

    fn entry(key: &str, value: i64) -> Option<Value> {
        Some(json!({"key": key, "value": value}))
    }

    #[test]
    fn mainnet_is_read() {
        let parameters = ChainParameters::read(&answer(entry)).unwrap();
        assert_eq!(parameters.energy_fee, Sun::new(100));
        assert_eq!(parameters.bandwidth_fee, Sun::new(1_000));
        assert_eq!(parameters.create_account_system_fee, Sun::from_trx(1));
        assert_eq!(parameters.free_bandwidth_limit, Bandwidth::new(600));
        assert_eq!(parameters.max_fee_limit, Sun::from_trx(15_000));
        assert_eq!(parameters.max_lock_period_blocks, 864_000);
    }

    #[test]
    fn every_needed_key_is_missed_and_a_bad_one_is_named() {
        for (missing, _) in MAINNET {
            let read = ChainParameters::read(&answer(|key, value| {
                if key == missing { None } else { entry(key, value) }
            }));
            if missing == "getMaxDelegateLockPeriod" {
                assert_eq!(read.unwrap().max_lock_period_blocks, 0);
            } else {
                assert_eq!(read.unwrap_err().field, missing);
            }
        }
        for bad in [json!("100"), json!(-1), json!(i64::MAX)] {
            let read = ChainParameters::read(&answer(|key, value| {
                if key == "getEnergyFee" {
                    Some(json!({"key": key, "value": bad}))
                } else {
                    entry(key, value)
                }
            }));
            assert_eq!(read.unwrap_err().field, "getEnergyFee");
        }
    }

    #[test]
    fn an_omitted_value_is_zero_which_a_memo_may_cost_and_energy_may_not() {
        let without_value = |which: &'static str| {
            ChainParameters::read(&answer(move |key, value| {
                if key == which { Some(json!({ "key": key })) } else { entry(key, value) }
            }))
        };
        assert_eq!(without_value("getMemoFee").unwrap().memo_fee, Sun::ZERO);
        assert_eq!(without_value("getEnergyFee").unwrap_err().problem, Problem::OutOfRange);
    }
}
