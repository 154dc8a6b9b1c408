//! Several nodes behind the one port: reads go to the first good one, sends go to all of them.
//!
//! A question that consists of several reads, such as the proof of loss, is never spread over nodes:
//! each node gives its own proof, and all that answer must agree.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::{BoxFuture, join_all};
use futures::stream::FuturesUnordered;
use tokio::time::Instant;
use tron::{Address, Resource, Sun, TokenUnits, TxId};

use crate::batch::{BatchCall, BatchOutcome};
use crate::broadcast::Broadcast;
use crate::health::{Health, HealthRule, Record};
use crate::loss::{Loss, proof_deadline};
use crate::port::TronNode;
use crate::verdict::NodeError;
use crate::view::account::AccountView;
use crate::view::block::{Block, Head};
use crate::view::constant_call::ConstantCall;
use crate::view::delegation::DelegatedRecord;
use crate::view::lookup::Lookup;
use crate::view::parameters::ChainParameters;
use crate::view::resources::{ChainTotals, ResourceView};

/// How several nodes are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailoverSettings {
    /// When a node is believed.
    pub health: HealthRule,
    /// Longest time for one read, all nodes that are tried together.
    pub request_deadline: Duration,
    /// Longest time for a whole proof of loss, which is many requests one after the other; see
    /// [`proof_deadline`].
    pub proof_deadline: Duration,
    /// Longest time for a send to all nodes.
    pub broadcast_deadline: Duration,
    /// How long a send waits for the other nodes once one has taken the transaction.
    pub straggler_patience: Duration,
}

impl Default for FailoverSettings {
    fn default() -> Self {
        Self {
            health: HealthRule::default(),
            request_deadline: Duration::from_secs(8),
            proof_deadline: proof_deadline(Duration::from_secs(5)),
            broadcast_deadline: Duration::from_secs(8),
            straggler_patience: Duration::from_millis(300),
        }
    }
}

/// One node among several.
pub struct Member {
    name: String,
    node: Arc<dyn TronNode>,
    /// What checks ask; the node itself, unless its requests are limited.
    probe: Arc<dyn TronNode>,
    record: Mutex<Record>,
}

impl Member {
    /// A node and its name for logs and metrics.
    pub fn new(name: impl Into<String>, node: Arc<dyn TronNode>) -> Self {
        let probe = Arc::clone(&node);
        Self { name: name.into(), node, probe, record: Mutex::new(Record::new()) }
    }

    /// The same node, asked another way for its health: where a limit of our own keeps requests waiting,
    /// a check that waits with them would say that the node is silent.
    #[must_use]
    pub fn probed_by(self, probe: Arc<dyn TronNode>) -> Self {
        Self { probe, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the last check found.
    pub fn health(&self) -> Health {
        self.record().health()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers whether a request was of any use, and passes its result on.
    fn note<V>(&self, rule: &HealthRule, result: Result<V, NodeError>) -> Result<V, NodeError> {
        match &result {
            Err(error) if error.is_about_the_node() => {
                tracing::debug!(node.name = %self.name, %error, "a node did not answer");
                self.record().failed(rule, Instant::now());
            }
            Ok(_) | Err(_) => self.record().answered(),
        }
        result
    }
}

/// Several nodes that show the same chain.
pub struct Failover {
    members: Vec<Member>,
    settings: FailoverSettings,
}

impl Failover {
    /// These nodes, in order of preference.
    pub const fn new(members: Vec<Member>, settings: FailoverSettings) -> Self {
        Self { members, settings }
    }

    /// The nodes, in order of preference.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Looks at the heads of all nodes, in parallel, and judges them by our clock.
    ///
    /// Call it every few seconds. Until it was called, every node is used.
    /// Shape: two requests a node.
    pub async fn check(&self, now_ms: i64) {
        join_all(self.members.iter().map(|member| async move {
            let both = futures::future::try_join(member.probe.head(), member.probe.solid_head());
            let seen = match tokio::time::timeout(self.settings.request_deadline, both).await {
                Ok(seen) => seen.ok(),
                Err(_) => None,
            };
            let before = member.health();
            member.record().judge(&self.settings.health, now_ms, seen);
            let after = member.health();
            if before.is_usable() != after.is_usable() {
                tracing::warn!(node.name = %member.name, ?before, ?after, "a node's health changed");
            }
        }))
        .await;
    }

    /// Whether at least one node is good to act on.
    pub fn is_usable(&self) -> bool {
        self.members.iter().any(|member| member.health().is_usable())
    }

    /// Usable nodes: first those that answered last time, in order of preference.
    fn usable(&self) -> Vec<&Member> {
        let now = Instant::now();
        let mut usable: Vec<&Member> =
            self.members.iter().filter(|member| member.health().is_usable()).collect();
        usable.sort_by_key(|member| member.record().is_resting(now));
        usable
    }

    /// Every node of these gives its own whole answer, within this time.
    async fn each<'a, V>(
        &'a self,
        members: &[&'a Member],
        deadline: Duration,
        ask: impl Fn(&'a dyn TronNode) -> BoxFuture<'a, Result<V, NodeError>> + Send + Sync,
    ) -> Vec<Result<V, NodeError>> {
        join_all(members.iter().map(|member| {
            let answer = tokio::time::timeout(deadline, ask(&*member.node));
            async move {
                let answer = answer.await.unwrap_or(Err(NodeError::Deadline { deadline }));
                member.note(&self.settings.health, answer)
            }
        }))
        .await
    }

    /// Asks usable nodes one after the other until one answers or the deadline passes.
    async fn first<'a, V>(
        &'a self,
        ask: impl Fn(&'a dyn TronNode) -> BoxFuture<'a, Result<V, NodeError>> + Send + Sync,
    ) -> Result<V, NodeError> {
        let deadline = self.settings.request_deadline;
        let until = Instant::now() + deadline;
        let mut last = NodeError::NoHealthyNode { members: self.members.len() };
        for member in self.usable() {
            match tokio::time::timeout_at(until, ask(&*member.node)).await {
                Err(_) => {
                    return member
                        .note(&self.settings.health, Err(NodeError::Deadline { deadline }));
                }
                Ok(result) => match member.note(&self.settings.health, result) {
                    Err(error) if error.is_about_the_node() => last = error,
                    done => return done,
                },
            }
        }
        Err(last)
    }

    /// Sends to these nodes at once, and collects answers until all have come, the deadline passes,
    /// or one has taken it and the patience for the others is over.
    async fn send_to(&self, members: &[&Member], txid: TxId, signed_tx: &[u8]) -> Vec<Broadcast> {
        let mut until = Instant::now() + self.settings.broadcast_deadline;
        let mut sends: FuturesUnordered<_> =
            members.iter().map(|member| member.node.broadcast(txid, signed_tx)).collect();
        let mut answers = Vec::with_capacity(members.len());
        loop {
            match tokio::time::timeout_at(until, sends.next()).await {
                Ok(Some(answer)) => {
                    if answer.is_taken() {
                        until = until.min(Instant::now() + self.settings.straggler_patience);
                    }
                    answers.push(answer);
                }
                Ok(None) => return answers,
                Err(_) => {
                    let text = "a node did not answer before the deadline".to_owned();
                    answers.push(Broadcast::Unanswered { text });
                    return answers;
                }
            }
        }
    }
}

#[async_trait]
impl TronNode for Failover {
    async fn head(&self) -> Result<Head, NodeError> {
        self.first(|node| node.head()).await
    }

    async fn solid_head(&self) -> Result<Head, NodeError> {
        self.first(|node| node.solid_head()).await
    }

    async fn block(&self, number: i64) -> Result<Option<Block>, NodeError> {
        self.first(|node| node.block(number)).await
    }

    async fn solid_blocks(&self, first: i64, count: i64) -> Result<Vec<Block>, NodeError> {
        self.first(|node| node.solid_blocks(first, count)).await
    }

    async fn account(&self, address: Address) -> Result<Option<AccountView>, NodeError> {
        self.first(|node| node.account(address)).await
    }

    async fn resources(&self, address: Address) -> Result<Option<ResourceView>, NodeError> {
        self.first(|node| node.resources(address)).await
    }

    async fn resources_since(
        &self,
        address: Address,
        at_ms: i64,
    ) -> Result<Option<ResourceView>, NodeError> {
        self.first(|node| node.resources_since(address, at_ms)).await
    }

    async fn totals(&self) -> Result<ChainTotals, NodeError> {
        self.first(|node| node.totals()).await
    }

    async fn constant_call(
        &self,
        owner: Address,
        contract: Address,
        data: &[u8],
        call_value: Sun,
    ) -> Result<ConstantCall, NodeError> {
        let data: Arc<[u8]> = data.into();
        self.first(|node| {
            let data = Arc::clone(&data);
            Box::pin(async move { node.constant_call(owner, contract, &data, call_value).await })
        })
        .await
    }

    async fn token_balance(
        &self,
        token: Address,
        holder: Address,
    ) -> Result<TokenUnits, NodeError> {
        self.first(|node| node.token_balance(token, holder)).await
    }

    async fn call_batch(&self, calls: &[BatchCall]) -> Result<Vec<BatchOutcome>, NodeError> {
        let calls: Arc<[BatchCall]> = calls.into();
        self.first(|node| {
            let calls = Arc::clone(&calls);
            Box::pin(async move { node.call_batch(&calls).await })
        })
        .await
    }

    async fn trx_balances(&self, addresses: &[Address]) -> Result<Vec<Sun>, NodeError> {
        let addresses: Arc<[Address]> = addresses.into();
        self.first(|node| {
            let addresses = Arc::clone(&addresses);
            Box::pin(async move { node.trx_balances(&addresses).await })
        })
        .await
    }

    async fn chain_parameters(&self) -> Result<ChainParameters, NodeError> {
        self.first(|node| node.chain_parameters()).await
    }

    async fn max_delegatable(&self, owner: Address, resource: Resource) -> Result<Sun, NodeError> {
        self.first(|node| node.max_delegatable(owner, resource)).await
    }

    async fn delegated(
        &self,
        owner: Address,
        receiver: Address,
    ) -> Result<Vec<DelegatedRecord>, NodeError> {
        self.first(|node| node.delegated(owner, receiver)).await
    }

    /// Every node that was found healthy answers by itself, and all that have seen the chain so far must
    /// agree.
    async fn delegated_since(
        &self,
        owner: Address,
        receiver: Address,
        at_ms: i64,
    ) -> Result<Vec<DelegatedRecord>, NodeError> {
        let is_healthy = |member: &&Member| matches!(member.health(), Health::Healthy { .. });
        let healthy: Vec<&Member> = self.members.iter().filter(is_healthy).collect();
        let deadline = self.settings.request_deadline;
        let answers = self
            .each(&healthy, deadline, |node| node.delegated_since(owner, receiver, at_ms))
            .await;
        let none = Err(NodeError::NoHealthyNode { members: self.members.len() });
        answers.into_iter().fold(none, |agreed, answer| match (agreed, answer) {
            (Ok(agreed), Ok(answer)) if agreed != answer => Err(NodeError::Disagreement),
            (Err(NodeError::Disagreement), _) | (_, Err(NodeError::Disagreement)) => {
                Err(NodeError::Disagreement)
            }
            (Ok(agreed), _) => Ok(agreed),
            (Err(_), answer) => answer,
        })
    }

    async fn delegation_index(&self, owner: Address) -> Result<Vec<Address>, NodeError> {
        self.first(|node| node.delegation_index(owner)).await
    }

    /// Sends to every usable node. If there is none, sends to all, because a node with an old
    /// picture still relays; but then a refusal proves nothing.
    async fn broadcast(&self, txid: TxId, signed_tx: &[u8]) -> Broadcast {
        let usable = self.usable();
        if !usable.is_empty() {
            return Broadcast::merge(self.send_to(&usable, txid, signed_tx).await);
        }
        let all: Vec<&Member> = self.members.iter().collect();
        match Broadcast::merge(self.send_to(&all, txid, signed_tx).await) {
            Broadcast::Refused { text, .. } => Broadcast::Unanswered { text },
            answer @ (Broadcast::Taken { .. } | Broadcast::Unanswered { .. }) => answer,
        }
    }

    async fn lookup(&self, txid: TxId) -> Result<Lookup, NodeError> {
        self.first(|node| node.lookup(txid)).await
    }

    async fn lookup_solid(&self, txid: TxId) -> Result<Lookup, NodeError> {
        self.first(|node| node.lookup_solid(txid)).await
    }

    /// Every usable node gives its own whole proof. One that shows the transaction decides; otherwise
    /// one whose solid chain is not so far yet decides; only if all others that answered call it lost, it is.
    /// One that is further and yet undecided keeps no receipts, or not for long: the proof of another one
    /// does not need it.
    async fn provably_lost(&self, txid: TxId, expiration_ms: i64) -> Result<Loss, NodeError> {
        let usable = self.usable();
        let deadline = self.settings.proof_deadline;
        let proofs =
            self.each(&usable, deadline, |node| node.provably_lost(txid, expiration_ms)).await;
        let mut agreed = Err(NodeError::NoHealthyNode { members: self.members.len() });
        for proof in proofs {
            agreed = match (agreed, proof) {
                (Ok(found @ Loss::Included(_)), _) | (_, Ok(found @ Loss::Included(_))) => {
                    Ok(found)
                }
                (Ok(open), _) | (_, Ok(open)) if is_before(&open, expiration_ms) => Ok(open),
                (Ok(Loss::Lost), _) | (_, Ok(Loss::Lost)) => Ok(Loss::Lost),
                (Ok(open), _) | (_, Ok(open)) => Ok(open),
                (Err(_), Err(error)) => Err(error),
            };
        }
        agreed
    }
}

/// Whether a node is undecided because its solid chain is not so far yet.
const fn is_before(loss: &Loss, expiration_ms: i64) -> bool {
    matches!(loss, Loss::Undecided { solid_timestamp_ms } if *solid_timestamp_ms < expiration_ms)
}
