//! The two resources that stake yields.

use std::fmt;

/// Energy, burnt by contract calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Energy(i64);

/// Bandwidth, burnt by transaction bytes; one unit a byte. Nodes call it `net`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Bandwidth(i64);

macro_rules! quantity {
    ($name:ident) => {
        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// A quantity; negative values mean "overused" and are kept.
            #[must_use]
            pub const fn new(units: i64) -> Self {
                Self(units)
            }

            /// The number of units.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }

            /// `self - other`, but never below zero.
            #[must_use]
            pub fn shortfall_over(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0).max(0))
            }

            /// The sum, saturating: quantities on chain stay far below 2^63.
            #[must_use]
            pub fn plus(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

quantity!(Energy);
quantity!(Bandwidth);

/// Which resource a stake or delegation is for.
///
/// Source: `ResourceCode` in java-tron `common.proto`; TRON_POWER cannot be delegated and is left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Resource {
    /// Code 0, absent from bytes and JSON because it is the default.
    Bandwidth,
    /// Code 1.
    Energy,
}

impl Resource {
    /// The protobuf enum number.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Bandwidth => 0,
            Self::Energy => 1,
        }
    }

    /// The node's word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bandwidth => "BANDWIDTH",
            Self::Energy => "ENERGY",
        }
    }

    /// The resource with this number; TRON_POWER (2) is none of ours.
    #[must_use]
    pub const fn from_code(code: i32) -> Option<Self> {
        match code {
            0 => Some(Self::Bandwidth),
            1 => Some(Self::Energy),
            _ => None,
        }
    }
}
