//! Key files of every kind, against the vectors of the public standards.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tron::sign::recover;
use tron::{Address, SecretKey, TxId};
use zeroize::Zeroizing;

use super::*;
use crate::target::{KeySource, KeySourceError, Target};

/// What is asked for a passphrase answers with this, for keystores and mnemonics alike.
struct Given(Option<&'static str>);

impl Passphrases for Given {
    fn of_keystores(&self) -> Result<Passphrase, PassphraseError> {
        self.of_mnemonic()?.ok_or(PassphraseError::Missing("none in this test"))
    }

    fn of_mnemonic(&self) -> Result<Option<Passphrase>, PassphraseError> {
        self.0.map(|text| Passphrase::new(Zeroizing::new(text.to_owned()))).transpose()
    }
}

const NONE: Given = Given(None);
/// The well-known mnemonic of BIP39's first vector, and its first TRON address as every wallet has it.
const ABANDON: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const ABANDON_FIRST: &str = "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH";

fn vectors(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A directory with a file of this content.
fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    std::fs::write(&path, content).unwrap();
    (directory, path)
}

fn open_with(content: &str, options: &KeysOptions, given: &Given) -> Result<Keys, KeysError> {
    let (_directory, path) = file(content);
    Keys::open(&path, options, given)
}

fn open(content: &str) -> Result<Keys, KeysError> {
    open_with(content, &KeysOptions::default(), &NONE)
}

fn refusal(content: &str) -> String {
    open(content).err().unwrap().to_string()
}

fn with_path(path: &str) -> KeysOptions {
    KeysOptions { path: path.parse().unwrap(), ..KeysOptions::default() }
}

fn ranges(accounts: Option<&str>, indexes: Option<&str>) -> KeysOptions {
    let range = |text: Option<&str>| text.map(|text| text.parse().unwrap());
    KeysOptions { accounts: range(accounts), indexes: range(indexes), ..KeysOptions::default() }
}

fn addresses(keys: &Keys, first: usize, count: usize) -> Vec<String> {
    let page = keys.page(first, count).unwrap();
    page.iter().map(|target| target.address.to_string()).collect()
}

/// The key signs for the address of its target.
fn assert_signs(keys: &Keys, target: &Target) {
    let txid = TxId::of_raw(b"anything");
    let signature = keys.sign(target, &txid).unwrap();
    assert_eq!(recover(&txid, &signature).unwrap(), target.address);
}

fn raw_key(last: u8) -> String {
    format!("{last:064x}")
}

#[test]
fn the_vectors_of_bip39_give_the_trees_of_their_xprvs() {
    let all = vectors("bip39.json");
    let rows = all["vectors"].as_array().unwrap();
    assert_eq!(rows.len(), 24);
    let given = Given(Some("TREZOR"));
    for row in rows {
        let words = row["mnemonic"].as_str().unwrap();
        let mnemonic = open_with(words, &KeysOptions::default(), &given).unwrap();
        assert_eq!(mnemonic.kind(), KeysKind::Mnemonic);
        let xprv = open(row["xprv"].as_str().unwrap()).unwrap();
        assert_eq!(mnemonic.page(0, 3).unwrap(), xprv.page(0, 3).unwrap(), "{words}");
        let without = open(words).unwrap();
        assert_ne!(
            mnemonic.page(0, 1).unwrap(),
            without.page(0, 1).unwrap(),
            "the passphrase counts"
        );
    }
}

#[test]
fn the_vectors_of_bip32_lead_to_the_same_address_from_every_depth() {
    let all = vectors("bip32.json");
    for vector in all["vectors"].as_array().unwrap() {
        let chains = vector["chains"].as_array().unwrap();
        let deepest = chains.last().unwrap();
        let path = deepest["path"].as_str().unwrap();
        let (above, last) = path.rsplit_once('/').unwrap();
        let hardened = if last.ends_with('\'') { "'" } else { "" };
        let mut options = with_path(&format!("{above}/{{index}}{hardened}"));
        options.indexes = Some(last.trim_end_matches('\'').parse().unwrap());
        let leaf =
            KeysOptions { indexes: None, ..with_path(&format!("{above}/{{index}}{hardened}")) };
        let expected = open_with(deepest["xprv"].as_str().unwrap(), &leaf, &NONE).unwrap();
        let expected = expected.page(0, 1).unwrap()[0].address;
        let mut crossed_hardened = false;
        for chain in chains.iter().rev() {
            let private = open_with(chain["xprv"].as_str().unwrap(), &options, &NONE).unwrap();
            let target = &private.page(0, 1).unwrap()[0];
            assert_eq!(target.address, expected, "{path} from {}", chain["path"]);
            assert_eq!(&target.label, path);
            assert_signs(&private, target);
            let public = open_with(chain["xpub"].as_str().unwrap(), &options, &NONE);
            match crossed_hardened {
                false => {
                    let public = public.unwrap();
                    assert_eq!(public.page(0, 1).unwrap()[0].address, expected);
                    let refused = public.sign(target, &TxId::of_raw(b"x"));
                    assert_eq!(refused, Err(KeySourceError::WatchOnly));
                }
                true => assert!(matches!(public.err(), Some(KeysError::PublicAboveHardened))),
            }
            crossed_hardened |= chain["path"].as_str().unwrap().ends_with('\'');
        }
    }
}

#[test]
fn a_mnemonic_gives_the_addresses_that_tron_wallets_show() {
    for text in [ABANDON.to_owned(), format!("# treasury\n{}\n", ABANDON.replace(' ', "\n"))] {
        let keys = open(&text).unwrap();
        assert_eq!(addresses(&keys, 0, 1), [ABANDON_FIRST]);
        assert_eq!(keys.gap_limit(), Some(20));
        assert_eq!(keys.page(0, 1).unwrap()[0].label, "m/44'/195'/0'/0/0");
        assert!(keys.can_sign());
    }
}

#[test]
fn a_mnemonic_of_another_language_is_understood() {
    // The entropy of ABANDON in the Japanese and the Spanish list.
    let japanese = "あいこくしん ".repeat(11) + "あおぞら";
    let spanish = "ábaco ".repeat(11) + "abierto";
    for words in [japanese, spanish] {
        let keys = open(&words).unwrap();
        assert_eq!(keys.kind(), KeysKind::Mnemonic);
        assert_signs(&keys, &keys.page(0, 1).unwrap()[0]);
    }
}

#[test]
fn ranges_go_account_by_account_and_gaps_take_turns() {
    let keys = open_with(ABANDON, &ranges(Some("1-2"), Some("5-6")), &NONE).unwrap();
    let labels: Vec<_> = keys.page(0, 9).unwrap().into_iter().map(|one| one.label).collect();
    let expected =
        ["m/44'/195'/1'/0/5", "m/44'/195'/1'/0/6", "m/44'/195'/2'/0/5", "m/44'/195'/2'/0/6"];
    assert_eq!(labels, expected);
    assert_eq!((keys.gap_limit(), keys.page(4, 1).unwrap().len()), (None, 0));
    assert!(keys.describe().starts_with("4 keys in "), "{}", keys.describe());

    let keys = open_with(ABANDON, &ranges(Some("0-1"), None), &NONE).unwrap();
    let labels: Vec<_> = keys.page(0, 3).unwrap().into_iter().map(|one| one.label).collect();
    assert_eq!(labels, ["m/44'/195'/0'/0/0", "m/44'/195'/1'/0/0", "m/44'/195'/0'/0/1"]);
    assert_eq!(keys.gap_limit(), Some(40), "twenty in each account");
    for target in keys.page(0, 3).unwrap() {
        assert_signs(&keys, &target);
    }
}

#[test]
fn an_accounts_xpub_watches_what_its_mnemonic_signs_for() {
    // m/44'/195'/0' of ABANDON, as any BIP32 tool exports it.
    let root = bip32::XPrv::new(&bip39::Mnemonic::parse(ABANDON).unwrap().to_seed("")).unwrap();
    let account = ["44'", "195'", "0'"]
        .into_iter()
        .fold(root, |key, step| key.derive_child(step.parse().unwrap()).unwrap());
    let xpub = account.public_key().to_string(bip32::Prefix::XPUB);
    let watch = open(&xpub).unwrap();
    let keys = open(ABANDON).unwrap();
    assert_eq!(watch.page(0, 5).unwrap(), keys.page(0, 5).unwrap());
    assert!(!watch.can_sign());
    let xprv = open(&account.to_string(bip32::Prefix::XPRV)).unwrap();
    assert_eq!(xprv.page(0, 5).unwrap(), keys.page(0, 5).unwrap());
    let other = open_with(&xpub, &ranges(Some("1"), None), &NONE);
    assert!(matches!(other.err(), Some(KeysError::AccountFixed)));
    let deeper = open_with(&xpub, &with_path("m/44'/{index}"), &NONE).err().unwrap().to_string();
    assert!(deeper.contains("3 steps deep"), "{deeper}");
}

#[test]
fn a_wallet_that_counts_accounts_is_walked_by_accounts() {
    let mut options = with_path("m/44'/195'/{account}'/0/0");
    options.accounts = Some("0-2".parse().unwrap());
    let keys = open_with(ABANDON, &options, &NONE).unwrap();
    assert_eq!(addresses(&keys, 0, 9).len(), 3);
    assert_eq!(addresses(&keys, 0, 1), [ABANDON_FIRST]);
    assert_signs(&keys, &keys.page(2, 1).unwrap()[0]);
}

#[test]
fn another_wallets_label_is_not_signed_for() {
    let keys = open(ABANDON).unwrap();
    let txid = TxId::of_raw(b"x");
    let stranger = SecretKey::from_hex(&raw_key(1)).unwrap().address();
    for label in ["m/44'/195'/0'/0/0", "m/44'/60'/0'/0/0", ""] {
        let target = Target { address: stranger, label: label.to_owned() };
        assert_eq!(keys.sign(&target, &txid), Err(KeySourceError::NotHeld(stranger)));
    }
}

#[test]
fn bad_mnemonics_are_refused_by_position_and_never_quoted() {
    for (text, reason) in [
        (ABANDON.replace("about", "abandon"), "checksum"),
        (ABANDON.replace("about", "secretword"), "word 12"),
        (ABANDON.replacen("abandon", "", 1), "say which with --keys-kind"),
    ] {
        let told = refusal(&text);
        assert!(told.contains(reason), "{told}");
        assert!(!told.contains("abandon") && !told.contains("secretword"), "{told}");
    }
    let options = KeysOptions { kind: Some(KeysKind::Mnemonic), ..KeysOptions::default() };
    let told = open_with("abandon about", &options, &NONE).err().unwrap().to_string();
    assert!(told.contains("not 2"), "{told}");
}

#[test]
fn bad_extended_keys_are_refused() {
    let good =
        vectors("bip32.json")["vectors"][0]["chains"][0]["xprv"].as_str().unwrap().to_owned();
    let mut typo = good.clone();
    typo.replace_range(20..21, if &good[20..21] == "a" { "b" } else { "a" });
    for text in [typo.as_str(), &good[..100], "xprv", "xpub"] {
        assert!(matches!(open(text).err(), Some(KeysError::ExtendedKey)), "{text}");
    }
    assert!(matches!(
        open(&format!("{good}\n{good}")).err(),
        Some(KeysError::SecondKey { line: 2 })
    ));
}

#[test]
fn the_vectors_of_web3_keystores_open() {
    let all = vectors("keystore.json");
    let address = SecretKey::from_hex(all["private_key"].as_str().unwrap()).unwrap().address();
    for name in ["pbkdf2", "scrypt"] {
        let text = all[name].to_string();
        let given = Given(Some("testpassword"));
        let keys = open_with(&text, &KeysOptions::default(), &given).unwrap();
        let target = Target::new(address);
        assert_eq!(keys.page(0, 9).unwrap(), std::slice::from_ref(&target), "{name}");
        assert_signs(&keys, &target);
        let wrong = open_with(&text, &KeysOptions::default(), &Given(Some("wrong"))).err().unwrap();
        let cause = KeystoreError::WrongPassphrase;
        assert!(matches!(wrong, KeysError::Keystore { cause: found, .. } if found == cause));
        let none = open(&text).err().unwrap();
        assert!(matches!(none, KeysError::Passphrase(PassphraseError::Missing(_))));
    }
}

/// The scrypt vector with a cheap cost, so that a directory of them opens quickly.
fn cheap_keystore(last: u8, address: Option<String>) -> String {
    keystore_file::seal(&raw_key(last), "testpassword", address)
}

mod keystore_file {
    //! Writes keystores as wallets do; the product only reads them.

    use aes::cipher::{KeyIvInit, StreamCipher};
    use sha3::{Digest, Keccak256};

    pub(super) fn seal(key_hex: &str, passphrase: &str, address: Option<String>) -> String {
        let mut derived = [0; 32];
        let params = scrypt::Params::new(4, 8, 1).unwrap();
        scrypt::scrypt(passphrase.as_bytes(), &[7; 32], &params, &mut derived).unwrap();
        let mut sealed = hex::decode(key_hex).unwrap();
        let key: [u8; 16] = derived[..16].try_into().unwrap();
        ctr::Ctr128BE::<aes::Aes128>::new(&key.into(), &[9; 16].into())
            .apply_keystream(&mut sealed);
        let mac = Keccak256::new().chain_update(&derived[16..]).chain_update(&sealed).finalize();
        let mut file = serde_json::json!({
            "version": 3, "id": "x",
            "crypto": {
                "cipher": "aes-128-ctr", "cipherparams": {"iv": hex::encode([9; 16])},
                "ciphertext": hex::encode(&sealed), "mac": hex::encode(mac), "kdf": "scrypt",
                "kdfparams": {"n": 16, "r": 8, "p": 1, "dklen": 32, "salt": hex::encode([7; 32])},
            },
        });
        if let Some(address) = address {
            file["address"] = address.into();
        }
        file.to_string()
    }
}

fn address_of(last: u8) -> Address {
    SecretKey::from_hex(&raw_key(last)).unwrap().address()
}

#[test]
fn a_directory_of_keystores_is_read_by_name_and_other_files_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &str| {
        std::fs::write(directory.path().join(name), content).unwrap();
    };
    put("a.json", &cheap_keystore(3, None));
    put("b", &cheap_keystore(1, Some(hex::encode(address_of(1).evm_bytes()))));
    put("c", &cheap_keystore(2, Some(address_of(2).to_string())));
    put("d", &cheap_keystore(2, Some(format!("0x{}", hex::encode(address_of(2).evm_bytes())))));
    put("e", &cheap_keystore(4, Some(address_of(4).to_hex())));
    put("README", "not a keystore");
    put(".hidden", "{");
    std::fs::create_dir(directory.path().join("sub")).unwrap();
    let given = Given(Some("testpassword"));
    let keys = Keys::open(directory.path(), &KeysOptions::default(), &given).unwrap();
    let expected: Vec<_> = [3, 1, 2, 4].map(address_of).map(Target::new).into();
    assert_eq!(keys.page(0, 9).unwrap(), expected);
    expected.iter().for_each(|target| assert_signs(&keys, target));

    let wrong = Keys::open(directory.path(), &KeysOptions::default(), &Given(Some("other")));
    assert!(wrong.err().unwrap().to_string().contains("a.json: the passphrase is wrong"));
    let empty = tempfile::tempdir().unwrap();
    let none = Keys::open(empty.path(), &KeysOptions::default(), &given);
    assert!(matches!(none.err(), Some(KeysError::NoKeystores { .. })));
}

#[test]
fn a_keystore_that_names_another_address_signs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a"), cheap_keystore(1, None)).unwrap();
    let lie = cheap_keystore(2, Some(address_of(9).to_string()));
    std::fs::write(directory.path().join("b"), lie).unwrap();
    let given = Given(Some("testpassword"));
    let keys = Keys::open(directory.path(), &KeysOptions::default(), &given).unwrap();
    let refused = keys.sign(&Target::new(address_of(9)), &TxId::of_raw(b"x")).unwrap_err();
    assert!(refused.to_string().contains("names another address"), "{refused}");
}

#[test]
fn a_keystore_cannot_ask_for_absurd_work() {
    let good: Value = serde_json::from_str(&cheap_keystore(1, None)).unwrap();
    let refused = |path: &str, value: Value| {
        let mut file = good.clone();
        *file.pointer_mut(path).unwrap() = value;
        open_with(&file.to_string(), &KeysOptions::default(), &Given(Some("testpassword")))
            .err()
            .unwrap()
            .to_string()
    };
    for (path, value, reason) in [
        ("/crypto/kdfparams/n", 1_u64 << 40, "absurd"),
        ("/crypto/kdfparams/n", 17, "absurd"),
        ("/crypto/kdfparams/p", 10_000, "absurd"),
        ("/crypto/kdfparams/r", 0, "absurd"),
        ("/crypto/kdfparams/dklen", 64, "derived key's length"),
        ("/version", 1, "version"),
    ] {
        let told = refused(path, value.into());
        assert!(told.contains(reason), "{path}: {told}");
    }
    assert!(refused("/crypto/cipher", "aes-256-gcm".into()).contains("cipher"));
    assert!(refused("/crypto/mac", "00".into()).contains("no Web3 keystore"));
}

#[test]
fn a_csv_is_read_in_order_whatever_else_it_holds() {
    let (one, two) = (address_of(1), address_of(2));
    let text = format!(
        "\u{feff}Id, \"Private_Key\",address,note\r\n1,{},{two},hello\r\n\r\n2,0x{},\"{one}\",\r\n\
         3,{},{two},again\r\n",
        raw_key(2),
        raw_key(1),
        raw_key(2),
    );
    let keys = open(&text).unwrap();
    assert_eq!(keys.page(0, 9).unwrap(), [Target::new(two), Target::new(one)]);
    assert_eq!(keys.page(1, 1).unwrap(), [Target::new(one)]);
    keys.page(0, 9).unwrap().iter().for_each(|target| assert_signs(&keys, target));
    let stranger = Target::new(address_of(7));
    let refused = keys.sign(&stranger, &TxId::of_raw(b"x"));
    assert_eq!(refused, Err(KeySourceError::NotHeld(stranger.address)));
}

#[test]
fn a_bad_line_is_named_and_its_key_is_not() {
    let header = "address,private_key\n";
    let (one, first, second) = (address_of(1), raw_key(1), raw_key(2));
    for (text, reason) in [
        (format!("{header}{one}"), "line 2: 1 cells where the header has 2"),
        (format!("{header}\n# x\n{one},{first},"), "line 4: 3 cells where the header has 2"),
        (format!("{header}T,{second}"), "line 2: not a base58check address"),
        (format!("{header}{one},{}", &second[1..]), "line 2: a private key is 64 hex digits"),
        (format!("{header}{one},{}", "0".repeat(64)), "line 2: not a private key of this curve"),
        (
            format!("{header}{one},{first}\n{one},{second}"),
            &format!("line 3: the private key is not the one of {one}"),
        ),
        (header.to_owned(), "the key file holds nothing"),
        (format!("{first}\n{second}"), "line 2: this kind of key file holds one key"),
        (format!("{one}\nTnonsense"), "line 2: not a base58check address"),
        (format!("{one},{first}\n"), "say which with --keys-kind"),
    ] {
        let told = refusal(&text);
        assert!(told.contains(reason), "{told}");
        assert!(!told.contains(&second) && !told.contains(&second[1..]), "{told}");
    }
}

#[test]
fn an_address_list_watches() {
    let (one, two) = (address_of(1), address_of(2));
    let keys = open(&format!("# cold\n{two}\n\n{one}\n{two}\n")).unwrap();
    assert_eq!(keys.page(0, 9).unwrap(), [Target::new(two), Target::new(one)]);
    assert!(!keys.can_sign());
    let refused = keys.sign(&Target::new(one), &TxId::of_raw(b"x"));
    assert_eq!(refused, Err(KeySourceError::WatchOnly));
}

#[test]
fn the_kind_can_be_said_and_then_counts() {
    let options = KeysOptions { kind: Some(KeysKind::Csv), ..KeysOptions::default() };
    let told = open_with(&raw_key(1), &options, &NONE).err().unwrap().to_string();
    assert_eq!(told, "line 1: the header has to name address and private_key");
    let directory = tempfile::tempdir().unwrap();
    let error = Keys::open(directory.path(), &options, &NONE).err().unwrap();
    assert!(matches!(error, KeysError::Directory { .. }));
    let error = Keys::open(&directory.path().join("gone"), &options, &NONE).err().unwrap();
    assert!(matches!(error, KeysError::File { .. }));
    let error = open_with(&raw_key(1), &ranges(None, Some("1")), &NONE).err().unwrap();
    assert!(matches!(error, KeysError::NotHd { kind: KeysKind::Raw }));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_noticed() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = file(&raw_key(1));
    for (mode, is_readable) in [(0o600, false), (0o644, true), (0o640, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let keys = Keys::open(&path, &KeysOptions::default(), &NONE).unwrap();
        assert_eq!(keys.is_readable_by_others(), is_readable);
    }
}
