//! Defects put in on purpose, each at a port: the checks must find every one of them.
//!
//! A check that finds nothing proves nothing until it was seen to find something. `tests/mutations.rs`
//! puts in one defect after the other and expects the run to fail, and to name the promise that is
//! broken.

use app::rows::{Changes, Needs, PolicyView, Rows};
use domain::key::KeySpend;
use domain::ledger::{Fact, LedgerTx};
use domain::{OrderState, TxState};
use tron::Sun;

macro_rules! mutations {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal;)+) => {
        /// One defect.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Mutation { $($(#[doc = $doc])+ $name,)+ }

        impl Mutation {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its word on the command line.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The defect of this word.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|mutation| mutation.word() == word)
            }
        }
    };
}

mutations! {
    /// Work whose lease was taken over is committed all the same.
    NoFencing = "no-fencing";
    /// A signed transaction is sent before it is stored.
    SendBeforeCommit = "send-before-commit";
    /// A request that comes again is not recognised.
    ForgetReplays = "forget-replays";
    /// An order's money is settled a second time.
    SettleTwice = "settle-twice";
    /// The money of a transfer of TRX is settled a second time.
    SettleTransferTwice = "settle-transfer-twice";
    /// The money of an order that failed stays held.
    KeepHolds = "keep-holds";
    /// Stake that was set aside for a leg stays so when the leg is on chain or dropped.
    KeepReservations = "keep-reservations";
    /// The outcome is committed without its callback.
    ForgetCallbacks = "forget-callbacks";
    /// A callback's bytes are rendered at each attempt.
    RenderAgain = "render-again";
    /// What other orders on an address count on is not looked at.
    ForgetNeighbours = "forget-neighbours";
    /// A commit that failed is reported as done.
    AnswerBeforeCommit = "answer-before-commit";
    /// A send without an answer counts as refused.
    UnansweredIsRefused = "unanswered-is-refused";
    /// A transaction that has expired counts as lost without proof.
    ExpiredIsLost = "expired-is-lost";
    /// The receiver is not read back before its order is called ready.
    NoReadBack = "no-read-back";
    /// A record that a node does not show counts as taken back.
    TrustEmptyRecords = "trust-empty-records";
    /// That a fork undid a receiver's transfer is not recorded, nor looked for before its order ends.
    ForgetUndoneUse = "forget-undone-use";
    /// That a policy has a refill on its way is not looked at before another is ordered.
    ForgetRefills = "forget-refills";
    /// What a key has spent is not looked at before a policy orders with it.
    ForgetCaps = "forget-caps";
    /// What a merchant has is not looked at before its order is accepted.
    ForgetBalances = "forget-balances";
    /// Until when a dropped transfer can come again is not remembered.
    ForgetExpirations = "forget-expirations";
    /// Orders that wait for another one on their address are not told that the way is free.
    LoseNudges = "lose-nudges";
    /// What was charged for and never made is not paid back.
    KeepParts = "keep-parts";
    /// What was charged for and never made is paid back a second time.
    PayPartsTwice = "pay-parts-twice";
}

/// Transactions that a decision adds, as bytes to be sent.
pub(crate) fn new_transactions(rows: &Rows, changes: &Changes) -> Vec<Vec<u8>> {
    let Some(after) = &changes.whole else { return Vec::new() };
    let known = rows.whole.as_ref().map_or(0, |before| before.txs.len());
    let added = after.txs.iter().skip(known).filter(|tx| tx.state == TxState::Stored);
    added.map(|tx| tx.bytes.clone()).collect()
}

impl Mutation {
    /// What a work reads, with the defect.
    pub(crate) fn needs(self, needs: &Needs) -> Needs {
        let mut needs = needs.clone();
        if self == Self::NoFencing {
            needs.lease = None;
            needs.policy_lease = None;
        }
        if self == Self::ForgetReplays {
            needs.answers = None;
        }
        needs
    }

    /// What a decision sees, with the defect.
    pub(crate) fn rows(self, rows: &Rows) -> Rows {
        let mut rows = rows.clone();
        if self == Self::ForgetNeighbours {
            rows.others.clear();
        }
        if self == Self::ForgetRefills
            && let Some(policy) = &mut rows.policy
        {
            policy.open = None;
        }
        if self == Self::ForgetCaps && rows.policy.is_some() {
            rows.spend = KeySpend::default();
        }
        if self == Self::ForgetBalances
            && let Some(merchant) = &mut rows.merchant
        {
            merchant.available = Sun::new(i64::MAX);
        }
        rows
    }

    /// What a worker sees of a policy, with the defect.
    pub(crate) fn policy_view(self, mut view: PolicyView) -> PolicyView {
        if self == Self::ForgetRefills {
            (view.policy.open, view.open) = (None, None);
        }
        view
    }

    /// What a decision writes, with the defect; `None` is a refusal.
    pub(crate) fn changes(self, rows: &Rows, mut changes: Changes) -> Option<Changes> {
        match self {
            Self::ForgetReplays => changes.answers = None,
            Self::SettleTwice => settle_twice(&mut changes, Fact::OrderSettled),
            Self::SettleTransferTwice => settle_twice(&mut changes, Fact::TransferSettled),
            Self::KeepHolds => changes.ledger.retain(|tx| tx.fact != Fact::OrderReleased),
            Self::KeepReservations => changes.wallets.retain(|change| {
                !change.energy_reserved.is_negative() && !change.bandwidth_reserved.is_negative()
            }),
            Self::ForgetCallbacks => changes.callback = None,
            Self::ForgetUndoneUse if is_undone_use(rows, &changes) => return None,
            Self::ForgetExpirations => {
                if let Some(whole) = &mut changes.whole {
                    whole.order.undone_until = None;
                }
            }
            Self::LoseNudges => changes.nudges.clear(),
            Self::KeepParts => keep_part(&mut changes),
            Self::PayPartsTwice => settle_twice(&mut changes, Fact::OrderPartlyRefunded),
            Self::NoFencing
            | Self::SendBeforeCommit
            | Self::RenderAgain
            | Self::ForgetNeighbours
            | Self::AnswerBeforeCommit
            | Self::UnansweredIsRefused
            | Self::ExpiredIsLost
            | Self::NoReadBack
            | Self::TrustEmptyRecords
            | Self::ForgetUndoneUse
            | Self::ForgetRefills
            | Self::ForgetCaps
            | Self::ForgetBalances => {}
        }
        Some(changes)
    }
}

/// The same entries once more, under an identity of their own.
fn settle_twice(changes: &mut Changes, fact: Fact) {
    let settled = changes.ledger.iter().find(|tx| tx.fact == fact);
    let again = settled.map(|tx| {
        let mut business = tx.id.business;
        business[15] ^= 1;
        LedgerTx::new(business, tx.fact, tx.order, tx.at, tx.entries().to_vec())
    });
    changes.ledger.extend(again);
}

fn is_undone_use(rows: &Rows, changes: &Changes) -> bool {
    let before = rows.whole.as_ref().map(|whole| &whole.order);
    let after = changes.whole.as_ref().map(|whole| &whole.order);
    before.zip(after).is_some_and(|(before, after)| {
        let is_open = after.state == OrderState::Delivered && after.used_by.is_none();
        is_open && before.used_by.is_some()
    })
}

fn keep_part(changes: &mut Changes) {
    changes.ledger.retain(|tx| tx.fact != Fact::OrderPartlyRefunded);
    if let Some(whole) = &mut changes.whole {
        whole.order.part_refunded = Sun::ZERO;
    }
}
