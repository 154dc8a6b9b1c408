//! Keys agree with unmodified TronWeb and tronpy: addresses, and signatures byte for byte.

#![expect(clippy::unwrap_used, reason = "a helper of a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sweep::keys::{Keys, KeysOptions, Passphrase, PassphraseError, Passphrases};
use sweep::{KeySource, Target};
use tron::TxId;

const MNEMONIC: &str =
    "legal winner thank year wave sausage worth useful legal winner thank yellow";

struct NoPassphrases;

impl Passphrases for NoPassphrases {
    fn of_keystores(&self) -> Result<Passphrase, PassphraseError> {
        Err(PassphraseError::Missing("none in this test"))
    }

    fn of_mnemonic(&self) -> Result<Option<Passphrase>, PassphraseError> {
        Ok(None)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn rows(command: &mut Command) -> Vec<Value> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap()
}

fn open(content: &str, options: &KeysOptions) -> Keys {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    std::fs::write(&path, content).unwrap();
    Keys::open(&path, options, &NoPassphrases).unwrap()
}

/// Both libraries write v as 27 or 28, or as 0 or 1.
fn assert_signs_like(keys: &Keys, target: &Target, txid: &TxId, theirs: &str) {
    let theirs = hex::decode(theirs.trim_start_matches("0x")).unwrap();
    let ours = keys.sign(target, txid).unwrap();
    assert_eq!(ours.as_bytes()[..64], theirs[..64], "{}", target.address);
    assert_eq!(ours.as_bytes()[64] % 27, theirs[64] % 27, "{}", target.address);
}

#[test]
fn a_mnemonic_gives_tronwebs_addresses_and_signatures_and_tronpys() {
    let modules = root().join(".cache/tronweb/node_modules");
    let python = root().join(".cache/venv/bin/python");
    for needed in [&modules, &python] {
        assert!(
            needed.exists(),
            "{} is missing: run ci/check.sh once, it installs what this test needs",
            needed.display()
        );
    }
    let scripts = root().join("crates/sweep/tests/clients");
    let txid = TxId::of_raw(b"what is signed");
    let options = KeysOptions {
        accounts: Some("0-1".parse().unwrap()),
        indexes: Some("0-2".parse().unwrap()),
        ..KeysOptions::default()
    };
    let wallet = open(MNEMONIC, &options);
    let targets = wallet.page(0, 100).unwrap();
    assert_eq!(targets.len(), 6);
    let theirs = rows(
        Command::new("node")
            .env("NODE_PATH", modules)
            .arg(scripts.join("tronweb.cjs"))
            .args([MNEMONIC, &txid.to_string()])
            .args(targets.iter().map(|target| &target.label)),
    );
    let mut csv = "address,private_key\n".to_owned();
    for (target, row) in targets.iter().zip(&theirs) {
        assert_eq!(target.label, text(row, "path"));
        assert_eq!(target.address.to_string(), text(row, "address"));
        assert_signs_like(&wallet, target, &txid, text(row, "signature"));
        csv.push_str(&format!("{},{}\n", text(row, "address"), text(row, "privateKey")));
    }
    let listed = open(&csv, &KeysOptions::default());
    let theirs = rows(
        Command::new(python)
            .arg(scripts.join("tronpy_keys.py"))
            .arg(txid.to_string())
            .args(theirs.iter().map(|row| text(row, "privateKey"))),
    );
    for (target, row) in listed.page(0, 100).unwrap().iter().zip(&theirs) {
        assert_eq!(target.address.to_string(), text(row, "address"));
        assert_signs_like(&listed, target, &txid, text(row, "signature"));
    }
}
