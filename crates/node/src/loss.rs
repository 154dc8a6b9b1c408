//! The proof that a transaction is lost: the one fact that allows a replacement to be signed.
//!
//! TRON has no account nonce, so two transactions for one intent can both execute. A transaction is
//! lost when a *solid* block is as new as its expiration, **and afterwards** the same node's solid
//! chain does not show it. Every block that could hold it is that block, one before it (solid, so
//! shown) or one after it (whose parent is past the expiration, which the chain refuses). Asking in
//! the other order proves nothing: it may be included between the two answers.
//!
//! A node that keeps no receipts shows none of anything. So it must show one that it should have: of a
//! transaction that its own solid blocks hold, from just before the lost one could be in any
//! ([`crate::receipts`]).
//!
//! Behind a load balancer two questions may reach two nodes. There the solid head must be past the
//! expiration by a margin, and all questions are repeated.

use std::time::Duration;

use tron::TxId;

use crate::port::TronNode;
use crate::receipts::Receipts;
use crate::verdict::NodeError;
use crate::view::lookup::{Included, Lookup};

/// Requests of one round: the solid head, the transaction, a receipt that must be there.
const ROUND_REQUESTS: u32 = 3;
/// Requests of the longest proof on a busy chain: all rounds of a pool, and one for a block with a receipt to
/// ask for.
const PROOF_REQUESTS_MAX: u32 = LossRule::POOL.rounds * ROUND_REQUESTS + 1;

/// How long a whole proof may take whose requests may take so long each. They come one after the other, so
/// the time for one would be too short for nodes that are merely slow.
#[must_use]
pub const fn proof_deadline(call_timeout: Duration) -> Duration {
    call_timeout.saturating_mul(PROOF_REQUESTS_MAX)
}

/// What can be said about a transaction that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// In no block, now or ever. Its intent may be signed again.
    Lost,
    /// In a solid block after all.
    Included(Box<Included>),
    /// Neither, or the node keeps no receipts: send the same bytes again, or wait.
    Undecided {
        /// Chain time of the newest solid block seen, unix milliseconds.
        solid_timestamp_ms: i64,
    },
}

/// How much proof one endpoint must give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossRule {
    /// How far the solid head must be past the expiration, milliseconds.
    pub margin_ms: i64,
    /// How often solid head and receipts are asked, in that order; at least once.
    pub rounds: u32,
}

impl LossRule {
    /// For an endpoint that is one node: the order of the two questions is the proof. The margin of
    /// one slot costs nothing and forgives a node whose answers are not one snapshot.
    pub const SINGLE: Self = Self { margin_ms: 3_000, rounds: 1 };

    /// For an endpoint that is many nodes, such as a public provider.
    pub const POOL: Self = Self { margin_ms: 120_000, rounds: 4 };
}

/// Runs the proof against one endpoint.
///
/// Shape: at most three requests a round, one after the other, and once those that find a receipt to ask
/// for, unless `receipts` remembers one from about that time.
/// Errors: those of the node; an error is never a proof.
pub async fn prove(
    node: &(impl TronNode + ?Sized),
    rule: LossRule,
    receipts: &Receipts,
    txid: TxId,
    expiration_ms: i64,
) -> Result<Loss, NodeError> {
    let safe_from_ms = expiration_ms.saturating_add(rule.margin_ms);
    for _ in 0..rule.rounds.max(1) {
        let solid = node.solid_head().await?;
        if solid.timestamp_ms < safe_from_ms {
            return Ok(Loss::Undecided { solid_timestamp_ms: solid.timestamp_ms });
        }
        match node.lookup_solid(txid).await? {
            Lookup::Included(included) => return Ok(Loss::Included(included)),
            Lookup::Absent => {}
        }
        if !receipts.are_kept(node, &solid, expiration_ms).await? {
            return Ok(Loss::Undecided { solid_timestamp_ms: solid.timestamp_ms });
        }
    }
    Ok(Loss::Lost)
}
