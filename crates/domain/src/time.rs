//! Time as the decisions see it: an argument, never a clock.

/// A moment in milliseconds since 1970-01-01 UTC.
///
/// Wall time and chain time share this type but never a variable: names say which (`now`, `chain_now`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The moment this many milliseconds later; saturating, so that a limit of "for ever" is safe.
    #[must_use]
    pub const fn after_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The moment this many seconds later.
    #[must_use]
    pub const fn after_secs(self, secs: i64) -> Self {
        self.after_ms(secs.saturating_mul(1_000))
    }

    /// Milliseconds from `earlier` to this moment; negative when it lies before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}
