//! How bytes are written for people and nodes.

/// Bytes as lower-case hex digits.
///
/// What `hex::encode` answers, in a fraction of its time: that one goes character by character, and nodes
/// are asked and answer in hex.
#[must_use]
pub fn to_hex(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let mut digits = vec![0; 2 * bytes.len()];
    hex::encode_to_slice(bytes, &mut digits).expect("a byte has two digits");
    String::from_utf8(digits).expect("digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_two_digits() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(to_hex(&all), hex::encode(&all));
        assert_eq!(to_hex([]), "");
    }
}
