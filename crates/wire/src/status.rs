//! The platform's numbers for how far an order is.
//!
//! Source: api-contract 6.2, 6.3, 6.5. One known client does not know 43 and asks for ever, so
//! whatever was refunded is 41, and 43 is left for what a person must look at.
//!
//! | order | its legs | status |
//! |---|---|---|
//! | filling | nothing signed | 20 |
//! | filling | a transaction was lost and its leg is not yet on chain | 32 |
//! | filling | some on chain, some not | 31 |
//! | filling | otherwise: none or all on chain, not yet read back | 30 |
//! | delivered, ended | any | 40 |
//! | refunded | any | 41 |

mod policy;

pub use policy::{
    policy_status_code, policy_status_words, policy_step_code, policy_step_words, policy_variety,
};

use domain::callback::Outcome;
use domain::leg::{LegState, Road};
use domain::{OrderState, TxState, WholeOrder};

/// `status` in the answer to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// 0: never paid. Cannot happen to an order that is paid from a balance; clients must know it.
    ClosedByTimeout,
    /// 10: not yet paid. As above.
    WaitingForPayment,
    /// 20: accepted, the price is held, nothing was sent.
    Paid,
    /// 30: being filled.
    Preparing,
    /// 31: some of the delegations are there.
    PartlyDelegated,
    /// 32: something failed and is tried again.
    Retrying,
    /// 40: the address has what it needs.
    Completed,
    /// 41: it has not, and the money is back.
    Refunded,
    /// 43: it has not, and a person must look.
    EndedAbnormally,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::ClosedByTimeout,
        Self::WaitingForPayment,
        Self::Paid,
        Self::Preparing,
        Self::PartlyDelegated,
        Self::Retrying,
        Self::Completed,
        Self::Refunded,
        Self::EndedAbnormally,
    ];

    /// The status of a stored order; see the table of this module.
    #[must_use]
    pub fn of(whole: &WholeOrder) -> Self {
        match whole.order.state {
            OrderState::Filling => Self::of_filling(whole),
            OrderState::Delivered | OrderState::Ended => Self::Completed,
            OrderState::Refunded => Self::Refunded,
        }
    }

    fn of_filling(whole: &WholeOrder) -> Self {
        let is_there = |number| whole.leg(number).is_some_and(|leg| is_on_chain(leg.state));
        let is_retried = whole.txs.iter().any(|tx| {
            tx.road == Road::Out && tx.state == TxState::Lost && !is_there(tx.leg.number)
        });
        let there = whole.fill_legs().filter(|leg| is_on_chain(leg.state)).count();
        if whole.txs.is_empty() {
            Self::Paid
        } else if is_retried {
            Self::Retrying
        } else if there > 0 && there < whole.fill_legs().count() {
            Self::PartlyDelegated
        } else {
            Self::Preparing
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::ClosedByTimeout => 0,
            Self::WaitingForPayment => 10,
            Self::Paid => 20,
            Self::Preparing => 30,
            Self::PartlyDelegated => 31,
            Self::Retrying => 32,
            Self::Completed => 40,
            Self::Refunded => 41,
            Self::EndedAbnormally => 43,
        }
    }

    /// The status of that number; 42 is unused.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Whether it will never change again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::WaitingForPayment
            | Self::Paid
            | Self::Preparing
            | Self::PartlyDelegated
            | Self::Retrying => false,
            Self::ClosedByTimeout | Self::Completed | Self::Refunded | Self::EndedAbnormally => {
                true
            }
        }
    }
}

/// Whether the chain has shown what a leg was to do, whatever came after.
const fn is_on_chain(state: LegState) -> bool {
    match state {
        LegState::Planned | LegState::Signed | LegState::Dropped => false,
        LegState::Included | LegState::Owed | LegState::Returning | LegState::Returned => true,
    }
}

/// `details[].status` in the answer to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailStatus {
    /// 20: the receiver has the energy.
    Delegated,
    /// 30: it was taken back.
    TakenBack,
}

impl DetailStatus {
    /// The status of a leg; `None` while there is no delegation on chain to speak of.
    #[must_use]
    pub const fn of(state: LegState) -> Option<Self> {
        match state {
            LegState::Planned | LegState::Signed | LegState::Dropped => None,
            LegState::Included | LegState::Owed | LegState::Returning => Some(Self::Delegated),
            LegState::Returned => Some(Self::TakenBack),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Delegated => 20,
            Self::TakenBack => 30,
        }
    }
}

/// `status` in a callback: there is one callback for each order, and it is the last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackStatus {
    /// 40: the address has what it needs.
    Completed,
    /// 41: it has not.
    Failed,
}

impl CallbackStatus {
    /// The status that tells an outcome.
    #[must_use]
    pub const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Delivered => Self::Completed,
            Outcome::Refunded => Self::Failed,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Completed => OrderStatus::Completed.code(),
            Self::Failed => OrderStatus::Refunded.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_documents() {
        let codes: Vec<_> = OrderStatus::ALL.map(OrderStatus::code).to_vec();
        assert_eq!(codes, [0, 10, 20, 30, 31, 32, 40, 41, 43]);
        let ends: Vec<_> = OrderStatus::ALL
            .into_iter()
            .filter(|status| status.is_final())
            .map(OrderStatus::code)
            .collect();
        assert_eq!(ends, [0, 40, 41, 43]);
        assert_eq!(OrderStatus::from_code(42), None);
        assert_eq!(OrderStatus::from_code(40), Some(OrderStatus::Completed));
        assert_eq!((DetailStatus::Delegated.code(), DetailStatus::TakenBack.code()), (20, 30));
        assert_eq!((CallbackStatus::Completed.code(), CallbackStatus::Failed.code()), (40, 41));
    }
}
