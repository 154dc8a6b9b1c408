//! Plans that were changed on the way.

use tron::{
    Address, Contract, RawTx, RefBlock, SecretKey, Signature, Sun, TokenUnits, TxId, trc20,
};

use super::check::Mismatch;
use super::*;
use crate::target::{KeySource, KeySourceError, Target};

fn key(last: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = last;
    SecretKey::from_bytes(&bytes).unwrap()
}

/// Signs for keys 1 and 2.
struct TwoKeys;

impl KeySource for TwoKeys {
    fn describe(&self) -> String {
        "two keys".to_owned()
    }

    fn page(&self, _first: usize, _count: usize) -> Result<Vec<Target>, KeySourceError> {
        Ok(Vec::new())
    }

    fn sign(&self, target: &Target, txid: &TxId) -> Result<Signature, KeySourceError> {
        let found = [1, 2].into_iter().map(key).find(|key| key.address() == target.address);
        found.map(|key| key.sign(txid)).ok_or(KeySourceError::NotHeld(target.address))
    }
}

fn token() -> Address {
    Address::from_evm([7; 20])
}

fn destination() -> Address {
    Address::from_evm([8; 20])
}

const EXPIRATION_MS: i64 = 1_800_000_000_000;
const FEE_LIMIT: Sun = Sun::new(7_000_000);

fn tx(from: u8, to: Address, units: u128) -> RawTx {
    RawTx {
        contract: Contract::Trigger {
            owner: key(from).address(),
            contract: token(),
            data: trc20::transfer_data(to, TokenUnits(units)),
            call_value: Sun::ZERO,
        },
        ref_block: RefBlock { bytes: [1; 2], hash: [2; 8] },
        expiration_ms: EXPIRATION_MS,
        timestamp_ms: 1_799_000_000_000,
        fee_limit: FEE_LIMIT,
        permission_id: 0,
        memo: Vec::new(),
    }
}

fn entry(from: u8, tx: &RawTx) -> TransferEntry {
    TransferEntry {
        from: key(from).address(),
        label: String::new(),
        amount: "2.5".to_owned(),
        units: "2500000".to_owned(),
        fee_limit_sun: FEE_LIMIT.get(),
        burn_cost_sun: 0,
        txid: tx.txid().to_string(),
        raw: hex::encode(tx.encode()),
        signature: None,
    }
}

fn plan_of(transfers: Vec<TransferEntry>) -> PlanFile {
    PlanFile {
        format: FORMAT.to_owned(),
        version: VERSION,
        created_ms: 1,
        expiration_ms: EXPIRATION_MS,
        expires: String::new(),
        token: PlanToken { address: token(), symbol: "USDT".to_owned(), decimals: 6 },
        destination: destination(),
        total: "5".to_owned(),
        transfers,
        sha256: String::new(),
    }
    .sealed()
}

fn good() -> PlanFile {
    plan_of([1, 2].map(|from| entry(from, &tx(from, destination(), 2_500_000))).to_vec())
}

fn known() -> Expected {
    Expected { destination: destination(), token: Some(token()), fee_limit_max: FEE_LIMIT }
}

/// A plan whose first transfer is this one, with everything said about it as in a good plan.
fn refused(change: impl FnOnce(&mut RawTx)) -> Mismatch {
    let mut raw = tx(1, destination(), 2_500_000);
    change(&mut raw);
    mismatch(&plan_of(vec![entry(1, &raw)]), &known())
}

fn mismatch(plan: &PlanFile, expected: &Expected) -> Mismatch {
    match sign(plan, &TwoKeys, expected) {
        Err(OfflineError::Transfer { mismatch, .. }) => mismatch,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was signed"),
    }
}

#[test]
fn what_is_signed_can_be_sent_and_nothing_else() {
    let plan = good();
    assert!(!plan.is_signed());
    let signed = sign(&plan, &TwoKeys, &known()).unwrap();
    assert!(signed.is_signed());
    assert_eq!(signed.run_digest(), plan.run_digest(), "signing does not make another run");
    let prepared = Prepared::new(&signed, &known()).unwrap();
    let transfer = prepared.prepared(key(1).address()).unwrap();
    assert_eq!((transfer.amount, transfer.fee_limit), (TokenUnits(2_500_000), FEE_LIMIT));
    assert_eq!(transfer.txid, tx(1, destination(), 2_500_000).txid());
    let unsigned = Prepared::new(&plan, &known()).err().unwrap();
    assert!(matches!(unsigned, OfflineError::Transfer { mismatch: Mismatch::Unsigned, .. }));
    // The signatures of two transfers changed places.
    let mut swapped = signed.clone();
    swapped.transfers[0].signature = signed.transfers[1].signature.clone();
    let swapped = Prepared::new(&swapped, &known()).err().unwrap();
    assert!(matches!(swapped, OfflineError::Transfer { mismatch: Mismatch::Signature, .. }));
}

#[test]
fn bytes_that_do_something_else_are_not_signed() {
    let stranger = Address::from_evm([6; 20]);
    let with = |to: Address, units: u128| trc20::transfer_data(to, TokenUnits(units));
    let data = |raw: &mut RawTx, new: Vec<u8>| {
        let Contract::Trigger { data, .. } = &mut raw.contract else { unreachable!() };
        *data = new;
    };
    assert_eq!(refused(|raw| data(raw, with(stranger, 2_500_000))), Mismatch::Recipient(stranger));
    assert!(matches!(
        refused(|raw| data(raw, with(destination(), 9))),
        Mismatch::Amount { moves: 9, .. }
    ));
    let longer = || [with(destination(), 2_500_000), vec![0]].concat();
    assert_eq!(refused(|raw| data(raw, longer())), Mismatch::Contract);
    let dirty = || {
        let mut call = with(destination(), 2_500_000);
        call[4] = 1;
        call
    };
    assert_eq!(refused(|raw| data(raw, dirty())), Mismatch::Contract);
    assert_eq!(refused(|raw| data(raw, trc20::balance_of_data(stranger))), Mismatch::Contract);
    let may = FEE_LIMIT.get() + 1;
    assert_eq!(
        refused(|raw| raw.fee_limit = Sun::new(may)),
        Mismatch::FeeLimit { may, allowed: FEE_LIMIT.get() }
    );
    assert_eq!(refused(|raw| raw.memo = b"x".to_vec()), Mismatch::Extra("a memo"));
    assert!(matches!(refused(|raw| raw.permission_id = 2), Mismatch::Extra(_)));
    assert!(matches!(refused(|raw| raw.expiration_ms += 1), Mismatch::Extra(_)));
    assert_eq!(
        refused(|raw| {
            let owner = key(1).address();
            raw.contract = Contract::Transfer { owner, to: destination(), amount: Sun::new(1) };
        }),
        Mismatch::Contract
    );
    assert_eq!(
        refused(|raw| {
            if let Contract::Trigger { call_value, .. } = &mut raw.contract {
                *call_value = Sun::new(1);
            }
        }),
        Mismatch::Extra("TRX")
    );
}

#[test]
fn what_the_signer_knows_counts_more_than_what_the_plan_says() {
    let (plan, other) = (good(), Address::from_evm([5; 20]));
    let elsewhere = Expected { destination: other, ..known() };
    assert_eq!(mismatch(&plan, &elsewhere), Mismatch::Recipient(destination()));
    let coin = Expected { token: Some(other), ..known() };
    assert_eq!(mismatch(&plan, &coin), Mismatch::Token(token()));
    let cheap = Expected { fee_limit_max: Sun::new(1), ..known() };
    assert_eq!(mismatch(&plan, &cheap), Mismatch::FeeLimit { may: FEE_LIMIT.get(), allowed: 1 });
    let keyless = plan_of(vec![entry(3, &tx(3, destination(), 2_500_000))]);
    let refused = sign(&keyless, &TwoKeys, &known()).err().unwrap();
    assert!(matches!(refused, OfflineError::Key { from, .. } if from == key(3).address()));
}

#[test]
fn a_file_is_read_back_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.json");
    let plan = good();
    plan.write(&path).unwrap();
    assert_eq!(PlanFile::read(&path).unwrap(), plan);
    assert!(plan.write(&path).is_err(), "an existing file is never overwritten");
    let text = std::fs::read_to_string(&path).unwrap();
    let reread = |text: &str| {
        std::fs::write(&path, text).unwrap();
        PlanFile::read(&path).err().unwrap()
    };
    let changed = reread(&text.replacen("\"2.5\"", "\"2.6\"", 1));
    assert!(matches!(changed, OfflineError::Hash { .. }), "{changed}");
    let newer = reread(&text.replace("\"version\": 1", "\"version\": 2"));
    assert!(matches!(newer, OfflineError::Version(2)), "{newer}");
    assert!(matches!(reread("{}"), OfflineError::Shape { .. }));
    assert!(matches!(reread(&text[..text.len() / 2]), OfflineError::Shape { .. }));
    let twice = entry(1, &tx(1, destination(), 2_500_000));
    let twice = plan_of(vec![twice.clone(), twice]);
    assert!(matches!(reread(&serde_json::to_string(&twice).unwrap()), OfflineError::Repeated(_)));
    let empty = serde_json::to_string(&plan_of(Vec::new())).unwrap();
    assert!(matches!(reread(&empty), OfflineError::Empty));
}
