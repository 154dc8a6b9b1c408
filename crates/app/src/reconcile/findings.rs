//! What a reconciliation finds.

use domain::{MerchantId, UnixMillis};
use tron::{Address, Resource, Sun, TxId};

/// What a wallet of the pool did on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It lent stake.
    Lent(Resource, Sun),
    /// It took stake back.
    TookBack(Resource, Sun),
    /// It activated the receiver.
    Activated,
    /// It sent TRX.
    Sent(Sun),
}

/// A transaction that our signers made with a wallet of the pool, and that no row knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownTx {
    /// The transaction.
    pub txid: TxId,
    /// Its solid block.
    pub block: i64,
    /// The block's time.
    pub at: UnixMillis,
    /// Who did it.
    pub wallet: Address,
    /// For whom.
    pub receiver: Address,
    /// What.
    pub deed: Deed,
    /// Who ordered it, as far as that can be told: the one merchant that ordered for this receiver
    /// before, or the only one there is.
    pub merchant: Option<MerchantId>,
    /// What it would be charged at the prices of now, energy by the hour; zero for what is free.
    pub charge: Sun,
    /// Whether that was posted already.
    pub is_posted: bool,
}

/// A payment to a deposit address that no row knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDeposit {
    /// The transaction.
    pub txid: TxId,
    /// Its solid block.
    pub block: i64,
    /// Whose address it went to; `None` if that is an address which the rows do not know to have been
    /// handed out, so that it may be that of a merchant whom they have forgotten.
    pub merchant: Option<MerchantId>,
    /// The address's number below its extended public key.
    pub number: i64,
    /// The address.
    pub address: Address,
    /// How much.
    pub amount: Sun,
    /// Whether the scan comes to it by itself once the server runs.
    pub is_ahead_of_scan: bool,
}

/// Stake that is lent on chain and that no order counts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stranded {
    /// Whose stake it is.
    pub wallet: Address,
    /// Who has it.
    pub receiver: Address,
    /// Which resource.
    pub resource: Resource,
    /// How much.
    pub stake: Sun,
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The first and the last block that were read; `None` if there was nothing to read.
    pub blocks: Option<(i64, i64)>,
    /// What the pool did.
    pub txs: Vec<UnknownTx>,
    /// What came in.
    pub deposits: Vec<UnknownDeposit>,
    /// What is still lent.
    pub stranded: Vec<Stranded>,
}

impl Findings {
    /// Whether the rows know everything.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let is_settled = |tx: &UnknownTx| tx.is_posted || tx.charge == Sun::ZERO;
        self.txs.iter().all(is_settled) && self.deposits.is_empty() && self.stranded.is_empty()
    }
}
