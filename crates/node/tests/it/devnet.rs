//! The typed client against a whole TRON network in a process, over real HTTP.

use std::time::Duration;

use devnet::{Devnet, DevnetConfig, Fault, FaultRule, When};
use node::{
    AccountView, BlockTx, Broadcast, Endpoint, HttpLimits, HttpTransport, JsonNode, Lookup, Loss,
    LossRule, NodeError, NodeSettings, Refusal, TransportError, TronNode, Verdict,
};
use tokio::net::TcpListener;
use tron::trc20::{self, TransferLog};
use tron::{
    Address, Bandwidth, Contract, ContractType, Energy, RawTx, RefBlock, Resource, SecretKey,
    SignedTx, Sun, TokenUnits,
};

type HttpNode = JsonNode<HttpTransport>;

/// A pool wallet with stake and a payer's address with tokens and nothing else.
struct World {
    devnet: Devnet,
    node: HttpNode,
    pool: Address,
    payer: Address,
}

fn key(number: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = number;
    SecretKey::from_bytes(&bytes).unwrap()
}

fn cold() -> Address {
    key(9).address()
}

impl World {
    async fn new() -> Self {
        let devnet = Devnet::new(DevnetConfig::default()).unwrap();
        let (pool, payer) = (key(1).address(), key(2).address());
        devnet.credit(pool, Sun::from_trx(1_000));
        devnet.set_stake(pool, Resource::Energy, Sun::from_trx(1_000_000));
        devnet.set_stake(pool, Resource::Bandwidth, Sun::from_trx(1_000));
        devnet.activate(payer);
        devnet.mint(payer, TokenUnits(5_000_000));
        devnet.mint(cold(), TokenUnits(1));
        devnet.mine(30);

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(devnet::serve(listener, devnet.clone(), std::future::pending()));
        let transport =
            HttpTransport::new(Endpoint::new(&url).unwrap(), HttpLimits::default()).unwrap();
        let settings = NodeSettings {
            loss_rule: LossRule::SINGLE,
            totals_addresses: vec![pool],
            ..NodeSettings::default()
        };
        Self { devnet, node: JsonNode::new(transport, settings), pool, payer }
    }

    async fn sign(&self, signer: u8, contract: Contract) -> SignedTx {
        let head = self.node.head().await.unwrap();
        let solid = self.node.solid_head().await.unwrap();
        let is_call = contract.contract_type() == ContractType::Trigger;
        let fee_limit = if is_call { Sun::from_trx(30) } else { Sun::ZERO };
        let raw = RawTx {
            contract,
            ref_block: RefBlock::from_block_id(&solid.id),
            expiration_ms: head.timestamp_ms + 60_000,
            timestamp_ms: head.timestamp_ms,
            fee_limit,
            permission_id: 0,
            memo: Vec::new(),
        };
        let signature = key(signer).sign(&raw.txid());
        SignedTx { raw: raw.encode(), signatures: vec![signature] }
    }

    async fn send(&self, tx: &SignedTx) -> Broadcast {
        self.node.broadcast(tx.txid(), &tx.to_bytes()).await
    }

    async fn account(&self, address: Address) -> AccountView {
        self.node.account(address).await.unwrap().unwrap()
    }

    fn delegate(&self, trx: i64) -> Contract {
        Contract::Delegate {
            owner: self.pool,
            receiver: self.payer,
            resource: Resource::Energy,
            balance: Sun::from_trx(trx),
            lock: None,
        }
    }

    fn undelegate(&self, trx: i64) -> Contract {
        Contract::Undelegate {
            owner: self.pool,
            receiver: self.payer,
            resource: Resource::Energy,
            balance: Sun::from_trx(trx),
        }
    }

    fn sweep(&self) -> Contract {
        Contract::Trigger {
            owner: self.payer,
            contract: self.devnet.usdt(),
            data: trc20::transfer_data(cold(), TokenUnits(5_000_000)),
            call_value: Sun::ZERO,
        }
    }

    fn fault(&self, path: &str, when: When, fault: Fault) {
        self.devnet.add_fault(FaultRule { path: path.to_owned(), when, fault }).unwrap();
    }

    /// The one transaction of the newest block.
    async fn newest_tx(&self) -> BlockTx {
        let head = self.node.head().await.unwrap();
        let block = self.node.block(head.number).await.unwrap().unwrap();
        assert_eq!(block.head, head);
        assert_eq!(block.transactions.len(), 1);
        block.transactions[0]
    }
}

#[tokio::test]
async fn the_chain_shows_itself_in_types() {
    let world = World::new().await;
    let (head, solid) = (world.node.head().await.unwrap(), world.node.solid_head().await.unwrap());
    assert_eq!(u64::try_from(head.number), Ok(world.devnet.head().number));
    assert_eq!(head.number - solid.number, 18);
    let parameters = world.node.chain_parameters().await.unwrap();
    assert_eq!((parameters.energy_fee, parameters.bandwidth_fee), (Sun::new(100), Sun::new(1_000)));
    assert_eq!(parameters.free_bandwidth_limit, Bandwidth::new(600));
    assert_eq!(parameters.max_lock_period_blocks, 864_000);
    assert_eq!(world.node.block(head.number + 1).await.unwrap(), None);
    assert_eq!(world.node.account(cold()).await.unwrap(), None, "tokens do not activate");
    let usdt = world.account(world.devnet.usdt()).await;
    assert!(usdt.is_contract);

    let pool = world.account(world.pool).await;
    let totals = world.node.totals().await.unwrap();
    let view = world.node.resources(world.pool).await.unwrap().unwrap();
    assert_eq!(view.totals, totals);
    assert_eq!(pool.energy_limit(&totals), view.energy_limit);
    assert_eq!(pool.staked_bandwidth_limit(&totals), view.staked_bandwidth_limit);
    let max = world.node.max_delegatable(world.pool, Resource::Energy).await.unwrap();
    assert_eq!(pool.lendable(Resource::Energy, &totals), max);
    assert_eq!(pool.owner_permission.unwrap().keys[0].address, world.pool);
}

#[tokio::test]
async fn a_simulated_transfer_shows_its_need() {
    let world = World::new().await;
    let usdt = world.devnet.usdt();
    for (to, amount, energy, succeeds) in [
        (cold(), 5_000_000, 64_285, true),
        (key(8).address(), 5_000_000, 130_285, true),
        (cold(), 5_000_001, 0, false),
    ] {
        let data = trc20::transfer_data(to, TokenUnits(amount));
        let call = world.node.constant_call(world.payer, usdt, &data, Sun::ZERO).await.unwrap();
        assert_eq!(call.succeeded(), succeeds);
        if succeeds {
            assert_eq!(call.energy_used, Energy::new(energy));
        }
    }
    let balance = world.node.token_balance(usdt, world.payer).await.unwrap();
    assert_eq!(balance, TokenUnits(5_000_000));
    let nothing = world.node.token_balance(usdt, key(8).address()).await.unwrap();
    assert_eq!(nothing, TokenUnits(0));
    let not_a_token = world.node.token_balance(world.pool, world.payer).await;
    assert!(matches!(not_a_token, Err(NodeError::ContractCall { .. })), "{not_a_token:?}");
}

#[tokio::test]
async fn energy_is_lent_used_and_taken_back() {
    let world = World::new().await;
    let delegate = world.sign(1, world.delegate(6_900)).await;
    assert_eq!(world.send(&delegate).await, Broadcast::Taken { duplicate: false });
    assert_eq!(world.send(&delegate).await, Broadcast::Taken { duplicate: true });
    assert_eq!(world.node.lookup(delegate.txid()).await.unwrap(), Lookup::Absent, "pending");
    world.devnet.mine(1);
    let found = world.node.lookup(delegate.txid()).await.unwrap();
    let receipt = found.included().unwrap();
    assert!(receipt.succeeded);
    assert_eq!(receipt.bandwidth_used, delegate.bandwidth());
    assert_eq!(world.node.lookup_solid(delegate.txid()).await.unwrap(), Lookup::Absent);
    let seen = world.newest_tx().await;
    let contract = seen.contract.unwrap();
    assert_eq!((seen.txid, contract.kind), (delegate.txid(), Some(ContractType::Delegate)));
    assert_eq!((contract.owner, contract.receiver), (Some(world.pool), Some(world.payer)));
    assert_eq!(contract.amount_sun, Some(6_900_000_000));

    let totals = world.node.totals().await.unwrap();
    let payer = world.account(world.payer).await;
    let view = world.node.resources(world.payer).await.unwrap().unwrap();
    assert_eq!(payer.energy.received, Sun::from_trx(6_900));
    assert_eq!(payer.energy_available(&totals), view.energy_available());
    assert_eq!(world.account(world.pool).await.energy.lent, Sun::from_trx(6_900));
    let records = world.node.delegated(world.pool, world.payer).await.unwrap();
    assert_eq!(records.len(), 1);
    let now_ms = world.node.head().await.unwrap().timestamp_ms;
    assert_eq!(records[0].reclaimable(Resource::Energy, now_ms), Sun::from_trx(6_900));
    assert_eq!(world.node.delegation_index(world.pool).await.unwrap(), [world.payer]);

    let sweep = world.sign(2, world.sweep()).await;
    assert!(world.send(&sweep).await.is_taken());
    world.devnet.mine(1);
    let found = world.node.lookup(sweep.txid()).await.unwrap();
    let receipt = found.included().unwrap();
    assert!(receipt.succeeded, "{receipt:?}");
    assert_eq!((receipt.energy_used_total, receipt.fee), (Energy::new(64_285), Sun::ZERO));
    let log = &receipt.logs[0];
    assert_eq!(log.contract_address, world.devnet.usdt());
    let moved = TransferLog { from: world.payer, to: cold(), amount: TokenUnits(5_000_000) };
    assert_eq!(trc20::decode_transfer_log(&log.topics, &log.data), Ok(moved));
    assert!(world.newest_tx().await.succeeded);

    let undelegate = world.sign(1, world.undelegate(6_900)).await;
    assert!(world.send(&undelegate).await.is_taken());
    world.devnet.mine(1);
    assert_eq!(world.node.delegated(world.pool, world.payer).await.unwrap(), []);
    let pool = world.account(world.pool).await;
    assert!(pool.energy.used > 0, "the used energy came back with the stake");
    let max = world.node.max_delegatable(world.pool, Resource::Energy).await.unwrap();
    assert_eq!(pool.lendable(Resource::Energy, &totals), max);
    world.devnet.mine(18);
    for tx in [delegate, sweep, undelegate] {
        let solid = world.node.lookup_solid(tx.txid()).await.unwrap();
        assert!(solid.included().unwrap().succeeded);
    }
}

#[tokio::test]
async fn limits_agree_with_the_node_to_the_unit_while_usage_decays() {
    let world = World::new().await;
    for trx in [1, 7, 6_776, 6_851, 99_999] {
        world.devnet.set_stake(world.payer, Resource::Energy, Sun::new(trx * 1_000_000 + 1));
        world.devnet.set_stake(world.payer, Resource::Bandwidth, Sun::new(trx * 999_983));
        world.devnet.advance_ms(1_234_000);
        world.devnet.mine(1);
        let account = world.account(world.payer).await;
        let view = world.node.resources(world.payer).await.unwrap().unwrap();
        assert_eq!(account.energy_available(&view.totals), view.energy_available());
        assert_eq!(
            account.staked_bandwidth_available(&view.totals),
            view.staked_bandwidth_available()
        );
        assert_eq!(
            account.free_bandwidth_available(view.free_bandwidth_limit),
            view.free_bandwidth_available()
        );
        let allowed = world.devnet.allowed(world.payer, Resource::Energy);
        assert_eq!(view.energy_limit, Energy::new(allowed.limit));
    }
}

#[tokio::test]
async fn a_failed_call_is_included_and_has_not_succeeded() {
    let world = World::new().await;
    let sweep = world.sign(2, world.sweep()).await;
    assert!(world.send(&sweep).await.is_taken());
    world.devnet.mine(1);
    let found = world.node.lookup(sweep.txid()).await.unwrap();
    let receipt = found.included().unwrap();
    assert!(!receipt.succeeded);
    assert!(receipt.result_text.starts_with("OUT_OF_ENERGY"), "{}", receipt.result_text);
    assert!(!world.newest_tx().await.succeeded);
}

#[tokio::test]
async fn refusals_are_typed() {
    let world = World::new().await;
    let too_much = world.sign(1, world.delegate(2_000_000)).await;
    let wrong_key = world.sign(2, world.delegate(5)).await;
    let poor = Contract::Transfer { owner: world.payer, to: cold(), amount: Sun::new(1) };
    let poor = world.sign(2, poor).await;
    let expected = [Refusal::Contract, Refusal::Signature, Refusal::Bandwidth];
    for (tx, expected) in [too_much, wrong_key, poor].iter().zip(expected) {
        let sent = world.send(tx).await;
        assert!(
            matches!(&sent, Broadcast::Refused { reason, .. } if *reason == expected),
            "{sent:?}"
        );
    }
    let late = world.sign(1, world.delegate(5)).await;
    world.devnet.mine(30);
    let sent = world.send(&late).await;
    assert!(matches!(sent, Broadcast::Unanswered { .. }), "an earlier copy may be in a block");
    let garbage = world.node.broadcast(late.txid(), &[0xff, 0xff]).await;
    assert!(matches!(garbage, Broadcast::Unanswered { .. }), "{garbage:?}");
}

#[tokio::test]
async fn lost_and_evasive_answers_are_doubt_and_the_chain_tells() {
    let world = World::new().await;
    for (trx, fault, is_included) in [
        (1, Fault::LoseRequest, false),
        (2, Fault::LoseAnswer, true),
        (3, Fault::RelayFailed, true),
        (4, Fault::Busy, false),
        (5, Fault::Limiter, false),
        (6, Fault::Status { status: 500 }, false),
    ] {
        world.fault("wallet/broadcasthex", When::Always, fault.clone());
        let tx = world.sign(1, world.delegate(trx)).await;
        let sent = world.send(&tx).await;
        assert!(matches!(sent, Broadcast::Unanswered { .. }), "{fault:?} {sent:?}");
        world.devnet.clear_faults();
        world.devnet.mine(1);
        let found = world.node.lookup(tx.txid()).await.unwrap();
        assert_eq!(found.included().is_some(), is_included, "{fault:?}");
        assert!(world.send(&tx).await.is_taken(), "the same bytes are always safe to send again");
        world.devnet.mine(1);
        assert!(world.node.lookup(tx.txid()).await.unwrap().included().is_some());
    }
}

#[tokio::test]
async fn a_transaction_is_lost_only_when_the_solid_chain_is_past_it() {
    let world = World::new().await;
    world.fault("wallet/broadcasthex", When::Next(1), Fault::NeverInclude);
    let tx = world.sign(1, world.delegate(5)).await;
    let expiration_ms = RawTx::decode(&tx.raw).unwrap().expiration_ms;
    assert!(world.send(&tx).await.is_taken());
    let mut undecided = 0;
    while world.node.provably_lost(tx.txid(), expiration_ms).await.unwrap() != Loss::Lost {
        undecided += 1;
        assert!(undecided < 100, "never lost");
        world.devnet.mine(1);
    }
    let solid = world.node.solid_head().await.unwrap();
    assert_eq!(solid.timestamp_ms, expiration_ms + LossRule::SINGLE.margin_ms);

    let kept = world.sign(1, world.delegate(6)).await;
    let expiration_ms = RawTx::decode(&kept.raw).unwrap().expiration_ms;
    assert!(world.send(&kept).await.is_taken());
    world.devnet.mine(60);
    let found = world.node.provably_lost(kept.txid(), expiration_ms).await.unwrap();
    assert!(matches!(found, Loss::Included(_)), "{found:?}");
}

#[tokio::test]
async fn a_rate_limited_node_is_left_alone() {
    let world = World::new().await;
    world.fault("wallet/getaccount", When::Next(1), Fault::Limiter);
    let busy = world.node.account(world.pool).await.unwrap_err();
    assert!(matches!(busy, NodeError::Busy { .. }), "{busy:?}");
    world.account(world.pool).await;

    world.fault("wallet/getaccount", When::Next(1), Fault::Status { status: 429 });
    let error = world.node.account(world.pool).await.unwrap_err();
    assert!(matches!(error.verdict(), Verdict::RetryAfter(wait) if wait > Duration::from_secs(1)));
    let before = world.devnet.calls("wallet");
    let NodeError::Unreachable { source, .. } = world.node.head().await.unwrap_err() else {
        panic!("the endpoint is suspended")
    };
    assert!(matches!(source, TransportError::Suspended { .. }), "{source:?}");
    assert_eq!(world.devnet.calls("wallet"), before);
}
