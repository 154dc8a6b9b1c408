//! No request, however odd, makes the devnet panic or break its sums.

use devnet::{Fate, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{TRX, World, addr, world};

const PATHS: [&str; 46] = [
    "getnowblock",
    "getblock",
    "getblockbynum",
    "getblockbyid",
    "getblockbylimitnext",
    "getblockbylatestnum",
    "gettransactionbyid",
    "gettransactioninfobyid",
    "gettransactioninfobyblocknum",
    "gettransactioncountbyblocknum",
    "getpendingsize",
    "gettransactionlistfrompending",
    "gettransactionfrompending",
    "getaccount",
    "getaccountresource",
    "getaccountnet",
    "validateaddress",
    "getdelegatedresourcev2",
    "getdelegatedresourceaccountindexv2",
    "getcandelegatedmaxsize",
    "getavailableunfreezecount",
    "getcanwithdrawunfreezeamount",
    "createtransaction",
    "createaccount",
    "delegateresource",
    "undelegateresource",
    "freezebalancev2",
    "unfreezebalancev2",
    "withdrawexpireunfreeze",
    "cancelallunfreezev2",
    "accountpermissionupdate",
    "triggersmartcontract",
    "getsignweight",
    "triggerconstantcontract",
    "estimateenergy",
    "getcontract",
    "getcontractinfo",
    "getchainparameters",
    "getenergyprices",
    "getbandwidthprices",
    "getmemofee",
    "getnodeinfo",
    "getnextmaintenancetime",
    "getburntrx",
    "broadcasttransaction",
    "broadcasthex",
];

const KEYS: [&str; 24] = [
    "address",
    "value",
    "num",
    "id_or_num",
    "startNum",
    "endNum",
    "owner_address",
    "to_address",
    "receiver_address",
    "contract_address",
    "balance",
    "amount",
    "resource",
    "lock",
    "lock_period",
    "frozen_balance",
    "unfreeze_balance",
    "data",
    "function_selector",
    "parameter",
    "raw_data",
    "transaction",
    "visible",
    "call_value",
];

fn value() -> impl Strategy<Value = Value> {
    let known = prop_oneof![
        Just(json!(addr(1).to_hex())),
        Just(json!(addr(2).to_hex())),
        Just(json!(addr(1).to_string())),
        Just(json!("41a614f803b6fd780986a42c78ec9c7f77e6ded13c")),
        Just(json!("ENERGY")),
        Just(json!("transfer(address,uint256)")),
        Just(json!({ "contract": [{ "type": "TransferContract", "parameter": { "value": {} } }] })),
    ];
    prop_oneof![
        known,
        any::<i64>().prop_map(|number| json!(number)),
        (-5_i64..2_000_000).prop_map(|number| json!(number)),
        any::<bool>().prop_map(|flag| json!(flag)),
        "[0-9a-f]{0,70}".prop_map(|text| json!(text)),
        ".{0,12}".prop_map(|text| json!(text)),
        any::<f64>().prop_map(|number| json!(number)),
        Just(json!([1, {}, "x"])),
        Just(Value::Null),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let body = prop::collection::btree_map(prop::sample::select(KEYS.as_slice()), value(), 0..7);
    (prop::sample::select(PATHS.as_slice()), any::<bool>(), body).prop_map(
        |(name, is_solid, body)| {
            let room = if is_solid { "walletsolidity" } else { "wallet" };
            Request::post(&format!("{room}/{name}"), json!(body))
        },
    )
}

fn funded() -> World {
    let w = world();
    w.fund(1, 1_000);
    w.net.set_stake(addr(1), tron::Resource::Energy, tron::Sun::new(500 * TRX));
    w.net.mine(1);
    w
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn odd_requests_get_an_answer(requests in prop::collection::vec(request(), 1..40)) {
        let w = funded();
        for request in &requests {
            let reply = w.net.call(request);
            prop_assert_eq!(reply.fate, Fate::Answered);
            prop_assert!([200, 404, 405].contains(&reply.status));
        }
        w.net.mine(1);
        prop_assert!(w.net.invariants().holds);
    }

    #[test]
    fn damaged_transactions_are_refused_or_mean_what_they_say(
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let w = funded();
        let raw = w.raw(crate::world::delegate(1, 2, TRX));
        let mut bytes = w.sign(&raw, &[1]).to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let body = json!({ "transaction": hex::encode(bytes) });
        let reply = w.net.call(&Request::post("wallet/broadcasthex", body));
        prop_assert_eq!(reply.status, 200);
        w.net.mine(1);
        prop_assert!(w.net.invariants().holds);
    }
}
