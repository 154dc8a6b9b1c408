//! The handle to a devnet: one entry for requests, and the controls as methods.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tron::{Address, BlockId, Permission, Resource, Sun, TokenUnits};

use crate::config::{ClockMode, ConfigError, DevnetConfig};
use crate::control::fault::FaultRule;
use crate::control::invariant::{self, Invariants};
use crate::control::{self, Mutation, PermissionSpec};
use crate::dispatch;
use crate::journal::{self, JournalError};
use crate::node::{Node, wall_clock_ms};
use crate::request::{Reply, Request};
use crate::resource;

/// A TRON network in this process. Cloning gives another handle to the same one.
///
/// Shape: every call takes one lock for microseconds; nothing in it waits or sleeps.
#[derive(Clone)]
pub struct Devnet {
    node: Arc<Mutex<Node>>,
}

/// A block as far as callers care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// Height.
    pub number: u64,
    /// Name.
    pub id: BlockId,
    /// Unix ms.
    pub timestamp_ms: i64,
}

/// A control request that was refused; nothing happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// What an address can use of a resource, and has used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Allowed {
    /// Units its stake yields.
    pub limit: i64,
    /// Units of it in use.
    pub used: i64,
}

impl Devnet {
    /// A new chain.
    ///
    /// Errors: a configuration that cannot work.
    pub fn new(config: DevnetConfig) -> Result<Self, ConfigError> {
        let config = started(config);
        config.check()?;
        Ok(Self::of(Node::new(config)))
    }

    /// The chain kept in a file, or a new one that is kept there from now on, block by block.
    ///
    /// Pending transactions and faults are not kept. When the file exists, only clock, block time and
    /// controls are taken from `config`.
    ///
    /// Errors: [`JournalError`].
    pub fn open(config: DevnetConfig, path: &Path) -> Result<Self, JournalError> {
        let config = started(config);
        config.check()?;
        Ok(Self::of(journal::open(path, &config)?))
    }

    /// A chain from the bytes of [`Devnet::dump`].
    ///
    /// Errors: [`JournalError`].
    pub fn load(dump: &[u8]) -> Result<Self, JournalError> {
        journal::load(dump, None).map(Self::of)
    }

    fn of(node: Node) -> Self {
        Self { node: Arc::new(Mutex::new(node)) }
    }

    fn lock(&self) -> MutexGuard<'_, Node> {
        self.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request as the node would over HTTP.
    pub fn call(&self, request: &Request) -> Reply {
        dispatch::answer(&mut self.lock(), request)
    }

    /// A request of the control interface, by its path below `/devnet/`.
    ///
    /// Errors: what is wrong with the request.
    pub fn control(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        control::handle(&mut self.lock(), path, body).map_err(Refused)
    }

    /// All blocks so far, for [`Devnet::load`].
    #[must_use]
    pub fn dump(&self) -> Vec<u8> {
        journal::dump(&self.lock())
    }

    /// Mines blocks now, each at the next free slot or the clock's.
    pub fn mine(&self, blocks: u64) {
        let mut node = self.lock();
        (0..blocks).for_each(|_| node.mine_one());
    }

    /// Mines a block if one is due: what the automatic producer calls.
    pub fn tick(&self) {
        self.lock().tick();
    }

    /// How long until the next block is due, in ms.
    pub(crate) fn due_in_ms(&self) -> u64 {
        let node = self.lock();
        u64::try_from(node.earliest_ms() - node.now_ms()).unwrap_or(0)
    }

    /// Lets time pass without blocks (manual clock only).
    pub fn advance_ms(&self, ms: i64) {
        let mut node = self.lock();
        if node.config.clock == ClockMode::Manual {
            node.advance(ms);
        }
    }

    /// The node's clock, unix ms.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.lock().now_ms()
    }

    /// Declares the head solid.
    pub fn solidify(&self) {
        self.lock().solidify();
    }

    /// Stops or restarts solidification.
    pub fn hold_solid(&self, is_held: bool) {
        self.lock().hold_solid(is_held);
    }

    /// Replaces the newest blocks by others; their transactions wait again, or are forgotten.
    ///
    /// Errors: a depth that would undo a solid block.
    pub fn reorg(&self, depth: u64, requeues: bool) -> Result<(), Refused> {
        self.lock()
            .fork(depth, requeues)
            .map_err(|deepest| Refused(format!("depth must be 1 to {deepest}")))
    }

    /// Adds a fault.
    ///
    /// Errors: too many rules, or one out of bounds.
    pub fn add_fault(&self, rule: FaultRule) -> Result<(), Refused> {
        control::add_fault(&mut self.lock(), rule).map_err(Refused)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Gives TRX, activating the address when needed. Negative amounts do nothing.
    pub fn credit(&self, address: Address, amount: Sun) {
        if !amount.is_negative() {
            self.lock().mutate(Mutation::Credit { address, sun: amount.get() });
        }
    }

    /// Gives tokens; the address need not be activated.
    pub fn mint(&self, address: Address, amount: TokenUnits) {
        self.lock().mutate(Mutation::Mint { address, units: amount.0 });
    }

    /// Sets the own, undelegated stake of an address. Negative amounts do nothing.
    pub fn set_stake(&self, address: Address, resource: Resource, amount: Sun) {
        if !amount.is_negative() {
            let is_energy = resource == Resource::Energy;
            self.lock().mutate(Mutation::Stake { address, is_energy, sun: amount.get() });
        }
    }

    /// Replaces the permissions of an address without the fee, activating it when needed.
    pub fn set_permissions(&self, address: Address, owner: &Permission, actives: &[Permission]) {
        let owner = PermissionSpec::of(owner);
        let actives = actives.iter().map(PermissionSpec::of).collect();
        self.lock().mutate(Mutation::Permissions { address, owner, actives });
    }

    /// Uses up a resource of an address, as if it had been busy elsewhere.
    pub fn spend(&self, address: Address, resource: Resource, units: u32) {
        let is_energy = resource == Resource::Energy;
        self.lock().mutate(Mutation::Use { address, is_energy, units: i64::from(units) });
    }

    /// Uses up free bandwidth of an address.
    pub fn spend_free(&self, address: Address, bytes: u32) {
        self.lock().mutate(Mutation::UseFree { address, units: i64::from(bytes) });
    }

    /// Activates an address without giving it anything.
    pub fn activate(&self, address: Address) {
        self.lock().mutate(Mutation::Activate { address });
    }

    /// The newest block.
    #[must_use]
    pub fn head(&self) -> Head {
        let node = self.lock();
        let head = node.head();
        Head { number: head.number, id: head.id, timestamp_ms: head.timestamp_ms }
    }

    /// Height of the newest solid block.
    #[must_use]
    pub fn solid_number(&self) -> u64 {
        self.lock().solid_number()
    }

    /// Between two blocks.
    #[must_use]
    pub fn block_time_ms(&self) -> i64 {
        self.lock().config.block_time_ms
    }

    /// Who moves the clock.
    #[must_use]
    pub fn clock(&self) -> ClockMode {
        self.lock().config.clock
    }

    /// The built-in token's address.
    #[must_use]
    pub fn usdt(&self) -> Address {
        self.lock().config.usdt
    }

    /// TRX of an address with pending transactions counted, or `None` if it is not activated.
    #[must_use]
    pub fn balance(&self, address: Address) -> Option<Sun> {
        self.lock().pending_view().account(&address).map(|account| Sun::new(account.balance))
    }

    /// Tokens of an address with pending transactions counted.
    #[must_use]
    pub fn token_balance(&self, address: Address) -> TokenUnits {
        TokenUnits(self.lock().pending_view().holder(&address).balance)
    }

    /// What an address can use of a resource now; zero if it is not activated.
    #[must_use]
    pub fn allowed(&self, address: Address, resource: Resource) -> Allowed {
        let node = self.lock();
        let view = node.pending_view();
        let properties = view.properties();
        let totals = resource::totals(properties, resource);
        view.account(&address).map_or_else(Allowed::default, |account| {
            let stake = account.stake(resource);
            Allowed {
                limit: totals.limit_of(stake.yielding()),
                used: stake.usage.recovered(properties.head_slot()),
            }
        })
    }

    /// Requests so far to paths that begin with this, such as `wallet/` or `wallet/getaccount`.
    #[must_use]
    pub fn calls(&self, prefix: &str) -> u64 {
        let node = self.lock();
        let prefix = prefix.trim_start_matches('/');
        node.calls.iter().filter(|(path, _)| path.starts_with(prefix)).map(|(_, count)| count).sum()
    }

    /// Sums that must agree on every chain.
    #[must_use]
    pub fn invariants(&self) -> Invariants {
        invariant::check(self.lock().pending_view())
    }
}

/// Resolves "now" in an automatic configuration.
fn started(config: DevnetConfig) -> DevnetConfig {
    let is_now = config.clock == ClockMode::Auto && config.start_time_ms == 0;
    let start_time_ms = if is_now { wall_clock_ms() } else { config.start_time_ms };
    DevnetConfig { start_time_ms, ..config }
}
