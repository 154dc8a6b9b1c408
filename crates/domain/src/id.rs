//! Identities. Each is a newtype; raw integers exist only at the very edge.

use std::fmt;

/// An order's identity and serial: 16 bytes whose first 48 bits are the time, so that rows of one
/// moment lie together. Shown as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub [u8; 16]);

/// A transfer's identity, made as an order's is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub [u8; 16]);

/// A batch's identity, made as an order's is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub [u8; 16]);

/// A party with keys and a balance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MerchantId(pub i64);

/// An API key's row; not the key's text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(pub i64);

/// A standing order that keeps energy on an address; what its merchant is shown as its id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PolicyId(pub i64);

/// One leg of one order; legs are numbered from 1 in the order in which they were planned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LegId {
    /// The order.
    pub order: OrderId,
    /// The leg's number in it.
    pub number: u8,
}

/// A ledger transaction's identity: the business id and the fact, so posting twice is a key conflict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LedgerTxId {
    /// The order, or a fresh id for a fact that no order caused.
    pub business: [u8; 16],
    /// The fact's number, see [`crate::ledger::Fact::number`].
    pub fact: u8,
}

impl OrderId {
    /// Parses 32 hex digits of either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl BatchId {
    /// Parses 32 hex digits of either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        OrderId::parse(text).map(|id| Self(id.0))
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.order, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_32_hex_digits_and_nothing_else() {
        let text = "0192f0c1a2b37000800000000000002a";
        assert_eq!(OrderId::parse(text).unwrap().to_string(), text);
        assert_eq!(OrderId::parse(&text.to_uppercase()).unwrap().to_string(), text);
        for bad in [
            "",
            "2a",
            &text[1..],
            "+192f0c1a2b37000800000000000002a",
            "0192f0c1a2b3700080000000000000zz",
        ] {
            assert_eq!(OrderId::parse(bad), None, "{bad}");
        }
    }
}
