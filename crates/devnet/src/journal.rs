//! The chain as a file: a line for what it started with, and one for every block.
//!
//! A block is kept as what went into it; reading the file executes everything again, which gives the
//! same chain because nothing in it is random. A line that was cut short by a crash is dropped.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::block::Block;
use crate::config::{ConfigError, DevnetConfig};
use crate::control::Mutation;
use crate::node::Node;
use crate::transaction::Transaction;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("devnet journal {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not what a journal holds.
    #[error("devnet journal: line {line} is damaged")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// The configuration, given or stored, cannot work.
    #[error("devnet configuration")]
    Config(#[from] ConfigError),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Config(DevnetConfig),
    Block(BlockLine),
    /// Blocks above this height were undone.
    Pop(u64),
    /// The head was declared solid.
    Solid(u64),
    /// Solidification stopped, or went on.
    Hold(bool),
}

#[derive(Serialize, Deserialize)]
struct BlockLine {
    timestamp_ms: i64,
    producer: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mutations: Vec<Mutation>,
    /// Full transactions in hex.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    transactions: Vec<String>,
}

impl BlockLine {
    fn of(block: &Block) -> Self {
        Self {
            timestamp_ms: block.timestamp_ms,
            producer: block.producer,
            mutations: block.mutations.clone(),
            transactions: block
                .executed
                .iter()
                .map(|one| hex::encode(one.transaction.bytes()))
                .collect(),
        }
    }
}

/// An open file that grows with the chain.
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    /// A write failed; the file is whole up to there and gets nothing more.
    is_broken: bool,
}

impl Journal {
    pub(crate) fn block(&mut self, block: &Block) {
        self.write(&Line::Block(BlockLine::of(block)));
    }

    pub(crate) fn pop(&mut self, height: u64) {
        self.write(&Line::Pop(height));
    }

    pub(crate) fn solid(&mut self, number: u64) {
        self.write(&Line::Solid(number));
    }

    pub(crate) fn hold(&mut self, is_held: bool) {
        self.write(&Line::Hold(is_held));
    }

    fn write(&mut self, line: &Line) {
        if self.is_broken {
            return;
        }
        if let Err(error) = self.file.write_all(&encode(line)) {
            self.is_broken = true;
            tracing::error!(path = %self.path.display(), %error, "devnet journal stopped");
        }
    }
}

fn encode(line: &Line) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(line).expect("lines hold only what JSON can hold");
    bytes.push(b'\n');
    bytes
}

/// The whole chain as one journal.
pub(crate) fn dump(node: &Node) -> Vec<u8> {
    let mut bytes = encode(&Line::Config(node.config.clone()));
    for block in node.all_blocks().iter().skip(1) {
        bytes.extend(encode(&Line::Block(BlockLine::of(block))));
    }
    bytes.extend(encode(&Line::Hold(node.is_solid_held())));
    bytes.extend(encode(&Line::Solid(node.solid_number())));
    bytes
}

/// Builds a node from a journal. What decides the chain's past comes from the journal; clock and
/// block time from `config`, if given.
pub(crate) fn load(bytes: &[u8], config: Option<&DevnetConfig>) -> Result<Node, JournalError> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').zip(1..);
    let (first, _) = lines.next().ok_or(JournalError::Line { line: 1 })?;
    let Ok(Line::Config(stored)) = serde_json::from_slice(first) else {
        return Err(JournalError::Line { line: 1 });
    };
    stored.check()?;
    let mut node = Node::bare(stored);
    for (text, line) in lines {
        let Ok(parsed) = serde_json::from_slice(text) else {
            if text.ends_with(b"\n") {
                return Err(JournalError::Line { line });
            }
            break;
        };
        replay(&mut node, parsed).ok_or(JournalError::Line { line })?;
    }
    if let Some(config) = config {
        node.config.clock = config.clock;
        node.config.block_time_ms = config.block_time_ms;
        node.config.has_controls = config.has_controls;
    }
    if node.head().number == 0 {
        return Err(JournalError::Line { line: 2 });
    }
    node.catch_up_clock();
    Ok(node)
}

fn replay(node: &mut Node, line: Line) -> Option<()> {
    match line {
        Line::Config(_) => return None,
        Line::Pop(height) => return node.replay_pop(height),
        Line::Solid(number) => node.restore_solid(number),
        Line::Hold(is_held) => node.hold_solid(is_held),
        Line::Block(block) => {
            let transactions = block
                .transactions
                .iter()
                .map(|text| Transaction::from_bytes(&hex::decode(text).ok()?))
                .collect::<Option<Vec<_>>>()?;
            let BlockLine { timestamp_ms, producer, mutations, .. } = block;
            node.reproduce(timestamp_ms, producer, mutations, transactions)?;
        }
    }
    Some(())
}

/// Opens the file, or begins it. An existing one is rewritten beside and renamed, so that a damaged
/// tail is gone and nothing is lost when that is interrupted.
pub(crate) fn open(path: &Path, config: &DevnetConfig) -> Result<Node, JournalError> {
    let failed = |source| JournalError::File { path: path.to_owned(), source };
    let mut node = match std::fs::read(path) {
        Ok(bytes) => load(&bytes, Some(config))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Node::new(config.clone()),
        Err(error) => return Err(failed(error)),
    };
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).map_err(failed)?;
    file.write_all(&dump(&node)).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)?;
    let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
    node.journal = Some(Journal { file, path: path.to_owned(), is_broken: false });
    Ok(node)
}
