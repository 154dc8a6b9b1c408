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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "6303c7639f591407ef9f34a7ac8c9c9a21151f5a6af21924502515734fc267ab";

    fn read(answer: &Value) -> Broadcast {
        Broadcast::read(answer, ID.parse().unwrap())
    }

    fn coded(code: &str, message: &str) -> Broadcast {
        read(&json!({"result": false, "code": code, "message": message, "txid": ID,
            "transaction": "{}"}))
    }

    fn taken(duplicate: bool) -> Broadcast {
        Broadcast::Taken { duplicate }
    }

    fn refused(reason: Refusal) -> Broadcast {
        Broadcast::Refused { reason, text: String::new() }
    }

    fn unanswered() -> Broadcast {
        Broadcast::Unanswered { text: String::new() }
    }

    /// The codes of java-tron in the order in which its checks fire.
    #[test]
    fn every_code_means_what_the_handling_guide_says() {
        for (code, message, reason) in [
            ("BLOCK_UNSOLIDIFIED", "Block unsolidified.", None),
            ("NO_CONNECTION", "No connection.", None),
            ("NOT_ENOUGH_EFFECTIVE_CONNECTION", "Effective connection:1 lt ...:2", None),
            ("SERVER_BUSY", "Server busy.", None),
            (
                "CONTRACT_VALIDATE_ERROR",
                "Contract validate error : No contract!",
                Some(Refusal::NoContract),
            ),
            ("TRANSACTION_EXPIRATION_ERROR", "Transaction expired", None),
            ("SIGERROR", "Validate signature error: Permission denied", Some(Refusal::Signature)),
            ("OTHER_ERROR", "Error: whatever", None),
            ("TAPOS_ERROR", "Tapos check error.", None),
            ("TOO_BIG_TRANSACTION_ERROR", "Too big transaction ...", Some(Refusal::TooBig)),
            (
                "CONTRACT_VALIDATE_ERROR",
                "Contract validate error : account [T..] does not exist",
                Some(Refusal::Contract),
            ),
            ("BANDWITH_ERROR", "Account resource insufficient error.", Some(Refusal::Bandwidth)),
            ("CONTRACT_EXE_ERROR", "Contract execute error : x", Some(Refusal::Execution)),
            ("NOT_ENOUGH_EFFECTIVE_CONNECTION", "P2P broadcast failed.", None),
            ("A_CODE_OF_THE_FUTURE", "", None),
            ("", "", None),
        ] {
            let text = format!("{code}: {message}");
            let expected = match reason {
                Some(reason) => Broadcast::Refused { reason, text },
                None => Broadcast::Unanswered { text },
            };
            assert_eq!(coded(code, message), expected);
        }
        for message in ["Dup transaction.", "Transaction already exists."] {
            assert_eq!(coded("DUP_TRANSACTION_ERROR", message), taken(true));
        }
    }

    #[test]
    fn success_is_true_with_or_without_a_code() {
        let long = json!({"result": true, "code": "SUCCESS", "message": "", "txid": ID});
        for answer in [long, json!({"result": true, "txid": ID}), json!({"result": true})] {
            assert_eq!(read(&answer), taken(false));
        }
    }

    #[test]
    fn anything_else_is_unanswered() {
        let other = "00".repeat(32);
        for answer in [
            json!({}),
            json!(null),
            json!([]),
            json!({"result": "true"}),
            json!({"result": 1}),
            json!({"code": 1}),
            json!({"result": true, "txid": other}),
            json!({"result": false, "code": "SIGERROR", "txid": other}),
            json!({"result": true, "txid": "?"}),
        ] {
            assert!(matches!(read(&answer), Broadcast::Unanswered { .. }), "{answer}");
        }
    }

    #[test]
    fn only_wrong_bytes_are_given_up() {
        for (answer, verdict) in [
            (taken(false), Verdict::AskChain),
            (taken(true), Verdict::AskChain),
            (unanswered(), Verdict::AskChain),
            (refused(Refusal::Contract), Verdict::AskChain),
            (refused(Refusal::Bandwidth), Verdict::AskChain),
            (refused(Refusal::Execution), Verdict::AskChain),
            (refused(Refusal::Signature), Verdict::GiveUp),
            (refused(Refusal::TooBig), Verdict::GiveUp),
            (refused(Refusal::NoContract), Verdict::GiveUp),
        ] {
            assert_eq!(answer.verdict(), verdict, "{answer:?}");
        }
    }

    #[test]
    fn answers_merge_in_any_order() {
        let permanent = || refused(Refusal::Signature);
        let by_state = || refused(Refusal::Contract);
        for (first, second, merged) in [
            (taken(false), unanswered(), taken(false)),
            (taken(true), by_state(), taken(true)),
            (taken(true), permanent(), taken(true)),
            (taken(true), taken(false), taken(false)),
            (taken(true), taken(true), taken(true)),
            (unanswered(), by_state(), unanswered()),
            (unanswered(), permanent(), unanswered()),
            (permanent(), by_state(), by_state()),
            (permanent(), permanent(), permanent()),
        ] {
            assert_eq!(Broadcast::merge([first.clone(), second.clone()]), merged);
            assert_eq!(Broadcast::merge([second, first]), merged);
        }
        assert!(matches!(Broadcast::merge([]), Broadcast::Unanswered { .. }));
    }
}
