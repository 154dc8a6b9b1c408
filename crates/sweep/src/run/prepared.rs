//! Transfers that were signed elsewhere: sent as they are, or not at all.

use node::ChainParameters;

use super::check::Weighed;
use super::send::energy_at;
use super::terms::Now;
use super::{Halt, Step, Sweeper, Terms};
use crate::journal::{Item, SignedTransfer};
use crate::offline::{PreparedTransfer, SEND_MARGIN_MS};
use crate::record::{Reason, ReasonCode, State};

/// A transfer that has only this left before it expires is not sent any more, in milliseconds: it
/// could not be followed into a block, only wondered about.
const LAST_MOMENT_MS: i64 = 15_000;

impl Sweeper {
    /// Stores the transfer that was signed elsewhere as the one that goes out.
    pub(super) async fn take_prepared(
        &self,
        item: &mut Item,
        weighed: &Weighed,
        prepared: &PreparedTransfer,
        now: &Now,
    ) -> Result<Step, Halt> {
        let unusable = unusable(item, weighed, prepared, &now.parameters, &self.settings.token);
        if let Some(reason) = unusable {
            return self.give_up(item, State::Failed, reason).await;
        }
        if time_left_ms(prepared, now) < LAST_MOMENT_MS {
            return self.give_up(item, State::Failed, too_late()).await;
        }
        item.signings += 1;
        item.record.txid = Some(prepared.txid);
        item.transfer = Some(SignedTransfer {
            txid: prepared.txid,
            bytes: prepared.bytes.clone(),
            expiration_ms: prepared.expiration_ms,
            amount: prepared.amount,
        });
        self.reach(item, State::Signed).await
    }

    /// Ends an address whose signed transfer is of no use any more, before anything is ordered for it.
    pub(super) async fn drop_unusable(
        &self,
        item: &mut Item,
        weighed: &Weighed,
        terms: &Terms,
    ) -> Result<Option<Step>, Halt> {
        let Some(prepared) = self.keys.prepared(item.record.address) else { return Ok(None) };
        let now = match self.now(terms).await {
            Ok(now) => now,
            Err(error) => return self.park_unreachable(item, &error).await.map(Some),
        };
        let unusable = unusable(item, weighed, prepared, &now.parameters, &self.settings.token);
        let reason = match unusable {
            None if time_left_ms(prepared, &now) < SEND_MARGIN_MS => Some(too_late()),
            unusable => unusable,
        };
        match reason {
            Some(reason) => self.give_up(item, State::Failed, reason).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Until it expires, by chain time.
const fn time_left_ms(prepared: &PreparedTransfer, now: &Now) -> i64 {
    prepared.expiration_ms.saturating_sub(now.head.timestamp_ms)
}

fn too_late() -> Reason {
    let text = "the signed transfer expires too soon: plan and sign again";
    Reason::new(ReasonCode::TransferRefused, text)
}

/// Why the transfer would fail or move something else than what is there.
fn unusable(
    item: &Item,
    weighed: &Weighed,
    prepared: &PreparedTransfer,
    parameters: &ChainParameters,
    token: &crate::settings::Token,
) -> Option<Reason> {
    if item.signings > 0 {
        return Some(too_late());
    }
    if weighed.amount < prepared.amount {
        let (held, signed) = (token.show(weighed.amount), token.show(prepared.amount));
        let text = format!("holds {held} by now, and {signed} were signed for");
        return Some(Reason::new(ReasonCode::TransferRefused, text));
    }
    // The limit counts borrowed energy too: below this the call would run out of energy.
    let needed = energy_at(parameters, weighed.energy.get());
    if prepared.fee_limit < needed {
        let (limit, needed) = (prepared.fee_limit.to_trx_string(), needed.to_trx_string());
        let text = format!("its signed fee limit is {limit} TRX, and it takes {needed} by now");
        return Some(Reason::new(ReasonCode::Shortfall, text));
    }
    None
}
