//! Seeds that found something, by name. Each is one of the fixed runs of the check, or made beside them.

/// A seed of a run of 500 orders, and what it found when it was first run.
pub const NAMED: &[(u64, &str)] = &[
    // domain/order/step/fill.rs, `release`: undone for good after its merchant had stopped it.
    (5, "a stopped order that a fork undid kept its money"),
    // domain/order/step/fill.rs, `stopped`.
    (34, "what was planned to fill a stopped order again stayed reserved"),
    // app/answers.rs, `check_not_late`.
    (45, "a request that stood still was acted on after its first answer was forgotten"),
];

/// What a seed found when it was first run.
#[must_use]
pub fn name(seed: u64) -> Option<&'static str> {
    NAMED.iter().find(|(named, _)| *named == seed).map(|(_, name)| *name)
}
