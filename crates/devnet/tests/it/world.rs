//! A devnet with people on it, and short words for what they do.

use devnet::{Devnet, DevnetConfig, Fate, Request};
use serde_json::{Value, json};
use tron::{
    Address, Contract, RawTx, RefBlock, Resource, SecretKey, SignedTx, Sun, TokenUnits, trc20,
};

pub(crate) const TRX: i64 = 1_000_000;
/// Default life of a transaction made here, in ms.
const LIFE_MS: i64 = 60_000;

pub(crate) struct World {
    pub(crate) net: Devnet,
    /// Makes every transaction different.
    pub(crate) nonce: std::cell::Cell<i64>,
}

/// A key by number.
pub(crate) fn key(number: u64) -> SecretKey {
    SecretKey::from_hex(&format!("{number:064x}")).unwrap()
}

/// The address of a key by number.
pub(crate) fn addr(number: u64) -> Address {
    key(number).address()
}

pub(crate) fn world() -> World {
    World::with(DevnetConfig::default())
}

impl World {
    pub(crate) fn with(config: DevnetConfig) -> Self {
        Self { net: Devnet::new(config).unwrap(), nonce: std::cell::Cell::new(0) }
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Value {
        let reply = self.net.call(&Request::post(path, body));
        assert_eq!((reply.status, reply.fate), (200, Fate::Answered), "{}", reply.body);
        reply.body
    }

    pub(crate) fn control(&self, path: &str, body: Value) -> Value {
        self.net.control(path, &body).unwrap()
    }

    /// Gives TRX.
    pub(crate) fn fund(&self, number: u64, trx: i64) {
        self.net.credit(addr(number), Sun::from_trx(trx));
    }

    pub(crate) fn account(&self, number: u64) -> Value {
        self.post("wallet/getaccount", json!({ "address": addr(number).to_hex() }))
    }

    pub(crate) fn resources(&self, number: u64) -> Value {
        self.post("wallet/getaccountresource", json!({ "address": addr(number).to_hex() }))
    }

    pub(crate) fn balance(&self, number: u64) -> i64 {
        self.net.balance(addr(number)).map_or(0, Sun::get)
    }

    /// A transaction on the head, valid for a minute, different from all before.
    pub(crate) fn raw(&self, contract: Contract) -> RawTx {
        let nonce = self.nonce.get() + 1;
        self.nonce.set(nonce);
        let head = self.net.head();
        RawTx {
            contract,
            ref_block: RefBlock::from_block_id(&head.id),
            expiration_ms: head.timestamp_ms + LIFE_MS,
            timestamp_ms: head.timestamp_ms + nonce,
            fee_limit: Sun::ZERO,
            permission_id: 0,
            memo: Vec::new(),
        }
    }

    pub(crate) fn sign(&self, raw: &RawTx, keys: &[u64]) -> SignedTx {
        let bytes = raw.encode();
        let txid = raw.txid();
        let signatures = keys.iter().map(|number| key(*number).sign(&txid)).collect();
        SignedTx { raw: bytes, signatures }
    }

    /// Broadcasts as hex.
    pub(crate) fn send(&self, signed: &SignedTx) -> Value {
        self.post("wallet/broadcasthex", json!({ "transaction": hex::encode(signed.to_bytes()) }))
    }

    /// Signs with one key and broadcasts; the code of the answer, and its message.
    pub(crate) fn tell(&self, raw: &RawTx, number: u64) -> (String, String) {
        let answer = self.send(&self.sign(raw, &[number]));
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }

    /// A contract that must be taken; its id.
    pub(crate) fn does(&self, contract: Contract, number: u64) -> String {
        self.does_raw(&self.raw(contract), number)
    }

    pub(crate) fn does_raw(&self, raw: &RawTx, number: u64) -> String {
        let (code, message) = self.tell(raw, number);
        assert_eq!(code, "SUCCESS", "{message}");
        raw.txid().to_string()
    }

    /// A contract that must be refused as invalid; the text without its prefix.
    pub(crate) fn refused(&self, contract: Contract, number: u64) -> String {
        let (code, message) = self.tell(&self.raw(contract), number);
        assert_eq!(code, "CONTRACT_VALIDATE_ERROR", "{message}");
        message.strip_prefix("Contract validate error : ").unwrap().to_owned()
    }

    /// Does it, mines it, and returns its receipt.
    pub(crate) fn mined(&self, contract: Contract, number: u64) -> Value {
        let id = self.does(contract, number);
        self.net.mine(1);
        self.info(&id)
    }

    pub(crate) fn info(&self, id: &str) -> Value {
        self.post("wallet/gettransactioninfobyid", json!({ "value": id }))
    }

    /// A token transfer with this fee limit.
    pub(crate) fn usdt(&self, from: u64, to: u64, units: u128, fee_limit_trx: i64) -> RawTx {
        let contract = Contract::Trigger {
            owner: addr(from),
            contract: self.net.usdt(),
            data: trc20::transfer_data(addr(to), TokenUnits(units)),
            call_value: Sun::ZERO,
        };
        RawTx { fee_limit: Sun::from_trx(fee_limit_trx), ..self.raw(contract) }
    }

    /// Time passes and one block shows it.
    pub(crate) fn pass_slots(&self, slots: i64) {
        self.net.advance_ms(slots * 3_000);
        self.net.mine(1);
    }
}

pub(crate) fn transfer(from: u64, to: u64, sun: i64) -> Contract {
    Contract::Transfer { owner: addr(from), to: addr(to), amount: Sun::new(sun) }
}

pub(crate) fn delegate(from: u64, to: u64, sun: i64) -> Contract {
    Contract::Delegate {
        owner: addr(from),
        receiver: addr(to),
        resource: Resource::Energy,
        balance: Sun::new(sun),
        lock: None,
    }
}

pub(crate) fn undelegate(from: u64, to: u64, sun: i64) -> Contract {
    Contract::Undelegate {
        owner: addr(from),
        receiver: addr(to),
        resource: Resource::Energy,
        balance: Sun::new(sun),
    }
}
