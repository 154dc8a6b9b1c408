//! Taking a transaction: the checks of a broadcast, in the order in which they fire.
//!
//! Source: java-tron `Wallet.broadcastTransaction`, `Manager.pushTransaction`,
//! `Manager.processTransaction`.

use std::collections::BTreeSet;
use std::sync::Arc;

use tron::BlockId;

use super::pending::Waiting;
use super::{MAX_PENDING, Node};
use crate::execute::signature::{self, signers};
use crate::execute::{Rejected, execute, invalid};
use crate::receipt::Outcome;
use crate::state::{Draft, Overlay, View};
use crate::transaction::Transaction;

/// Most bytes of a transaction.
const MAX_TRANSACTION_BYTES: usize = 500 * 1_024;
/// A transaction may expire at most this long after the head.
const MAX_EXPIRATION_MS: i64 = 86_400_000;
/// How many recent blocks can be referred to.
const REFERABLE_BLOCKS: u64 = 65_536;

impl Node {
    /// Takes a transaction into the pending set, or says why not.
    pub(crate) fn accept(
        &mut self,
        transaction: Transaction,
        is_withheld: bool,
    ) -> Result<(), Rejected> {
        if self.pending.queue.len() >= MAX_PENDING {
            return Err(Rejected::Busy);
        }
        if let Some(attempted) = &mut self.attempted
            && !attempted.insert(transaction.id)
        {
            return Err(Rejected::Known);
        }
        if transaction.data.contract.is_empty() {
            return Err(invalid("No contract!"));
        }
        if transaction.data.expiration < self.next_slot_ms() {
            return Err(Rejected::Expired);
        }
        let signers = signers(&transaction, self.config.signing);
        signature::check(self.pending_view(), &transaction, &signers)?;
        self.check_reference(&transaction)?;
        check_size(&transaction)?;
        self.check_window(&transaction)?;
        if self.included.contains_key(&transaction.id)
            || self.pending.by_id.contains_key(&transaction.id)
        {
            return Err(Rejected::Duplicate);
        }
        let accepted_ms = self.now_ms();
        let transaction = Arc::new(transaction);
        self.enqueue(Waiting { transaction, signers, accepted_ms, is_withheld }).map(drop)
    }

    /// Makes the node remember every id it is sent from now on, even refused ones, or forget them:
    /// java-tron's optional `trxCacheEnable`.
    pub(crate) fn remember_attempts(&mut self, remembers: bool) {
        self.attempted = remembers.then(BTreeSet::new);
    }

    fn check_reference(&self, transaction: &Transaction) -> Result<(), Rejected> {
        if transaction.data.contract.len() != 1 {
            return Err(Rejected::Other(
                "act size should be exactly 1, this is extend feature".to_owned(),
            ));
        }
        let data = &transaction.data;
        match self.referable(&data.ref_block_bytes) {
            Some(id) if id.as_bytes()[8..16] == data.ref_block_hash => Ok(()),
            Some(_) | None => Err(Rejected::Tapos),
        }
    }

    /// The latest block whose number ends in these two bytes.
    fn referable(&self, bytes: &[u8]) -> Option<BlockId> {
        let low = u64::from(u16::from_be_bytes(bytes.try_into().ok()?));
        let head = self.head().number;
        let back = (head % REFERABLE_BLOCKS + REFERABLE_BLOCKS - low) % REFERABLE_BLOCKS;
        self.block_by_number(head.checked_sub(back)?).map(|block| block.id)
    }

    fn check_window(&self, transaction: &Transaction) -> Result<(), Rejected> {
        let head_ms = self.head().timestamp_ms;
        let expiration = transaction.data.expiration;
        let is_in_time = expiration > head_ms
            && expiration <= head_ms + MAX_EXPIRATION_MS
            && expiration >= self.next_slot_ms();
        if is_in_time { Ok(()) } else { Err(Rejected::Expired) }
    }

    /// Executes a waiting transaction; on an error the overlay is as before.
    ///
    /// References, window and permissions are looked at again: the head may have moved.
    pub(super) fn recheck_and_execute(
        &self,
        overlay: &mut Overlay,
        one: &Waiting,
    ) -> Result<Outcome, Rejected> {
        self.check_reference(&one.transaction)?;
        self.check_window(&one.transaction)?;
        let height = self.head().number;
        let view = View::new(&self.state, height, Some(overlay));
        signature::check(view, &one.transaction, &one.signers)?;
        overlay.begin();
        let result = execute(&mut Draft::new(&self.state, height, overlay), &one.transaction);
        if result.is_err() {
            overlay.revert();
        }
        result
    }
}

fn check_size(transaction: &Transaction) -> Result<(), Rejected> {
    let size = transaction.general_size();
    if size > MAX_TRANSACTION_BYTES {
        return Err(Rejected::TooBig(format!(
            "Too big transaction with result, TxId {}, the size is {size} bytes, maxTxSize \
             {MAX_TRANSACTION_BYTES}",
            transaction.id
        )));
    }
    Ok(())
}
