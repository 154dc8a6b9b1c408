//! A CSV of addresses and private keys, with the header `address,private_key`.

use std::collections::HashMap;
use std::path::Path;

use tron::{Address, SecretKey, Signature, TxId};
use zeroize::Zeroizing;

use crate::target::{KeySource, KeySourceError, Target};

/// The first line of such a file, without blanks.
const HEADER: &str = "address,private_key";

/// Keys from a CSV file, in its order.
pub struct CsvKeys {
    name: String,
    targets: Vec<Target>,
    keys: HashMap<Address, SecretKey>,
}

impl CsvKeys {
    /// Reads a file.
    ///
    /// Errors: it cannot be read, or a line is not an address and its key; the line is named, what is
    /// on it is not.
    pub fn open(path: &Path) -> Result<Self, KeySourceError> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map(Zeroizing::new).map_err(|error| {
            KeySourceError::Unreadable { path: name.clone(), text: error.to_string() }
        })?;
        Self::parse(&name, &bytes)
    }

    /// Reads the bytes of such a file; `name` is what errors call it.
    ///
    /// Errors: as [`Self::open`].
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, KeySourceError> {
        let malformed = |line: usize, text: &str| KeySourceError::Malformed {
            path: format!("{name}:{line}"),
            text: text.to_owned(),
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| malformed(1, "not UTF-8"))?;
        let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        let header = lines.next().map(|(line, _)| line.replace([' ', '"'], "").to_lowercase());
        if header.as_deref() != Some(HEADER) {
            return Err(malformed(1, "the first line has to be address,private_key"));
        }
        let (mut targets, mut keys) = (Vec::new(), HashMap::new());
        for (line, number) in lines {
            let (address, digits) =
                line.split_once(',').ok_or_else(|| malformed(number, "two columns are needed"))?;
            let address: Address = address
                .trim()
                .trim_matches('"')
                .parse()
                .map_err(|_| malformed(number, "the first column is not a TRON address"))?;
            let key = SecretKey::from_hex(digits.trim().trim_matches('"'))
                .map_err(|error| malformed(number, &error.to_string()))?;
            if key.address() != address {
                return Err(malformed(number, "the key is of another address"));
            }
            if keys.insert(address, key).is_some() {
                return Err(malformed(number, "the address is there twice"));
            }
            targets.push(Target::new(address));
        }
        Ok(Self { name: name.to_owned(), targets, keys })
    }
}

impl KeySource for CsvKeys {
    fn describe(&self) -> String {
        format!("{} keys in {}", self.targets.len(), self.name)
    }

    fn page(&self, first: usize, count: usize) -> Result<Vec<Target>, KeySourceError> {
        Ok(self.targets.iter().skip(first).take(count).cloned().collect())
    }

    fn sign(&self, address: Address, txid: &TxId) -> Result<Signature, KeySourceError> {
        let key = self.keys.get(&address).ok_or(KeySourceError::NotHeld(address))?;
        Ok(key.sign(txid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC";

    fn key(last: u8) -> String {
        format!("{last:064x}")
    }

    fn refused(text: &str) -> String {
        match CsvKeys::parse("keys.csv", text.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{text} was taken"),
        }
    }

    #[test]
    fn keys_are_read_in_order_and_sign_for_their_address() {
        let text = format!("\u{feff}address,private_key\r\n{ONE},{}\r\n\r\n", key(1));
        let keys = CsvKeys::parse("keys.csv", text.as_bytes()).unwrap();
        assert_eq!(keys.describe(), "1 keys in keys.csv");
        let page = keys.page(0, 10).unwrap();
        assert_eq!(page[0].address.to_string(), ONE);
        assert!(keys.page(1, 10).unwrap().is_empty());
        let txid = TxId::of_raw(b"x");
        let signature = keys.sign(page[0].address, &txid).unwrap();
        assert_eq!(tron::sign::recover(&txid, &signature).unwrap(), page[0].address);
    }

    #[test]
    fn a_bad_line_is_named_and_its_key_is_not() {
        let two = key(2);
        for (text, error) in [
            (String::new(), "keys.csv:1: the first line has to be address,private_key"),
            (format!("{ONE},{two}"), "keys.csv:1: the first line has to be address,private_key"),
            (format!("{HEADER}\n{ONE}"), "keys.csv:2: two columns are needed"),
            (format!("{HEADER}\nT,{two}"), "keys.csv:2: the first column is not a TRON address"),
            (format!("{HEADER}\n{ONE},12"), "keys.csv:2: a private key is 64 hex digits"),
            (format!("{HEADER}\n{ONE},{two}"), "keys.csv:2: the key is of another address"),
            (
                format!("{HEADER}\n{ONE},{0}\n{ONE},{0}", key(1)),
                "keys.csv:3: the address is there twice",
            ),
        ] {
            let told = refused(&text);
            assert_eq!(told, error);
            assert!(!told.contains(&two));
        }
    }
}
