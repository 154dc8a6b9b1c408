//! What a transfer wants done now.

use super::{Transfer, TransferState};
use crate::limits::OrderLimits;
use crate::order::next::Moment;
use crate::time::UnixMillis;

/// One thing to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Send the stored bytes, for the first time or again.
    Send,
    /// Ask whether the expired transaction can still be anywhere.
    ProveLost,
    /// Nothing before this moment unless something happens.
    Wait(UnixMillis),
    /// Nothing ever again.
    Close,
}

/// Longest wait without a reason, in milliseconds: blocks become solid meanwhile.
const IDLE_MS: i64 = 60_000;

/// What to do next for a transfer. Pure.
#[must_use]
pub fn next_action(transfer: &Transfer, moment: &Moment, limits: &OrderLimits) -> Action {
    match transfer.state {
        TransferState::Settled | TransferState::Released => Action::Close,
        TransferState::Included => Action::Wait(moment.now.after_ms(IDLE_MS)),
        TransferState::Stored if moment.chain_now >= transfer.expiration => {
            // Only a solid block past the expiration proves anything.
            match moment.solid_now >= transfer.expiration {
                true => Action::ProveLost,
                false => Action::Wait(moment.now.after_ms(limits.reread_ms)),
            }
        }
        TransferState::Stored => match transfer.sent_at.map(|at| at.after_ms(limits.resend_ms)) {
            Some(again) if moment.now < again => Action::Wait(again),
            Some(_) | None => Action::Send,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::stored;
    use super::*;

    const LIMITS: OrderLimits = OrderLimits {
        hold_secs: 3_600,
        fill_deadline_secs: 300,
        resend_ms: 6_000,
        reread_ms: 3_000,
        energy_margin_ppm: 0,
    };

    #[test]
    fn bytes_are_sent_until_they_are_included_or_lost() {
        let at = |now, chain_now, solid_now| Moment {
            now: UnixMillis(now),
            chain_now: UnixMillis(chain_now),
            solid_now: UnixMillis(solid_now),
        };
        let sent = |sent_at| Transfer { sent_at: Some(UnixMillis(sent_at)), ..stored() };
        let next = |transfer: &Transfer, moment| next_action(transfer, &moment, &LIMITS);
        let wait = |until| Action::Wait(UnixMillis(until));
        assert_eq!(next(&stored(), at(0, 0, 0)), Action::Send);
        assert_eq!(next(&sent(1_000), at(2_000, 0, 0)), wait(7_000));
        assert_eq!(next(&sent(1_000), at(7_000, 0, 0)), Action::Send);
        assert_eq!(next(&sent(1_000), at(7_000, 59_999, 0)), Action::Send, "the last moment");
        assert_eq!(next(&sent(1_000), at(7_000, 60_000, 59_999)), wait(10_000));
        assert_eq!(next(&sent(1_000), at(7_000, 60_000, 60_000)), Action::ProveLost);
        let of = |state| Transfer { state, ..stored() };
        assert_eq!(next(&of(TransferState::Included), at(0, 90_000, 90_000)), wait(60_000));
        assert_eq!(next(&of(TransferState::Settled), at(0, 0, 0)), Action::Close);
        assert_eq!(next(&of(TransferState::Released), at(0, 0, 0)), Action::Close);
    }
}
