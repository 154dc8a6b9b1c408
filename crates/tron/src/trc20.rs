//! The four things we say to, and hear from, a TRC-20 token.

use sha3::{Digest, Keccak256};

use crate::address::Address;
use crate::amount::TokenUnits;

/// `transfer(address,uint256)`.
pub const TRANSFER_SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
/// `balanceOf(address)`.
pub const BALANCE_OF_SELECTOR: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
/// First topic of the event `Transfer(address,address,uint256)`.
pub const TRANSFER_TOPIC: [u8; 32] = [
    0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa,
    0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef,
];

const WORD: usize = 32;

/// Why bytes are not the call, word or log that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbiError {
    /// Another selector or topic.
    #[error("another function or event")]
    Other,
    /// Too short, too long, or the wrong number of topics.
    #[error("wrong length")]
    Length,
    /// An amount past `u128`.
    #[error("the amount is too large")]
    Overflow,
}

/// A token movement, as the token itself reported it: the only proof that one happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransferLog {
    /// Who held it.
    pub from: Address,
    /// Who holds it now.
    pub to: Address,
    /// How much arrived.
    pub amount: TokenUnits,
}

/// The first four bytes of the Keccak-256 of a function's signature, such as
/// `transfer(address,uint256)`.
#[must_use]
pub fn selector(signature: &str) -> [u8; 4] {
    let digest = Keccak256::digest(signature.as_bytes());
    [digest[0], digest[1], digest[2], digest[3]]
}

/// Call data of `transfer(to, amount)`.
#[must_use]
pub fn transfer_data(to: Address, amount: TokenUnits) -> Vec<u8> {
    let mut data = call_with_address(TRANSFER_SELECTOR, to);
    data.extend_from_slice(&uint256_word(amount));
    data
}

/// Call data of `balanceOf(address)`.
#[must_use]
pub fn balance_of_data(address: Address) -> Vec<u8> {
    call_with_address(BALANCE_OF_SELECTOR, address)
}

/// An address as a contract word: 12 zero bytes and the 20 bytes without 0x41.
#[must_use]
pub fn address_word(address: Address) -> [u8; WORD] {
    let mut word = [0; WORD];
    word[12..].copy_from_slice(&address.evm_bytes());
    word
}

/// An amount as a contract word.
#[must_use]
pub fn uint256_word(amount: TokenUnits) -> [u8; WORD] {
    let mut word = [0; WORD];
    word[16..].copy_from_slice(&amount.0.to_be_bytes());
    word
}

/// Reads a `uint256` word.
///
/// Errors: not 32 bytes, or past `u128`.
pub fn decode_uint256(word: &[u8]) -> Result<TokenUnits, AbiError> {
    let word: &[u8; WORD] = word.try_into().map_err(|_| AbiError::Length)?;
    let (high, low) = word.split_at(16);
    if high.iter().any(|byte| *byte != 0) {
        return Err(AbiError::Overflow);
    }
    let low = low.try_into().map_err(|_| AbiError::Length)?;
    Ok(TokenUnits(u128::from_be_bytes(low)))
}

/// Reads an address word: its last 20 bytes. Some clients leave 0x41 before them; the chain ignores it.
///
/// Errors: not 32 bytes.
pub fn decode_address(word: &[u8]) -> Result<Address, AbiError> {
    let word: &[u8; WORD] = word.try_into().map_err(|_| AbiError::Length)?;
    let mut evm = [0; 20];
    evm.copy_from_slice(&word[12..]);
    Ok(Address::from_evm(evm))
}

/// Recipient and amount of a `transfer` call. Trailing bytes are allowed, as the chain allows them.
///
/// Errors: another function, too short, or an amount past `u128`.
pub fn decode_transfer_call(data: &[u8]) -> Result<(Address, TokenUnits), AbiError> {
    let arguments = data.strip_prefix(&TRANSFER_SELECTOR).ok_or(AbiError::Other)?;
    let to = arguments.get(..WORD).ok_or(AbiError::Length)?;
    let amount = arguments.get(WORD..2 * WORD).ok_or(AbiError::Length)?;
    Ok((decode_address(to)?, decode_uint256(amount)?))
}

/// Reads a `Transfer` event. The caller has compared the emitting contract already.
///
/// Errors: another event, wrong number of topics, or an amount past `u128`.
pub fn decode_transfer_log<T: AsRef<[u8]>>(
    topics: &[T],
    data: &[u8],
) -> Result<TransferLog, AbiError> {
    let first = topics.first().ok_or(AbiError::Other)?;
    if first.as_ref() != TRANSFER_TOPIC {
        return Err(AbiError::Other);
    }
    let [_, from, to] = topics else { return Err(AbiError::Length) };
    Ok(TransferLog {
        from: decode_address(from.as_ref())?,
        to: decode_address(to.as_ref())?,
        amount: decode_uint256(data)?,
    })
}

fn call_with_address(selector: [u8; 4], address: Address) -> Vec<u8> {
    let mut data = Vec::with_capacity(4 + 2 * WORD);
    data.extend_from_slice(&selector);
    data.extend_from_slice(&address_word(address));
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone() -> Address {
        "TDvSsdrNM5eeXNL3czpa6AxLDHZA9nwe9K".parse().unwrap()
    }

    #[test]
    fn selectors_and_topic_are_hashes_of_the_signatures() {
        assert_eq!(selector("transfer(address,uint256)"), TRANSFER_SELECTOR);
        assert_eq!(selector("balanceOf(address)"), BALANCE_OF_SELECTOR);
        let event = "Transfer(address,address,uint256)";
        assert_eq!(Keccak256::digest(event.as_bytes())[..], TRANSFER_TOPIC);
    }

    #[test]
    fn a_transfer_call_reads_back_even_with_a_prefix_left_in_the_word() {
        let mut data = transfer_data(someone(), TokenUnits(1_000_000));
        assert_eq!(data.len(), 68);
        assert_eq!(decode_transfer_call(&data), Ok((someone(), TokenUnits(1_000_000))));
        data[15] = 0x41;
        assert_eq!(decode_transfer_call(&data), Ok((someone(), TokenUnits(1_000_000))));
        assert_eq!(decode_transfer_call(&data[..67]), Err(AbiError::Length));
        assert_eq!(decode_transfer_call(&balance_of_data(someone())), Err(AbiError::Other));
    }

    #[test]
    fn amounts_past_u128_are_refused() {
        let mut word = uint256_word(TokenUnits(u128::MAX));
        assert_eq!(decode_uint256(&word), Ok(TokenUnits(u128::MAX)));
        word[15] = 1;
        assert_eq!(decode_uint256(&word), Err(AbiError::Overflow));
        assert_eq!(decode_uint256(&word[1..]), Err(AbiError::Length));
    }

    #[test]
    fn a_log_needs_the_topic_three_topics_and_one_word() {
        let topics = [TRANSFER_TOPIC, address_word(someone()), address_word(someone())];
        let data = uint256_word(TokenUnits(7));
        let log = decode_transfer_log(&topics, &data).unwrap();
        assert_eq!((log.from, log.to, log.amount), (someone(), someone(), TokenUnits(7)));
        assert_eq!(decode_transfer_log(&topics[..2], &data), Err(AbiError::Length));
        assert_eq!(decode_transfer_log(&topics[1..], &data), Err(AbiError::Other));
        assert_eq!(decode_transfer_log::<[u8; 32]>(&[], &data), Err(AbiError::Other));
        assert_eq!(decode_transfer_log(&topics, &data[1..]), Err(AbiError::Length));
    }
}
