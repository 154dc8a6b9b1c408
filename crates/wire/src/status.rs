//! The platform's numbers for how far an order is.
//!
//! Source: api-contract 6.2, 6.3, 6.5. One known client does not know 43 and asks for ever, so
//! whatever was refunded is 41, and 43 is left for what a person must look at.

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

/// `details[].status` in the answer to a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailStatus {
    /// 20: the receiver has the energy.
    Delegated,
    /// 30: it was taken back.
    TakenBack,
}

impl DetailStatus {
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
