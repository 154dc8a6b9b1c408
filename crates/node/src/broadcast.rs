//! What a node says to a sent transaction (`broadcasthex`). Doubt always becomes "unanswered".

use serde_json::Value;
use tron::TxId;

use crate::json;
use crate::verdict::{NodeError, Verdict};

/// The answer to a sent transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broadcast {
    /// A node holds it. Not a promise of inclusion.
    Taken {
        /// The node knew it before, pending or included.
        duplicate: bool,
    },
    /// Every node that answered refused it. Unless [`Refusal::is_permanent`], the same bytes may
    /// still be accepted later or elsewhere, so this never allows a replacement to be signed.
    Refused {
        /// Why, typed.
        reason: Refusal,
        /// Why, in the node's words.
        text: String,
    },
    /// Nobody knows. Send the same bytes again until the expiration; look the transaction up.
    Unanswered {
        /// What happened, for people.
        text: String,
    },
}

/// Why a node refuses a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The signature or the permission is wrong.
    Signature,
    /// More bytes than a transaction may have.
    TooBig,
    /// The bytes carry no contract that the node can read.
    NoContract,
    /// The contract does not fit the node's present state, such as too little stake.
    Contract,
    /// The owner cannot pay for the bytes.
    Bandwidth,
    /// The contract failed while it ran.
    Execution,
}

impl Refusal {
    /// Whether the bytes themselves are wrong, so that sending them again cannot help.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        match self {
            Self::Signature | Self::TooBig | Self::NoContract => true,
            Self::Contract | Self::Bandwidth | Self::Execution => false,
        }
    }
}

impl Broadcast {
    /// What the sender should do next.
    ///
    /// A refusal by state is resolved by lookup, not by its code: on a second sending it can mean
    /// that the first copy was executed elsewhere.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Refused { reason, .. } if reason.is_permanent() => Verdict::GiveUp,
            Self::Taken { .. } | Self::Refused { .. } | Self::Unanswered { .. } => {
                Verdict::AskChain
            }
        }
    }

    /// Whether a node holds the transaction.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self, Self::Taken { .. })
    }

    /// What a failed request means for the sender.
    #[must_use]
    pub fn from_error(error: &NodeError) -> Self {
        let mut text = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            text.push_str(": ");
            text.push_str(&source.to_string());
        }
        Self::Unanswered { text: json::shortened(&text) }
    }

    /// Reads an answer of `broadcasthex`.
    ///
    /// Source: java-tron `Wallet.broadcastTransaction`, `BroadcastHexServlet`.
    pub(crate) fn read(answer: &Value, txid: TxId) -> Self {
        let field = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        let named = field("txid");
        if !named.is_empty() && named.parse() != Ok(txid) {
            let text = format!("the node answered about another transaction: {named}");
            return Self::Unanswered { text: json::shortened(&text) };
        }
        let (code, message) = (field("code"), field("message"));
        if answer.get("result").and_then(Value::as_bool) == Some(true) {
            return Self::Taken { duplicate: false };
        }
        if code == "DUP_TRANSACTION_ERROR" {
            return Self::Taken { duplicate: true };
        }
        let text = json::shortened(&format!("{code}: {message}"));
        match refusal_of(code, message) {
            Some(reason) => Self::Refused { reason, text },
            None => Self::Unanswered { text },
        }
    }

    /// One answer out of those of several nodes that all got the same bytes.
    ///
    /// Taken by one is taken. Refused only if every node that was asked refused; a permanent refusal
    /// is reported only if all are permanent, because one node that sees another state than the
    /// rest proves nothing about the bytes.
    #[must_use]
    pub fn merge(answers: impl IntoIterator<Item = Self>) -> Self {
        let mut merged: Option<Self> = None;
        for answer in answers {
            merged = Some(match merged {
                None => answer,
                Some(before) => before.and(answer),
            });
        }
        merged.unwrap_or_else(|| Self::Unanswered { text: "no node was asked".to_owned() })
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Taken { duplicate: first }, Self::Taken { duplicate: second }) => {
                Self::Taken { duplicate: first && second }
            }
            (taken @ Self::Taken { .. }, _) | (_, taken @ Self::Taken { .. }) => taken,
            (unanswered @ Self::Unanswered { .. }, _)
            | (_, unanswered @ Self::Unanswered { .. }) => unanswered,
            (Self::Refused { reason, .. }, second @ Self::Refused { .. })
                if reason.is_permanent() =>
            {
                second
            }
            (first @ Self::Refused { .. }, Self::Refused { .. }) => first,
        }
    }
}

/// The refusal that a code means; `None` where the transaction may be pending or may be taken later.
///
/// The expiration error is not a refusal: an earlier copy may have been included, and only
/// [`crate::loss`] can tell. TAPOS errors come from lagging and forked nodes for good transactions.
fn refusal_of(code: &str, message: &str) -> Option<Refusal> {
    match code {
        "SIGERROR" => Some(Refusal::Signature),
        "TOO_BIG_TRANSACTION_ERROR" => Some(Refusal::TooBig),
        "CONTRACT_VALIDATE_ERROR" if message.ends_with(" : No contract!") => {
            Some(Refusal::NoContract)
        }
        "CONTRACT_VALIDATE_ERROR" => Some(Refusal::Contract),
        "BANDWITH_ERROR" => Some(Refusal::Bandwidth),
        "CONTRACT_EXE_ERROR" => Some(Refusal::Execution),
        _ => None,
    }
}
