//! The typed client: what it asks, and how it takes errors.

use std::time::Duration;

use futures::FutureExt;
use node::{
    BatchCall, BatchOutcome, Broadcast, Call, ConstantOutcome, JsonNode, Lookup, NodeError,
    NodeSettings, TransportError, TronNode, Verdict, black_hole,
};
use serde_json::{Value, json};
use tron::{Resource, Sun, TokenUnits};

use crate::support::{
    ALICE, BOB, Fake, TXID, USDT, account, address, broken, head, node, parameters, receipt,
    resources, txid, word,
};

fn healthy(path: &str, _body: &Value) -> Result<Value, TransportError> {
    Ok(match path {
        "wallet/getblock" => head(100, 300_000),
        "walletsolidity/getblock" => head(82, 246_000),
        "wallet/getblockbynum" => head(99, 297_000),
        "walletsolidity/getblockbylimitnext" => json!({"block": [head(99, 297_000)]}),
        "wallet/getaccount" => account(ALICE, 5),
        "wallet/getaccountresource" => resources(),
        "wallet/triggerconstantcontract" => word(7),
        "wallet/getchainparameters" => parameters(),
        "wallet/getcandelegatedmaxsize" => json!({"max_size": 9_000_000}),
        "wallet/getdelegatedresourcev2" => json!({"delegatedResource": [
            {"from": ALICE, "to": BOB, "frozen_balance_for_energy": 4_000_000}]}),
        "wallet/getdelegatedresourceaccountindexv2" => {
            json!({"account": ALICE, "toAccounts": [BOB]})
        }
        "wallet/broadcasthex" => json!({"result": true, "code": "SUCCESS", "txid": TXID}),
        "wallet/gettransactioninfobyid" => receipt(99),
        "walletsolidity/gettransactioninfobyid" => json!({}),
        "jsonrpc" => json!([{"jsonrpc": "2.0", "id": 0, "result": "0x07"}]),
        other => panic!("unknown path {other}"),
    })
}

#[tokio::test]
async fn every_question_is_one_request_with_the_documented_body() {
    let fake = Fake::new(healthy);
    let node = node(&fake);
    let (alice, bob, usdt) = (address(ALICE), address(BOB), address(USDT));

    assert_eq!(node.head().await.unwrap().number, 100);
    assert_eq!(node.solid_head().await.unwrap().timestamp_ms, 246_000);
    assert_eq!(node.block(99).await.unwrap().unwrap().transactions, []);
    assert_eq!(node.solid_blocks(99, 7).await.unwrap()[0].head.number, 99);
    assert_eq!(node.account(alice).await.unwrap().unwrap().balance, Sun::new(5));
    assert_eq!(node.resources(alice).await.unwrap().unwrap().free_bandwidth_limit.get(), 600);
    assert_eq!(node.totals().await.unwrap().energy_weight_trx, 18_971_780_957);
    let call = node.constant_call(alice, usdt, &[0xa9, 0x05], Sun::ZERO).await.unwrap();
    assert_eq!(call.outcome, ConstantOutcome::Succeeded);
    node.constant_call(alice, usdt, &[], Sun::new(3)).await.unwrap();
    assert_eq!(node.token_balance(usdt, bob).await.unwrap(), TokenUnits(7));
    assert_eq!(node.chain_parameters().await.unwrap().energy_fee, Sun::new(100));
    let max = node.max_delegatable(alice, Resource::Energy).await.unwrap();
    assert_eq!(max, Sun::new(9_000_000));
    assert_eq!(node.delegated(alice, bob).await.unwrap()[0].energy, Sun::new(4_000_000));
    assert_eq!(node.delegation_index(alice).await.unwrap(), [bob]);
    assert!(node.broadcast(txid(), &[0x0a, 0xff]).await.is_taken());
    assert_eq!(node.lookup(txid()).await.unwrap().included().unwrap().block_number, 99);
    assert_eq!(node.lookup_solid(txid()).await.unwrap(), Lookup::Absent);
    let one = BatchCall { caller: alice, contract: usdt, data: vec![0xa9, 0x05] };
    assert_eq!(node.call_batch(&[one]).await.unwrap(), [BatchOutcome::Returned(vec![7])]);

    let evm = |address: &str| format!("0x{}", &address[2..]);
    let hole = black_hole().to_hex();
    let balance_of = format!("70a08231{}{}", "00".repeat(12), &BOB[2..]);
    let expected = [
        ("wallet/getblock", json!({"detail": false})),
        ("walletsolidity/getblock", json!({"detail": false})),
        ("wallet/getblockbynum", json!({"num": 99})),
        ("walletsolidity/getblockbylimitnext", json!({"startNum": 99, "endNum": 106})),
        ("wallet/getaccount", json!({"address": ALICE})),
        ("wallet/getaccountresource", json!({"address": ALICE})),
        ("wallet/getaccountresource", json!({"address": hole})),
        (
            "wallet/triggerconstantcontract",
            json!({"owner_address": ALICE, "contract_address": USDT, "data": "a905"}),
        ),
        (
            "wallet/triggerconstantcontract",
            json!({"owner_address": ALICE, "contract_address": USDT, "data": "", "call_value": 3}),
        ),
        (
            "wallet/triggerconstantcontract",
            json!({"owner_address": hole, "contract_address": USDT, "data": balance_of}),
        ),
        ("wallet/getchainparameters", json!({})),
        ("wallet/getcandelegatedmaxsize", json!({"owner_address": ALICE, "type": 1})),
        ("wallet/getdelegatedresourcev2", json!({"fromAddress": ALICE, "toAddress": BOB})),
        ("wallet/getdelegatedresourceaccountindexv2", json!({"value": ALICE})),
        ("wallet/broadcasthex", json!({"transaction": "0aff"})),
        ("wallet/gettransactioninfobyid", json!({"value": TXID})),
        ("walletsolidity/gettransactioninfobyid", json!({"value": TXID})),
        (
            "jsonrpc",
            json!([{"jsonrpc": "2.0", "id": 0, "method": "eth_call", "params": [
                {"from": evm(ALICE), "to": evm(USDT), "data": "0xa905"}, "latest"]}]),
        ),
    ];
    let expected = expected.map(|(path, body)| (path.to_owned(), body));
    assert_eq!(fake.asked(), expected);

    assert_eq!(node.counters().total_made(), 18);
    assert_eq!(node.counters().made(Call::ConstantCall), 3);
    assert!(node.counters().snapshot().iter().all(|line| line.made > 0 && line.failed == 0));
}

#[tokio::test]
async fn absence_is_an_answer() {
    let node = node(&Fake::new(|_, _| Ok(json!({}))));
    assert_eq!(node.block(5).await.unwrap(), None);
    assert_eq!(node.account(address(ALICE)).await.unwrap(), None);
    assert_eq!(node.resources(address(ALICE)).await.unwrap(), None);
    assert_eq!(node.max_delegatable(address(ALICE), Resource::Energy).await.unwrap(), Sun::ZERO);
    assert_eq!(node.delegated(address(ALICE), address(BOB)).await.unwrap(), []);
    assert_eq!(node.delegation_index(address(ALICE)).await.unwrap(), []);
    assert_eq!(node.lookup(txid()).await.unwrap(), Lookup::Absent);
    assert!(node.head().await.is_err(), "a chain always has a head");
    assert!(node.chain_parameters().await.is_err());
}

#[tokio::test]
async fn totals_come_from_the_first_configured_address_that_exists() {
    let fake =
        Fake::new(|_, body| Ok(if body["address"] == BOB { resources() } else { json!({}) }));
    let totals_addresses = vec![black_hole(), address(BOB)];
    let settings = NodeSettings { totals_addresses, ..NodeSettings::default() };
    let node = JsonNode::new(fake.clone(), settings);
    node.totals().await.unwrap();
    node.totals().await.unwrap();
    assert_eq!(fake.asked().len(), 3, "the address that worked is remembered");

    for totals_addresses in [vec![], vec![black_hole()]] {
        let settings = NodeSettings { totals_addresses, ..NodeSettings::default() };
        let node = JsonNode::new(fake.clone(), settings);
        assert_eq!(node.totals().await, Err(NodeError::NoTotals));
    }
}

#[tokio::test]
async fn a_token_without_a_balance_is_an_error() {
    for answer in [
        json!({"result": {"result": true}, "constant_result": [""]}),
        json!({"result": {"result": true}, "constant_result": ["ff".repeat(32)]}),
        json!({"result": {"result": true, "message": "52"}, "constant_result": [""]}),
        json!({"result": {"code": "CONTRACT_VALIDATE_ERROR", "message": "6e6f"}}),
    ] {
        let node = node(&Fake::new(move |_, _| Ok(answer.clone())));
        let error = node.token_balance(address(USDT), address(BOB)).await.unwrap_err();
        assert!(matches!(error, NodeError::ContractCall { .. }), "{error:?}");
        assert_eq!(error.verdict(), Verdict::GiveUp);
    }
}

#[tokio::test]
async fn error_envelopes_are_not_answers() {
    for (text, verdict) in [
        (
            "class java.lang.IllegalAccessException : lack of computing resources",
            Verdict::RetryAfter(Duration::from_secs(1)),
        ),
        (
            "The key exceeds the frequency limit(15), and the query server is suspended for 30s",
            Verdict::RetryAfter(Duration::from_secs(1)),
        ),
        ("class java.lang.NullPointerException : null", Verdict::GiveUp),
    ] {
        for key in ["Error", "error"] {
            let node = node(&Fake::new(move |_, _| Ok(json!({ key: text }))));
            let error = node.account(address(ALICE)).await.unwrap_err();
            assert_eq!(error.verdict(), verdict, "{text}");
            assert!(error.to_string().contains(text));
            assert_eq!(node.counters().failed(Call::Account), 1);
            let sent = node.broadcast(txid(), &[1]).await;
            assert!(matches!(sent, Broadcast::Unanswered { .. }), "{sent:?}");
        }
    }
}

#[tokio::test]
async fn a_strangers_answer_never_reads_as_zeros() {
    let node = node(&Fake::new(|_, _| Ok(json!({"message": "please log in"}))));
    let alice = address(ALICE);
    assert!(node.account(alice).await.is_err());
    assert!(node.resources(alice).await.is_err());
    assert!(node.max_delegatable(alice, Resource::Energy).await.is_err());
    assert!(node.delegated(alice, alice).await.is_err());
    assert!(node.delegation_index(alice).await.is_err());
    assert!(node.lookup_solid(txid()).await.is_err());
    assert!(node.constant_call(alice, alice, &[], Sun::ZERO).await.is_err());
    assert_eq!(node.counters().failed(Call::Account), 1);
}

#[tokio::test]
async fn a_broken_transport_says_when_to_ask_again() {
    let node = node(&Fake::new(|_, _| Err(broken())));
    let error = node.head().await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::RetryAfter(Duration::from_secs(1)));
    let Broadcast::Unanswered { text } = node.broadcast(txid(), &[1]).await else {
        panic!("a lost answer is never a refusal")
    };
    assert!(text.contains("reset by peer"), "{text}");
}

#[tokio::test]
async fn a_transport_that_never_answers_is_bounded() {
    let fake = Fake::later(|_, _| futures::future::pending().boxed());
    let call_timeout = Duration::from_millis(5);
    let node = JsonNode::new(fake, NodeSettings { call_timeout, ..NodeSettings::default() });
    let error = node.head().await.unwrap_err();
    let source = TransportError::Timeout { limit: call_timeout };
    assert_eq!(error, NodeError::Unreachable { call: Call::Head, source });
    assert!(matches!(node.broadcast(txid(), &[1]).await, Broadcast::Unanswered { .. }));
}
