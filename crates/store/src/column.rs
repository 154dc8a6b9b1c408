//! Columns to domain types. A value that no writer of ours could have left is an error, not a guess.

use domain::{KeyId, MerchantId, OrderId, Period, PolicyId, UnixMillis};
use tron::{Address, Bandwidth, Energy, Resource, Sun, TokenUnits, TxId};

use crate::code::Code;
use crate::sql::{Error, Result, Row};

/// The error of a value that does not mean anything.
pub(crate) fn meaningless(column: usize, value: &dyn ToString) -> Error {
    Error::Meaningless { column, value: value.to_string() }
}

/// A word that is kept as a number.
pub(crate) fn code<T: Code>(row: &Row<'_>, index: usize) -> Result<T> {
    let number: i64 = row.get(index)?;
    T::from_number(number).ok_or_else(|| meaningless(index, &number))
}

/// A word that is kept as a number and may not be there.
pub(crate) fn maybe_code<T: Code>(row: &Row<'_>, index: usize) -> Result<Option<T>> {
    let number: Option<i64> = row.get(index)?;
    number.map(|_| code(row, index)).transpose()
}

/// An order's id.
pub(crate) fn order_id(row: &Row<'_>, index: usize) -> Result<OrderId> {
    row.get(index).map(OrderId)
}

/// An order's id that may not be there.
pub(crate) fn maybe_order_id(row: &Row<'_>, index: usize) -> Result<Option<OrderId>> {
    Ok(row.get::<Option<[u8; 16]>>(index)?.map(OrderId))
}

/// A policy's id.
pub(crate) fn policy_id(row: &Row<'_>, index: usize) -> Result<PolicyId> {
    row.get(index).map(PolicyId)
}

/// A merchant's id.
pub(crate) fn merchant_id(row: &Row<'_>, index: usize) -> Result<MerchantId> {
    row.get(index).map(MerchantId)
}

/// A key's id.
pub(crate) fn key_id(row: &Row<'_>, index: usize) -> Result<KeyId> {
    row.get(index).map(KeyId)
}

/// A moment.
pub(crate) fn millis(row: &Row<'_>, index: usize) -> Result<UnixMillis> {
    row.get(index).map(UnixMillis)
}

/// A moment that may not have come.
pub(crate) fn maybe_millis(row: &Row<'_>, index: usize) -> Result<Option<UnixMillis>> {
    Ok(row.get::<Option<i64>>(index)?.map(UnixMillis))
}

/// An amount of sun.
pub(crate) fn sun(row: &Row<'_>, index: usize) -> Result<Sun> {
    row.get(index).map(Sun::new)
}

/// An amount of sun that may not be there.
pub(crate) fn maybe_sun(row: &Row<'_>, index: usize) -> Result<Option<Sun>> {
    Ok(row.get::<Option<i64>>(index)?.map(Sun::new))
}

/// Units of energy.
pub(crate) fn energy(row: &Row<'_>, index: usize) -> Result<Energy> {
    row.get(index).map(Energy::new)
}

/// How long energy is rented, in days; 0 for an hour.
pub(crate) fn period(row: &Row<'_>, index: usize) -> Result<Period> {
    match row.get(index)? {
        0 => Ok(Period::HOUR),
        days => Period::from_days(days).ok_or_else(|| meaningless(index, &days)),
    }
}

/// Units of bandwidth.
pub(crate) fn bandwidth(row: &Row<'_>, index: usize) -> Result<Bandwidth> {
    row.get(index).map(Bandwidth::new)
}

/// Which resource.
pub(crate) fn resource(row: &Row<'_>, index: usize) -> Result<Resource> {
    let code: i32 = row.get(index)?;
    Resource::from_code(code).ok_or_else(|| meaningless(index, &code))
}

/// An amount of a token.
pub(crate) fn token_units(row: &Row<'_>, index: usize) -> Result<TokenUnits> {
    let digits: String = row.get(index)?;
    digits.parse().map(TokenUnits).map_err(|_| meaningless(index, &digits))
}

/// A transaction's id.
pub(crate) fn txid(row: &Row<'_>, index: usize) -> Result<TxId> {
    row.get(index).map(TxId::from_bytes)
}

/// A transaction's id that may not be there.
pub(crate) fn maybe_txid(row: &Row<'_>, index: usize) -> Result<Option<TxId>> {
    Ok(row.get::<Option<[u8; 32]>>(index)?.map(TxId::from_bytes))
}

/// An address.
pub(crate) fn address(row: &Row<'_>, index: usize) -> Result<Address> {
    let bytes: [u8; tron::address::ADDRESS_LEN] = row.get(index)?;
    Address::from_slice(&bytes).map_err(|error| meaningless(index, &error))
}

/// An address that may not be there.
pub(crate) fn maybe_address(row: &Row<'_>, index: usize) -> Result<Option<Address>> {
    let bytes: Option<[u8; tron::address::ADDRESS_LEN]> = row.get(index)?;
    let address = bytes.map(|bytes| Address::from_slice(&bytes));
    address.transpose().map_err(|error| meaningless(index, &error))
}

/// Most rows, as a statement's LIMIT takes it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
