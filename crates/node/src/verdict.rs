//! What went wrong while asking a node, and what the asker should do next.

use std::time::Duration;

use crate::call::Call;
use crate::transport::TransportError;

/// What to do about an error. There is no default and no "other".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is known to be wrong with the question: ask again after this wait.
    RetryAfter(Duration),
    /// Asking again with the same words gives the same answer.
    GiveUp,
    /// The effect of what was sent is unknown: look it up on chain before anything else.
    AskChain,
}

/// Wait before asking again when a node did not say how long.
pub const DEFAULT_RETRY: Duration = Duration::from_secs(1);

/// A question that got no usable answer. Cheap to clone, because coalesced readers share it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// The node could not be reached, or it did not answer whole and in time.
    #[error("no answer to {call}")]
    Unreachable {
        /// What was asked.
        call: Call,
        /// Why there is no answer.
        source: TransportError,
    },
    /// The node answered that it has no capacity; nothing was processed.
    #[error("the node is too busy for {call}: {text}")]
    Busy {
        /// What was asked.
        call: Call,
        /// The node's words.
        text: String,
    },
    /// The node answered `{"Error": ...}`.
    #[error("the node refused {call}: {text}")]
    Answered {
        /// What was asked.
        call: Call,
        /// The node's words.
        text: String,
    },
    /// The answer is JSON, but not the shape that this question has.
    #[error("unreadable answer to {call}")]
    Unreadable {
        /// What was asked.
        call: Call,
        /// Which field, and what is wrong with it.
        source: crate::json::Unreadable,
    },
    /// A contract that every answer depends on did not answer the call.
    #[error("the contract did not answer: {text}")]
    ContractCall {
        /// The node's or the contract's words.
        text: String,
    },
    /// None of the addresses that should show the chain totals exists on this chain.
    #[error("no configured address exists, so the chain totals cannot be read")]
    NoTotals,
    /// Every configured node is stale, lagging or unreachable.
    #[error("no healthy node among {members}")]
    NoHealthyNode {
        /// How many nodes are configured.
        members: usize,
    },
    /// A solid block that others have is not there: the node lags, or keeps no old blocks.
    #[error("the node does not have solid block {number}")]
    NoSolidBlock {
        /// Which block.
        number: i64,
    },
    /// The node has not seen the chain as far as the question needs.
    #[error("the node's head is of {head_ms} ms, which is before {at_ms} ms")]
    Behind {
        /// Block time of its head.
        head_ms: i64,
        /// Block time that it should have seen.
        at_ms: i64,
    },
    /// Answers that must be the same differ: the chain has gone on meanwhile, or a node is wrong.
    #[error("nodes do not agree")]
    Disagreement,
    /// The request deadline passed before any node answered.
    #[error("no node answered within {} ms", deadline.as_millis())]
    Deadline {
        /// The whole time allowed for one request.
        deadline: Duration,
    },
}

impl NodeError {
    /// What the asker should do next.
    ///
    /// Reads change nothing, so they never need [`Verdict::AskChain`]; see
    /// [`Broadcast::verdict`](crate::Broadcast::verdict) for sends.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Unreachable { source, .. } => source.verdict(),
            Self::Busy { .. }
            | Self::NoHealthyNode { .. }
            | Self::NoSolidBlock { .. }
            | Self::Behind { .. }
            | Self::Disagreement
            | Self::Deadline { .. } => Verdict::RetryAfter(DEFAULT_RETRY),
            Self::Answered { .. }
            | Self::Unreadable { .. }
            | Self::ContractCall { .. }
            | Self::NoTotals => Verdict::GiveUp,
        }
    }

    /// Whether another node may well answer what this one did not.
    ///
    /// `Answered` and `ContractCall` are the chain's own words: every node says the same.
    #[must_use]
    pub const fn is_about_the_node(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Busy { .. }
            | Self::Unreadable { .. }
            | Self::NoHealthyNode { .. }
            | Self::NoSolidBlock { .. }
            | Self::Behind { .. }
            | Self::Disagreement
            | Self::Deadline { .. } => true,
            Self::Answered { .. } | Self::ContractCall { .. } | Self::NoTotals => false,
        }
    }
}
