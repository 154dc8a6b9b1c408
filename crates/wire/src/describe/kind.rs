//! What a member holds.

use super::Field;

/// A type of the wire: JSON's, and what we promise beyond it.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// An integer from one number to another.
    Integer(i64, i64),
    /// Sun: an integer that is not negative.
    Sun,
    /// A number that may have a fraction.
    Number,
    /// `true` or `false`.
    Flag,
    /// A text of at most so many characters.
    Text(usize),
    /// An http or https URL of at most so many characters.
    Url(usize),
    /// A TRON address in Base58Check.
    Address,
    /// 32 lower-case hex digits.
    Serial,
    /// 64 lower-case hex digits, or nothing.
    Hash,
    /// `2023-10-09T10:21:07.840478Z`, or with the offset `+08:00`.
    Moment,
    /// `2023-04-28 12:31:04`, in UTC+8.
    CivilTime,
    /// One of these integers, or its digits as a text.
    Choice(&'static [i64]),
    /// `1H`, `1D` to `30D`.
    Period,
    /// This or `null`.
    Nullable(&'static Kind),
    /// A list of objects with these members.
    List(&'static [Field]),
}

impl Kind {
    /// Any integer.
    pub const INTEGER: Self = Self::Integer(i64::MIN, i64::MAX);
    /// How many of something.
    pub const COUNT: Self = Self::Integer(0, i64::MAX);
    /// What only ever is 0.
    pub const ZERO: Self = Self::Integer(0, 0);
}
