//! Who is there: the chain, the pool with its signers, merchants with money, payment addresses.

use std::collections::BTreeSet;

use app::ports::Store;
use app::rows::{Key, NewWallet};
use devnet::{ClockMode, Devnet, DevnetConfig, Signing};
use domain::key::KeyLimits;
use domain::ledger::facts::merchant_credited;
use domain::pool::WalletRole;
use domain::{KeyId, MerchantId, UnixMillis};
use futures::FutureExt;
use serde_json::{Value, json};
use store::SqlStore;
use tron::{Address, ContractType, Operations, Sun};

use crate::payers::{Kind, Payer};
use crate::random::Random;

/// How rich and how large a world is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorldPlan {
    /// Addresses that payers paid to.
    pub(crate) payers: usize,
    /// Energy stake of each lender, in whole TRX.
    pub(crate) energy_stake_trx: i64,
    /// Bandwidth stake of each lender, in whole TRX.
    pub(crate) bandwidth_stake_trx: i64,
    /// What each merchant starts with, in sun.
    pub(crate) credit_sun: i64,
    /// TRX of the activator, in sun.
    pub(crate) activator_sun: i64,
    /// Most that the keys of all shops but the first may spend in a day, in sun.
    pub(crate) cap_sun: Option<i64>,
    /// How many of the payers only policies are for; 0 where any payer may be for both.
    pub(crate) policy_payers: usize,
    /// TRX of each lender, in sun: it burns them when its bandwidth is gone.
    pub(crate) lender_sun: i64,
}

/// A merchant and its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shop {
    pub(crate) merchant: MerchantId,
    pub(crate) key: KeyId,
    pub(crate) credit_sun: i64,
    /// Most that its key may spend in a day, in sun.
    pub(crate) cap_sun: Option<i64>,
    /// A second order with the same reference is refused.
    pub(crate) is_strict: bool,
}

/// A wallet of the pool and who signs for it.
#[derive(Clone, Copy)]
pub(crate) struct PoolMember {
    pub(crate) address: Address,
    pub(crate) role: WalletRole,
    signer: Address,
}

/// Everybody, apart from the processes.
pub(crate) struct World {
    pub(crate) pool: Vec<PoolMember>,
    pub(crate) payers: Vec<Payer>,
    pub(crate) recipients: Vec<Address>,
    pub(crate) strangers: Vec<Address>,
    pub(crate) shops: Vec<Shop>,
    /// How many of the first payers only policies are for.
    policy_payers: usize,
}

/// Payers that policies may be for: few, so that what is asked for mostly meets one.
const POLICIES_ON: usize = 12;
const LENDERS: usize = 3;
const MERCHANTS: usize = 3;
const RICH_SUN: i64 = 1_000_000_000_000;
/// TRX of the payer: some runs come to its end.
const FLOAT_SUN: i64 = 300_000_000;
const RECIPIENTS: usize = 6;
const STRANGERS: usize = 3;
/// Changes of the chain in one request.
const CHANGES_AT_ONCE: usize = 500;

/// A chain whose clock only moves when told.
pub(crate) fn chain() -> Devnet {
    let config = DevnetConfig {
        clock: ClockMode::Manual,
        signing: Signing::Named,
        ..DevnetConfig::default()
    };
    Devnet::new(config).expect("the defaults of the devnet work")
}

/// An address from the seed; its owner needs no key to sign on this chain.
pub(crate) fn address(random: &mut Random) -> Address {
    let mut bytes = [0; 20];
    random.fill(&mut bytes);
    Address::from_evm(bytes)
}

impl World {
    /// Draws everybody and puts them on the chain.
    pub(crate) fn new(devnet: &Devnet, plan: &WorldPlan, random: &mut Random) -> Self {
        let recipients: Vec<Address> = (0..RECIPIENTS).map(|_| address(random)).collect();
        let strangers: Vec<Address> = (0..STRANGERS).map(|_| address(random)).collect();
        let mut pool: Vec<PoolMember> =
            (0..LENDERS).map(|_| PoolMember::draw(WalletRole::Lender, random)).collect();
        pool.push(PoolMember::draw(WalletRole::Activator, random));
        pool.push(PoolMember::draw(WalletRole::Payer, random));
        let payers = (0..plan.payers).map(|index| Payer::draw(index, random)).collect();
        let policy_payers = plan.policy_payers;
        let world = Self { pool, payers, recipients, strangers, shops: Vec::new(), policy_payers };
        // Network totals are read from an address that exists on every public network.
        let mut changes = vec![json!({"activate": {"address": node::black_hole()}})];
        world.pool_changes(plan, &mut changes);
        for (index, recipient) in world.recipients.iter().enumerate() {
            if index % 2 == 0 {
                changes.push(json!({"mint": {"address": recipient, "units": 1_000_000}}));
            }
        }
        for payer in &world.payers {
            world.payer_changes(payer, &mut changes);
        }
        for chunk in changes.chunks(CHANGES_AT_ONCE) {
            control(devnet, "batch", &json!({ "changes": chunk }));
        }
        devnet.mine(20);
        world
    }

    fn pool_changes(&self, plan: &WorldPlan, changes: &mut Vec<Value>) {
        for member in &self.pool {
            let address = member.address;
            let (sun, operations) = match member.role {
                WalletRole::Lender => (plan.lender_sun, Operations::DELEGATE_AND_UNDELEGATE),
                WalletRole::Activator => {
                    (plan.activator_sun, Operations::NONE.with(ContractType::CreateAccount))
                }
                WalletRole::Payer => (FLOAT_SUN, Operations::NONE.with(ContractType::Transfer)),
            };
            changes.push(json!({"activate": {"address": address}}));
            if sun > 0 {
                changes.push(json!({"faucet": {"address": address, "sun": sun}}));
            }
            if member.role == WalletRole::Lender {
                for (resource, trx) in
                    [("ENERGY", plan.energy_stake_trx), ("BANDWIDTH", plan.bandwidth_stake_trx)]
                {
                    let sun = Sun::from_trx(trx).get();
                    changes.push(
                        json!({"stake": {"address": address, "resource": resource, "sun": sun}}),
                    );
                }
            }
            let operations = hex::encode(operations.as_bytes());
            let key = |address: Address| json!([{"address": address, "weight": 1}]);
            changes.push(json!({"permissions": {
                "address": address,
                "owner": {"name": "owner", "threshold": 1, "keys": key(address)},
                "actives": [{"name": "hot", "threshold": 1, "operations": operations,
                    "keys": key(member.signer)}],
            }}));
        }
    }

    fn payer_changes(&self, payer: &Payer, changes: &mut Vec<Value>) {
        let address = payer.address;
        if payer.tokens > 0 {
            changes.push(json!({"mint": {"address": address, "units": payer.tokens}}));
        }
        if payer.kind != Kind::NeverActivated {
            changes.push(json!({"activate": {"address": address}}));
        }
        match payer.kind {
            Kind::NoBandwidth => {
                changes.push(json!({"use": {"address": address, "resource": "FREE", "units": 600}}))
            }
            Kind::StrangersEnergy(sun) => changes.push(json!({"delegate": {
                "from": self.strangers[0], "to": address, "resource": "ENERGY", "sun": sun}})),
            Kind::Contract => changes.push(json!({"contract": {"address": address}})),
            Kind::Blacklisted => {
                changes.push(json!({"blacklist": {"address": address, "blacklisted": true}}));
            }
            Kind::Plain | Kind::NeverActivated => {}
        }
    }

    /// Those whom orders are placed for.
    pub(crate) fn order_payers(&self) -> &[Payer] {
        &self.payers[self.policy_payers..]
    }

    /// Those whom policies are for.
    pub(crate) fn standing_payers(&self) -> &[Payer] {
        let count = if self.policy_payers > 0 { self.policy_payers } else { POLICIES_ON };
        &self.payers[..count.min(self.payers.len())]
    }

    /// Everybody's addresses in the pool.
    pub(crate) fn pool_addresses(&self) -> BTreeSet<Address> {
        self.pool.iter().map(|member| member.address).collect()
    }

    /// Who the processes can sign as.
    pub(crate) fn signers(&self) -> BTreeSet<Address> {
        self.pool.iter().map(|member| member.signer).collect()
    }

    /// Opens the shops and enters the pool, before the first process starts.
    pub(crate) fn fill_store(&mut self, store: &SqlStore, plan: &WorldPlan, now: UnixMillis) {
        for member in &self.pool {
            let wallet = NewWallet {
                address: member.address,
                signer: member.signer,
                role: member.role,
                permission_id: 2,
            };
            at_once(store.put_wallet(wallet));
        }
        for index in 0..MERCHANTS {
            let name = format!("shop {index}");
            // The last one has no address of its own for callbacks.
            let url = (index + 1 < MERCHANTS).then_some("https://shop.example/callback");
            let merchant = at_once(store.add_merchant(&name, url, now));
            let mut business = [0; 16];
            business[15] = u8::try_from(index).unwrap_or(u8::MAX);
            // The first one never runs out of money.
            let credit_sun = if index == 0 { RICH_SUN } else { plan.credit_sun };
            let is_strict = index == 1;
            let cap_sun = plan.cap_sun.filter(|_| index > 0);
            at_once(store.post(merchant_credited(
                business,
                merchant,
                Sun::new(credit_sun),
                "paid in",
                now,
            )));
            let key = Key {
                id: KeyId(0),
                merchant,
                text: format!("{index:032X}"),
                name,
                sealed_secret: Vec::new(),
                is_reference_strict: is_strict,
                limits: KeyLimits { daily_cap: cap_sun.map(Sun::new), ..KeyLimits::default() },
                created: now,
                revoked: None,
            };
            let key = at_once(store.add_key(&key, 1)).expect("a new merchant has no key yet");
            self.shops.push(Shop { merchant, key, credit_sun, cap_sun, is_strict });
        }
    }
}

impl PoolMember {
    fn draw(role: WalletRole, random: &mut Random) -> Self {
        Self { address: address(random), role, signer: address(random) }
    }
}

/// A change of the chain that cannot be refused.
pub(crate) fn control(devnet: &Devnet, path: &str, body: &Value) {
    let outcome = devnet.control(path, body);
    outcome.unwrap_or_else(|refused| panic!("the devnet takes {path} {body}: {refused}"));
}

/// A call on a port that is always ready.
pub(crate) fn at_once<T, E: std::fmt::Debug>(call: impl Future<Output = Result<T, E>>) -> T {
    let outcome = call.now_or_never().expect("nothing waits outside the processes");
    outcome.expect("nothing fails outside the processes")
}
