//! What a refusal means for a row: it fails, or it has to wait and the others with it.

use domain::batch::{FailureKind, Hindrance, RowFailure};
use domain::order::Refused;
use node::NodeError;

use crate::place_order::PlaceRefused;
use crate::ports::StoreError;
use crate::read_receiver::ReceiverRefused;

/// What a refusal means for a row.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It can never become an order as it is.
    Fails(RowFailure),
    /// It cannot become an order now; nor can the next one, unless it lacks something else.
    Hinders(Hindrance),
    /// It does not wait any more: somebody else was first.
    Taken,
    /// The store did not do it.
    Store(StoreError),
}

fn fails(kind: FailureKind, cause: &dyn ToString) -> Verdict {
    Verdict::Fails(RowFailure { kind, text: cause.to_string() })
}

/// What a refused order means for its row.
pub(super) fn placing(refused: &PlaceRefused) -> Verdict {
    match refused {
        PlaceRefused::Receiver(refused) => reading(refused),
        PlaceRefused::ChainUnknown => Verdict::Hinders(Hindrance::Chain),
        PlaceRefused::Rules(refused) => rules(refused),
        PlaceRefused::ReferenceTaken(_) => fails(FailureKind::ReferenceTaken, refused),
        PlaceRefused::RowTaken => Verdict::Taken,
        PlaceRefused::NoMerchant | PlaceRefused::Repeat(_) => fails(FailureKind::Other, refused),
        PlaceRefused::Store(failed) => Verdict::Store(failed.clone()),
    }
}

/// What an address that cannot be read means for its row.
pub(super) fn reading(refused: &ReceiverRefused) -> Verdict {
    match refused {
        ReceiverRefused::IsContract => fails(FailureKind::Contract, refused),
        ReceiverRefused::TransferReverts(_)
        | ReceiverRefused::TransferToReverts(_)
        | ReceiverRefused::Unreadable(NodeError::ContractCall { .. }) => {
            fails(FailureKind::TransferReverts, refused)
        }
        ReceiverRefused::Unreadable(_) => Verdict::Hinders(Hindrance::Chain),
    }
}

/// What a rule means for its row.
pub(super) fn rules(refused: &Refused) -> Verdict {
    match refused {
        Refused::MerchantPaused => Verdict::Hinders(Hindrance::MerchantPaused),
        Refused::InsufficientFunds { .. } => Verdict::Hinders(Hindrance::Funds),
        Refused::CapExceeded(_) => Verdict::Hinders(Hindrance::KeyCap),
        Refused::NoCapacity(_) => Verdict::Hinders(Hindrance::Capacity),
        Refused::TooManyOpen { .. } => fails(FailureKind::TooManyOpen, refused),
        Refused::ReceiverIsPool => fails(FailureKind::PoolWallet, refused),
        Refused::ReceiverInactive { .. }
        | Refused::PriceOutOfRange
        | Refused::Leg(_)
        | Refused::Unknown
        | Refused::NoChange => fails(FailureKind::Other, refused),
    }
}
