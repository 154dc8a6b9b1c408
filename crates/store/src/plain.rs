//! Decided rows, written in a plain loop: how fast this machine's disk and SQLite are. For benchmarks.

use std::path::Path;

use app::ports::StoreError;
use app::rows::{Changes, Rows};

use crate::commit;
use crate::fault::{self, Fault};
use crate::open::{OpenError, Options};
use crate::sql::Connection;
use crate::sqlite::writing_connection;

/// The committer without what makes it one: no queue, nothing loaded or decided, no savepoints, and
/// nobody waits for an answer.
pub struct PlainWriter {
    connection: Connection,
}

impl PlainWriter {
    /// Opens a file as [`SqlStore::open`](crate::SqlStore::open) does, with the same pragmas.
    ///
    /// Errors: [`OpenError`].
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        Ok(Self { connection: writing_connection(path, options)? })
    }

    /// Writes all of it in one durable transaction, with the statements of the committer.
    ///
    /// Errors: [`StoreError`]; nothing is written then.
    pub fn commit(&self, all: &[Changes]) -> Result<(), StoreError> {
        let nothing_loaded = Rows::default();
        let written = self
            .connection
            .begin_write()
            .map_err(Fault::from)
            .and_then(|()| {
                all.iter().try_for_each(|changes| {
                    commit::write(&self.connection, &nothing_loaded, changes, None)
                })
            })
            .and_then(|()| Ok(self.connection.commit()?));
        written.map_err(|fault| {
            // The connection is of no use without it, and the next transaction would say so.
            drop(self.connection.rollback());
            fault::store_error(fault)
        })
    }
}
