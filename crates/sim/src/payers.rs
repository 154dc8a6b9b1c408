//! Payment addresses and what their owners do with what they get.

use devnet::{Devnet, Request, named_signature};
use serde_json::{Value, json};
use tron::{Address, Contract, RawTx, RefBlock, SignedTx, Sun, TokenUnits, TxId, trc20};

use crate::random::Random;
use crate::stage::Stage;
use crate::world::address;

/// What a payment address is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Activated, with its free bandwidth.
    Plain,
    /// Never activated.
    NeverActivated,
    /// Its free bandwidth of the day is gone.
    NoBandwidth,
    /// A stranger lends it this much stake, in sun.
    StrangersEnergy(i64),
    /// A contract.
    Contract,
    /// The token refuses its transfers.
    Blacklisted,
}

/// A payment address and its owner.
pub(crate) struct Payer {
    pub(crate) address: Address,
    pub(crate) kind: Kind,
    /// Tokens at the start.
    pub(crate) tokens: u64,
}

impl Payer {
    pub(crate) fn draw(index: usize, random: &mut Random) -> Self {
        let address = address(random);
        let kind = match random.below(100) {
            0..=34 => Kind::Plain,
            35..=54 => Kind::NeverActivated,
            55..=74 => Kind::NoBandwidth,
            75..=92 => Kind::StrangersEnergy(random.between(1_000_000, 20_000_000_000)),
            93..=95 => Kind::Contract,
            96..=97 => Kind::Blacklisted,
            _ => Kind::Plain,
        };
        let tokens = match random.below(20) {
            // Nobody has paid yet, or only dust.
            0 => 0,
            1 => 1,
            _ => 1_000_000 + random.below(1_000_000_000),
        };
        // The first ones are good for a start whatever the seed says.
        let kind = if index < 3 { Kind::Plain } else { kind };
        Self { address, kind, tokens }
    }
}

/// Energy price times the dearest transfer, generously: the owner has no TRX to burn anyway.
const FEE_LIMIT_SUN: i64 = 100_000_000;
/// How long a transfer can be included, in milliseconds of chain time.
pub(crate) const EXPIRATION_MS: i64 = 60_000;

/// Sends a transfer of the token as the owner's wallet would; `None` when the node refuses it.
pub(crate) fn transfer(
    stage: &Stage,
    payer: &Payer,
    to: Address,
    amount: TokenUnits,
) -> Option<TxId> {
    let devnet = &stage.devnet;
    let head = devnet.head();
    let expiration_ms = head.timestamp_ms + EXPIRATION_MS;
    let salt = stage.with(|state| state.random.between(0, 999));
    let raw = RawTx {
        contract: Contract::Trigger {
            owner: payer.address,
            contract: devnet.usdt(),
            data: trc20::transfer_data(to, amount),
            call_value: Sun::ZERO,
        },
        ref_block: RefBlock::from_block_id(&head.id),
        expiration_ms,
        timestamp_ms: devnet.now_ms() + salt,
        fee_limit: Sun::new(FEE_LIMIT_SUN),
        permission_id: 0,
        memo: Vec::new(),
    }
    .encode();
    let txid = TxId::of_raw(&raw);
    stage.with(|state| state.expirations.insert(txid, expiration_ms));
    let signatures = vec![named_signature(payer.address, &txid)];
    let bytes = SignedTx { raw, signatures }.to_bytes();
    let body = json!({"transaction": hex::encode(bytes)});
    let reply = devnet.call(&Request::post("wallet/broadcasthex", body));
    (reply.body["result"] == Value::Bool(true)).then_some(txid)
}

/// What became of a transfer that a block holds.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) has_worked: bool,
    pub(crate) burned_sun: i64,
    /// The receipt as the node has it, for the story.
    pub(crate) text: String,
}

/// What became of a transfer; `None` while no block holds it.
pub(crate) fn receipt(devnet: &Devnet, txid: TxId) -> Option<Receipt> {
    let body = json!({"value": txid.to_string()});
    let reply = devnet.call(&Request::post("wallet/gettransactioninfobyid", body)).body;
    reply.get("blockNumber")?;
    Some(Receipt {
        has_worked: reply["receipt"]["result"] == "SUCCESS",
        burned_sun: reply["fee"].as_i64().unwrap_or(0),
        text: reply.to_string(),
    })
}
