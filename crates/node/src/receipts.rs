//! Whether a node keeps the receipts without which it cannot show that a transaction was included.
//!
//! `{}` to a txid means "in no block that I show" only from a node that stores what happened in blocks.
//! One whose transaction history is switched off, or which was restored from a newer copy, answers the same
//! about transactions that are on chain. It does have the blocks: so it is asked for the receipt of a
//! transaction in one of them. That one is from the beginning of the time in question, because a node that
//! has an old receipt has the later ones as well.
//!
//! On a chain as quiet as a devnet's its blocks may hold nothing at all. Then they are the proof: read whole,
//! none of them holds the transaction that is asked about.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tron::TxId;

use crate::port::{BLOCKS_PER_READ_MAX, TronNode};
use crate::verdict::NodeError;
use crate::view::block::{Block, Head};
use crate::view::lookup::Lookup;

/// How long before it expires a transaction can be in a block, milliseconds: most are made for a minute.
const WINDOW_MS: i64 = 60_000;
/// Between two blocks, milliseconds; more when a producer misses its turn, and never less.
const SLOT_MS: i64 = 3_000;
/// Most reads of blocks that hold nothing; one is enough unless blocks come faster than on mainnet.
const READS_MAX: usize = 8;
/// How old a transaction that is remembered may be, before the expiration in question, milliseconds.
const REMEMBERED_MS: i64 = 600_000;
/// How many are remembered.
const REMEMBERED_MAX: usize = 32;

/// Transactions in solid blocks of one node, whose receipts it has to show.
///
/// Only what to ask for is remembered, never the answer: a node may be replaced behind its address.
#[derive(Default)]
pub struct Receipts {
    remembered: Mutex<VecDeque<Witness>>,
    /// Whether it was said that there are none; once is enough.
    is_told: AtomicBool,
}

/// A transaction that is in a solid block of this time.
#[derive(Clone, Copy)]
struct Witness {
    txid: TxId,
    block_ms: i64,
}

impl Receipts {
    /// Whether the node has receipts from the time in which a transaction with this expiration could be
    /// included. `solid` is a solid block of it that is not before the expiration.
    ///
    /// Shape: one request, if a transaction from about that time is remembered; otherwise one more for a
    /// block on a busy chain, and about as many as the number of blocks has binary digits on an empty one.
    pub(crate) async fn are_kept(
        &self,
        node: &(impl TronNode + ?Sized),
        solid: &Head,
        expiration_ms: i64,
    ) -> Result<bool, NodeError> {
        let witness = match self.near(expiration_ms) {
            Some(witness) => witness,
            None => match find(node, solid, expiration_ms).await? {
                Some(witness) => self.remember(witness),
                None => return Ok(true),
            },
        };
        let is_kept = matches!(node.lookup_solid(witness.txid).await?, Lookup::Included(_));
        if !is_kept && !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                tx.id = %witness.txid,
                "a node does not show the receipt of a transaction in its own solid block: without \
                 transaction history it cannot prove that one is lost"
            );
        }
        Ok(is_kept)
    }

    /// The oldest that says something about this time.
    fn near(&self, expiration_ms: i64) -> Option<Witness> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let is_near = |witness: &&Witness| {
            let before_ms = expiration_ms.saturating_sub(witness.block_ms);
            (0..=REMEMBERED_MS).contains(&before_ms)
        };
        remembered.iter().filter(is_near).min_by_key(|witness| witness.block_ms).copied()
    }

    fn remember(&self, witness: Witness) -> Witness {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.push_back(witness);
        if remembered.len() > REMEMBERED_MAX {
            remembered.pop_front();
        }
        witness
    }
}

/// A transaction from the beginning of the time in which one with this expiration could be included, or
/// from before it; `None` when no block from then to the expiration holds any.
///
/// A busy chain has one in the block that the number of slots leads to, which is never a later one than
/// meant. Where it is empty, the beginning is looked for by halves.
async fn find(
    node: &(impl TronNode + ?Sized),
    solid: &Head,
    expiration_ms: i64,
) -> Result<Option<Witness>, NodeError> {
    let begin_ms = expiration_ms.saturating_sub(WINDOW_MS);
    let slots = solid.timestamp_ms.saturating_sub(begin_ms) / SLOT_MS + 1;
    let (mut first, mut end) = (solid.number.saturating_sub(slots).max(1), solid.number);
    let guess = first;
    let mut number = guess;
    while first < end {
        let blocks = node.solid_blocks(number, 1).await?;
        let block = blocks.first().ok_or(NodeError::NoSolidBlock { number })?;
        if let Some(witness) = witness_in(block, expiration_ms) {
            return Ok(Some(witness));
        }
        match block.head.timestamp_ms < begin_ms {
            true => first = number + 1,
            // A devnet's blocks may come faster.
            false if number == guess => (first, end) = (1, number),
            false => end = number,
        }
        number = first + (end - first) / 2;
    }
    for _ in 0..READS_MAX {
        let blocks = node.solid_blocks(first, BLOCKS_PER_READ_MAX).await?;
        if let Some(witness) = blocks.iter().find_map(|block| witness_in(block, expiration_ms)) {
            return Ok(Some(witness));
        }
        let Some(last) = blocks.last() else { break };
        if last.head.timestamp_ms >= expiration_ms {
            return Ok(None);
        }
        first = last.head.number + 1;
    }
    Err(NodeError::NoSolidBlock { number: first })
}

/// A transaction of a block that is not from after this time.
fn witness_in(block: &Block, until_ms: i64) -> Option<Witness> {
    let block_ms = block.head.timestamp_ms;
    let first = block.transactions.first().filter(|_| block_ms <= until_ms)?;
    Some(Witness { txid: first.txid, block_ms })
}
