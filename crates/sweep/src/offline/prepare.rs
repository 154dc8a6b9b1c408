//! From a plan to unsigned transfers.

use std::time::Duration;

use jiff::Timestamp;
use node::{ChainParameters, Head};
use tron::{Contract, RawTx, RefBlock, Sun, TokenUnits, TxId, trc20};

use super::file::{FORMAT, PlanFile, PlanToken, TransferEntry, VERSION};
use crate::plan::{Plan, PlanRow};
use crate::settings::Settings;

/// How long transfers are valid unless told otherwise: a working day, so that somebody can carry the
/// file to the machine with the keys and back, and what was not sent dies the same day.
pub const VALID_FOR: Duration = Duration::from_secs(12 * 3_600);
/// The longest that transfers may be valid. The chain takes nothing that expires 24 h or more after
/// its newest block, and the node that sends may be a little behind the one that planned.
///
/// Source: java-tron `Constant.MAXIMUM_TIME_UNTIL_EXPIRATION`.
pub const VALID_FOR_MAX: Duration = Duration::from_secs(23 * 3_600);
/// How much dearer than planned a transfer may turn out, in hundredths.
const FEE_LIMIT_SPARE_PERCENT: i64 = 5;

/// Unsigned transfers of everything that the plan would sweep.
///
/// Shape: pure. Each fee limit is what the transfer's energy costs at the chain's price and a
/// twentieth more: the limit counts borrowed energy too, and a shortfall cannot burn more.
#[must_use]
pub fn prepare(
    plan: &Plan,
    settings: &Settings,
    parameters: &ChainParameters,
    (head, solid): (&Head, &Head),
    valid_for: Duration,
    now_ms: i64,
) -> PlanFile {
    let valid_ms = i64::try_from(valid_for.min(VALID_FOR_MAX).as_millis()).unwrap_or(0);
    let expiration_ms = head.timestamp_ms + valid_ms;
    let rows: Vec<&PlanRow> = plan.to_sweep().collect();
    let total = TokenUnits(rows.iter().map(|row| row.held.0).sum());
    let transfers = rows
        .into_iter()
        .map(|row| entry(row, settings, parameters, (head, solid), expiration_ms))
        .collect();
    PlanFile {
        format: FORMAT.to_owned(),
        version: VERSION,
        created_ms: now_ms,
        expiration_ms,
        expires: Timestamp::from_millisecond(expiration_ms)
            .map(|at| at.to_string())
            .unwrap_or_default(),
        token: PlanToken {
            address: settings.token.address,
            symbol: settings.token.symbol.clone(),
            decimals: settings.token.decimals,
        },
        destination: settings.destination,
        total: settings.token.show(total),
        transfers,
        sha256: String::new(),
    }
    .sealed()
}

fn entry(
    row: &PlanRow,
    settings: &Settings,
    parameters: &ChainParameters,
    (head, solid): (&Head, &Head),
    expiration_ms: i64,
) -> TransferEntry {
    let energy = row.transfer_energy.get();
    let spare = energy.saturating_mul(FEE_LIMIT_SPARE_PERCENT) / 100;
    let fee_limit = parameters.energy_fee.get().saturating_mul(energy.saturating_add(spare));
    let fee_limit = Sun::new(fee_limit).min(parameters.max_fee_limit);
    let raw = RawTx {
        contract: Contract::Trigger {
            owner: row.target.address,
            contract: settings.token.address,
            data: trc20::transfer_data(settings.destination, row.held),
            call_value: Sun::ZERO,
        },
        ref_block: RefBlock::from_block_id(&solid.id),
        expiration_ms,
        timestamp_ms: head.timestamp_ms,
        fee_limit,
        permission_id: 0,
        memo: Vec::new(),
    }
    .encode();
    TransferEntry {
        from: row.target.address,
        label: row.target.label.clone(),
        amount: settings.token.show(row.held),
        units: row.held.0.to_string(),
        fee_limit_sun: fee_limit.get(),
        burn_cost_sun: row.burn_cost.get(),
        txid: TxId::of_raw(&raw).to_string(),
        raw: hex::encode(raw),
        signature: None,
    }
}
