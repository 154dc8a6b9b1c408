//! What a server's one sentence of refusal means for whoever ordered.
//!
//! Everything is told apart by `wire`'s own sentences, the list of which is in one place there. What
//! is on none of these lists is waited for: another server's words, or ours for a chain that cannot be
//! read, are no reason to burn anything.

use domain::key::Scope;
use wire::error::{
    ADDRESS_NOT_ALLOWED, INSUFFICIENT_FUNDS, INVALID_SIGNATURE, INVALID_TIMESTAMP, KEY_NOT_FOUND,
    NO_CAPACITY, lacks_scope,
};
use wire::sign::ClockOff;

/// Why the server refused, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has no energy, or the merchant no money: the address may go without an order.
    Want,
    /// Key, secret, clock, address or scope: every request of this caller is refused.
    Caller,
    /// Anything else.
    Other,
}

impl Why {
    /// What a `detail` means.
    pub(crate) fn of(detail: &str) -> Self {
        // Clients match a part of this one; servers may say more around it.
        if detail == NO_CAPACITY || detail.contains(INSUFFICIENT_FUNDS) {
            return Self::Want;
        }
        let caller = [KEY_NOT_FOUND, INVALID_SIGNATURE, INVALID_TIMESTAMP, ADDRESS_NOT_ALLOWED];
        let lacks = |scope| detail == lacks_scope(scope);
        match caller.contains(&detail) || is_clock_off(detail) || Scope::ALL.into_iter().any(lacks)
        {
            true => Self::Caller,
            false => Self::Other,
        }
    }
}

/// Whether it is the sentence about a clock that is off, with whatever number.
fn is_clock_off(detail: &str) -> bool {
    let digits: String = detail.chars().filter(char::is_ascii_digit).collect();
    let Ok(secs) = digits.parse() else { return false };
    [ClockOff::Behind { secs }, ClockOff::Ahead { secs }]
        .iter()
        .any(|off| off.to_string() == detail)
}

#[cfg(test)]
mod tests {
    use wire::error;

    use super::*;

    #[test]
    fn only_want_of_energy_or_money_is_want_and_only_the_callers_faults_are_the_callers() {
        let (secs, scope) = (612, Scope::Order);
        for (detail, why) in [
            (error::NO_CAPACITY.to_owned(), Why::Want),
            (error::INSUFFICIENT_FUNDS.to_owned(), Why::Want),
            (format!("{}: 3 TRX.", error::INSUFFICIENT_FUNDS), Why::Want),
            (error::KEY_NOT_FOUND.to_owned(), Why::Caller),
            (error::INVALID_SIGNATURE.to_owned(), Why::Caller),
            (error::INVALID_TIMESTAMP.to_owned(), Why::Caller),
            (ClockOff::Behind { secs }.to_string(), Why::Caller),
            (ClockOff::Ahead { secs }.to_string(), Why::Caller),
            (error::ADDRESS_NOT_ALLOWED.to_owned(), Why::Caller),
            (error::lacks_scope(scope), Why::Caller),
            (error::CHAIN_UNREADABLE.to_owned(), Why::Other),
            (error::MERCHANT_PAUSED.to_owned(), Why::Other),
            (error::CAP_EXCEEDED.to_owned(), Why::Other),
            (error::too_many_open(612), Why::Other),
            (error::REPLAYED_ELSEWHERE.to_owned(), Why::Other),
            ("We are closed.".to_owned(), Why::Other),
            (String::new(), Why::Other),
        ] {
            assert_eq!(Why::of(&detail), why, "{detail}");
        }
    }
}
