//! The numbers that stand for words in rows; never reused.

use app::rows::{CallbackState, OutboxKind};
use domain::batch::{BatchState, FailureKind, Hindrance, RowStage};
use domain::collect::Scene;
use domain::pool::WalletRole;
use domain::{
    LegState, OrderState, PolicyKind, PolicyState, PolicyStep, Rank, Road, TransferState, TxState,
};

use crate::batch::RowWord;

/// A word that a row keeps as a number.
pub(crate) trait Code: Sized + 'static {
    /// Every word with its number.
    #[cfg(test)]
    const TABLE: &'static [(Self, i64)];

    /// The number of this word; exhaustive, so that a new word does not compile without one.
    fn number(&self) -> i64;

    /// The word of a number.
    fn from_number(number: i64) -> Option<Self>;
}

/// Numbers for the words of one enum.
macro_rules! code {
    ($type:ident { $($word:ident = $number:literal),* $(,)? }) => {
        impl Code for $type {
            #[cfg(test)]
            const TABLE: &'static [(Self, i64)] = &[$(($type::$word, $number)),*];

            fn number(&self) -> i64 {
                match self {
                    $($type::$word => $number,)*
                }
            }

            fn from_number(number: i64) -> Option<Self> {
                match number {
                    $($number => Some($type::$word),)*
                    _ => None,
                }
            }
        }
    };
}

code!(OrderState { Filling = 0, Delivered = 1, Ended = 2, Refunded = 3 });
code!(LegState {
    Planned = 0,
    Signed = 1,
    Included = 2,
    Owed = 3,
    Returning = 4,
    Returned = 5,
    Dropped = 6,
});
code!(TxState { Stored = 0, Included = 1, Solid = 2, Lost = 3 });
code!(Road { Out = 0, Back = 1 });
code!(Scene { Automatic = 0, RecipientHolds = 1, RecipientEmpty = 2 });
code!(WalletRole { Lender = 0, Activator = 1, Payer = 2 });
code!(TransferState { Stored = 0, Included = 1, Settled = 2, Released = 3 });
code!(OutboxKind { Order = 0, Callback = 1, Transfer = 2, Batch = 3, Chain = 4 });
code!(BatchState { Draft = 0, Running = 1, Paused = 2, Finished = 3, Cancelled = 4 });
code!(Hindrance {
    Person = 0,
    Funds = 1,
    KeyCap = 2,
    KeyRevoked = 3,
    MerchantPaused = 4,
    Capacity = 5,
    Chain = 6,
});
code!(RowWord { Waiting = 0, Placed = 1, Failed = 2, Cancelled = 3 });
code!(RowStage {
    Waiting = 0,
    Filling = 1,
    Ready = 2,
    Used = 3,
    Reclaimed = 4,
    Refunded = 5,
    Failed = 6,
    Cancelled = 7,
});
code!(FailureKind {
    Contract = 0,
    TransferReverts = 1,
    PoolWallet = 2,
    TooManyOpen = 3,
    ReferenceTaken = 4,
    Other = 5,
});
code!(PolicyKind { Count = 0, Auto = 1 });
code!(PolicyState { Enabled = 0, Paused = 1, Disabled = 2, Ended = 3 });
code!(PolicyStep {
    Delegating = 0,
    Delegated = 1,
    Released = 2,
    BalanceLow = 3,
    EnergyLow = 4,
    Waiting = 5,
});
code!(CallbackState { Owed = 0, Delivered = 1, Dead = 2 });
code!(Rank { Admin = 0, Viewer = 1 });

/// What a leg does, without how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegWord {
    /// Makes the receiver exist.
    Activation,
    /// Lends stake.
    Delegation,
    /// Takes back what nobody counts on.
    Leftover,
}

code!(LegWord { Activation = 0, Delegation = 1, Leftover = 2 });

/// What an order is about, without the particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderWord {
    /// Everything that one transfer lacks.
    Collection,
    /// Energy for a period.
    Energy,
}

code!(OrderWord { Collection = 0, Energy = 1 });

/// Where an order came from, without which policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OriginWord {
    /// A program.
    Api,
    /// A person.
    Manual,
    /// A count policy.
    CountPolicy,
    /// An auto policy.
    AutoPolicy,
}

code!(OriginWord { Api = 0, Manual = 1, CountPolicy = 2, AutoPolicy = 3 });

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    fn check<T: Code + PartialEq + Debug>() {
        for (word, number) in T::TABLE {
            assert_eq!(word.number(), *number);
            assert_eq!(T::from_number(*number).as_ref(), Some(word));
        }
        assert_eq!(T::from_number(-1), None);
        assert_eq!(T::from_number(99), None);
    }

    #[test]
    fn every_number_means_one_word() {
        check::<OrderState>();
        check::<LegState>();
        check::<LegWord>();
        check::<OrderWord>();
        check::<OriginWord>();
        check::<TxState>();
        check::<Road>();
        check::<Scene>();
        check::<WalletRole>();
        check::<TransferState>();
        check::<OutboxKind>();
        check::<BatchState>();
        check::<Hindrance>();
        check::<RowWord>();
        check::<RowStage>();
        check::<FailureKind>();
        check::<CallbackState>();
        check::<PolicyKind>();
        check::<PolicyState>();
        check::<PolicyStep>();
        check::<Rank>();
    }
}
