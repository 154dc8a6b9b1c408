//! What executing a transaction cost and did.

use std::sync::Arc;

use tron::Address;

use crate::transaction::Transaction;

/// How a contract call ended; the numbers are java-tron's `contractResult`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContractResult {
    Success,
    Revert,
    OutOfEnergy,
}

impl ContractResult {
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Success => 1,
            Self::Revert => 2,
            Self::OutOfEnergy => 10,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Revert => "REVERT",
            Self::OutOfEnergy => "OUT_OF_ENERGY",
        }
    }
}

/// The bill, in energy, bandwidth and sun.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipt {
    pub(crate) energy_usage: i64,
    pub(crate) energy_fee: i64,
    pub(crate) origin_energy_usage: i64,
    pub(crate) energy_usage_total: i64,
    pub(crate) energy_penalty_total: i64,
    pub(crate) net_usage: i64,
    pub(crate) net_fee: i64,
    /// Multi-signature and memo fees: only visible inside the total.
    pub(crate) other_fee: i64,
}

/// An event of a contract.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) address: Address,
    pub(crate) topics: Vec<[u8; 32]>,
    pub(crate) data: Vec<u8>,
}

/// Everything known about an executed transaction, apart from its block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) receipt: Receipt,
    /// Fee of a system contract, sun.
    pub(crate) contract_fee: i64,
    /// Only for contract calls.
    pub(crate) call: Option<CallOutcome>,
    pub(crate) withdrawn: i64,
    /// Sun staked again per resource, when unfreezes were cancelled.
    pub(crate) cancelled: Option<Cancelled>,
}

/// What a contract call left behind.
#[derive(Clone, Debug)]
pub(crate) struct CallOutcome {
    pub(crate) contract: Address,
    pub(crate) result: ContractResult,
    pub(crate) returned: Vec<u8>,
    pub(crate) logs: Vec<Log>,
    /// Text of a failure.
    pub(crate) failure: Option<String>,
}

/// Sun per resource.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cancelled {
    pub(crate) bandwidth: i64,
    pub(crate) energy: i64,
}

impl Outcome {
    /// All sun that left the owner for good.
    pub(crate) const fn fee(&self) -> i64 {
        self.contract_fee + self.receipt.energy_fee + self.receipt.net_fee + self.receipt.other_fee
    }

    /// What the block says about it; system contracts that fail are not in a block.
    pub(crate) fn result(&self) -> ContractResult {
        self.call.as_ref().map_or(ContractResult::Success, |call| call.result)
    }
}

/// A transaction and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Executed {
    pub(crate) transaction: Arc<Transaction>,
    pub(crate) outcome: Outcome,
}
