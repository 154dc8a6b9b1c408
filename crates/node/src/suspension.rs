//! When a provider tells us to stay away: all calls to that endpoint wait, not only the refused one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Longest suspension believed, so that one odd answer cannot silence an endpoint for good.
pub const SUSPENSION_MAX: Duration = Duration::from_secs(120);

/// Suspension when a provider refuses for rate and does not say for how long.
pub const SUSPENSION_DEFAULT: Duration = Duration::from_secs(5);

/// Until when an endpoint is left alone.
#[derive(Debug, Default)]
pub(crate) struct Suspension {
    until: Mutex<Option<Instant>>,
}

impl Suspension {
    /// Leaves the endpoint alone for this long; a longer suspension that is under way stays.
    pub(crate) fn begin(&self, now: Instant, lasts: Duration) {
        let until = now + lasts.min(SUSPENSION_MAX);
        let mut slot = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(slot.map_or(until, |before| before.max(until)));
    }

    /// How long the endpoint must still be left alone.
    pub(crate) fn remaining(&self, now: Instant) -> Option<Duration> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.and_then(|until| until.checked_duration_since(now)).filter(|left| !left.is_zero())
    }
}

/// What an HTTP status and text say about rates: `None` if they are about something else.
///
/// `retry_after_secs` is the header of that name. Source: texts of a public provider as its users
/// report them, such as `... and the query server is suspended for 30s`.
pub(crate) fn suspension_of(
    status: u16,
    text: &str,
    retry_after_secs: Option<u64>,
) -> Option<Duration> {
    let named = suspended_for(text).or(retry_after_secs).map(Duration::from_secs);
    let about_rates = match status {
        429 => true,
        // Overload in general, or the provider's word for a suspension.
        503 => true,
        403 | 200 => ["suspended for", "frequency limit", "allowed_rps"]
            .iter()
            .any(|sign| text.contains(sign)),
        _ => false,
    };
    about_rates.then(|| named.unwrap_or(SUSPENSION_DEFAULT).min(SUSPENSION_MAX))
}

/// The seconds in `suspended for 30s` and `suspended for 5 s`.
fn suspended_for(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("suspended for ")?;
    let digits = rest.trim_start();
    let end = digits.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_providers_are_understood() {
        let key = r#"{"Error":"The key exceeds the frequency limit(15), and the query server is suspended for 30s"}"#;
        let anonymous = r#"{"Error":"request rate exceeded the allowed_rps(10), and the query server is suspended for 5 s"}"#;
        for (status, text, header, secs) in [
            (429, key, None, Some(30)),
            (403, key, None, Some(30)),
            (503, key, None, Some(30)),
            (200, key, None, Some(30)),
            (403, anonymous, None, Some(5)),
            (429, "", None, Some(5)),
            (429, "", Some(7), Some(7)),
            (503, "upstream", None, Some(5)),
            (429, "suspended for ever", None, Some(5)),
            (429, "suspended for 99999999s", None, Some(120)),
            (429, "suspended for 99999999999999999999999s", Some(9), Some(9)),
            (403, "forbidden", None, None),
            (500, key, None, None),
            (404, "", Some(3), None),
        ] {
            let expected = secs.map(Duration::from_secs);
            assert_eq!(suspension_of(status, text, header), expected, "{status} {text}");
        }
    }

    #[test]
    fn a_suspension_ends_and_a_shorter_one_does_not_cut_it() {
        let suspension = Suspension::default();
        let now = Instant::now();
        let secs = Duration::from_secs;
        assert_eq!(suspension.remaining(now), None);
        suspension.begin(now, secs(30));
        suspension.begin(now, secs(5));
        assert_eq!(suspension.remaining(now), Some(secs(30)));
        assert_eq!(suspension.remaining(now + secs(29)), Some(secs(1)));
        assert_eq!(suspension.remaining(now + secs(30)), None);
        suspension.begin(now, secs(86_400));
        assert_eq!(suspension.remaining(now), Some(SUSPENSION_MAX));
    }
}
