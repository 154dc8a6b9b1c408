//! The questions that this room asks, by name: paths and counters hang on them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// One kind of request to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// The newest block's header.
    Head,
    /// The newest solid block's header.
    SolidHead,
    /// One whole block.
    Block,
    /// Several whole solid blocks in a row.
    SolidBlocks,
    /// One address as stored on chain.
    Account,
    /// Limits and usage of one address, and the chain totals.
    Resources,
    /// A contract call without a transaction.
    ConstantCall,
    /// Prices and limits set by vote.
    ChainParameters,
    /// How much stake an owner can lend now.
    MaxDelegatable,
    /// What one owner lends one receiver.
    Delegated,
    /// Everybody an owner lends to.
    DelegationIndex,
    /// A signed transaction goes out.
    Broadcast,
    /// The receipt of a transaction, reversible or not.
    Lookup,
    /// The receipt of a transaction in a solid block.
    LookupSolid,
    /// Many contract calls, or many balances, in one request.
    CallBatch,
}

impl Call {
    /// Every call, in the order of [`Call::index`].
    pub const ALL: [Self; 15] = [
        Self::Head,
        Self::SolidHead,
        Self::Block,
        Self::SolidBlocks,
        Self::Account,
        Self::Resources,
        Self::ConstantCall,
        Self::ChainParameters,
        Self::MaxDelegatable,
        Self::Delegated,
        Self::DelegationIndex,
        Self::Broadcast,
        Self::Lookup,
        Self::LookupSolid,
        Self::CallBatch,
    ];

    /// Path below the node's base URL.
    ///
    /// Heads use `getblock` with `detail: false`, because `getnowblock` sends every transaction.
    /// Source: java-tron `FullNodeHttpApiService`, `HttpApiOnSolidityService`.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Head => "wallet/getblock",
            Self::SolidHead => "walletsolidity/getblock",
            Self::Block => "wallet/getblockbynum",
            Self::SolidBlocks => "walletsolidity/getblockbylimitnext",
            Self::Account => "wallet/getaccount",
            Self::Resources => "wallet/getaccountresource",
            Self::ConstantCall => "wallet/triggerconstantcontract",
            Self::ChainParameters => "wallet/getchainparameters",
            Self::MaxDelegatable => "wallet/getcandelegatedmaxsize",
            Self::Delegated => "wallet/getdelegatedresourcev2",
            Self::DelegationIndex => "wallet/getdelegatedresourceaccountindexv2",
            Self::Broadcast => "wallet/broadcasthex",
            Self::Lookup => "wallet/gettransactioninfobyid",
            Self::LookupSolid => "walletsolidity/gettransactioninfobyid",
            Self::CallBatch => "jsonrpc",
        }
    }

    /// Position in [`Call::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.path())
    }
}

/// How often each call was made, and how often it brought no usable answer.
#[derive(Debug, Default)]
pub struct Counters {
    made: [AtomicU64; Call::ALL.len()],
    failed: [AtomicU64; Call::ALL.len()],
}

/// One line of [`Counters::snapshot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallCount {
    /// What was asked.
    pub call: Call,
    /// Requests handed to the transport since start.
    pub made: u64,
    /// Those among them that brought no usable answer.
    pub failed: u64,
}

impl Counters {
    pub(crate) fn count_made(&self, call: Call) {
        self.made[call.index()].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_failed(&self, call: Call) {
        self.failed[call.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Requests of one kind since start.
    #[must_use]
    pub fn made(&self, call: Call) -> u64 {
        self.made[call.index()].load(Ordering::Relaxed)
    }

    /// Requests of one kind that brought no usable answer.
    #[must_use]
    pub fn failed(&self, call: Call) -> u64 {
        self.failed[call.index()].load(Ordering::Relaxed)
    }

    /// Requests of every kind since start.
    #[must_use]
    pub fn total_made(&self) -> u64 {
        Call::ALL.iter().map(|call| self.made(*call)).sum()
    }

    /// Every kind of call with its counts, for metrics.
    #[must_use]
    pub fn snapshot(&self) -> Vec<CallCount> {
        let line = |call| CallCount { call, made: self.made(call), failed: self.failed(call) };
        Call::ALL.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_own_place_and_path() {
        for (index, call) in Call::ALL.into_iter().enumerate() {
            assert_eq!(call.index(), index);
            assert_eq!(Call::ALL.iter().filter(|other| other.path() == call.path()).count(), 1);
        }
    }
}
