//! Every change of a transfer: an event comes in, a [`Decision`] goes out, nothing else moves it.

use tron::{Address, Sun, TxId};

use super::TransferState::{Included, Released, Settled, Stored};
use super::{Transfer, TransferState};
use crate::id::{KeyId, MerchantId, TransferId};
use crate::key::{CapExceeded, KeySpend};
use crate::ledger::LedgerTx;
use crate::ledger::facts::{transfer_held, transfer_released, transfer_settled};
use crate::order::next::Moment;
use crate::order::step::Answer;
use crate::pool::{Pool, WalletRole};
use crate::time::UnixMillis;

/// A transfer to accept: asked for, signed, and not stored yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewTransfer {
    /// Identity.
    pub id: TransferId,
    /// Who pays.
    pub merchant: MerchantId,
    /// The key that asked for it.
    pub key: KeyId,
    /// Who gets the TRX.
    pub receiver: Address,
    /// What the receiver gets.
    pub amount: Sun,
    /// Whether it is charged the activation of its receiver.
    pub has_activation: bool,
    /// The wallet that pays on chain.
    pub payer: Address,
    /// The most that leaves the payer.
    pub outlay_max: Sun,
    /// SHA-256 of the raw data.
    pub txid: TxId,
    /// The signed transaction.
    pub bytes: Vec<u8>,
    /// Chain time after which it can never be included.
    pub expiration: UnixMillis,
    /// When, in wall time.
    pub now: UnixMillis,
}

/// What a transfer is judged by, as it is inside the commit.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// What it costs beyond the amount, activation included.
    pub fee: Sun,
    /// What the merchant can spend.
    pub available: Sun,
    /// Whether the merchant is paused.
    pub is_paused: bool,
    /// What the key may still spend on this day.
    pub spend: KeySpend,
    /// The pool.
    pub pool: &'a Pool,
    /// What open transfers may still take from the payer.
    pub outlay_open: Sun,
}

/// Something that happened to a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// It was sent and this was the answer.
    Answered(Answer),
    /// It was seen in a block.
    Included {
        /// The block's number.
        block: i64,
        /// Whether it was executed; a failed one moved nothing and counts as lost once no fork can
        /// include it again.
        has_succeeded: bool,
    },
    /// The block that held it is not on the chain any more.
    ReorgedOut,
    /// The block that holds it cannot be undone.
    Solid,
    /// It can never be included.
    Lost,
}

/// What becomes true together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The transfer as it is from now on.
    pub transfer: Transfer,
    /// Postings, each balanced.
    pub ledger: Vec<LedgerTx>,
    /// When it wants attention again.
    pub due: UnixMillis,
}

/// Why a transfer is not accepted, or why an event does not apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The merchant is paused.
    #[error("the merchant is paused")]
    MerchantPaused,
    /// The receiver is a wallet of the pool.
    #[error("the receiver is a wallet of the pool")]
    ReceiverIsPool,
    /// The key may not spend that much on this day.
    #[error(transparent)]
    CapExceeded(#[from] CapExceeded),
    /// The merchant cannot pay.
    #[error("the transfer costs {need} and {have} are available")]
    InsufficientFunds {
        /// Amount and fee.
        need: Sun,
        /// What is available.
        have: Sun,
    },
    /// The payer's float does not cover it.
    #[error("a payer would need {need} and has {have}")]
    NoFloat {
        /// Amount and network costs.
        need: Sun,
        /// What the fullest payer has beyond its open transfers.
        have: Sun,
    },
    /// There is no such transfer.
    #[error("there is no such transfer")]
    Unknown,
    /// The event is old news or does not fit.
    #[error("nothing changes")]
    NoChange,
}

/// Accepts a transfer: its money is held and its bytes are stored, together.
///
/// Errors: [`Refused`], checked in this order: paused, receiver, the key's cap, money,
/// float.
pub fn accept(new: NewTransfer, offer: &Offer<'_>) -> Result<Decision, Refused> {
    if offer.is_paused {
        return Err(Refused::MerchantPaused);
    }
    if offer.pool.wallets.iter().any(|wallet| wallet.address == new.receiver) {
        return Err(Refused::ReceiverIsPool);
    }
    let need = new.amount + offer.fee;
    offer.spend.check(need)?;
    if offer.available < need {
        return Err(Refused::InsufficientFunds { need, have: offer.available });
    }
    let payer = offer.pool.wallets.iter().find(|wallet| {
        wallet.address == new.payer && wallet.role == WalletRole::Payer && wallet.is_enabled
    });
    let balance = payer.map_or(Sun::ZERO, |wallet| wallet.balance);
    let have = balance - offer.outlay_open;
    if have < new.outlay_max {
        return Err(Refused::NoFloat { need: new.outlay_max, have });
    }
    let transfer = Transfer {
        id: new.id,
        merchant: new.merchant,
        key: new.key,
        receiver: new.receiver,
        amount: new.amount,
        fee: offer.fee,
        has_activation: new.has_activation,
        payer: new.payer,
        outlay_max: new.outlay_max,
        txid: new.txid,
        bytes: new.bytes,
        expiration: new.expiration,
        state: Stored,
        is_maybe_taken: false,
        sent_at: None,
        block: None,
        created: new.now,
        ended: None,
    };
    let ledger = vec![transfer_held(&transfer)];
    Ok(Decision { transfer, ledger, due: new.now })
}

/// What an event decides.
///
/// Errors: [`Refused::NoChange`] where the table in `docs/transfers.md` has no arrow.
pub fn step(transfer: &Transfer, event: Event, moment: &Moment) -> Result<Decision, Refused> {
    let mut next = transfer.clone();
    let mut ledger = Vec::new();
    match (transfer.state, event) {
        (Stored, Event::Answered(answer)) => {
            next.sent_at = Some(moment.now);
            if answer == Answer::RefusedOutright && !transfer.is_maybe_taken {
                release(&mut next, &mut ledger, moment.now);
            } else {
                next.is_maybe_taken = true;
            }
        }
        (Stored | Included, Event::Included { block, has_succeeded: true }) => {
            if transfer.state == Included && transfer.block == Some(block) {
                return Err(Refused::NoChange);
            }
            (next.state, next.block, next.is_maybe_taken) = (Included, Some(block), true);
        }
        // A fork can drop the block in which it failed and include it again where it works; past its
        // expiration in a solid block it cannot.
        (Stored, Event::Included { has_succeeded: false, .. })
            if moment.solid_now >= transfer.expiration =>
        {
            release(&mut next, &mut ledger, moment.now);
        }
        (Included, Event::ReorgedOut) => {
            (next.state, next.block, next.sent_at) = (Stored, None, None);
        }
        (Included, Event::Solid) => {
            (next.state, next.ended) = (Settled, Some(moment.now));
            ledger.push(transfer_settled(&next, moment.now));
        }
        (Stored, Event::Lost) => release(&mut next, &mut ledger, moment.now),
        (Stored | Included | Settled | Released, _) => return Err(Refused::NoChange),
    }
    Ok(Decision { transfer: next, ledger, due: moment.now })
}

/// It never happened and never will: the money goes back.
fn release(transfer: &mut Transfer, ledger: &mut Vec<LedgerTx>, now: UnixMillis) {
    (transfer.state, transfer.ended) = (TransferState::Released, Some(now));
    ledger.push(transfer_released(transfer, now));
}

#[cfg(test)]
mod tests {
    use super::super::example::stored;
    use super::*;
    use crate::pool::PoolWallet;

    const STATES: [TransferState; 4] = [Stored, Included, Settled, Released];

    fn moment(solid_now: i64) -> Moment {
        Moment {
            now: UnixMillis(90_000),
            chain_now: UnixMillis(90_000),
            solid_now: UnixMillis(solid_now),
        }
    }

    /// The machine as the table that `docs/transfers.md` prints.
    fn table() -> String {
        let mut rows = String::from("| state | event | next | ledger |\n|---|---|---|---|\n");
        let answers = [Answer::Taken, Answer::Unanswered, Answer::Refused, Answer::RefusedOutright];
        let answered =
            answers.map(|answer| (format!("Answered {answer:?}"), Event::Answered(answer)));
        let included = |has_succeeded| Event::Included { block: 5, has_succeeded };
        let others = [
            ("Included", included(true)),
            ("Included, failed, expired", included(false)),
            ("ReorgedOut", Event::ReorgedOut),
            ("Solid", Event::Solid),
            ("Lost", Event::Lost),
        ];
        let others = others.map(|(name, event)| (name.to_owned(), event));
        for state in STATES {
            for (name, event) in answered.iter().chain(&others) {
                let block = (state == Included).then_some(4);
                let transfer = Transfer { state, block, ..stored() };
                if let Ok(decision) = step(&transfer, *event, &moment(60_000)) {
                    let facts: Vec<_> = decision.ledger.iter().map(|tx| tx.fact.name()).collect();
                    let (next, facts) = (decision.transfer.state, facts.join(", "));
                    rows.push_str(&format!("| {state:?} | {name} | {next:?} | {facts} |\n"));
                }
            }
        }
        rows
    }

    #[test]
    fn the_document_shows_the_machine() {
        let document = include_str!("../../../../docs/transfers.md");
        let table = table();
        assert!(document.contains(&table), "docs/transfers.md must hold this table:\n{table}");
    }

    #[test]
    fn what_may_have_been_taken_is_not_released_by_a_refusal() {
        let sent = Transfer { is_maybe_taken: true, ..stored() };
        let refused = Event::Answered(Answer::RefusedOutright);
        let decision = step(&sent, refused, &moment(0)).unwrap();
        assert_eq!((decision.transfer.state, decision.ledger.len()), (Stored, 0));
    }

    #[test]
    fn a_failed_inclusion_releases_only_past_the_expiration() {
        let failed = Event::Included { block: 5, has_succeeded: false };
        assert_eq!(step(&stored(), failed, &moment(59_999)), Err(Refused::NoChange));
        assert_eq!(step(&stored(), failed, &moment(60_000)).unwrap().transfer.state, Released);
    }

    #[test]
    fn a_fork_moves_it_to_another_block_and_back() {
        let included = |block| Event::Included { block, has_succeeded: true };
        let first = step(&stored(), included(5), &moment(0)).unwrap().transfer;
        assert_eq!(step(&first, included(5), &moment(0)), Err(Refused::NoChange));
        let moved = step(&first, included(6), &moment(0)).unwrap().transfer;
        assert_eq!(moved.block, Some(6));
        let dropped = step(&moved, Event::ReorgedOut, &moment(0)).unwrap().transfer;
        assert_eq!((dropped.state, dropped.block, dropped.sent_at), (Stored, None, None));
        assert!(dropped.is_maybe_taken, "it was on chain once");
    }

    fn new(receiver: u8, amount: i64) -> NewTransfer {
        let example = stored();
        NewTransfer {
            id: example.id,
            merchant: example.merchant,
            key: example.key,
            receiver: Address::from_evm([receiver; 20]),
            amount: Sun::new(amount),
            has_activation: false,
            payer: example.payer,
            outlay_max: Sun::new(amount + 300_000),
            txid: example.txid,
            bytes: example.bytes,
            expiration: example.expiration,
            now: UnixMillis(0),
        }
    }

    fn payer() -> PoolWallet {
        PoolWallet {
            address: Address::from_evm([1; 20]),
            role: WalletRole::Payer,
            permission_id: 2,
            is_enabled: true,
            energy_capacity: Sun::ZERO,
            energy_reserved: Sun::ZERO,
            bandwidth_capacity: Sun::ZERO,
            bandwidth_reserved: Sun::ZERO,
            own_bandwidth: 0,
            legs_open: 0,
            balance: Sun::from_trx(5),
        }
    }

    #[test]
    fn refusals_come_in_their_order() {
        let pool = Pool { wallets: vec![payer()] };
        let offer = |is_paused, available: i64| Offer {
            fee: Sun::new(300_000),
            available: Sun::new(available),
            is_paused,
            spend: KeySpend::default(),
            pool: &pool,
            outlay_open: Sun::from_trx(3),
        };
        let judge = |new: NewTransfer, offer: Offer<'_>| accept(new, &offer).err();
        assert_eq!(judge(new(1, 2_000_000), offer(true, 0)), Some(Refused::MerchantPaused));
        assert_eq!(judge(new(1, 2_000_000), offer(false, 0)), Some(Refused::ReceiverIsPool));
        let short = judge(new(2, 2_000_000), offer(false, 2_299_999));
        let (need, have) = (Sun::new(2_300_000), Sun::new(2_299_999));
        assert_eq!(short, Some(Refused::InsufficientFunds { need, have }));
        let have = Sun::from_trx(2);
        let no_float = judge(new(2, 2_000_000), offer(false, 2_300_000));
        assert_eq!(no_float, Some(Refused::NoFloat { need, have }), "3 of 5 TRX are on their way");
        assert_eq!(judge(new(2, 1_700_000), offer(false, 2_000_000)), None);
    }

    #[test]
    fn only_an_enabled_payer_pays() {
        for wallet in [
            PoolWallet { is_enabled: false, ..payer() },
            PoolWallet { role: WalletRole::Activator, ..payer() },
        ] {
            let pool = Pool { wallets: vec![wallet] };
            let (fee, available) = (Sun::ZERO, Sun::from_trx(9));
            let offer = Offer {
                fee,
                available,
                is_paused: false,
                spend: KeySpend::default(),
                pool: &pool,
                outlay_open: fee,
            };
            let refused = accept(new(2, 1_000_000), &offer);
            assert!(matches!(refused, Err(Refused::NoFloat { .. })), "{refused:?}");
        }
    }
}
