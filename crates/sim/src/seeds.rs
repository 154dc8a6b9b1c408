//! Seeds that found something, by name. Each is one of the fixed runs of the check, or made beside them.

/// A seed of a run of 500 orders, and what it found when it was first run.
pub const NAMED: &[(u64, &str)] = &[
    // domain/order/next.rs, `may_release`: an order that had bought nothing was promised energy that the
    // return of another order's stake took along.
    (2, "used stake went back while an order that bought nothing counted on what is there"),
];

/// What a seed found when it was first run.
#[must_use]
pub fn name(seed: u64) -> Option<&'static str> {
    NAMED.iter().find(|(named, _)| *named == seed).map(|(_, name)| *name)
}
