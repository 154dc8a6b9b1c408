//! Public-chain vectors, byte for byte, in both directions.

#![expect(clippy::unwrap_used, reason = "a broken vector must fail the test")]

use serde_json::Value;
use tron::sign::recover;
use tron::{
    Address, Contract, LockPeriodBlocks, RawTx, RefBlock, Resource, SecretKey, Signature, SignedTx,
    Sun, TokenUnits, TxId, trc20,
};

fn load(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_hex(&format!("{number:064x}")).unwrap()
}

#[test]
fn addresses_agree_in_every_form() {
    let file = load(include_str!("../vectors/addresses.json"));
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 6);
    for vector in vectors {
        let address: Address = text(vector, "base58").parse().unwrap();
        assert_eq!(address.to_hex(), text(vector, "hex"));
        assert_eq!(address, Address::from_hex(text(vector, "hex")).unwrap());
        assert_eq!(address.to_string(), text(vector, "base58"));
        if let Some(digits) = vector["private_key"].as_str() {
            assert_eq!(SecretKey::from_hex(digits).unwrap().address(), address);
        }
    }
}

/// What each vector means, in the order of the file.
fn meanings() -> Vec<(Contract, Sun, i32)> {
    let (owner, receiver) = (key(1).address(), key(2).address());
    let balance = Sun::from_trx(6_776);
    let resource = Resource::Energy;
    let delegate = |lock| Contract::Delegate { owner, receiver, resource, balance, lock };
    vec![
        (
            Contract::Transfer {
                owner: Address::from_hex("41dd791d6b49e190062d650e6a23c575510d35f2f9").unwrap(),
                to: Address::from_hex("4192ad11c1bf16b3b14b0bd6b5c7e2db73a0b5e83a").unwrap(),
                amount: Sun::from_trx(1),
            },
            Sun::ZERO,
            0,
        ),
        (delegate(None), Sun::ZERO, 0),
        (delegate(Some(LockPeriodBlocks::new(1_200))), Sun::ZERO, 2),
        (Contract::Undelegate { owner, receiver, resource, balance }, Sun::ZERO, 0),
        (
            Contract::Trigger {
                owner,
                contract: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".parse().unwrap(),
                data: trc20::transfer_data(receiver, TokenUnits(1_000_000)),
                call_value: Sun::ZERO,
            },
            Sun::from_trx(30),
            0,
        ),
    ]
}

#[test]
fn transactions_encode_decode_hash_and_sign_to_the_published_bytes() {
    let file = load(include_str!("../vectors/transactions.json"));
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 5);
    for (vector, (contract, fee_limit, permission_id)) in vectors.iter().zip(meanings()) {
        let name = text(vector, "name");
        let meant = RawTx {
            contract,
            ref_block: RefBlock {
                bytes: [0x29, 0x27],
                hash: [0x93, 0x9e, 0xce, 0x39, 0xd0, 0x8a, 0x7a, 0xbe],
            },
            expiration_ms: 1_777_447_527_000,
            timestamp_ms: 1_777_447_470_038,
            fee_limit,
            permission_id,
            memo: Vec::new(),
        };
        let raw = meant.encode();
        assert_eq!(hex::encode(&raw), text(vector, "raw"), "{name}");
        assert_eq!(RawTx::decode(&raw), Ok(meant), "{name}");
        let txid = TxId::of_raw(&raw);
        assert_eq!(txid.to_string(), text(vector, "txid"), "{name}");
        if vector["signature"].is_string() {
            check_signed(vector, raw, txid);
        }
    }
}

fn check_signed(vector: &Value, raw: Vec<u8>, txid: TxId) {
    let name = text(vector, "name");
    let signature = key(1).sign(&txid);
    assert_eq!(hex::encode(signature.as_bytes()), text(vector, "signature"), "{name}");
    assert_eq!(recover(&txid, &signature), Ok(key(1).address()), "{name}");
    assert_eq!(raw.len() as u64, vector["raw_bytes"].as_u64().unwrap(), "{name}");
    let signed = SignedTx { raw, signatures: vec![signature] };
    let bytes = signed.to_bytes();
    assert_eq!(bytes.len() as u64, vector["full_bytes"].as_u64().unwrap(), "{name}");
    assert_eq!(signed.bandwidth().get(), vector["bandwidth"].as_i64().unwrap(), "{name}");
    assert_eq!(signed.txid(), txid);
    assert_eq!(SignedTx::from_bytes(&bytes), Ok(signed));
}

#[test]
fn each_further_signature_costs_67_bytes() {
    let signature = Signature::from_bytes([7; 65]);
    let one = SignedTx { raw: vec![1; 100], signatures: vec![signature] };
    let two = SignedTx { raw: vec![1; 100], signatures: vec![signature; 2] };
    assert_eq!(two.bandwidth().get() - one.bandwidth().get(), 67);
}
