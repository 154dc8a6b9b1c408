//! The leg's machine: one table, one exhaustive `match`.

use super::LegState::{Dropped, Included, Owed, Planned, Returned, Returning, Signed};
use super::{LegKind, LegState};

/// What can happen to a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LegEvent {
    /// A transaction for it was stored.
    Signed,
    /// The chain shows the transaction for the way that it is on.
    Included,
    /// A reorganisation dropped the block that held its last transaction.
    ReorgedOut,
    /// Its transaction can never be included.
    Lost,
    /// It is to be taken back.
    Release,
    /// It is wanted after all, and nothing was sent to take it back.
    Keep,
    /// It is not wanted any more and nothing was sent for it.
    Cancel,
}

/// An event that does not fit the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a {state:?} leg cannot take {event:?}")]
pub struct LegRefused {
    /// Where the leg stands.
    pub state: LegState,
    /// What was to happen.
    pub event: LegEvent,
}

/// The state after an event.
///
/// Errors: [`LegRefused`] where the table in `docs/orders.md` has no arrow.
pub fn step(kind: LegKind, state: LegState, event: LegEvent) -> Result<LegState, LegRefused> {
    let refused = Err(LegRefused { state, event });
    match (state, event) {
        (Planned, LegEvent::Signed) => Ok(Signed),
        (Planned, LegEvent::Cancel) | (Signed | Owed, LegEvent::Lost) => Ok(Dropped),
        (Signed, LegEvent::Included) => Ok(Included),
        (Included, LegEvent::ReorgedOut) => Ok(Signed),
        (Included, LegEvent::Release) if kind != LegKind::Activation => Ok(Owed),
        (Owed, LegEvent::Signed) => Ok(Returning),
        (Returning, LegEvent::Included) => Ok(Returned),
        (Returning, LegEvent::Lost) => Ok(Owed),
        (Returned, LegEvent::ReorgedOut) => Ok(Returning),
        (Owed, LegEvent::ReorgedOut) => Ok(Signed),
        (Owed, LegEvent::Keep) => Ok(Included),
        (Planned | Signed | Included | Owed | Returning | Returned | Dropped, _) => refused,
    }
}

#[cfg(test)]
mod tests {
    use tron::{Resource, Sun};

    use super::*;

    const STATES: [LegState; 7] = [Planned, Signed, Included, Owed, Returning, Returned, Dropped];
    const EVENTS: [LegEvent; 7] = [
        LegEvent::Signed,
        LegEvent::Included,
        LegEvent::ReorgedOut,
        LegEvent::Lost,
        LegEvent::Release,
        LegEvent::Keep,
        LegEvent::Cancel,
    ];

    /// The machine as the table that `docs/orders.md` prints.
    fn table(kind: LegKind) -> String {
        let mut rows = String::from("| state | event | next |\n|---|---|---|\n");
        for state in STATES {
            for event in EVENTS {
                if let Ok(next) = step(kind, state, event) {
                    rows.push_str(&format!("| {state:?} | {event:?} | {next:?} |\n"));
                }
            }
        }
        rows
    }

    #[test]
    fn the_document_shows_the_machine() {
        let document = include_str!("../../../../docs/orders.md");
        let delegation =
            LegKind::Delegation { resource: Resource::Energy, balance: Sun::ZERO, units: 0 };
        let table = table(delegation);
        assert!(document.contains(&table), "docs/orders.md must hold this table:\n{table}");
    }

    #[test]
    fn an_activation_is_never_taken_back() {
        assert!(step(LegKind::Activation, Included, LegEvent::Release).is_err());
    }
}
