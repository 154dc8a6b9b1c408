//! An address of a run as a row.

use domain::OrderId;
use rusqlite::{Connection, Row, params};
use tron::{Address, Energy, Sun, TokenUnits, TxId};

use super::row::{parsed, units, unreadable};
use super::{JournalError, RunId};
use crate::record::{Asset, Reason, ReasonCode, Record, State, Times};

/// A transfer that may have been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransfer {
    /// Its id.
    pub txid: TxId,
    /// Its bytes; sending them again is always safe.
    pub bytes: Vec<u8>,
    /// Chain time from which on no block can include it.
    pub expiration_ms: i64,
    /// What it moves.
    pub amount: TokenUnits,
}

/// Everything that the sweeper needs to know of an address to go on after a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is told of it.
    pub record: Record,
    /// Its place in the run, biggest first.
    pub rank: usize,
    /// Orders placed or under way.
    pub attempt: u32,
    /// What the newest order costs as things stand.
    pub order_charged: Sun,
    /// What the plan expected an order to cost.
    pub order_cost: Option<Sun>,
    /// Transfers signed so far.
    pub signings: u32,
    /// The newest transfer; there is never a second one that could still be included.
    pub transfer: Option<SignedTransfer>,
    /// Where it is included.
    pub block: Option<i64>,
    /// Whether an earlier process may have sent the order that the state announces. Not stored: what
    /// comes out of the file comes from an earlier process.
    pub is_order_in_doubt: bool,
}

impl Item {
    /// An address about which nothing was done yet.
    #[must_use]
    pub const fn new(record: Record, rank: usize) -> Self {
        Self {
            record,
            rank,
            attempt: 0,
            order_charged: Sun::ZERO,
            order_cost: None,
            signings: 0,
            transfer: None,
            block: None,
            is_order_in_doubt: false,
        }
    }

    /// Sets what the newest order costs; the record shows it with those before.
    pub fn set_order_charged(&mut self, charged: Sun) {
        self.record.charged = self.record.charged - self.order_charged + charged;
        self.order_charged = charged;
    }
}

const fn asset_word(asset: Asset) -> &'static str {
    match asset {
        Asset::Token => "token",
        Asset::Trx => "trx",
    }
}

pub(super) fn save(connection: &Connection, run: &RunId, item: &Item) -> Result<(), JournalError> {
    let (record, times) = (&item.record, &item.record.times);
    let transfer = item.transfer.as_ref();
    let mut save = connection.prepare_cached(
        "INSERT OR REPLACE INTO item (run, address, asset, rank, label, state, reason_code, \
         reason_text, held, moved, attempt, serial, order_charged_sun, earlier_charged_sun, \
         order_cost_sun, burn_cost_sun, signings, txid, tx, expiration_ms, amount, block, burned_sun, \
         burned_for_energy_sun, energy_used, planned_ms, ordered_ms, ready_ms, sent_ms, ended_ms) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
         ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)",
    )?;
    save.execute(params![
        run.to_string(),
        record.address.to_string(),
        asset_word(record.asset),
        i64::try_from(item.rank).unwrap_or(i64::MAX),
        record.label,
        record.state.word(),
        record.reason.as_ref().map(|reason| reason.code.word()),
        record.reason.as_ref().map(|reason| &reason.text),
        record.held.0.to_string(),
        record.moved.0.to_string(),
        item.attempt,
        record.serial.map(|serial| serial.to_string()),
        item.order_charged.get(),
        (record.charged - item.order_charged).get(),
        item.order_cost.map(Sun::get),
        record.burn_cost.get(),
        item.signings,
        record.txid.map(|txid| txid.to_string()),
        transfer.map(|transfer| &transfer.bytes),
        transfer.map(|transfer| transfer.expiration_ms),
        transfer.map(|transfer| transfer.amount.0.to_string()),
        item.block,
        record.burned.get(),
        record.burned_for_energy.get(),
        record.energy_used.get(),
        times.planned_ms,
        times.ordered_ms,
        times.ready_ms,
        times.sent_ms,
        times.ended_ms,
    ])?;
    Ok(())
}

pub(super) fn of_run(connection: &Connection, run: &RunId) -> Result<Vec<Item>, JournalError> {
    let mut select = connection.prepare_cached(
        "SELECT address, asset, rank, label, state, reason_code, reason_text, held, moved, attempt, \
         serial, order_charged_sun, earlier_charged_sun, order_cost_sun, burn_cost_sun, signings, \
         txid, tx, expiration_ms, amount, block, burned_sun, burned_for_energy_sun, energy_used, \
         planned_ms, ordered_ms, ready_ms, sent_ms, ended_ms FROM item WHERE run = ?1 \
         ORDER BY asset, rank",
    )?;
    let rows = select.query_map(params![run.to_string()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Item> {
    let sun = |column| row.get(column).map(Sun::new);
    let rank: i64 = row.get(2)?;
    let order_charged: Sun = sun(11)?;
    let txid: Option<TxId> = optional(row, 16, |text| text.parse().ok())?;
    Ok(Item {
        record: Record {
            address: parsed::<Address>(row, 0)?,
            label: row.get(3)?,
            asset: match row.get_ref(1)?.as_str()? {
                "token" => Asset::Token,
                _ => Asset::Trx,
            },
            state: required(row, 4, State::from_word)?,
            reason: read_reason(row)?,
            held: units(row, 7)?,
            moved: units(row, 8)?,
            serial: optional(row, 10, OrderId::parse)?,
            txid,
            charged: sun(12)? + order_charged,
            burned: sun(21)?,
            burned_for_energy: sun(22)?,
            burn_cost: sun(14)?,
            energy_used: Energy::new(row.get(23)?),
            times: Times {
                planned_ms: row.get(24)?,
                ordered_ms: row.get(25)?,
                ready_ms: row.get(26)?,
                sent_ms: row.get(27)?,
                ended_ms: row.get(28)?,
            },
        },
        rank: usize::try_from(rank).unwrap_or(0),
        attempt: row.get(9)?,
        order_charged,
        order_cost: row.get::<_, Option<i64>>(13)?.map(Sun::new),
        signings: row.get(15)?,
        transfer: read_transfer(row, txid)?,
        block: row.get(20)?,
        is_order_in_doubt: true,
    })
}

fn read_reason(row: &Row<'_>) -> rusqlite::Result<Option<Reason>> {
    let code = optional(row, 5, ReasonCode::from_word)?;
    let text: Option<String> = row.get(6)?;
    Ok(code.map(|code| Reason::new(code, text.unwrap_or_default())))
}

fn read_transfer(row: &Row<'_>, txid: Option<TxId>) -> rusqlite::Result<Option<SignedTransfer>> {
    let bytes: Option<Vec<u8>> = row.get(17)?;
    let expiration_ms: Option<i64> = row.get(18)?;
    let amount = optional(row, 19, |text| text.parse().ok().map(TokenUnits))?;
    let transfer = match (txid, bytes, expiration_ms, amount) {
        (Some(txid), Some(bytes), Some(expiration_ms), Some(amount)) => {
            Some(SignedTransfer { txid, bytes, expiration_ms, amount })
        }
        _ => None,
    };
    Ok(transfer)
}

/// A column of text that is something else, or nothing.
fn optional<T>(
    row: &Row<'_>,
    column: usize,
    read: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| read(&text).ok_or_else(|| unreadable(column, &text))).transpose()
}

fn required<T>(
    row: &Row<'_>,
    column: usize,
    read: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    optional(row, column, read)?.ok_or_else(|| unreadable(column, "nothing"))
}
