//! The service of gathering deposits: what one transfer needs and how the pool supplies it.

pub mod burn;
pub mod need;
pub mod plan;
pub mod scene;

pub use burn::BurnFees;
pub use need::{ChainTotals, Commitments, Need, Reading};
pub use plan::{plan_legs, sun_for_units};
pub use scene::Scene;
