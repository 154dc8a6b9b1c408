//! Limits of policies: each has a name, a unit and a test.

/// Fewest transfers that can be bought at once.
///
/// Source: api-contract 5.9.
pub const TIMES_MIN: i64 = 5;
/// Most transfers that can be bought at once.
pub const TIMES_MAX: i64 = 1_000;
/// Most transfers that a policy can have left.
pub const TRANSFERS_LEFT_MAX: i64 = 1_000_000;
/// Idle days after which a policy pauses, when nothing was said.
pub const UNUSED_DAYS_DEFAULT: i64 = 2;
/// Most idle days that can be asked for.
pub const UNUSED_DAYS_MAX: i64 = 30;
/// Most days of an auto policy.
pub const PERIOD_DAYS_MAX: i64 = 30;
/// Seconds of a day.
pub const DAY_SECS: i64 = 86_400;
/// First wait after a refill that could not be ordered or failed, in milliseconds; it doubles.
pub const AGAIN_MIN_MS: i64 = 15_000;
/// Longest wait after a refill that could not be ordered, in milliseconds: ten minutes.
pub const LACKING_AGAIN_MAX_MS: i64 = 600_000;
/// Longest wait after a refill that was ordered and failed, in milliseconds: an hour. Each such refill
/// is told to the merchant.
pub const FAILED_AGAIN_MAX_MS: i64 = 3_600_000;
/// Longest wait before a policy that lacks nothing is looked at again, in milliseconds: six hours. What
/// its address does is seen in blocks; this is for what others do to it. It begins with
/// [`AGAIN_MIN_MS`], because the node that was asked may have lagged.
pub const RECHECK_MAX_MS: i64 = 21_600_000;

/// Share of a refill's energy that calls may use before it is replaced by a whole one, in parts per
/// million.
pub const UNTOUCHED_PPM: i64 = 50_000;

/// Share of what an auto policy keeps that may be missing without a refill, in parts per million: 1 %. The
/// energy of a stake changes by about 0.3 % a day.
pub const DRIFT_PPM: i64 = 10_000;

/// How long to wait after so many failures in a row, up to `max_ms`.
#[must_use]
pub fn again_ms(failures: i64, max_ms: i64) -> i64 {
    let doublings = u32::try_from(failures.saturating_sub(1).max(0)).unwrap_or(u32::MAX);
    let factor = 2_i64.checked_pow(doublings).unwrap_or(i64::MAX);
    AGAIN_MIN_MS.saturating_mul(factor).min(max_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_limit() {
        let waits: Vec<i64> =
            (0..9).map(|failures| again_ms(failures, LACKING_AGAIN_MAX_MS) / 1_000).collect();
        assert_eq!(waits, [15, 15, 30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(again_ms(i64::MAX, FAILED_AGAIN_MAX_MS), FAILED_AGAIN_MAX_MS);
    }
}
