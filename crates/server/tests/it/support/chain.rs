//! Who is on the devnet, and what they do there.

use app::rows::NewWallet;
use devnet::{Devnet, Fault, FaultRule, Request, When};
use domain::pool::WalletRole;
use serde_json::{Value, json};
use sunsweep::keystore::Keyring;
use tron::{
    Address, Contract, ContractType, Operations, RawTx, RefBlock, Resource, SecretKey, SignedTx,
    Sun, TokenUnits, TxId, trc20,
};

use super::World;

/// Stake of each lender for bandwidth, in TRX.
const BANDWIDTH_STAKE_TRX: i64 = 2_000_000;
const ACTIVATOR_TRX: i64 = 50_000;
/// What the payer holds, in TRX.
pub(crate) const PAYER_TRX: i64 = 1_000;
/// Tokens that a payer has paid, in the smallest unit.
pub(crate) const PAID: TokenUnits = TokenUnits(25_000_000);
/// Most that a payer's transfer may burn; it has nothing to burn.
const FEE_LIMIT_TRX: i64 = 100;

/// A key by number; what it is for is in the functions below.
pub(crate) fn key(number: u64) -> SecretKey {
    SecretKey::from_hex(&format!("{number:064x}")).unwrap()
}

/// The number of a lender's own key, which the server does not have.
pub(crate) fn lender(index: usize) -> u64 {
    100 + index as u64
}

/// The activator's own key, which the server does not have.
pub(crate) const ACTIVATOR: u64 = 200;
/// The payer's own key, which the server does not have.
pub(crate) const PAYER: u64 = 210;
const STRANGER: u64 = 300;
const RECIPIENT_WITH: u64 = 400;
const RECIPIENT_WITHOUT: u64 = 401;
const FIRST_PAYER: u64 = 1_000;
/// The key that works for a wallet is that of its number and this.
const HOT: u64 = 50_000;

/// Every pool wallet with the address of its hot key and what it is for.
pub(crate) fn wallets(lenders: usize) -> Vec<(Address, Address, WalletRole)> {
    let lenders = (0..lenders).map(|index| (lender(index), WalletRole::Lender));
    let others = [(ACTIVATOR, WalletRole::Activator), (PAYER, WalletRole::Payer)];
    let of = |(number, role)| (key(number).address(), key(number + HOT).address(), role);
    lenders.chain(others).map(of).collect()
}

/// The wallet that sends TRX.
pub(crate) fn payer_wallet() -> Address {
    key(PAYER).address()
}

pub(crate) fn hot_keys(lenders: usize) -> Keyring {
    let mut keyring = Keyring::default();
    for number in (0..lenders).map(lender).chain([ACTIVATOR, PAYER]) {
        keyring.add(key(number + HOT));
    }
    keyring
}

/// The pool's stake, and two recipients.
pub(crate) fn found(chain: &Devnet, lender_stake_trx: &[i64]) {
    for (index, trx) in lender_stake_trx.iter().enumerate() {
        let wallet = key(lender(index)).address();
        chain.set_stake(wallet, Resource::Energy, Sun::from_trx(*trx));
        chain.set_stake(wallet, Resource::Bandwidth, Sun::from_trx(BANDWIDTH_STAKE_TRX));
        grant(chain, lender(index), Operations::DELEGATE_AND_UNDELEGATE);
    }
    chain.credit(key(ACTIVATOR).address(), Sun::from_trx(ACTIVATOR_TRX));
    grant(chain, ACTIVATOR, Operations::NONE.with(ContractType::CreateAccount));
    chain.credit(key(PAYER).address(), Sun::from_trx(PAYER_TRX));
    grant(chain, PAYER, Operations::NONE.with(ContractType::Transfer));
    chain.mint(recipient_with(), TokenUnits(1_000_000));
    chain.activate(recipient_with());
}

fn grant(chain: &Devnet, wallet: u64, operations: Operations) {
    let (owner, hot) = (key(wallet).address(), key(wallet + HOT).address());
    let body = json!({
        "address": owner,
        "owner": {"name": "owner", "threshold": 1, "keys": [{"address": owner, "weight": 1}]},
        "actives": [{
            "name": "work",
            "threshold": 1,
            "operations": hex::encode(operations.as_bytes()),
            "keys": [{"address": hot, "weight": 1}],
        }],
    });
    chain.control("permissions", &body).unwrap();
}

/// A further lender, on chain only: its wallet, and the hot key that may work for it.
pub(crate) fn found_another_lender(
    chain: &Devnet,
    lenders: usize,
    stake_trx: i64,
) -> (NewWallet, String) {
    let number = lender(lenders);
    let (address, signer) = (key(number).address(), key(number + HOT).address());
    chain.set_stake(address, Resource::Energy, Sun::from_trx(stake_trx));
    chain.set_stake(address, Resource::Bandwidth, Sun::from_trx(BANDWIDTH_STAKE_TRX));
    grant(chain, number, Operations::DELEGATE_AND_UNDELEGATE);
    let wallet = NewWallet { address, signer, role: WalletRole::Lender, permission_id: 2 };
    (wallet, format!("{:064x}", number + HOT))
}

/// A cold wallet that holds the token.
pub(crate) fn recipient_with() -> Address {
    key(RECIPIENT_WITH).address()
}

/// A cold wallet that never held it.
pub(crate) fn recipient_without() -> Address {
    key(RECIPIENT_WITHOUT).address()
}

/// Makes an address be what a payer's address can be; what the functions below are given to.
pub(crate) type Kind = fn(&Devnet, Address);

/// Activated, with its free bandwidth.
pub(crate) fn plain(chain: &Devnet, address: Address) {
    chain.mint(address, PAID);
    chain.activate(address);
}

/// It holds tokens and was never activated.
pub(crate) fn never_activated(chain: &Devnet, address: Address) {
    chain.mint(address, PAID);
}

/// Its free bandwidth of the day is gone.
pub(crate) fn no_bandwidth(chain: &Devnet, address: Address) {
    plain(chain, address);
    let body = json!({"address": address, "resource": "FREE", "units": 600});
    chain.control("use", &body).unwrap();
}

/// A stranger lends it this much stake.
fn helped(chain: &Devnet, address: Address, trx: i64) {
    plain(chain, address);
    let (from, sun) = (key(STRANGER).address(), trx * 1_000_000);
    let body = json!({"from": from, "to": address, "resource": "ENERGY", "sun": sun});
    chain.control("delegate", &body).unwrap();
}

/// Somebody else lends it about 200 000 energy.
pub(crate) fn has_energy(chain: &Devnet, address: Address) {
    helped(chain, address, 21_200);
}

/// Somebody else lends it about 30 000 energy.
pub(crate) fn has_some_energy(chain: &Devnet, address: Address) {
    helped(chain, address, 3_180);
}

impl World {
    /// A fresh payer of this kind; the state is on chain at once.
    pub(crate) fn payer(&mut self, kind: Kind) -> Address {
        let number = FIRST_PAYER + self.payers.len() as u64;
        let address = key(number).address();
        self.payers.insert(address, number);
        kind(&self.chain, address);
        address
    }

    /// Energy that an address can use now, as the chain counts it.
    pub(crate) fn usable_energy(&self, address: Address) -> i64 {
        let allowed = self.chain.allowed(address, Resource::Energy);
        allowed.limit - allowed.used
    }

    /// The payer sends everything it holds; true when it arrived without burning anything.
    ///
    /// The transaction waits for the next block.
    pub(crate) fn sweeps(&self, payer: Address, recipient: Address) -> bool {
        self.sends(&self.sweep(payer, recipient));
        self.chain.token_balance(payer) == TokenUnits(0)
    }

    /// The bytes of a payer's transfer of all its tokens, good for a minute.
    pub(crate) fn sweep(&self, payer: Address, recipient: Address) -> Vec<u8> {
        let amount = self.chain.token_balance(payer);
        let head = self.chain.head();
        let contract = Contract::Trigger {
            owner: payer,
            contract: self.chain.usdt(),
            data: trc20::transfer_data(recipient, amount),
            call_value: Sun::ZERO,
        };
        let raw = RawTx {
            contract,
            ref_block: RefBlock::from_block_id(&head.id),
            expiration_ms: head.timestamp_ms + 60_000,
            timestamp_ms: head.timestamp_ms,
            fee_limit: Sun::from_trx(FEE_LIMIT_TRX),
            permission_id: 0,
            memo: Vec::new(),
        };
        let signature = key(self.payers[&payer]).sign(&raw.txid());
        SignedTx { raw: raw.encode(), signatures: vec![signature] }.to_bytes()
    }

    /// A node takes these bytes.
    pub(crate) fn sends(&self, bytes: &[u8]) {
        let body = json!({"transaction": hex::encode(bytes)});
        let reply = self.chain.call(&Request::post("wallet/broadcasthex", body));
        assert_eq!(
            reply.body["code"], "SUCCESS",
            "{} {}",
            reply.body["code"], reply.body["message"]
        );
    }

    /// Sends TRX with the owner's key of this number; it waits for the next block.
    pub(crate) fn pays(&self, from: u64, to: Address, amount: Sun) -> TxId {
        self.signs(from, Contract::Transfer { owner: key(from).address(), to, amount })
    }

    /// Does something with the owner's key of this number; it waits for the next block.
    pub(crate) fn signs(&self, number: u64, contract: Contract) -> TxId {
        let head = self.chain.head();
        let raw = RawTx {
            contract,
            ref_block: RefBlock::from_block_id(&head.id),
            expiration_ms: head.timestamp_ms + 60_000,
            timestamp_ms: head.timestamp_ms,
            fee_limit: Sun::ZERO,
            permission_id: 0,
            memo: Vec::new(),
        };
        let signature = key(number).sign(&raw.txid());
        let bytes = SignedTx { raw: raw.encode(), signatures: vec![signature] }.to_bytes();
        let body = json!({"transaction": hex::encode(bytes)});
        let reply = self.chain.call(&Request::post("wallet/broadcasthex", body));
        assert_eq!(reply.body["code"], "SUCCESS", "{}", reply.body);
        raw.txid()
    }

    /// How many transactions of this type the chain holds that name an address.
    pub(crate) fn on_chain(&self, address: Address, kind: &str) -> usize {
        let history = self.chain.control("history", &json!({"address": address})).unwrap();
        let all = history["transactions"].as_array().unwrap().clone();
        all.iter().filter(|one: &&Value| one["type"] == kind).count()
    }

    /// Delegations of energy or bandwidth to an address that the chain holds.
    pub(crate) fn delegations(&self, address: Address) -> usize {
        self.on_chain(address, "DelegateResourceContract")
    }

    /// Delegations to an address that were taken back.
    pub(crate) fn returns(&self, address: Address) -> usize {
        self.on_chain(address, "UnDelegateResourceContract")
    }

    /// Something goes wrong with requests to this path.
    pub(crate) fn fault(&self, path: &str, when: When, fault: Fault) {
        self.chain.add_fault(FaultRule { path: path.to_owned(), when, fault }).unwrap();
    }
}
