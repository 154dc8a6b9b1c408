//! Scenes: whether the recipient of the transfer already holds the token.

/// What a collection assumes of the recipient.
///
/// Source: architecture decision 6; the platform documents only "0 = automatic".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scene {
    /// Look at the recipient and decide.
    Automatic,
    /// The recipient holds the token: the cheaper transfer.
    RecipientHolds,
    /// The recipient holds none: the dearer transfer.
    RecipientEmpty,
}

impl Scene {
    /// The scene to execute: the larger of what was asked and what the chain shows.
    ///
    /// `recipient_holds` is `None` when no recipient was named; then the cheaper scene is assumed.
    #[must_use]
    pub fn executed(self, recipient_holds: Option<bool>) -> Self {
        let judged = match recipient_holds {
            Some(true) | None => Self::RecipientHolds,
            Some(false) => Self::RecipientEmpty,
        };
        self.max(judged)
    }
}

#[cfg(test)]
mod tests {
    use super::Scene::{Automatic, RecipientEmpty, RecipientHolds};

    #[test]
    fn what_was_asked_is_a_minimum() {
        for (asked, holds, executed) in [
            (Automatic, Some(true), RecipientHolds),
            (Automatic, Some(false), RecipientEmpty),
            (Automatic, None, RecipientHolds),
            (RecipientHolds, Some(true), RecipientHolds),
            (RecipientHolds, Some(false), RecipientEmpty),
            (RecipientHolds, None, RecipientHolds),
            (RecipientEmpty, Some(true), RecipientEmpty),
            (RecipientEmpty, Some(false), RecipientEmpty),
            (RecipientEmpty, None, RecipientEmpty),
        ] {
            assert_eq!(asked.executed(holds), executed, "{asked:?} {holds:?}");
        }
    }
}
