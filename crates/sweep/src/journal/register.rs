//! The register: which journals one user of this machine has, so that two of them never work on the
//! same address at once.
//!
//! A text file with one path a line, locked while a plan becomes a run: whoever holds the lock looks
//! into the other journals, leaves out what they have open, and stores its plan before it lets go.
//!
//! It is no protection against another machine; there the looks before ordering and before signing
//! remain ([decision 45](../../../../docs/decisions/0045-journals-know-of-each-other.md)).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use tron::Address;

use super::{BUSY_TIMEOUT, JournalError, Run, RunId, check_header, item, owners_file, row};
use crate::record::Asset;

/// Who has an address open: the journal and its run, in words.
pub(super) type Elsewhere = BTreeMap<(Address, Asset), String>;

/// Where the register is, and which journal asks.
#[derive(Debug, Clone)]
pub(super) struct Register {
    path: PathBuf,
    own: PathBuf,
}

/// The lock; dropping it lets the next one in.
#[derive(Debug)]
pub(super) struct Held {
    _file: File,
    others: Vec<PathBuf>,
}

impl Register {
    /// The first of these files that can be used.
    ///
    /// Errors: the last one cannot either.
    pub(super) fn first_of(candidates: &[PathBuf], journal: &Path) -> Result<Self, JournalError> {
        let own = std::path::absolute(journal).unwrap_or_else(|_| journal.to_owned());
        let mut failed = None;
        for path in candidates {
            match open(path) {
                Ok(_) => return Ok(Self { path: path.clone(), own }),
                Err(source) => failed = Some(JournalError::File { path: path.clone(), source }),
            }
        }
        Err(failed.unwrap_or(JournalError::Closed))
    }

    /// Waits for the lock, and puts the own journal into the file. Paths that are gone leave it.
    ///
    /// Shape: blocks for as long as another plan takes to be stored.
    /// Errors: the file cannot be read or written.
    pub(super) fn hold(&self) -> Result<Held, JournalError> {
        self.locked().map_err(|source| JournalError::File { path: self.path.clone(), source })
    }

    fn locked(&self) -> std::io::Result<Held> {
        let mut file = open(&self.path)?;
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let known: Vec<PathBuf> = text.lines().map(PathBuf::from).collect();
        let mut all: Vec<PathBuf> = known.iter().filter(|path| path.exists()).cloned().collect();
        if !all.contains(&self.own) {
            all.push(self.own.clone());
        }
        if all != known {
            let lines = all.iter().map(|path| format!("{}\n", path.display()));
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(lines.collect::<String>().as_bytes())?;
            file.sync_all()?;
        }
        all.retain(|path| *path != self.own);
        Ok(Held { _file: file, others: all })
    }
}

impl Held {
    /// What other journals have open on the chain of this run.
    ///
    /// Errors: one of them is there and cannot be read; it may have anything open.
    pub(super) fn elsewhere(&self, run: &Run) -> Result<Elsewhere, JournalError> {
        let mut all = Elsewhere::new();
        for path in &self.others {
            let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            // Something else has that name by now.
            if check_header(&connection, path).is_err() {
                continue;
            }
            all.extend(open_elsewhere(&connection, run, |other| {
                format!("run {other} of {} has it open", path.display())
            })?);
        }
        Ok(all)
    }
}

/// What other runs of one journal have open on the chain of this run; `words` say which run it is.
pub(super) fn open_elsewhere(
    connection: &Connection,
    run: &Run,
    words: impl Fn(&RunId) -> String,
) -> Result<Elsewhere, JournalError> {
    let mut all = Elsewhere::new();
    for other in row::unfinished_runs(connection)? {
        if other.id == run.id || other.agreed_ms.is_none() || !is_same_chain(&other, run) {
            continue;
        }
        let open = item::of_run(connection, &other.id)?;
        for item in open.into_iter().filter(|item| !item.record.state.is_final()) {
            let record = item.record;
            if record.asset == Asset::Trx || other.token.address == run.token.address {
                all.insert((record.address, record.asset), words(&other.id));
            }
        }
    }
    Ok(all)
}

/// Two nodes on this machine's loopback are two chains of a developer; everything else is one chain
/// that may be asked in many places.
fn is_same_chain(one: &Run, other: &Run) -> bool {
    let is_local =
        |run: &Run| run.node_url.starts_with("127.") || run.node_url.starts_with("localhost");
    one.node_url == other.node_url || !is_local(one) || !is_local(other)
}

fn open(path: &Path) -> std::io::Result<File> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    owners_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_that_can_be_used_is_used_and_forgets_what_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("no-directory"), "").unwrap();
        let candidates = [at("no-directory/register"), at("state/register")];
        std::fs::write(at("a"), "").unwrap();
        let first = Register::first_of(&candidates, &at("a")).unwrap();
        assert_eq!(first.path, candidates[1]);
        assert_eq!(first.hold().unwrap().others, Vec::<PathBuf>::new());
        let second = Register::first_of(&candidates, &at("b")).unwrap();
        assert_eq!(second.hold().unwrap().others, [at("a")]);
        std::fs::remove_file(at("a")).unwrap();
        assert_eq!(second.hold().unwrap().others, Vec::<PathBuf>::new());
        assert!(Register::first_of(&candidates[..1], &at("a")).is_err());
    }
}
