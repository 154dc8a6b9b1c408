//! The devnet of a world: the pool's stake and permissions, the payers' tokens.

use std::net::SocketAddr;

use devnet::{Devnet, DevnetConfig};
use domain::pool::WalletRole;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tron::{Address, ContractType, Operations, TokenUnits};

use super::{AddressKind, PaymentAddress, Seed, WorldOptions};
use crate::keystore::Keyring;
use crate::listen;

/// Wallets that lend.
const LENDERS: usize = 3;
/// Stake of each for energy, in sun: about 95 million units.
const ENERGY_STAKE_SUN: i64 = 10_000_000_000_000;
/// Stake of each for bandwidth, in sun: about 3.2 million units.
const BANDWIDTH_STAKE_SUN: i64 = 2_000_000_000_000;
/// TRX of the activator, in sun.
const ACTIVATOR_SUN: i64 = 50_000_000_000;
/// The payer's float, in sun: small, because its key can send it.
const PAYER_SUN: i64 = 500_000_000;
/// Energy that a stranger lends to addresses that have enough already, as stake in sun.
const STRANGER_STAKE_SUN: i64 = 15_000_000_000;
/// Changes of the chain in one request.
const CHANGES_AT_ONCE: usize = 500;
/// Where the chain is kept.
const CHAIN_FILE: &str = "chain.json";

/// Who is in the world.
pub(super) struct Plan {
    pub(super) lenders: Vec<Address>,
    pub(super) activator: Address,
    pub(super) payer: Address,
    stranger: Address,
    pub(super) addresses: Vec<PaymentAddress>,
    pub(super) recipient_with_usdt: Address,
    pub(super) recipient_without_usdt: Address,
}

pub(super) fn payment_label(index: usize) -> String {
    format!("payment {index}")
}

fn lender_label(index: usize) -> String {
    format!("lender {index}")
}

/// The key that works for a wallet; the owner's own key is nowhere in the server.
fn hot_label(label: &str) -> String {
    format!("hot key of {label}")
}

const ACTIVATOR: &str = "activator";
const PAYER: &str = "payer";

impl Plan {
    pub(super) fn new(seed: &Seed, addresses: usize) -> Self {
        let of = |label: &str| seed.key(label).address();
        Self {
            lenders: (0..LENDERS).map(|index| of(&lender_label(index))).collect(),
            activator: of(ACTIVATOR),
            payer: of(PAYER),
            stranger: of("stranger"),
            addresses: (0..addresses)
                .map(|index| payment(index, of(&payment_label(index))))
                .collect(),
            recipient_with_usdt: of("recipient with usdt"),
            recipient_without_usdt: of("recipient without usdt"),
        }
    }

    /// Every wallet with the address of the key that works for it.
    pub(super) fn wallets(&self, seed: &Seed) -> Vec<(Address, Address, WalletRole)> {
        let hot = |label: &str| seed.key(&hot_label(label)).address();
        let lenders = self.lenders.iter().enumerate();
        let mut wallets: Vec<_> = lenders
            .map(|(index, lender)| (*lender, hot(&lender_label(index)), WalletRole::Lender))
            .collect();
        wallets.push((self.activator, hot(ACTIVATOR), WalletRole::Activator));
        wallets.push((self.payer, hot(PAYER), WalletRole::Payer));
        wallets
    }

    fn changes(&self, seed: &Seed) -> Vec<Value> {
        let mut changes = Vec::new();
        for (wallet, hot, role) in self.wallets(seed) {
            let faucet = |sun: i64| json!({"faucet": {"address": wallet, "sun": sun}});
            match role {
                WalletRole::Activator => changes.push(faucet(ACTIVATOR_SUN)),
                WalletRole::Payer => changes.push(faucet(PAYER_SUN)),
                WalletRole::Lender => {
                    let stake = |resource: &str, sun: i64| json!({"stake": {"address": wallet, "resource": resource, "sun": sun}});
                    changes.push(stake("ENERGY", ENERGY_STAKE_SUN));
                    changes.push(stake("BANDWIDTH", BANDWIDTH_STAKE_SUN));
                }
            }
            changes.push(grant(wallet, hot, role));
        }
        changes.push(mint(self.recipient_with_usdt, TokenUnits(1_000_000)));
        for payment in &self.addresses {
            self.add_payment(payment, &mut changes);
        }
        changes
    }

    fn add_payment(&self, payment: &PaymentAddress, changes: &mut Vec<Value>) {
        let address = payment.address;
        changes.push(mint(address, payment.usdt));
        match payment.kind {
            AddressKind::NeverActivated => return,
            AddressKind::Plain | AddressKind::NoBandwidth | AddressKind::HasEnergy => {
                changes.push(json!({"activate": {"address": address}}));
            }
        }
        match payment.kind {
            AddressKind::NoBandwidth => changes
                .push(json!({"use": {"address": address, "resource": "FREE", "units": 600}})),
            AddressKind::HasEnergy => changes.push(json!({"delegate": {
                "from": self.stranger, "to": address, "resource": "ENERGY", "sun": STRANGER_STAKE_SUN,
            }})),
            AddressKind::Plain | AddressKind::NeverActivated => {}
        }
    }
}

/// Kinds and amounts repeat, so that every run shows every kind.
fn payment(index: usize, address: Address) -> PaymentAddress {
    let kind = match index % 5 {
        1 => AddressKind::NeverActivated,
        3 => AddressKind::NoBandwidth,
        4 => AddressKind::HasEnergy,
        _ => AddressKind::Plain,
    };
    let step = u128::try_from(index % 97).unwrap_or(0);
    PaymentAddress { address, kind, usdt: TokenUnits(25_000_000 + step * 7_310_000) }
}

fn mint(address: Address, units: TokenUnits) -> Value {
    let units = u64::try_from(units.0).unwrap_or(u64::MAX);
    json!({"mint": {"address": address, "units": units}})
}

/// The owner keeps its own key; the hot key gets permission 2 with the few rights of its role.
fn grant(wallet: Address, hot: Address, role: WalletRole) -> Value {
    let (name, operations) = match role {
        WalletRole::Activator => ("activate", Operations::NONE.with(ContractType::CreateAccount)),
        WalletRole::Payer => ("pay", Operations::NONE.with(ContractType::Transfer)),
        WalletRole::Lender => ("lend", Operations::DELEGATE_AND_UNDELEGATE),
    };
    json!({"permissions": {
        "address": wallet,
        "owner": {"name": "owner", "threshold": 1, "keys": [{"address": wallet, "weight": 1}]},
        "actives": [{
            "name": name,
            "threshold": 1,
            "operations": hex::encode(operations.as_bytes()),
            "keys": [{"address": hot, "weight": 1}],
        }],
    }})
}

/// The keys that the server works with.
pub(super) fn hot_keys(seed: &Seed) -> Keyring {
    let mut keyring = Keyring::default();
    hot_labels().for_each(|label| keyring.add(seed.key(&label)));
    keyring
}

/// What their keys are derived with.
pub(super) fn hot_labels() -> impl Iterator<Item = String> {
    let lenders = (0..LENDERS).map(|index| hot_label(&lender_label(index)));
    lenders.chain([hot_label(ACTIVATOR), hot_label(PAYER)])
}

/// Starts the devnet, or resumes it from its file.
pub(super) async fn start(
    options: &WorldOptions,
    plan: &Plan,
    seed: &Seed,
    stop: &CancellationToken,
) -> anyhow::Result<(Devnet, SocketAddr, JoinHandle<anyhow::Result<()>>)> {
    let file = options.data.join(CHAIN_FILE);
    let is_new = !file.exists();
    let devnet = Devnet::open(DevnetConfig::auto(options.block_time_ms), &file)?;
    if is_new {
        for changes in plan.changes(seed).chunks(CHANGES_AT_ONCE) {
            devnet.control("batch", &json!({"changes": changes}))?;
        }
    }
    let listener = listen::bind(options.node_listen).await?;
    let (address, listener) = (listener.local_addr()?, listener.into_std()?);
    let (serving, stop) = (devnet.clone(), stop.clone());
    // A node is another machine's work: on threads of its own it never stops the server's.
    let task = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            devnet::serve(listener, serving, stop.cancelled_owned()).await;
            Ok(())
        })
    });
    Ok((devnet, address, task))
}
