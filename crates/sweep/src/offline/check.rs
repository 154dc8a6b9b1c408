//! What a transfer's own bytes have to say before it is signed or sent.

use tron::{Address, Contract, RawTx, Signature, SignedTx, Sun, TokenUnits, TxId, sign, trc20};

use super::file::{PlanFile, TransferEntry};

/// Bytes of a `transfer(address,uint256)` call; one more could hide something.
const TRANSFER_CALL_BYTES: usize = 68;

/// What whoever signs or sends knows by himself, and not from the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Where the tokens have to go.
    pub destination: Address,
    /// The token; that of the file if it is not known otherwise.
    pub token: Option<Address>,
    /// The most that one transfer may burn.
    pub fee_limit_max: Sun,
}

/// What differs between a transfer's bytes and what they should say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The bytes are no transaction that is understood to the last byte.
    #[error("its bytes cannot be read: {0}")]
    Bytes(String),
    /// They do something else.
    #[error("it is no token transfer")]
    Contract,
    /// Another recipient.
    #[error("it sends to {0}")]
    Recipient(Address),
    /// Another token.
    #[error("it moves the token {0}")]
    Token(Address),
    /// Another sender.
    #[error("it sends from {0}")]
    Sender(Address),
    /// Another amount than the file shows.
    #[error("it moves {moves} units, and the plan says {says}")]
    Amount {
        /// By its bytes.
        moves: u128,
        /// By the file.
        says: String,
    },
    /// It could burn more than is allowed, or more than the file shows.
    #[error("it may burn {may} sun, and {allowed} sun are allowed")]
    FeeLimit {
        /// By its bytes.
        may: i64,
        /// By the file or by whoever signs.
        allowed: i64,
    },
    /// It carries TRX, a memo, another permission or another expiration than the file says.
    #[error("it carries {0}")]
    Extra(&'static str),
    /// The id is not that of the bytes.
    #[error("its txid is {0}")]
    TxId(TxId),
    /// There is no signature.
    #[error("it is not signed")]
    Unsigned,
    /// The signature is not the sender's.
    #[error("its signature is not the sender's")]
    Signature,
}

/// A transfer as its bytes say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) raw: Vec<u8>,
    pub(super) txid: TxId,
    pub(super) amount: TokenUnits,
    pub(super) fee_limit: Sun,
    pub(super) expiration_ms: i64,
}

/// Decodes a transfer and compares everything in it with the file and with what is known otherwise.
///
/// Errors: the first difference.
pub(super) fn decode(
    plan: &PlanFile,
    entry: &TransferEntry,
    expected: &Expected,
) -> Result<Decoded, Mismatch> {
    let raw = hex::decode(&entry.raw).map_err(|error| Mismatch::Bytes(error.to_string()))?;
    let tx = RawTx::decode(&raw).map_err(|error| Mismatch::Bytes(error.to_string()))?;
    let Contract::Trigger { owner, contract, data, call_value } = &tx.contract else {
        return Err(Mismatch::Contract);
    };
    let (to, amount) = trc20::decode_transfer_call(data).map_err(|_| Mismatch::Contract)?;
    // The word could hold more than the address, and the data more than the call.
    if *data != trc20::transfer_data(to, amount) || data.len() != TRANSFER_CALL_BYTES {
        return Err(Mismatch::Contract);
    }
    for (differs, mismatch) in [
        (to != expected.destination, Mismatch::Recipient(to)),
        (to != plan.destination, Mismatch::Recipient(to)),
        (*contract != expected.token.unwrap_or(plan.token.address), Mismatch::Token(*contract)),
        (*contract != plan.token.address, Mismatch::Token(*contract)),
        (*owner != entry.from, Mismatch::Sender(*owner)),
        (*call_value != Sun::ZERO, Mismatch::Extra("TRX")),
        (!tx.memo.is_empty(), Mismatch::Extra("a memo")),
        (tx.permission_id != 0, Mismatch::Extra("another permission than the owner's")),
        (tx.expiration_ms != plan.expiration_ms, Mismatch::Extra("another expiration")),
    ] {
        if differs {
            return Err(mismatch);
        }
    }
    if entry.token_units() != Some(amount) || plan.token().show(amount) != entry.amount {
        let says = format!("{} ({})", entry.units, entry.amount);
        return Err(Mismatch::Amount { moves: amount.0, says });
    }
    let may = tx.fee_limit.get();
    for allowed in [entry.fee_limit_sun, expected.fee_limit_max.get()] {
        if may > allowed || may < 0 {
            return Err(Mismatch::FeeLimit { may, allowed });
        }
    }
    let txid = TxId::of_raw(&raw);
    if entry.txid != txid.to_string() {
        return Err(Mismatch::TxId(txid));
    }
    Ok(Decoded { raw, txid, amount, fee_limit: tx.fee_limit, expiration_ms: tx.expiration_ms })
}

/// The same for a signed one, with the signature checked against the sender.
pub(super) fn decode_signed(
    plan: &PlanFile,
    entry: &TransferEntry,
    expected: &Expected,
) -> Result<(Decoded, SignedTx), Mismatch> {
    let decoded = decode(plan, entry, expected)?;
    let digits = entry.signature.as_deref().ok_or(Mismatch::Unsigned)?;
    let bytes = hex::decode(digits).map_err(|_| Mismatch::Signature)?;
    let signature = Signature::from_slice(&bytes).ok_or(Mismatch::Signature)?;
    match sign::recover(&decoded.txid, &signature) {
        Ok(signer) if signer == entry.from => {}
        _ => return Err(Mismatch::Signature),
    }
    let signed = SignedTx { raw: decoded.raw.clone(), signatures: vec![signature] };
    Ok((decoded, signed))
}
