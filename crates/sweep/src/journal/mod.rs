//! The journal: what makes a run safe to stop, to kill and to resume.
//!
//! A SQLite file of the merchant's. One thread owns it and commits what many addresses want written
//! together, so that a step costs a share of an fsync. A call returns when its row is durable; only
//! then is the step taken that the row announces.
//!
//! Invariants: one process sweeps with one journal at a time; a lock file sees to it. No two journals
//! of one user have the same address open; the register sees to it.

mod item;
mod register;
mod row;
#[cfg(test)]
mod tests;
mod thread;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

pub use item::{Item, SignedTransfer};
pub use row::{Holding, Run, RunId};

use crate::record::{Reason, ReasonCode, Record, State};
use register::Register;
use thread::Writer;

const SCHEMA: &str = include_str!("../../schema/journal.sql");
/// The version of the schema, kept in the file's header.
const VERSION: i64 = 1;
/// Marks the file as ours: `swpj`.
const APPLICATION_ID: i64 = 0x7377_706a;
/// How long a reader waits for a writer of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process sweeps with it.
    #[error("{} is in use by another sweep", .0.display())]
    InUse(PathBuf),
    /// The file is not a journal, or one of another version.
    #[error("{} is no journal of this version of sunsweep", .0.display())]
    Foreign(PathBuf),
    /// The file system refused.
    #[error("{} cannot be opened", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database refused or failed; nothing may be sent that is not written.
    #[error("the journal cannot be written or read")]
    Sql(#[from] rusqlite::Error),
    /// A row holds what no version of this program writes.
    #[error("the journal holds a row that cannot be read: {0}")]
    Row(String),
    /// The thread that writes has ended after a failure.
    #[error("the journal is closed")]
    Closed,
}

/// An open journal that may be written.
pub struct Journal {
    writer: Writer,
    /// Held as long as the journal is open.
    _lock: Option<File>,
    /// The other journals of this user.
    register: Option<Register>,
}

impl Journal {
    /// Opens a journal, or makes one; only its owner can read the file.
    ///
    /// Errors: another process has it; it is not a journal; the file system refuses.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let file = |source| JournalError::File { path: path.to_owned(), source };
        if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(directory).map_err(file)?;
        }
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push(".lock");
        let lock = owners_file(Path::new(&lock_path)).map_err(file)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(file(source)),
        }
        drop(owners_file(path).map_err(file)?);
        let connection = Connection::open(path)?;
        prepare(&connection, path)?;
        Ok(Self { writer: Writer::start(connection), _lock: Some(lock), register: None })
    }

    /// As [`Self::open`], and leaves out of its plans what another journal has open. The first of
    /// these files that can be written is the register of journals.
    ///
    /// Errors: also when none of them can be used.
    pub fn open_among(path: &Path, registers: &[PathBuf]) -> Result<Self, JournalError> {
        let mut journal = Self::open(path)?;
        let register = Register::first_of(registers, path)?;
        // From now on the others look into this journal.
        drop(register.hold()?);
        journal.register = Some(register);
        Ok(journal)
    }

    /// A journal in memory, for plans that are only looked at.
    pub fn in_memory() -> Result<Self, JournalError> {
        let connection = Connection::open_in_memory()?;
        prepare(&connection, Path::new(":memory:"))?;
        Ok(Self { writer: Writer::start(connection), _lock: None, register: None })
    }

    /// Stores a new run.
    pub async fn begin(&self, run: Run) -> Result<(), JournalError> {
        self.writer.write(move |connection| row::insert_run(connection, &run)).await
    }

    /// The newest run that has not ended, if there is one.
    pub async fn unfinished(&self) -> Result<Option<Run>, JournalError> {
        self.writer.write(row::unfinished_run).await
    }

    /// Every run that has not ended, oldest first.
    pub async fn unfinished_runs(&self) -> Result<Vec<Run>, JournalError> {
        self.writer.write(row::unfinished_runs).await
    }

    /// The named run, if it is there.
    pub async fn run(&self, run: &RunId) -> Result<Option<Run>, JournalError> {
        let run = run.clone();
        self.writer
            .write(move |connection| Ok(row::find_run(connection, Some(&run)).optional()?))
            .await
    }

    /// Stores a page of discovery: what was found and where to go on, all or nothing.
    pub async fn add_holdings(
        &self,
        run: &RunId,
        found: Vec<Holding>,
        cursor: Cursor,
    ) -> Result<(), JournalError> {
        let run = run.clone();
        self.writer
            .write(move |connection| row::insert_holdings(connection, &run, &found, cursor))
            .await
    }

    /// What discovery found so far, in the order of the source.
    pub async fn holdings(&self, run: &RunId) -> Result<Vec<Holding>, JournalError> {
        let run = run.clone();
        self.writer.write(move |connection| row::holdings(connection, &run)).await
    }

    /// Stores the plan that was agreed to: every address of it, and the moment; all or nothing. What
    /// another run has open, of this journal or of another one, is left alone, with that reason.
    pub async fn agree(
        &self,
        run: &Run,
        mut items: Vec<Item>,
        agreed_ms: i64,
    ) -> Result<(), JournalError> {
        // Held until the plan is stored.
        let held = self.hold_register().await?;
        let others = held.as_ref().map(|held| held.elsewhere(run)).transpose()?;
        let run = run.clone();
        self.writer
            .write(move |connection| {
                let mut elsewhere = register::open_elsewhere(connection, &run, |other| {
                    format!("run {other} of this journal has it open")
                })?;
                elsewhere.extend(others.unwrap_or_default());
                leave_alone(&mut items, &elsewhere, agreed_ms);
                for item in &items {
                    item::save(connection, &run.id, item)?;
                }
                row::set_agreed(connection, &run.id, agreed_ms)
            })
            .await
    }

    /// The lock of the register, if there is one; waited for without keeping other tasks back.
    async fn hold_register(&self) -> Result<Option<register::Held>, JournalError> {
        let Some(register) = self.register.clone() else { return Ok(None) };
        let held = tokio::task::spawn_blocking(move || register.hold());
        held.await.unwrap_or(Err(JournalError::Closed)).map(Some)
    }

    /// Stores how far an address is.
    pub async fn save(&self, run: &RunId, item: &Item) -> Result<(), JournalError> {
        let (run, item) = (run.clone(), item.clone());
        self.writer.write(move |connection| item::save(connection, &run, &item)).await
    }

    /// Every address of a run, biggest first.
    pub async fn items(&self, run: &RunId) -> Result<Vec<Item>, JournalError> {
        let run = run.clone();
        self.writer.write(move |connection| item::of_run(connection, &run)).await
    }

    /// Marks a run as ended: nothing of it is open.
    pub async fn end(&self, run: &RunId, ended_ms: i64) -> Result<(), JournalError> {
        let run = run.clone();
        self.writer.write(move |connection| row::set_ended(connection, &run, ended_ms)).await
    }
}

/// Takes out of a plan what another run has open.
fn leave_alone(items: &mut [Item], elsewhere: &register::Elsewhere, agreed_ms: i64) {
    let open = items.iter_mut().map(|item| &mut item.record);
    for record in open.filter(|record| !record.state.is_final()) {
        if let Some(who) = elsewhere.get(&(record.address, record.asset)) {
            record.state = State::Skipped;
            record.reason = Some(Reason::new(ReasonCode::InAnotherRun, who.as_str()));
            record.times.ended_ms = Some(agreed_ms);
        }
    }
}

/// Where discovery goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The next position of the source.
    pub next_position: usize,
    /// Unused addresses right before it.
    pub unused_in_a_row: usize,
    /// Whether the source has ended.
    pub is_at_end: bool,
}

/// The newest run of a journal with everything that became of it, or the named one.
///
/// Shape: opens the file read-only, also while a sweep uses it.
/// Errors: no journal there; `None` if it holds no such run.
pub fn look(path: &Path, run: Option<&RunId>) -> Result<Option<(Run, Vec<Record>)>, JournalError> {
    if !path.exists() {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(JournalError::File { path: path.to_owned(), source });
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    check_header(&connection, path)?;
    let snapshot = connection.unchecked_transaction()?;
    let Some(run) = row::find_run(&snapshot, run).optional()? else { return Ok(None) };
    let items = item::of_run(&snapshot, &run.id)?;
    Ok(Some((run, items.into_iter().map(|item| item.record).collect())))
}

/// A file that only its owner can read, made if it is not there.
fn owners_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// Makes the schema in a new file; checks that an old one is ours.
fn prepare(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id == 0 && row::is_empty(connection)? {
        let header =
            format!("PRAGMA application_id={APPLICATION_ID};PRAGMA user_version={VERSION};");
        connection.execute_batch(&format!("BEGIN;{SCHEMA};{header}COMMIT;"))?;
    }
    check_header(connection, path)
}

fn check_header(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    match (number("application_id"), number("user_version")) {
        (Ok(APPLICATION_ID), Ok(VERSION)) => Ok(()),
        _ => Err(JournalError::Foreign(path.to_owned())),
    }
}
