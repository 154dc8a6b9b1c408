//! Deposit addresses, deposits, and how far the chain was scanned for them.

use app::admin_rows::{DepositPlace, Slice};
use app::rows::{DepositAddress, ScannedBlock};
use domain::{Deposit, DepositId, MerchantId};
use tron::Address;

use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};
use crate::{column, flight};

/// The columns of a deposit, as [`read`] expects them.
macro_rules! columns {
    () => {
        "txid, contract_index, id, merchant_id, address, sender, amount, block, at_ms, seen_ms, \
         is_credited"
    };
}

crate::statement::statements! {
    INSERT_ADDRESS = "
INSERT INTO deposit_address (address, merchant_id, xpub, number, created_ms)
VALUES (?1, ?2, ?3, ?4, ?5)";
    ADDRESS_OF = "
SELECT address, merchant_id, xpub, number, created_ms FROM deposit_address
WHERE merchant_id = ?1 AND xpub = ?2";
    ADDRESSES_OF = "
SELECT address, merchant_id, xpub, number, created_ms FROM deposit_address
WHERE merchant_id = ?1 ORDER BY created_ms DESC, address";
    ADDRESSES = "
SELECT address, merchant_id, xpub, number, created_ms FROM deposit_address ORDER BY address";
    MERCHANT_OF = "SELECT merchant_id FROM deposit_address WHERE address = ?1";
    INSERT = concat!("INSERT INTO deposit (", columns!(), ")
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
    OF_MERCHANT = concat!("SELECT ", columns!(), "
FROM deposit WHERE merchant_id = ?1 AND block <= ?2 AND (block < ?2 OR txid > ?3)
ORDER BY block DESC, txid LIMIT ?4");
    NEWEST = concat!("SELECT ", columns!(), "
FROM deposit ORDER BY block DESC LIMIT ?1");
    SCANNED = "SELECT number, block_id, at_ms FROM scanned_block WHERE id = 1";
    FIRST_SCANNED = "
INSERT INTO scanned_block (id, number, block_id, at_ms) VALUES (1, ?1, ?2, ?3)";
    SET_SCANNED = "UPDATE scanned_block SET number = ?1, block_id = ?2, at_ms = ?3 WHERE id = 1";
}

fn read(row: &Row<'_>) -> sql::Result<Deposit> {
    Ok(Deposit {
        txid: column::txid(row, 0)?,
        contract_index: row.get(1)?,
        id: DepositId(row.get(2)?),
        merchant: column::merchant_id(row, 3)?,
        address: column::address(row, 4)?,
        sender: column::address(row, 5)?,
        amount: column::sun(row, 6)?,
        block: row.get(7)?,
        at: column::millis(row, 8)?,
        seen: column::millis(row, 9)?,
        is_credited: row.get(10)?,
    })
}

fn read_address(row: &Row<'_>) -> sql::Result<DepositAddress> {
    Ok(DepositAddress {
        address: column::address(row, 0)?,
        merchant: column::merchant_id(row, 1)?,
        xpub: row.get(2)?,
        number: row.get(3)?,
        created: column::millis(row, 4)?,
    })
}

/// Keeps a new deposit address; a merchant has one for each extended public key.
pub(crate) fn insert_address(connection: &Connection, new: &DepositAddress) -> Result<(), Fault> {
    connection.prepare_cached(INSERT_ADDRESS)?.run(params![
        new.address.as_bytes(),
        new.merchant.0,
        new.xpub,
        new.number,
        new.created.0,
    ])?;
    Ok(())
}

/// A merchant's deposit address below the extended public key with this fingerprint.
pub(crate) fn address_of(
    connection: &Connection,
    merchant: MerchantId,
    xpub: &str,
) -> Result<Option<DepositAddress>, Fault> {
    let mut address = connection.prepare_cached(ADDRESS_OF)?;
    Ok(address.query_row(params![merchant.0, xpub], read_address).optional()?)
}

/// A merchant's deposit addresses, the newest first; everybody's without a merchant.
pub(crate) fn addresses(
    connection: &Connection,
    merchant: Option<MerchantId>,
) -> Result<Vec<DepositAddress>, Fault> {
    let rows = match merchant {
        Some(merchant) => connection
            .prepare_cached(ADDRESSES_OF)?
            .query_map([merchant.0], read_address)?
            .collect::<Result<_, _>>()?,
        None => connection
            .prepare_cached(ADDRESSES)?
            .query_map([], read_address)?
            .collect::<Result<_, _>>()?,
    };
    Ok(rows)
}

/// Which of these addresses are deposit addresses, and whose.
pub(crate) fn merchants_of(
    connection: &Connection,
    addresses: &[Address],
) -> Result<Vec<(Address, MerchantId)>, Fault> {
    let bytes_of = |address: &Address| address.as_bytes().to_vec();
    flight::found_of(connection, MERCHANT_OF, addresses, bytes_of, |row| {
        column::merchant_id(row, 0)
    })
}

/// Keeps a deposit; a known one is refused, which refuses the whole commit.
pub(crate) fn insert(connection: &Connection, new: &Deposit) -> Result<(), Fault> {
    connection.prepare_cached(INSERT)?.run(params![
        new.txid.as_bytes(),
        new.contract_index,
        new.id.0,
        new.merchant.0,
        new.address.as_bytes(),
        new.sender.as_bytes(),
        new.amount.get(),
        new.block,
        new.at.0,
        new.seen.0,
        new.is_credited,
    ])?;
    Ok(())
}

/// The newest deposits, of one merchant or of all.
pub(crate) fn newest(
    connection: &Connection,
    merchant: Option<MerchantId>,
    limit: usize,
) -> Result<Vec<Deposit>, Fault> {
    match merchant {
        Some(merchant) => of_merchant(connection, merchant, Slice { after: None, limit }),
        None => {
            let mut newest = connection.prepare_cached(NEWEST)?;
            let rows = newest.query_map([column::limit(limit)], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        }
    }
}

/// A part of a merchant's deposits, newest first.
pub(crate) fn of_merchant(
    connection: &Connection,
    merchant: MerchantId,
    slice: Slice<DepositPlace>,
) -> Result<Vec<Deposit>, Fault> {
    let (block, txid) = match slice.after {
        Some(place) => (place.block, place.txid.as_bytes().to_vec()),
        // Blobs are ordered by their bytes: every txid comes after none.
        None => (i64::MAX, Vec::new()),
    };
    let mut deposits = connection.prepare_cached(OF_MERCHANT)?;
    let asked = params![merchant.0, block, txid, column::limit(slice.limit)];
    let rows = deposits.query_map(asked, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The last solid block that was scanned.
pub(crate) fn scanned(connection: &Connection) -> Result<Option<ScannedBlock>, Fault> {
    let found = connection.prepare_cached(SCANNED)?.query_row([], |row| {
        Ok(ScannedBlock { number: row.get(0)?, id: row.get(1)?, at: column::millis(row, 2)? })
    });
    Ok(found.optional()?)
}

/// Remembers the last solid block that was scanned; the schema refuses to go back.
pub(crate) fn set_scanned(connection: &Connection, block: &ScannedBlock) -> Result<(), Fault> {
    let row = params![block.number, block.id, block.at.0];
    if connection.prepare_cached(SET_SCANNED)?.execute(row)? == 0 {
        connection.prepare_cached(FIRST_SCANNED)?.run(row)?;
    }
    Ok(())
}
