//! Chain parameters: what a proposal can change.

use std::collections::BTreeMap;

/// Keys in the order of `getchainparameters`, with mainnet's values of mid-2026.
///
/// Source: java-tron `Wallet.getChainParameters`; values read from public nodes.
pub(crate) const DEFAULTS: [(&str, i64); 74] = [
    ("getMaintenanceTimeInterval", 21_600_000),
    ("getAccountUpgradeCost", 9_999_000_000),
    ("getCreateAccountFee", 100_000),
    ("getTransactionFee", 1_000),
    ("getAssetIssueFee", 1_024_000_000),
    ("getWitnessPayPerBlock", 8_000_000),
    ("getWitnessStandbyAllowance", 115_200_000_000),
    ("getCreateNewAccountFeeInSystemContract", 1_000_000),
    ("getCreateNewAccountBandwidthRate", 1),
    ("getAllowCreationOfContracts", 1),
    ("getRemoveThePowerOfTheGr", -1),
    ("getEnergyFee", 100),
    ("getExchangeCreateFee", 1_024_000_000),
    ("getMaxCpuTimeOfOneTx", 80),
    ("getAllowUpdateAccountName", 0),
    ("getAllowSameTokenName", 1),
    ("getAllowDelegateResource", 1),
    ("getTotalEnergyLimit", 180_000_000_000),
    ("getAllowTvmTransferTrc10", 1),
    ("getTotalEnergyCurrentLimit", 180_000_000_000),
    ("getAllowMultiSign", 1),
    ("getAllowAdaptiveEnergy", 0),
    ("getTotalEnergyTargetLimit", 6_250_000),
    ("getTotalEnergyAverageUsage", 0),
    ("getUpdateAccountPermissionFee", 100_000_000),
    ("getMultiSignFee", 1_000_000),
    ("getAllowAccountStateRoot", 0),
    ("getAllowProtoFilterNum", 0),
    ("getAllowTvmConstantinople", 1),
    ("getAllowTvmSolidity059", 1),
    ("getAllowTvmIstanbul", 1),
    ("getAllowShieldedTRC20Transaction", 1),
    ("getForbidTransferToContract", 0),
    ("getAdaptiveResourceLimitTargetRatio", 10),
    ("getAdaptiveResourceLimitMultiplier", 1_000),
    ("getChangeDelegation", 1),
    ("getWitness127PayPerBlock", 128_000_000),
    ("getAllowMarketTransaction", 0),
    ("getMarketSellFee", 0),
    ("getMarketCancelFee", 0),
    ("getAllowPBFT", 0),
    ("getAllowTransactionFeePool", 0),
    ("getMaxFeeLimit", 15_000_000_000),
    ("getAllowOptimizeBlackHole", 1),
    ("getAllowNewResourceModel", 0),
    ("getAllowTvmFreeze", 0),
    ("getAllowTvmVote", 1),
    ("getAllowTvmLondon", 1),
    ("getAllowTvmCompatibleEvm", 0),
    ("getAllowAccountAssetOptimization", 0),
    ("getFreeNetLimit", 600),
    ("getTotalNetLimit", 43_200_000_000),
    ("getAllowHigherLimitForMaxCpuTimeOfOneTx", 1),
    ("getAllowAssetOptimization", 1),
    ("getAllowNewReward", 1),
    ("getMemoFee", 1_000_000),
    ("getAllowDelegateOptimization", 1),
    ("getUnfreezeDelayDays", 14),
    ("getAllowOptimizedReturnValueOfChainId", 1),
    ("getAllowDynamicEnergy", 1),
    ("getDynamicEnergyThreshold", 5_000_000_000),
    ("getDynamicEnergyIncreaseFactor", 2_000),
    ("getDynamicEnergyMaxFactor", 34_000),
    ("getAllowTvmShangHai", 1),
    ("getAllowCancelAllUnfreezeV2", 1),
    ("getMaxDelegateLockPeriod", 864_000),
    ("getAllowOldRewardOpt", 1),
    ("getAllowEnergyAdjustment", 1),
    ("getMaxCreateAccountTxSize", 1_000),
    ("getAllowStrictMath", 1),
    ("getConsensusLogicOptimization", 1),
    ("getAllowTvmCancun", 1),
    ("getAllowTvmBlob", 1),
    // Not shown by `getchainparameters`: the public bandwidth pool is a plain property.
    (PUBLIC_NET_LIMIT, 14_400_000_000),
];

/// The one property in the table that is no chain parameter.
pub(crate) const PUBLIC_NET_LIMIT: &str = "getPublicNetLimit";

/// Current values and the price histories that follow from changing them.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    values: BTreeMap<&'static str, i64>,
    pub(crate) energy_prices: String,
    pub(crate) bandwidth_prices: String,
    pub(crate) memo_fees: String,
}

impl Parameters {
    pub(crate) fn mainnet() -> Self {
        Self {
            values: DEFAULTS.into_iter().collect(),
            energy_prices: "0:100,1575871200000:10,1606537680000:40,1614238080000:140,\
                            1635739080000:280,1681895880000:420,1726747200000:210,\
                            1756425600000:100"
                .to_owned(),
            bandwidth_prices: "0:10,1606537680000:40,1614238080000:140,1626581880000:1000,\
                               1626925680000:140,1627731480000:1000"
                .to_owned(),
            memo_fees: "0:0,1675492680000:1000000".to_owned(),
        }
    }

    /// The value of a key of the table.
    ///
    /// Panics: a key that is not in the table is a misspelling in this crate.
    pub(crate) fn get(&self, key: &'static str) -> i64 {
        *self.values.get(key).expect("every key used in this crate is in the table")
    }

    /// Changes a value and appends to the price history it belongs to; `false` for an unknown key.
    pub(crate) fn set(&mut self, key: &str, value: i64, now_ms: i64) -> bool {
        let Some((known, _)) = DEFAULTS.iter().find(|(known, _)| *known == key) else {
            return false;
        };
        self.values.insert(known, value);
        let history = match *known {
            "getEnergyFee" => &mut self.energy_prices,
            "getTransactionFee" => &mut self.bandwidth_prices,
            "getMemoFee" => &mut self.memo_fees,
            _ => return true,
        };
        history.push_str(&format!(",{now_ms}:{value}"));
        true
    }

    /// All chain parameters in the node's order.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (&'static str, i64)> {
        DEFAULTS
            .iter()
            .filter(|(key, _)| *key != PUBLIC_NET_LIMIT)
            .map(|(key, _)| (*key, self.get(key)))
    }
}
