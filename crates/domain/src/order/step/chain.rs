//! What the chain and its nodes say: signed, answered, included, dropped by a fork, lost.

use tron::TxId;

use super::{Answer, Decision, Refused, Surroundings, WalletChange, ending, fork};
use crate::leg::{Leg, LegEvent, LegState, Road, step as leg_step};
use crate::order::{OrderState, WholeOrder};
use crate::time::UnixMillis;
use crate::tx::{ChainTx, TxState};

/// A transaction was signed for a planned or owed leg. Another worker's second one is refused here.
pub(super) fn signed(
    decision: &mut Decision,
    tx: ChainTx,
    around: &Surroundings<'_>,
) -> Result<(), Refused> {
    // A way back that was lost is owed again; the lost bytes must not become its transaction anew. And
    // two processes can sign the same for two orders in the same millisecond, which is one transaction.
    let is_known = |whole: &WholeOrder| whole.tx(tx.txid).is_some();
    if is_known(&decision.whole) || around.others.iter().any(is_known) {
        return Err(Refused::NoChange);
    }
    let leg = find(&mut decision.whole.legs, tx.leg.number)?;
    let fits = match tx.road {
        Road::Out => leg.state == LegState::Planned,
        Road::Back => leg.state == LegState::Owed,
    };
    if !fits {
        return Err(Refused::NoChange);
    }
    leg.state = leg_step(leg.kind, leg.state, LegEvent::Signed)?;
    decision.whole.txs.push(tx);
    Ok(())
}

/// A node answered. A refusal counts only of bytes that were never sent before.
pub(super) fn answered(
    decision: &mut Decision,
    txid: TxId,
    answer: Answer,
    around: &Surroundings<'_>,
) -> Result<(), Refused> {
    let (tx, _, _) = decision.leg_of(txid)?;
    let tx = &mut decision.whole.txs[tx];
    if tx.state != TxState::Stored {
        return Err(Refused::NoChange);
    }
    tx.sent_at = Some(around.moment.now);
    match answer {
        Answer::Taken | Answer::Unanswered => tx.is_maybe_taken = true,
        Answer::RefusedOutright if !tx.is_maybe_taken => return lost(decision, txid, around),
        Answer::RefusedOutright | Answer::Refused => tx.is_maybe_taken = true,
    }
    Ok(())
}

/// The chain shows a transaction.
pub(super) fn included(
    decision: &mut Decision,
    txid: TxId,
    block: i64,
    at: UnixMillis,
    has_succeeded: bool,
    around: &Surroundings<'_>,
) -> Result<(), Refused> {
    let (tx, leg, road) = decision.leg_of(txid)?;
    let tx = &mut decision.whole.txs[tx];
    if !has_succeeded {
        // A fork can drop the block in which it failed and include it again where it works; past its
        // expiration in a solid block it cannot.
        return match around.moment.solid_now >= tx.expiration {
            true => lost(decision, txid, around),
            false => Err(Refused::NoChange),
        };
    }
    let is_news = tx.state == TxState::Stored;
    let is_moved = tx.state == TxState::Included && tx.block != Some(block);
    if !is_news && !is_moved {
        return Err(Refused::NoChange);
    }
    (tx.state, tx.block, tx.is_maybe_taken) = (TxState::Included, Some(block), true);
    let leg = &mut decision.whole.legs[leg];
    match road {
        Road::Out => leg.included_at = Some(at),
        Road::Back => leg.returned_at = Some(at),
    }
    if is_news && awaits(leg, road) {
        leg.state = leg_step(leg.kind, leg.state, LegEvent::Included)?;
        if road == Road::Out {
            decision.wallets.extend(WalletChange::of_leg(leg.owner, leg.kind, -1, -1));
        }
        // A fork can undo a way out after the order was refunded. Once it is back on chain nobody pays
        // for it.
        if road == Road::Out && decision.whole.order.state == OrderState::Refunded {
            ending::take_back(decision, around)?;
        }
    }
    Ok(())
}

/// A fork dropped the block: the same bytes are sent again.
pub(super) fn reorged_out(decision: &mut Decision, txid: TxId) -> Result<(), Refused> {
    let (tx, leg, road) = decision.leg_of(txid)?;
    let tx = &mut decision.whole.txs[tx];
    if tx.state != TxState::Included {
        return Err(Refused::NoChange);
    }
    (tx.state, tx.block, tx.sent_at) = (TxState::Stored, None, None);
    let leg = &mut decision.whole.legs[leg];
    match (road, leg.state) {
        // The way back is already signed while the way out fell off the chain: keep the leg where
        // it is; both transactions are followed by themselves.
        (Road::Out, LegState::Returning | LegState::Returned) => {}
        (Road::Out, LegState::Included | LegState::Owed) => {
            decision.wallets.extend(put_back(leg)?);
        }
        (Road::Back, LegState::Returned) => {
            leg.state = leg_step(leg.kind, leg.state, LegEvent::ReorgedOut)?;
            leg.returned_at = None;
        }
        (Road::Out | Road::Back, _) => return Err(Refused::NoChange),
    }
    Ok(())
}

/// The way out fell off the chain: the leg waits for it again.
fn put_back(leg: &mut Leg) -> Result<Option<WalletChange>, Refused> {
    leg.state = leg_step(leg.kind, leg.state, LegEvent::ReorgedOut)?;
    leg.included_at = None;
    Ok(WalletChange::of_leg(leg.owner, leg.kind, 1, 1))
}

/// A transaction can never be included: its leg is dropped on the way out, or signed anew on the way
/// back.
///
/// A delivered order can come to this when a fork undid a way out and nothing brought it back in time:
/// what the merchant paid for is gone, so it is filled again.
pub(super) fn lost(
    decision: &mut Decision,
    txid: TxId,
    around: &Surroundings<'_>,
) -> Result<(), Refused> {
    let (tx, leg, road) = decision.leg_of(txid)?;
    let tx = &mut decision.whole.txs[tx];
    if tx.state != TxState::Stored {
        return Err(Refused::NoChange);
    }
    tx.state = TxState::Lost;
    let number = decision.whole.legs[leg].id.number;
    let out = decision.whole.live_tx(number, Road::Out);
    let (is_out_lost, is_out_undone) =
        (out.is_none(), out.is_some_and(|out| out.state == TxState::Stored));
    let leg = &mut decision.whole.legs[leg];
    if awaits(leg, road) {
        leg.state = leg_step(leg.kind, leg.state, LegEvent::Lost)?;
        if road == Road::Out {
            decision.wallets.extend(WalletChange::of_leg(leg.owner, leg.kind, -1, 0));
            fork::spoil(decision);
        }
    }
    let is_wanted = fork::is_wanted(&decision.whole, around);
    let is_delivered = decision.whole.order.state == OrderState::Delivered;
    let leg = find(&mut decision.whole.legs, number)?;
    // A fork can undo the way out while the way back is signed. When neither can happen any more,
    // taking back would take what another order lent to the same address.
    if leg.state == LegState::Owed && is_out_lost && !leg.kind.is_leftover() {
        leg.state = leg_step(leg.kind, leg.state, LegEvent::Lost)?;
    }
    // Where the way out can still come again, the leg waits for that first.
    if leg.state == LegState::Owed && is_out_undone {
        decision.wallets.extend(put_back(leg)?);
    }
    if leg.state == LegState::Owed && is_wanted && !leg.kind.is_leftover() {
        leg.state = leg_step(leg.kind, leg.state, LegEvent::Keep)?;
    }
    // It was there when the order was delivered, and is not any more.
    if leg.state == LegState::Dropped && is_delivered {
        leg.returned_at = leg.included_at.max(Some(around.moment.chain_now));
    }
    Ok(())
}

/// The chain shows that nothing is left to take back for a leg.
pub(super) fn nothing_to_return(
    decision: &mut Decision,
    number: u8,
    chain_now: UnixMillis,
) -> Result<(), Refused> {
    let leg = find(&mut decision.whole.legs, number)?;
    if leg.state != LegState::Owed {
        return Err(Refused::NoChange);
    }
    (leg.state, leg.returned_at) = (LegState::Returned, leg.included_at.max(Some(chain_now)));
    Ok(())
}

/// Whether the leg is waiting for the transaction of this road; it may have moved on meanwhile.
fn awaits(leg: &Leg, road: Road) -> bool {
    match road {
        Road::Out => leg.state == LegState::Signed,
        Road::Back => leg.state == LegState::Returning,
    }
}

fn find(legs: &mut [Leg], number: u8) -> Result<&mut Leg, Refused> {
    legs.iter_mut().find(|leg| leg.id.number == number).ok_or(Refused::Unknown)
}
