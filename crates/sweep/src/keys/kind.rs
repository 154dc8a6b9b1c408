//! What a key file holds, judged by its content.

use std::fmt;
use std::str::FromStr;

use super::KeysError;

/// The kinds of key files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysKind {
    /// A BIP39 mnemonic: 12 to 24 words.
    Mnemonic,
    /// A BIP32 extended private key, `xprv…`.
    Xprv,
    /// A BIP32 extended public key, `xpub…`: watch-only.
    Xpub,
    /// A Web3 keystore, version 3, or a directory of them.
    Keystore,
    /// Rows of address and private key, under a header.
    Csv,
    /// One private key: 64 hex digits.
    Raw,
    /// One address a line: watch-only.
    Addresses,
}

/// Names of all kinds, as the command line takes them.
pub const KIND_NAMES: [(&str, KeysKind); 7] = [
    ("mnemonic", KeysKind::Mnemonic),
    ("xprv", KeysKind::Xprv),
    ("xpub", KeysKind::Xpub),
    ("keystore", KeysKind::Keystore),
    ("csv", KeysKind::Csv),
    ("raw", KeysKind::Raw),
    ("addresses", KeysKind::Addresses),
];

/// Numbers of words that a mnemonic may have.
pub(super) const MNEMONIC_WORD_COUNTS: [usize; 5] = [12, 15, 18, 21, 24];

impl KeysKind {
    /// Whether there is nothing to sign with.
    #[must_use]
    pub const fn is_watch_only(self) -> bool {
        matches!(self, Self::Xpub | Self::Addresses)
    }

    /// Judges a file by its first words. What a kind demands of the rest is checked when it is read.
    ///
    /// Errors: [`KeysError::UnknownKind`]; it names no part of the file.
    pub(super) fn detect(text: &str) -> Result<Self, KeysError> {
        let mut lines = super::lines::content_lines(text).map(|line| line.text).peekable();
        let first = *lines.peek().ok_or(KeysError::Empty)?;
        if first.starts_with('{') {
            return Ok(Self::Keystore);
        }
        if super::csv::is_header(first) {
            return Ok(Self::Csv);
        }
        if first.starts_with("xprv") || first.starts_with("tprv") {
            return Ok(Self::Xprv);
        }
        if first.starts_with("xpub") || first.starts_with("tpub") {
            return Ok(Self::Xpub);
        }
        if super::raw::looks_like_key(first) {
            return Ok(Self::Raw);
        }
        if super::addresses::looks_like_address(first) {
            return Ok(Self::Addresses);
        }
        let words: usize = lines.map(|line| line.split_whitespace().count()).sum();
        let is_text = |c: char| c.is_alphabetic() || c.is_whitespace();
        if MNEMONIC_WORD_COUNTS.contains(&words) && first.chars().all(is_text) {
            return Ok(Self::Mnemonic);
        }
        Err(KeysError::UnknownKind)
    }
}

impl fmt::Display for KeysKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = KIND_NAMES.iter().find(|(_, kind)| kind == self);
        f.pad(named.map_or("", |(name, _)| name))
    }
}

impl FromStr for KeysKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = KIND_NAMES.iter().find(|(name, _)| *name == text);
        named.map(|(_, kind)| *kind).ok_or_else(|| {
            let names: Vec<_> = KIND_NAMES.iter().map(|(name, _)| *name).collect();
            format!("one of {} is expected", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_the_kind() {
        let words = "abandon ".repeat(11) + "about\n";
        for (text, kind) in [
            (words.as_str(), KeysKind::Mnemonic),
            (
                "abandon abandon abandon abandon\nabandon abandon abandon abandon\nabandon abandon abandon about",
                KeysKind::Mnemonic,
            ),
            ("\u{feff}address,private_key\r\n", KeysKind::Csv),
            ("\"Address\", \"Private_Key\"\n", KeysKind::Csv),
            ("id,private_key,address\n", KeysKind::Csv),
            ("xprv9s21\n", KeysKind::Xprv),
            ("# treasury\nxpub661\n", KeysKind::Xpub),
            ("{\"version\": 3}", KeysKind::Keystore),
            (&"0f".repeat(32), KeysKind::Raw),
            (&("0x".to_owned() + &"0f".repeat(32)), KeysKind::Raw),
            ("\n\nTR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t\n", KeysKind::Addresses),
        ] {
            assert_eq!(KeysKind::detect(text).unwrap(), kind, "{text}");
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }

    #[test]
    fn what_is_none_of_them_is_said_without_showing_it() {
        for text in
            ["hello world", "12 words they are not, whatever else they may be called now", "0f0f"]
        {
            let error = KeysKind::detect(text).unwrap_err();
            assert!(matches!(error, KeysError::UnknownKind), "{text}");
            assert!(!error.to_string().contains(text));
        }
        assert!(matches!(KeysKind::detect(" \n\t\n# x\n"), Err(KeysError::Empty)));
        assert!("wallet".parse::<KeysKind>().unwrap_err().contains("mnemonic"));
    }
}
