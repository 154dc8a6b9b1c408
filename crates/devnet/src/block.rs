//! Blocks: numbered, hashed and signed like the network's.
//!
//! Source: java-tron `BlockCapsule`, `MerkleTree`.

use std::sync::OnceLock;

use prost::Message;
use sha2::{Digest, Sha256};
use tron::{Address, BlockId, SecretKey, TxId};

use crate::control::Mutation;
use crate::receipt::Executed;
use crate::signing::{Signing, named_signature};

/// Producers of the network; the devnet's have the fixed keys 0x1001 to 0x101b.
pub(crate) const PRODUCERS: u64 = 27;
const FIRST_PRODUCER_KEY: u64 = 0x1001;
/// The block version that current mainnet blocks carry.
const VERSION: i32 = 34;

/// `BlockHeader.raw`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Header {
    #[prost(int64, tag = "1")]
    pub(crate) timestamp: i64,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) tx_trie_root: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) parent_hash: Vec<u8>,
    #[prost(int64, tag = "7")]
    pub(crate) number: i64,
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) witness_address: Vec<u8>,
    #[prost(int32, tag = "10")]
    pub(crate) version: i32,
}

/// A block with everything that happened in it.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) id: BlockId,
    pub(crate) number: u64,
    pub(crate) timestamp_ms: i64,
    pub(crate) header: Header,
    /// Which producer made it.
    pub(crate) producer: u64,
    /// Changes from the control interface; they come before the transactions.
    pub(crate) mutations: Vec<Mutation>,
    pub(crate) executed: Vec<Executed>,
    signing: Signing,
    signature: OnceLock<[u8; 65]>,
}

impl Block {
    /// Puts a block together.
    pub(crate) fn new(
        parent: BlockId,
        number: u64,
        timestamp_ms: i64,
        producer: u64,
        (mutations, executed): (Vec<Mutation>, Vec<Executed>),
        signing: Signing,
    ) -> Self {
        let header = Header {
            timestamp: timestamp_ms,
            tx_trie_root: merkle_root(&executed).to_vec(),
            parent_hash: parent.as_bytes().to_vec(),
            number: i64::try_from(number).unwrap_or(i64::MAX),
            witness_address: producer_address(producer).as_bytes().to_vec(),
            version: VERSION,
        };
        let hash = Sha256::digest(header.encode_to_vec());
        let id = BlockId::from_header_hash(number, hash.into());
        let signature = OnceLock::new();
        Self { id, number, timestamp_ms, header, producer, mutations, executed, signing, signature }
    }

    /// The producer's signature of the header; made when first asked for, most are never wanted.
    pub(crate) fn signature(&self) -> &[u8; 65] {
        self.signature.get_or_init(|| {
            let hash = TxId::of_raw(&self.header.encode_to_vec());
            let signature = match self.signing {
                Signing::Curve => producer_key(self.producer).sign(&hash),
                Signing::Named => named_signature(producer_address(self.producer), &hash),
            };
            *signature.as_bytes()
        })
    }
}

/// The key of a producer, by its place in the schedule.
pub(crate) fn producer_key(producer: u64) -> SecretKey {
    let number = FIRST_PRODUCER_KEY + producer % PRODUCERS;
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_bytes(&bytes).expect("small numbers are keys of the curve")
}

/// The address of a producer.
pub(crate) fn producer_address(producer: u64) -> Address {
    static ADDRESSES: OnceLock<Vec<Address>> = OnceLock::new();
    let all =
        ADDRESSES.get_or_init(|| (0..PRODUCERS).map(|at| producer_key(at).address()).collect());
    let at = usize::try_from(producer % PRODUCERS).expect("27 fits any usize");
    all[at]
}

/// Pairwise SHA-256 over the hashes of the full transactions; an odd leaf is carried up.
fn merkle_root(executed: &[Executed]) -> [u8; 32] {
    let mut level: Vec<[u8; 32]> = executed
        .iter()
        .map(|one| {
            let bytes = one.transaction.bytes_in_block(one.outcome.result().number());
            Sha256::digest(bytes).into()
        })
        .collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => Sha256::digest([*left, *right].concat()).into(),
                _ => pair[0],
            })
            .collect();
    }
    level.first().copied().unwrap_or_default()
}
