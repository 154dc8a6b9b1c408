//! Every change of an order: an event comes in, a [`Decision`] goes out, nothing else moves it.

mod accept;
mod chain;
mod ending;
mod fill;
mod fork;

pub use accept::{Grounds, NewOrder, Offer, Priced, Wanted, accept, admit, price_order};
pub use fill::ReadBack;

use std::collections::BTreeMap;

use tron::{Address, Resource, Sun, TxId};

use super::next::Moment;
use super::{OrderState, Use, WholeOrder};
use crate::callback::CallbackEvent;
use crate::key::CapExceeded;
use crate::ledger::LedgerTx;
use crate::leg::step::LegRefused;
use crate::leg::{Leg, LegKind, Road};
use crate::limits::OrderLimits;
use crate::pool::{NoCapacity, Pool};
use crate::time::UnixMillis;
use crate::tx::ChainTx;

/// What a node said to a transaction that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Known to a node: it may be included.
    Taken,
    /// No usable answer: it may be included.
    Unanswered,
    /// Every node that was asked refused it, and these bytes were never sent before: they were signed
    /// in this very claim, so nobody else can have them.
    RefusedOutright,
    /// Every node that was asked refused it, but an earlier send is not known: a worker may have died
    /// between sending and recording.
    Refused,
}

/// Something that happened to an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A transaction was built and signed; storing it makes it true.
    Signed(ChainTx),
    /// A transaction was sent and this was the answer.
    Answered {
        /// Which transaction.
        txid: TxId,
        /// What was said.
        answer: Answer,
    },
    /// A transaction was seen in a block.
    Included {
        /// Which transaction.
        txid: TxId,
        /// The block's number.
        block: i64,
        /// The block's time.
        at: UnixMillis,
        /// Whether it was executed; a failed one changed nothing and counts as lost once no fork can
        /// include it again.
        has_succeeded: bool,
    },
    /// The block that held a transaction is not on the chain any more.
    ReorgedOut(TxId),
    /// A transaction can never be included.
    Lost(TxId),
    /// The chain shows that nothing is left to take back for this leg.
    NothingToReturn(u8),
    /// The receiver was read back.
    Read(ReadBack),
    /// The receiver's transfer was seen in a block; or in another block than the one that it was seen in
    /// before.
    Used {
        /// The transfer.
        txid: TxId,
        /// The block's time.
        at: UnixMillis,
    },
    /// A call by the receiver used energy of a plain order whose use is followed; or it was seen in another
    /// block than before.
    Consumed(Use),
    /// The merchant wants it to end now.
    Stopped,
    /// The block that held a call which counted as use is not on the chain any more.
    Unused {
        /// The call.
        txid: TxId,
        /// Chain time after which it cannot come again; `None` where nobody remembers its bytes.
        expiration: Option<UnixMillis>,
    },
    /// A transfer that a fork had dropped came again and failed, so it moves nothing any more.
    FailedAgain(TxId),
    /// The blocks that hold these calls, which used it, cannot be undone.
    UseProven(Vec<TxId>),
    /// Time passed.
    Tick,
}

/// How a wallet's row changes; all amounts are differences.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalletChange {
    /// The wallet.
    pub address: Address,
    /// Energy stake set aside, in sun.
    pub energy_reserved: Sun,
    /// Energy stake that can be lent, in sun.
    pub energy_capacity: Sun,
    /// Bandwidth stake set aside, in sun.
    pub bandwidth_reserved: Sun,
    /// Bandwidth stake that can be lent, in sun.
    pub bandwidth_capacity: Sun,
    /// Bandwidth for its own transactions, in units.
    pub own_bandwidth: i64,
    /// Legs of its stake that are not back.
    pub legs_open: i64,
    /// Liquid TRX, in sun.
    pub balance: Sun,
}

/// What becomes true together: state, money, the pool, and what is owed to the outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The order as it is from now on.
    pub whole: WholeOrder,
    /// Postings, each balanced.
    pub ledger: Vec<LedgerTx>,
    /// The one terminal callback, if this ends the order for the merchant.
    pub callback: Option<CallbackEvent>,
    /// How wallets change.
    pub wallets: Vec<WalletChange>,
    /// When the order wants attention again; now, unless there is a reason to wait.
    pub due: UnixMillis,
}

/// Why an event does not apply. Workers race; a refusal means that another was first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The merchant is paused.
    #[error("the merchant is paused")]
    MerchantPaused,
    /// Too many orders are open on the receiver.
    #[error("{open} orders are open on this address")]
    TooManyOpen {
        /// How many.
        open: usize,
    },
    /// The receiver is a wallet of the pool, which cannot lend to itself.
    #[error("the receiver is a wallet of the pool")]
    ReceiverIsPool,
    /// The receiver does not exist, and its activation was not bought.
    #[error("{receiver} does not exist on chain")]
    ReceiverInactive {
        /// The address.
        receiver: Address,
    },
    /// The merchant cannot pay.
    #[error("the order costs {need} and {have} are available")]
    InsufficientFunds {
        /// What is available.
        have: Sun,
        /// What it costs.
        need: Sun,
    },
    /// The key has spent what it may on this day.
    #[error(transparent)]
    CapExceeded(#[from] CapExceeded),
    /// The pool cannot supply it.
    #[error(transparent)]
    NoCapacity(#[from] NoCapacity),
    /// The price does not fit 63 bits.
    #[error("the price is out of range")]
    PriceOutOfRange,
    /// The leg is not in a state for this.
    #[error(transparent)]
    Leg(#[from] LegRefused),
    /// There is no such leg or transaction.
    #[error("the order has no such leg or transaction")]
    Unknown,
    /// It changes nothing: it was already so.
    #[error("nothing changes")]
    NoChange,
}

/// The surroundings of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The other live orders on the same receiver.
    pub others: &'a [WholeOrder],
    /// The moment.
    pub moment: Moment,
    /// The operator's limits.
    pub limits: &'a OrderLimits,
}

/// The decision for an event.
///
/// `pool` is what a top-up may draw on. Shape: pure, O(legs + transactions + others).
/// Errors: [`Refused`]; nothing has changed then.
pub fn step(
    whole: &WholeOrder,
    event: Event,
    around: &Surroundings<'_>,
    pool: &Pool,
) -> Result<Decision, Refused> {
    let mut decision = Decision {
        whole: whole.clone(),
        ledger: Vec::new(),
        callback: None,
        wallets: Vec::new(),
        due: around.moment.now,
    };
    match event {
        Event::Signed(tx) => chain::signed(&mut decision, tx, around)?,
        Event::Answered { txid, answer } => chain::answered(&mut decision, txid, answer, around)?,
        Event::Included { txid, block, at, has_succeeded } => {
            chain::included(&mut decision, txid, block, at, has_succeeded, around)?;
        }
        Event::ReorgedOut(txid) => chain::reorged_out(&mut decision, txid)?,
        Event::Lost(txid) => chain::lost(&mut decision, txid, around)?,
        Event::NothingToReturn(leg) => {
            chain::nothing_to_return(&mut decision, leg, around.moment.chain_now)?;
        }
        Event::Read(read) => fill::read_back(&mut decision, read, around, pool)?,
        Event::Used { txid, at } => fill::used(&mut decision, txid, at, around)?,
        Event::Consumed(one) => fill::consumed(&mut decision, one, around)?,
        Event::Stopped => ending::stopped(&mut decision, around)?,
        Event::Unused { txid, expiration } => {
            fork::unused(&mut decision, txid, expiration, around)?;
        }
        Event::FailedAgain(txid) => fork::failed_again(&mut decision, txid)?,
        Event::UseProven(calls) => ending::use_proven(&mut decision, &calls, around)?,
        Event::Tick => ending::tick(&mut decision, around)?,
    }
    if decision.whole == *whole && decision.due == around.moment.now {
        return Err(Refused::NoChange);
    }
    decision.wallets.extend(WalletChange::of_open_legs(&whole.legs, &decision.whole.legs));
    Ok(decision)
}

impl WalletChange {
    /// No change of this wallet.
    #[must_use]
    pub fn none(address: Address) -> Self {
        Self {
            address,
            energy_reserved: Sun::ZERO,
            energy_capacity: Sun::ZERO,
            bandwidth_reserved: Sun::ZERO,
            bandwidth_capacity: Sun::ZERO,
            own_bandwidth: 0,
            legs_open: 0,
            balance: Sun::ZERO,
        }
    }

    /// The change between two states of a pool, wallet by wallet.
    fn between(before: &Pool, after: &Pool) -> Vec<Self> {
        before
            .wallets
            .iter()
            .zip(&after.wallets)
            .map(|(old, new)| Self {
                energy_reserved: new.energy_reserved - old.energy_reserved,
                bandwidth_reserved: new.bandwidth_reserved - old.bandwidth_reserved,
                own_bandwidth: new.own_bandwidth - old.own_bandwidth,
                balance: new.balance - old.balance,
                ..Self::none(old.address)
            })
            .filter(|change| *change != Self::none(change.address))
            .collect()
    }

    /// The legs that were opened and closed between two states of an order, wallet by wallet.
    fn of_open_legs(before: &[Leg], after: &[Leg]) -> Vec<Self> {
        let mut opened: BTreeMap<Address, i64> = BTreeMap::new();
        for (legs, count) in [(before, -1), (after, 1)] {
            for leg in legs.iter().filter(|leg| leg.kind.stake().is_some() && !leg.is_closed()) {
                *opened.entry(leg.owner).or_default() += count;
            }
        }
        let changed = opened.into_iter().filter(|(_, count)| *count != 0);
        changed.map(|(owner, legs_open)| Self { legs_open, ..Self::none(owner) }).collect()
    }

    /// A leg's stake moves: `reserved` and `capacity` are +1, 0 or -1 times its balance.
    fn of_leg(owner: Address, kind: LegKind, reserved: i64, capacity: i64) -> Option<Self> {
        let LegKind::Delegation { resource, balance, .. } = kind else { return None };
        let (reserved, capacity) =
            (Sun::new(balance.get() * reserved), Sun::new(balance.get() * capacity));
        Some(match resource {
            Resource::Energy => {
                Self { energy_reserved: reserved, energy_capacity: capacity, ..Self::none(owner) }
            }
            Resource::Bandwidth => Self {
                bandwidth_reserved: reserved,
                bandwidth_capacity: capacity,
                ..Self::none(owner)
            },
        })
    }
}

impl Decision {
    /// Whether the order is final for the merchant.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.whole.order.state != OrderState::Filling
    }

    /// The leg that a transaction serves.
    fn leg_of(&mut self, txid: TxId) -> Result<(usize, usize, Road), Refused> {
        let tx = self.whole.txs.iter().position(|tx| tx.txid == txid).ok_or(Refused::Unknown)?;
        let (number, road) = (self.whole.txs[tx].leg.number, self.whole.txs[tx].road);
        let leg = self.whole.legs.iter().position(|leg| leg.id.number == number);
        Ok((tx, leg.ok_or(Refused::Unknown)?, road))
    }
}
