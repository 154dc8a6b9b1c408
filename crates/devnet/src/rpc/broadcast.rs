//! Broadcasting: JSON or hex in, a code out.
//!
//! Success has no `code` (in the JSON form), failure has no `result`.

use serde_json::{Value, json};
use tron::TxId;

use crate::execute::Rejected;
use crate::json::{Failure, Input, Shape, transaction};
use crate::node::Node;
use crate::transaction::Transaction;

/// Which of the two broadcast endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broadcast {
    Json,
    Hex,
}

/// What a broadcast came to.
struct Verdict<'a> {
    id: TxId,
    /// Code and text of a refusal.
    refused: Option<(&'a str, String)>,
}

impl Broadcast {
    /// The broadcast endpoint of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "broadcasttransaction" => Some(Self::Json),
            "broadcasthex" => Some(Self::Hex),
            _ => None,
        }
    }

    /// Takes the transaction and answers; `is_withheld` keeps it out of every block.
    pub(crate) fn run(
        self,
        node: &mut Node,
        input: &Input<'_>,
        is_withheld: bool,
    ) -> Result<Value, Failure> {
        let transaction = self.read(input)?;
        let id = transaction.id;
        let shown = self.shown(&transaction);
        let refused = node.accept(transaction, is_withheld).err();
        let refused = refused.as_ref().map(|one| (one.code(), one.message()));
        Ok(self.answer(&Verdict { id, refused }, input.shape, &shown))
    }

    fn read(self, input: &Input<'_>) -> Result<Transaction, Failure> {
        match self {
            Self::Json => transaction::parse(input),
            Self::Hex => {
                let bytes = input.bytes("transaction")?;
                Transaction::from_bytes(&bytes).ok_or_else(|| {
                    Failure::parse("Protocol message contained an invalid tag (zero).")
                })
            }
        }
    }

    /// The hex form repeats the transaction as JSON in a string.
    fn shown(self, one: &Transaction) -> String {
        match self {
            Self::Json => String::new(),
            Self::Hex => transaction::print_built(one, Shape { is_visible: false }).to_string(),
        }
    }

    fn answer(self, verdict: &Verdict<'_>, shape: Shape, shown: &str) -> Value {
        let id = verdict.id.to_string();
        match (self, &verdict.refused) {
            (Self::Json, None) => json!({ "result": true, "txid": id }),
            (Self::Json, Some((code, text))) => {
                json!({ "code": code, "txid": id, "message": shape.text(text.as_bytes()) })
            }
            (Self::Hex, refused) => json!({
                "result": refused.is_none(),
                "code": refused.as_ref().map_or("SUCCESS", |(code, _)| code),
                "message": refused.as_ref().map_or("", |(_, text)| text),
                "transaction": shown,
                "txid": id,
            }),
        }
    }
}

/// The answer of a node that refuses without looking at the transaction.
pub(crate) fn refused(
    broadcast: Broadcast,
    input: &Input<'_>,
    rejected: &Rejected,
) -> Result<Value, Failure> {
    let transaction = broadcast.read(input)?;
    let refused = Some((rejected.code(), rejected.message()));
    let verdict = Verdict { id: transaction.id, refused };
    Ok(broadcast.answer(&verdict, input.shape, &broadcast.shown(&transaction)))
}

/// Turns the answer of a transaction that was taken into "relay failed"; other answers stay.
pub(crate) fn relay_failed(
    broadcast: Broadcast,
    input: &Input<'_>,
    answer: Value,
) -> Result<Value, Failure> {
    if answer["result"] == Value::Bool(true) {
        refused(broadcast, input, &Rejected::RelayFailed)
    } else {
        Ok(answer)
    }
}
