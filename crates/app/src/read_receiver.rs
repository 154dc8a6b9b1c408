//! What an address has and what its transfer takes, read from the chain.

use domain::collect::{ChainTotals, Reading, Scene};
use domain::{Collection, UnixMillis};
use node::{AccountView, ConstantOutcome, NodeError, TronNode};
use sha2::{Digest, Sha256};
use tron::{Address, Bandwidth, Energy, Sun, TokenUnits, trc20};

use crate::chain_view::{Snapshot, domain_totals, node_totals};
use crate::settings::Settings;

/// The receiver as an order is accepted against it.
#[derive(Clone, Copy, Debug)]
pub struct Receiver {
    /// What it has and what its transfer takes.
    pub reading: Reading,
    /// The network's totals at that moment.
    pub totals: ChainTotals,
    /// The scene to execute.
    pub scene: Scene,
    /// Tokens that it holds.
    pub token_amount: TokenUnits,
}

/// Why a receiver cannot be served.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReceiverRefused {
    /// Stake cannot be lent to contracts.
    #[error("the receiver is a contract")]
    IsContract,
    /// The token contract refuses the very transfer that is to be made.
    #[error("the token contract refuses the transfer: {0}")]
    TransferReverts(String),
    /// The same, and it would let the receiver move its tokens elsewhere.
    #[error("the token contract refuses a transfer to the recipient: {0}")]
    TransferToReverts(String),
    /// The chain cannot be read; nothing is guessed.
    #[error(transparent)]
    Unreadable(#[from] NodeError),
}

/// Reads a receiver for a new order.
///
/// Shape: at most four requests, two deep: the account, its tokens and the recipient's tokens side by
/// side, then the simulated transfer; two more where that reverts, to find out for whose sake.
/// Identical reads within a block are shared by the cached node.
pub async fn read_receiver(
    node: &dyn TronNode,
    settings: &Settings,
    view: &Snapshot,
    (receiver, recipient, asked): (Address, Option<Address>, Scene),
) -> Result<Receiver, ReceiverRefused> {
    let recipient_tokens = async {
        match recipient {
            Some(recipient) => node.token_balance(settings.token, recipient).await.map(Some),
            None => Ok(None),
        }
    };
    let (account, token_amount, recipient_tokens) = futures::try_join!(
        node.account(receiver),
        node.token_balance(settings.token, receiver),
        recipient_tokens
    )?;
    if account.as_ref().is_some_and(|account| account.is_contract) {
        return Err(ReceiverRefused::IsContract);
    }
    let holds = recipient_tokens.map(|tokens| tokens > TokenUnits(0));
    let scene = asked.executed(holds);
    let transfer = Transfer { receiver, recipient, scene, recipient_holds: holds, token_amount };
    let transfer_energy = match transfer.energy(node, settings).await {
        Err(ReceiverRefused::TransferReverts(text)) if recipient.is_some() => {
            // Whether it is for the recipient's sake: then it may send to others.
            own_transfer_energy(node, settings, receiver).await?;
            return Err(ReceiverRefused::TransferToReverts(text));
        }
        energy => energy?,
    };
    let reading = reading_of(account.as_ref(), view, transfer_energy);
    Ok(Receiver { reading, totals: view.totals, scene, token_amount })
}

/// Reads a receiver for an order of plain energy: whether it exists and may be lent to.
///
/// Shape: one request, shared within a block.
pub async fn read_account(
    node: &dyn TronNode,
    view: &Snapshot,
    receiver: Address,
) -> Result<Reading, ReceiverRefused> {
    let account = node.account(receiver).await?;
    if account.as_ref().is_some_and(|account| account.is_contract) {
        return Err(ReceiverRefused::IsContract);
    }
    Ok(reading_of(account.as_ref(), view, Energy::ZERO))
}

/// Energy of the token transfer that an address would make now: of everything it holds, to somebody
/// who holds the token; what the table says while it holds nothing.
///
/// Shape: at most two requests, one after the other, shared within a block.
pub async fn own_transfer_energy(
    node: &dyn TronNode,
    settings: &Settings,
    receiver: Address,
) -> Result<Energy, ReceiverRefused> {
    let transfer = Transfer {
        receiver,
        recipient: None,
        scene: Scene::RecipientHolds,
        recipient_holds: None,
        token_amount: node.token_balance(settings.token, receiver).await?,
    };
    transfer.energy(node, settings).await
}

/// Energy of one token transfer to an address from anybody who holds the token.
///
/// Shape: at most four requests, three deep: what the address holds, then who can be the sender, then
/// the simulated transfer. Identical reads within a block are shared by the cached node.
pub async fn transfer_energy_to(
    node: &dyn TronNode,
    settings: &Settings,
    to: Address,
) -> Result<Energy, ReceiverRefused> {
    let held = node.token_balance(settings.token, to).await?;
    let mut transfer = Transfer {
        receiver: to,
        recipient: None,
        scene: Scene::RecipientHolds,
        recipient_holds: None,
        token_amount: held,
    };
    if held == TokenUnits(0) {
        // Tokens that were sent there by mistake lie with the token's own contract and with the
        // address of nobody.
        for sender in [settings.token, Address::from_evm([0; 20])] {
            let amount = node.token_balance(settings.token, sender).await?;
            if amount > TokenUnits(1) {
                (transfer.receiver, transfer.token_amount) = (sender, TokenUnits(1));
                break;
            }
        }
        (transfer.recipient, transfer.recipient_holds) = (Some(to), Some(false));
        transfer.scene = Scene::RecipientEmpty;
    }
    transfer.energy(node, settings).await
}

/// Reads a receiver back after its legs were included: from the node's own resource computation, and
/// for a collection with the transfer simulated again.
///
/// Shape: three requests at most, two deep; never cached. The resources are those of a node that has
/// seen everything that happened to the receiver up to `seen`, in block time.
pub async fn read_back(
    node: &dyn TronNode,
    settings: &Settings,
    order: &domain::Order,
    seen: Option<UnixMillis>,
) -> Result<(Reading, Option<ChainTotals>), NodeError> {
    let resources = async {
        match seen {
            Some(seen) => node.resources_since(order.receiver, seen.get()).await,
            None => node.resources(order.receiver).await,
        }
    };
    let energy = async {
        let Some(collection) = order.collection() else { return Ok(Energy::ZERO) };
        let promised = collection.transfer_energy;
        match Transfer::of(order.receiver, collection).energy(node, settings).await {
            Ok(energy) => Ok(energy.max(promised)),
            // The tokens may have moved since: the energy that was promised still counts.
            Err(
                ReceiverRefused::TransferReverts(_)
                | ReceiverRefused::TransferToReverts(_)
                | ReceiverRefused::IsContract,
            ) => Ok(promised),
            Err(ReceiverRefused::Unreadable(error)) => Err(error),
        }
    };
    let (resources, transfer_energy) = futures::try_join!(resources, energy)?;
    let Some(resources) = resources else {
        return Ok((absent(transfer_energy), None));
    };
    // Limit minus used, and not cut off at zero: usage that is owed has to be covered too.
    let left = |limit: i64, used: i64| limit.saturating_sub(used);
    let energy = left(resources.energy_limit.get(), resources.energy_used.get());
    let (limit, used) = (resources.staked_bandwidth_limit, resources.staked_bandwidth_used);
    let reading = Reading {
        exists: true,
        energy_available: Energy::new(energy),
        energy_limit: resources.energy_limit,
        staked_bandwidth_limit: limit,
        staked_bandwidth_available: Bandwidth::new(left(limit.get(), used.get())),
        free_bandwidth_available: resources.free_bandwidth_available(),
        transfer_energy,
    };
    Ok((reading, Some(domain_totals(&resources.totals))))
}

/// The receiver's own resources by the chain's formulas, from one account answer.
pub(crate) fn reading_of(
    account: Option<&AccountView>,
    view: &Snapshot,
    transfer_energy: Energy,
) -> Reading {
    let Some(account) = account else { return absent(transfer_energy) };
    let totals = node_totals(&view.totals);
    let (energy_limit, bandwidth_limit) =
        (account.energy_limit(&totals), account.staked_bandwidth_limit(&totals));
    let left = |limit: i64, used: i64| limit.saturating_sub(used);
    let staked = left(bandwidth_limit.get(), account.bandwidth.used);
    Reading {
        exists: true,
        energy_available: Energy::new(left(energy_limit.get(), account.energy.used)),
        energy_limit,
        staked_bandwidth_limit: bandwidth_limit,
        staked_bandwidth_available: Bandwidth::new(staked),
        free_bandwidth_available: account
            .free_bandwidth_available(view.parameters.free_bandwidth_limit),
        transfer_energy,
    }
}

fn absent(transfer_energy: Energy) -> Reading {
    Reading {
        exists: false,
        energy_available: Energy::ZERO,
        energy_limit: Energy::ZERO,
        staked_bandwidth_limit: Bandwidth::ZERO,
        staked_bandwidth_available: Bandwidth::ZERO,
        free_bandwidth_available: Bandwidth::ZERO,
        transfer_energy,
    }
}

/// The transfer whose energy is sought.
struct Transfer {
    receiver: Address,
    recipient: Option<Address>,
    scene: Scene,
    recipient_holds: Option<bool>,
    token_amount: TokenUnits,
}

impl Transfer {
    /// The transfer that a collection is about.
    fn of(receiver: Address, collection: &Collection) -> Self {
        Self {
            receiver,
            recipient: collection.recipient,
            scene: collection.scene,
            recipient_holds: collection
                .recipient
                .map(|_| collection.scene == Scene::RecipientHolds),
            token_amount: collection.token_amount,
        }
    }

    /// Energy by simulating the transfer; by the configured table when there is nothing to move yet.
    async fn energy(
        &self,
        node: &dyn TronNode,
        settings: &Settings,
    ) -> Result<Energy, ReceiverRefused> {
        let table = match self.scene {
            Scene::RecipientEmpty => settings.energy_to_empty,
            Scene::RecipientHolds | Scene::Automatic => settings.energy_to_holder,
        };
        let Some((to, amount)) = self.simulated() else { return Ok(table) };
        let data = trc20::transfer_data(to, amount);
        let call = node.constant_call(self.receiver, settings.token, &data, Sun::ZERO).await?;
        match call.outcome {
            ConstantOutcome::Succeeded => Ok(call.energy_used),
            ConstantOutcome::Reverted(text) => Err(ReceiverRefused::TransferReverts(text)),
            ConstantOutcome::Refused(text) => Err(NodeError::ContractCall { text }.into()),
        }
    }

    /// Where to and how much to simulate: the real recipient where it fits the scene, else a stand-in
    /// that does.
    fn simulated(&self) -> Option<(Address, TokenUnits)> {
        let amount = self.token_amount;
        let fits = self.recipient_holds == Some(self.scene == Scene::RecipientHolds);
        match (self.recipient, self.scene) {
            _ if amount == TokenUnits(0) => None,
            (Some(recipient), _) if fits => Some((recipient, amount)),
            (_, Scene::RecipientEmpty) => Some((holds_nothing(self.receiver), amount)),
            // To itself and less than everything: both balances are rewritten and neither becomes
            // or was zero, which is what a transfer to a holder costs.
            (_, Scene::RecipientHolds | Scene::Automatic) => {
                (amount > TokenUnits(1)).then_some((self.receiver, TokenUnits(1)))
            }
        }
    }
}

/// An address that nobody has a key of and that holds nothing.
fn holds_nothing(receiver: Address) -> Address {
    let digest = Sha256::new().chain_update(b"holds nothing").chain_update(receiver.as_bytes());
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&digest.finalize()[..20]);
    Address::from_evm(bytes)
}
