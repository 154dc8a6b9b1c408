//! The pool's wallets.

use app::admin_rows::WalletRow;
use app::rows::{NewWallet, WalletReading};
use domain::order::step::WalletChange;
use domain::pool::{Pool, PoolWallet};
use tron::Address;

use crate::code::Code;
use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};

crate::statement::statements! {
    ALL = "
SELECT address, role, permission_id, is_enabled, energy_capacity, energy_reserved,
  bandwidth_capacity, bandwidth_reserved, own_bandwidth, legs_open, balance, version
FROM wallet ORDER BY address";
    SIGNERS = "SELECT address, signer, role, permission_id FROM wallet ORDER BY address";
    PUT = "
INSERT INTO wallet (address, signer, role, permission_id) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (address) DO UPDATE SET signer = excluded.signer, role = excluded.role,
  permission_id = excluded.permission_id";
    ROW = "SELECT address, signer, role, permission_id, is_enabled FROM wallet WHERE address = ?1";
    ENABLE = "UPDATE wallet SET is_enabled = ?2 WHERE address = ?1";
    CHANGE = "
UPDATE wallet SET energy_reserved = energy_reserved + ?2, energy_capacity = energy_capacity + ?3,
  bandwidth_reserved = bandwidth_reserved + ?4, bandwidth_capacity = bandwidth_capacity + ?5,
  own_bandwidth = own_bandwidth + ?6, legs_open = legs_open + ?7, balance = balance + ?8,
  version = version + ?9
WHERE address = ?1";
    SAVE_READING = "
UPDATE wallet SET energy_capacity = ?3, bandwidth_capacity = ?4, own_bandwidth = ?5, balance = ?6
WHERE address = ?1 AND version = ?2";
}

/// Every wallet, with its version.
pub(crate) fn all(connection: &Connection) -> Result<(Pool, Vec<i64>), Fault> {
    let mut all = connection.prepare_cached(ALL)?;
    let rows = all.query_map([], read)?;
    let (wallets, versions) = rows.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    Ok((Pool { wallets }, versions))
}

/// A wallet with its version.
pub(crate) fn read(row: &Row<'_>) -> sql::Result<(PoolWallet, i64)> {
    let wallet = PoolWallet {
        address: column::address(row, 0)?,
        role: column::code(row, 1)?,
        permission_id: row.get(2)?,
        is_enabled: row.get(3)?,
        energy_capacity: column::sun(row, 4)?,
        energy_reserved: column::sun(row, 5)?,
        bandwidth_capacity: column::sun(row, 6)?,
        bandwidth_reserved: column::sun(row, 7)?,
        own_bandwidth: row.get(8)?,
        legs_open: row.get(9)?,
        balance: column::sun(row, 10)?,
    };
    Ok((wallet, row.get(11)?))
}

/// Who signs for each wallet.
pub(crate) fn signers(connection: &Connection) -> Result<Vec<NewWallet>, Fault> {
    let mut signers = connection.prepare_cached(SIGNERS)?;
    let rows = signers.query_map([], |row| {
        Ok(NewWallet {
            address: column::address(row, 0)?,
            signer: column::address(row, 1)?,
            role: column::code(row, 2)?,
            permission_id: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds a wallet, or changes who signs for it and what it is for.
pub(crate) fn put(connection: &Connection, wallet: &NewWallet) -> Result<(), Fault> {
    connection.prepare_cached(PUT)?.run(params![
        wallet.address.as_bytes(),
        wallet.signer.as_bytes(),
        wallet.role.number(),
        wallet.permission_id,
    ])?;
    Ok(())
}

/// A wallet as the operator set it.
pub(crate) fn row(connection: &Connection, address: Address) -> Result<Option<WalletRow>, Fault> {
    let mut wallet = connection.prepare_cached(ROW)?;
    let found = wallet.query_row([address.as_bytes()], |row| {
        Ok(WalletRow {
            address: column::address(row, 0)?,
            signer: column::address(row, 1)?,
            role: column::code(row, 2)?,
            permission_id: row.get(3)?,
            is_enabled: row.get(4)?,
        })
    });
    Ok(found.optional()?)
}

/// Writes a wallet as the operator wants it from now on.
pub(crate) fn put_row(connection: &Connection, wallet: &WalletRow) -> Result<(), Fault> {
    let WalletRow { address, signer, role, permission_id, is_enabled } = *wallet;
    put(connection, &NewWallet { address, signer, role, permission_id })?;
    enable(connection, address, is_enabled).map(drop)
}

/// Lets new legs use a wallet, or not; false when there is no such wallet.
pub(crate) fn enable(
    connection: &Connection,
    address: Address,
    is_enabled: bool,
) -> Result<bool, Fault> {
    let mut enable = connection.prepare_cached(ENABLE)?;
    Ok(enable.execute(params![address.as_bytes(), is_enabled])? > 0)
}

/// Moves a wallet's row by the differences that a decision found.
pub(crate) fn change(connection: &Connection, change: &WalletChange) -> Result<(), Fault> {
    let moves_capacity = change.energy_capacity.get() != 0 || change.bandwidth_capacity.get() != 0;
    let address = change.address.as_bytes();
    let values = params![
        address,
        change.energy_reserved.get(),
        change.energy_capacity.get(),
        change.bandwidth_reserved.get(),
        change.bandwidth_capacity.get(),
        change.own_bandwidth,
        change.legs_open,
        change.balance.get(),
        moves_capacity,
    ];
    let mut update = connection.prepare_cached(CHANGE)?;
    let is_there = match connection.know(|known| known.change_wallet(change)) {
        Some(is_right) => {
            update.run(values)?;
            is_right
        }
        None => update.execute(values)? > 0,
    };
    match is_there {
        false => Err(Fault::Broken(format!("wallet {} is not in the pool", change.address))),
        true => Ok(()),
    }
}

/// Writes what readings found, unless a decision moved a capacity after they began.
pub(crate) fn save_readings(
    connection: &Connection,
    readings: &[WalletReading],
) -> Result<(), Fault> {
    let mut save = connection.prepare_cached(SAVE_READING)?;
    for reading in readings {
        save.execute(params![
            reading.address.as_bytes(),
            reading.version,
            reading.energy_capacity.get(),
            reading.bandwidth_capacity.get(),
            reading.own_bandwidth.get(),
            reading.balance.get(),
        ])?;
    }
    Ok(())
}
