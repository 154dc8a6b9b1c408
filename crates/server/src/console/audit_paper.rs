//! What an audit found, as a line of the log of changes keeps it: every server reads it there, and so does
//! whoever looks after a restart.

use app::audit::AuditFailed;
use app::reconcile::{Deed, Findings, Stranded, UnknownDeposit, UnknownTx};
use domain::{MerchantId, UnixMillis};
use serde::{Deserialize, Serialize};
use tron::{Resource, Sun};

use super::audit_desk::{Asked, Outcome};

/// Most findings of a kind that are kept; what is done about those leaves room for the others.
const FINDINGS_KEPT_MAX: usize = 500;

/// One audit that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paper {
    /// Which one, as the line of its beginning has it.
    pub(super) run: String,
    /// What was asked.
    pub(super) kind: Asked,
    /// When it began, in milliseconds.
    pub(super) began_ms: i64,
    /// What came of it.
    pub(super) outcome: PaperOutcome,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PaperOutcome {
    /// Ledger and rows were compared.
    Audited {
        /// Ledger accounts.
        accounts: i64,
        /// Ledger transactions.
        ledger_txs: i64,
        /// Orders.
        orders: i64,
        /// What differs, in English.
        differences: Vec<String>,
        /// Differences that are not kept.
        left_out: usize,
    },
    /// The chain was read.
    Reconciled {
        /// The first and the last block.
        blocks: Option<(i64, i64)>,
        /// What the pool did.
        txs: Vec<PaperTx>,
        /// What came in.
        deposits: Vec<PaperDeposit>,
        /// What is lent.
        stranded: Vec<PaperStranded>,
        /// What could not be put right: one sentence in each language.
        failures: Vec<[String; 2]>,
        /// Findings that are not kept.
        left_out: usize,
    },
    /// The chain could not be read.
    NoChain,
    /// The database did not answer.
    NoStore,
}

/// [`UnknownTx`], as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PaperTx {
    txid: String,
    block: i64,
    at_ms: i64,
    wallet: String,
    receiver: String,
    deed: PaperDeed,
    merchant: Option<i64>,
    charge_sun: i64,
    is_posted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaperDeed {
    Lent(PaperResource, i64),
    TookBack(PaperResource, i64),
    Activated,
    Sent(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaperResource {
    Energy,
    Bandwidth,
}

/// [`UnknownDeposit`], as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PaperDeposit {
    txid: String,
    block: i64,
    merchant: Option<i64>,
    /// Another release wrote none.
    #[serde(default)]
    number: i64,
    address: String,
    amount_sun: i64,
    is_ahead_of_scan: bool,
}

/// [`Stranded`], as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PaperStranded {
    wallet: String,
    receiver: String,
    resource: PaperResource,
    stake_sun: i64,
}

impl PaperOutcome {
    /// What came of an audit, with at most [`FINDINGS_KEPT_MAX`] of each kind.
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Audited(audit) => {
                let (differences, left_out) = kept(&audit.differences, String::clone);
                let (accounts, ledger_txs) = (audit.accounts, audit.ledger_txs);
                Self::Audited { accounts, ledger_txs, orders: audit.orders, differences, left_out }
            }
            Outcome::Reconciled(found, failures) => {
                // What is still to be done comes first.
                let is_done = |tx: &&UnknownTx| tx.is_posted || tx.charge == Sun::ZERO;
                let mut txs: Vec<&UnknownTx> = found.txs.iter().collect();
                txs.sort_by_key(is_done);
                let (txs, txs_out) = kept(&txs, |tx| PaperTx::of(tx));
                let (deposits, deposits_out) = kept(&found.deposits, PaperDeposit::of);
                let (stranded, stranded_out) = kept(&found.stranded, PaperStranded::of);
                Self::Reconciled {
                    blocks: found.blocks,
                    txs,
                    deposits,
                    stranded,
                    failures: kept(failures, Clone::clone).0,
                    left_out: txs_out + deposits_out + stranded_out,
                }
            }
            Outcome::Failed(AuditFailed::Node(_)) => Self::NoChain,
            Outcome::Failed(AuditFailed::Store(_)) => Self::NoStore,
        }
    }

    /// What a reconciliation found; `None` of anything else, and of what another release wrote.
    pub(super) fn findings(&self) -> Option<Findings> {
        let Self::Reconciled { blocks, txs, deposits, stranded, .. } = self else { return None };
        Some(Findings {
            blocks: *blocks,
            txs: txs.iter().map(PaperTx::read).collect::<Option<_>>()?,
            deposits: deposits.iter().map(PaperDeposit::read).collect::<Option<_>>()?,
            stranded: stranded.iter().map(PaperStranded::read).collect::<Option<_>>()?,
        })
    }
}

/// The first of them as they are kept, and how many are not.
fn kept<T, P>(all: &[T], paper: impl Fn(&T) -> P) -> (Vec<P>, usize) {
    let kept = all.iter().take(FINDINGS_KEPT_MAX).map(paper).collect();
    (kept, all.len().saturating_sub(FINDINGS_KEPT_MAX))
}

impl PaperTx {
    fn of(tx: &UnknownTx) -> Self {
        Self {
            txid: tx.txid.to_string(),
            block: tx.block,
            at_ms: tx.at.get(),
            wallet: tx.wallet.to_string(),
            receiver: tx.receiver.to_string(),
            deed: PaperDeed::of(tx.deed),
            merchant: tx.merchant.map(|merchant| merchant.0),
            charge_sun: tx.charge.get(),
            is_posted: tx.is_posted,
        }
    }

    fn read(&self) -> Option<UnknownTx> {
        Some(UnknownTx {
            txid: self.txid.parse().ok()?,
            block: self.block,
            at: UnixMillis(self.at_ms),
            wallet: self.wallet.parse().ok()?,
            receiver: self.receiver.parse().ok()?,
            deed: self.deed.read(),
            merchant: self.merchant.map(MerchantId),
            charge: Sun::new(self.charge_sun),
            is_posted: self.is_posted,
        })
    }
}

impl PaperDeed {
    const fn of(deed: Deed) -> Self {
        match deed {
            Deed::Lent(resource, stake) => Self::Lent(PaperResource::of(resource), stake.get()),
            Deed::TookBack(resource, stake) => {
                Self::TookBack(PaperResource::of(resource), stake.get())
            }
            Deed::Activated => Self::Activated,
            Deed::Sent(amount) => Self::Sent(amount.get()),
        }
    }

    const fn read(self) -> Deed {
        match self {
            Self::Lent(resource, stake) => Deed::Lent(resource.read(), Sun::new(stake)),
            Self::TookBack(resource, stake) => Deed::TookBack(resource.read(), Sun::new(stake)),
            Self::Activated => Deed::Activated,
            Self::Sent(amount) => Deed::Sent(Sun::new(amount)),
        }
    }
}

impl PaperResource {
    const fn of(resource: Resource) -> Self {
        match resource {
            Resource::Energy => Self::Energy,
            Resource::Bandwidth => Self::Bandwidth,
        }
    }

    const fn read(self) -> Resource {
        match self {
            Self::Energy => Resource::Energy,
            Self::Bandwidth => Resource::Bandwidth,
        }
    }
}

impl PaperDeposit {
    fn of(one: &UnknownDeposit) -> Self {
        Self {
            txid: one.txid.to_string(),
            block: one.block,
            merchant: one.merchant.map(|merchant| merchant.0),
            number: one.number,
            address: one.address.to_string(),
            amount_sun: one.amount.get(),
            is_ahead_of_scan: one.is_ahead_of_scan,
        }
    }

    fn read(&self) -> Option<UnknownDeposit> {
        Some(UnknownDeposit {
            txid: self.txid.parse().ok()?,
            block: self.block,
            merchant: self.merchant.map(MerchantId),
            number: self.number,
            address: self.address.parse().ok()?,
            amount: Sun::new(self.amount_sun),
            is_ahead_of_scan: self.is_ahead_of_scan,
        })
    }
}

impl PaperStranded {
    fn of(one: &Stranded) -> Self {
        Self {
            wallet: one.wallet.to_string(),
            receiver: one.receiver.to_string(),
            resource: PaperResource::of(one.resource),
            stake_sun: one.stake.get(),
        }
    }

    fn read(&self) -> Option<Stranded> {
        Some(Stranded {
            wallet: self.wallet.parse().ok()?,
            receiver: self.receiver.parse().ok()?,
            resource: self.resource.read(),
            stake: Sun::new(self.stake_sun),
        })
    }
}

#[cfg(test)]
mod tests {
    use tron::TxId;

    use super::*;

    fn tx(number: u8, deed: Deed, is_posted: bool) -> UnknownTx {
        UnknownTx {
            txid: TxId::from_bytes([number; 32]),
            block: 7,
            at: UnixMillis(1_000),
            wallet: node::black_hole(),
            receiver: node::black_hole(),
            deed,
            merchant: Some(MerchantId(3)),
            charge: Sun::new(60),
            is_posted,
        }
    }

    #[test]
    fn findings_come_back_as_they_were_what_is_open_first() {
        let stake = Sun::from_trx(5);
        let deeds = [
            Deed::Lent(Resource::Energy, stake),
            Deed::TookBack(Resource::Bandwidth, stake),
            Deed::Activated,
            Deed::Sent(stake),
        ];
        let txs = deeds.into_iter().zip(1..).map(|(deed, number)| tx(number, deed, false));
        let found = Findings {
            blocks: Some((1, 9)),
            txs: std::iter::once(tx(9, Deed::Activated, true)).chain(txs).collect(),
            deposits: [Some(MerchantId(3)), None]
                .map(|merchant| UnknownDeposit {
                    txid: TxId::from_bytes([8; 32]),
                    block: 8,
                    merchant,
                    number: 3,
                    address: node::black_hole(),
                    amount: stake,
                    is_ahead_of_scan: merchant.is_some(),
                })
                .to_vec(),
            stranded: vec![Stranded {
                wallet: node::black_hole(),
                receiver: node::black_hole(),
                resource: Resource::Energy,
                stake,
            }],
        };
        let paper = PaperOutcome::of(&Outcome::Reconciled(found.clone(), Vec::new()));
        let text = serde_json::to_string(&paper).unwrap();
        let read: PaperOutcome = serde_json::from_str(&text).unwrap();
        assert_eq!(read, paper);
        let mut expected = found;
        expected.txs.rotate_left(1);
        assert_eq!(read.findings(), Some(expected));
    }

    #[test]
    fn a_line_of_the_log_stays_small() {
        let many = vec![tx(1, Deed::Activated, false); FINDINGS_KEPT_MAX + 3];
        let found = Findings { txs: many, ..Findings::default() };
        let paper = PaperOutcome::of(&Outcome::Reconciled(found, Vec::new()));
        let PaperOutcome::Reconciled { txs, left_out, .. } = paper else { panic!("{paper:?}") };
        assert_eq!((txs.len(), left_out), (FINDINGS_KEPT_MAX, 3));
    }
}
