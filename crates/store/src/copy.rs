//! Move a shop from SQLite to PostgreSQL, and prove that nothing was lost on the way.
//!
//! Everything happens in one transaction of each database, after one in which they agree that the shop may
//! move from the one to the other. Both sides are read again and compared, then the old one says that its
//! shop has moved, and where to, and only then the new one is committed: whatever fails in between, there are
//! never two shops with the same orders and wallets.

mod failed;
mod home;
mod tables;

use std::path::Path;

pub use failed::CopyFailed;
pub(crate) use home::place;
use home::{Way, agree};
pub use tables::CopiedTable;
use tables::{REPLACED, copy_table, first_taken, sums, tables};

use crate::audit;
use crate::open::Options;
use crate::postgres::{self, PostgresUrl};
use crate::sql::{Connection, Error};
use crate::sqlite;

/// What a copy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The shop moves: from now on it is in the new database, and the old one refuses to work.
    Move,
    /// Everything is done and proved, and then undone.
    Rehearsal,
}

/// Copies everything of a SQLite file into an empty PostgreSQL database. Servers may work with the file:
/// what they want to write waits, and is refused once the shop has moved.
///
/// Shape: each row is read three times. Errors: [`CopyFailed`].
pub fn copy(
    from: &Path,
    to: &PostgresUrl<'_>,
    purpose: Purpose,
) -> Result<Vec<CopiedTable>, CopyFailed> {
    // Connections to PostgreSQL wait for themselves, which a thread that runs other tasks must not do.
    std::thread::scope(|scope| {
        let copied = scope.spawn(|| Copier::new(from, to)?.run(purpose));
        copied.join().expect("copying does not panic")
    })
}

/// What copies: a connection to each of the two databases.
struct Copier<'a> {
    to: &'a PostgresUrl<'a>,
    old: Connection,
    new: Connection,
    old_place: String,
    new_place: String,
}

impl<'a> Copier<'a> {
    fn new(from: &Path, to: &'a PostgresUrl<'a>) -> Result<Self, CopyFailed> {
        let old = sqlite::leaving_connection(from, Options::default())?;
        let new = postgres::migrated_connection(to)?;
        let (old_place, new_place) = (from.display().to_string(), postgres::place(to)?);
        Ok(Self { to, old, new, old_place, new_place })
    }

    fn run(&self, purpose: Purpose) -> Result<Vec<CopiedTable>, CopyFailed> {
        match purpose {
            Purpose::Rehearsal => {
                self.begin()?;
                let (_, copied) = self.copy_all()?;
                self.new.rollback()?;
                self.old.rollback()?;
                Ok(copied)
            }
            Purpose::Move => {
                self.set_aside()?;
                let (way, copied) = self.leave()?;
                self.new.commit().or_else(|error| self.settle(&way, error))?;
                Ok(copied)
            }
        }
    }

    fn begin(&self) -> Result<(), Error> {
        self.old.begin_write()?;
        self.new.begin_write()
    }

    fn agree(&self) -> Result<Way, CopyFailed> {
        agree(&self.old, &self.new, &self.old_place)
    }

    /// Both databases know of each other from here on, and of nothing else yet. The file is the first, so
    /// that none is set aside for a shop that does not know its own word.
    fn set_aside(&self) -> Result<(), CopyFailed> {
        self.begin()?;
        self.agree()?;
        self.old.commit()?;
        Ok(self.new.commit()?)
    }

    /// The shop is whole in the new database, whose transaction is open, and has left the old one.
    fn leave(&self) -> Result<(Way, Vec<CopiedTable>), CopyFailed> {
        self.begin()?;
        let (way, copied) = self.copy_all()?;
        way.leave(&self.old, &self.new_place)?;
        match self.old.commit() {
            Ok(()) => Ok((way, copied)),
            Err(source) => {
                // Whatever became of it, the new one is not committed.
                let left = self.old.rollback().and_then(|()| sqlite::is_moved(&self.old));
                match left {
                    Ok(false) => Err(source.into()),
                    Ok(true) | Err(_) => Err(self.closed(source)),
                }
            }
        }
    }

    /// What became of a commit of the new database that failed; the old one works again if it came to
    /// nothing.
    fn settle(&self, way: &Way, failed: Error) -> Result<(), CopyFailed> {
        let in_doubt = |source: CopyFailed| CopyFailed::InDoubt {
            place: self.new_place.clone(),
            source: Box::new(source),
        };
        let new = postgres::migrated_connection(self.to).map_err(|error| in_doubt(error.into()))?;
        if self.has_taken(way, &new).map_err(in_doubt)? {
            return Ok(());
        }
        // The new database is held meanwhile, so that nobody runs this again and moves the shop after all.
        let stays = || {
            self.old.begin_write()?;
            way.stay(&self.old)?;
            self.old.commit()
        };
        match stays() {
            Ok(()) => Err(failed.into()),
            Err(source) => Err(self.closed(source)),
        }
    }

    /// Whether the shop is in the new database, which nobody writes to until this connection ends.
    fn has_taken(&self, way: &Way, new: &Connection) -> Result<bool, CopyFailed> {
        // It has the turn to write once nobody works on the commit any more.
        new.begin_write()?;
        if !way.leads_to(new)? {
            return Err(CopyFailed::MovedElsewhere { place: self.new_place.clone() });
        }
        Ok(first_taken(&self.old, new)?.is_some())
    }

    fn closed(&self, source: Error) -> CopyFailed {
        CopyFailed::Closed { place: self.new_place.clone(), source }
    }

    /// Copies in the open transactions of both, and compares.
    fn copy_all(&self) -> Result<(Way, Vec<CopiedTable>), CopyFailed> {
        let (old, new) = (&self.old, &self.new);
        let way = self.agree()?;
        let Some(session) = new.as_postgres() else { return Err(Error::Gone.into()) };
        let tables = tables(old)?;
        for name in REPLACED {
            new.batch(&format!("DELETE FROM {name}"))?;
        }
        for table in &tables {
            if table.name == "key_use" {
                new.batch("DELETE FROM key_use")?;
            }
            copy_table(old, session, table)?;
        }
        // What waits for the end of the transaction is checked now.
        new.batch("SET CONSTRAINTS ALL IMMEDIATE")?;
        let mut copied = Vec::with_capacity(tables.len());
        for table in &tables {
            let (sent, arrived) = (sums(old, table)?, sums(new, table)?);
            if sent != arrived {
                return Err(CopyFailed::Differs {
                    table: table.name.clone(),
                    old: sent.rows,
                    old_hash: sent.hash,
                    new: arrived.rows,
                    new_hash: arrived.hash,
                });
            }
            copied.push(sent);
        }
        let audit = audit::audit(new)?;
        match audit.differences.first() {
            Some(first) => Err(CopyFailed::Audit(audit.differences.len(), first.clone())),
            None => Ok((way, copied)),
        }
    }
}

#[cfg(test)]
mod tests;
