//! Copies of a SQLite database: taken while it is in use, proved before they count, put back whole.
//!
//! A copy is written beside its place under another name, checked page by page, synced, and only then
//! renamed: whatever has the name of a copy is one.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::migrate::newest_known;

/// How long to wait for whoever has the source locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Findings of a check that are named.
const FINDINGS_MAX: usize = 5;

/// A copy, or a database that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Size of the file.
    pub bytes: u64,
    /// The newest step of the schema that is in it.
    pub migration: i64,
    /// Ledger transactions in it.
    pub ledger_txs: i64,
    /// The last block that it had looked at, if any: what the chain holds after it, it does not know.
    pub watched: Option<i64>,
}

/// What was put back, and where the old database went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What was put back.
    pub copy: Checked,
    /// The database that was there before, if there was one; its log has the same name with `-wal`.
    pub old: Option<PathBuf>,
}

/// Why a copy was not made or not put back. Neither the source nor what was there before has changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is there.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// The file is no database of this product.
    #[error("{0} is no database of sunsweep")]
    Foreign(PathBuf),
    /// It was written by a newer program.
    #[error("{path} is at migration {found}, and this program knows {known}: use the newer one")]
    Future {
        /// Which file.
        path: PathBuf,
        /// Its newest step.
        found: i64,
        /// The newest step known here.
        known: i64,
    },
    /// Pages or indexes of it contradict each other.
    #[error("{path} is damaged: {findings}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What was found, shortened.
        findings: String,
    },
    /// Somebody works with it.
    #[error("{0} is in use: stop the server first")]
    InUse(PathBuf),
    /// The database could not be read or written.
    #[error("{path} cannot be read or written")]
    Sql {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file system refused.
    #[error("{path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Copies the database as it is at one moment, also while a server works with it.
///
/// Shape: readers and the writer go on; the server's log of changes grows until the copy is read.
/// The copy is one file that only its owner can read, and it holds no unfinished log.
/// Errors: [`BackupError`]; nothing has the target's name then.
pub fn back_up(database: &Path, to: &Path) -> Result<Checked, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let part = beside(to, ".part");
    let copied = copy_pages(database, &part).and_then(|()| {
        let checked = check(&part)?;
        settle(&part, to)?;
        Ok(checked)
    });
    if copied.is_err() {
        // The cause is told; what is left of the attempt is nobody's.
        let _maybe_gone = std::fs::remove_file(&part);
    }
    copied
}

/// Puts a copy in the place of the database. What was there is kept beside it.
///
/// Errors: [`BackupError`], also when a process has the database open.
pub fn restore(from: &Path, database: &Path, now_ms: i64) -> Result<Restored, BackupError> {
    let copy = check(from)?;
    if copy.migration > newest_known() {
        let (found, known) = (copy.migration, newest_known());
        return Err(BackupError::Future { path: from.to_owned(), found, known });
    }
    if database.exists() {
        refuse_in_use(database)?;
    }
    let part = beside(database, ".part");
    let mut copied = private_file(&part)?;
    let mut source = File::open(from).map_err(|source| file_error(from, source))?;
    io::copy(&mut source, &mut copied).map_err(|source| file_error(&part, source))?;
    let old = beside(database, &format!(".replaced-{now_ms}"));
    let mut had_one = false;
    // The log belongs to the old file: beside another one it would be played into it.
    for suffix in ["-wal", "-shm", ""] {
        let (from, to) = (beside(database, suffix), beside(&old, suffix));
        if from.exists() {
            std::fs::rename(&from, &to).map_err(|source| file_error(&from, source))?;
            had_one |= suffix.is_empty();
        }
    }
    settle(&part, database)?;
    Ok(Restored { copy, old: had_one.then_some(old) })
}

/// Reads every page of a database and proves that they fit together.
///
/// Errors: [`BackupError`].
pub fn check(path: &Path) -> Result<Checked, BackupError> {
    let failed = |source| told(path, source);
    let connection = open_reading(path)?;
    // Reading the schema of a foreign or cut file fails in many ways, and each says the same.
    let tables =
        "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('schema_migration', 'ledger_tx')";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0)).map_err(failed)?;
    if tables != 2 {
        return Err(BackupError::Foreign(path.to_owned()));
    }
    let mut findings = Vec::new();
    let mut look = connection.prepare("PRAGMA integrity_check(5)").map_err(failed)?;
    let mut rows = look.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        findings.push(row.get::<_, String>(0).map_err(failed)?);
    }
    let references = "SELECT COUNT(*) FROM pragma_foreign_key_check";
    let broken: i64 = connection.query_row(references, [], |row| row.get(0)).map_err(failed)?;
    findings.retain(|finding| finding != "ok");
    if broken > 0 {
        findings.push(format!("{broken} rows refer to rows that are not there"));
    }
    if !findings.is_empty() {
        findings.truncate(FINDINGS_MAX);
        return Err(BackupError::Damaged { path: path.to_owned(), findings: findings.join("; ") });
    }
    let one = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let watched = "SELECT MAX(number) FROM watched_block";
    let watched = connection.query_row(watched, [], |row| row.get(0)).map_err(failed)?;
    let bytes = std::fs::metadata(path).map_err(|source| file_error(path, source))?.len();
    Ok(Checked {
        bytes,
        migration: one("SELECT COALESCE(MAX(number), 0) FROM schema_migration")?,
        ledger_txs: one("SELECT COUNT(*) FROM ledger_tx")?,
        watched,
    })
}

fn copy_pages(database: &Path, part: &Path) -> Result<(), BackupError> {
    let source = open_reading(database)?;
    drop(private_file(part)?);
    let failed = |error| told(part, error);
    let mut copy = Connection::open(part).map_err(failed)?;
    {
        let backup = Backup::new(&source, &mut copy).map_err(failed)?;
        // All pages in one step, so that no commit comes between two of them.
        let step = backup.step(-1).map_err(|error| told(database, error))?;
        if step != StepResult::Done {
            return Err(BackupError::InUse(database.to_owned()));
        }
    }
    // One file, complete by itself.
    copy.pragma_update(None, "journal_mode", "DELETE").map_err(failed)?;
    copy.close().map_err(|(_, error)| told(part, error))
}

/// Refuses while any process has the database open. A damaged one is open to nobody.
fn refuse_in_use(database: &Path) -> Result<(), BackupError> {
    let Ok(connection) = Connection::open(database) else { return Ok(()) };
    // Leaving the log needs the file for itself, and moves what is in the log into the file.
    let left: Result<String, _> =
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0));
    match left {
        Ok(mode) if mode.eq_ignore_ascii_case("delete") => Ok(()),
        Ok(_) => Err(BackupError::InUse(database.to_owned())),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Err(BackupError::InUse(database.to_owned()))
            }
            _ => Ok(()),
        },
    }
}

fn open_reading(path: &Path) -> Result<Connection, BackupError> {
    if !path.is_file() {
        return Err(file_error(path, io::ErrorKind::NotFound.into()));
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| told(path, error))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| told(path, error))?;
    Ok(connection)
}

/// Gives a finished file its name, durably.
fn settle(part: &Path, to: &Path) -> Result<(), BackupError> {
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    sync(part).map_err(|source| file_error(part, source))?;
    std::fs::rename(part, to).map_err(|source| file_error(to, source))?;
    let directory = to.parent().filter(|path| !path.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    sync(directory).map_err(|source| file_error(directory, source))
}

/// An empty file that only its owner can read.
fn private_file(path: &Path) -> Result<File, BackupError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(file_error(path, source));
        }
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map_err(|source| file_error(path, source))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn file_error(path: &Path, source: io::Error) -> BackupError {
    BackupError::File { path: path.to_owned(), source }
}

fn told(path: &Path, error: rusqlite::Error) -> BackupError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => BackupError::Foreign(path),
        Some(ErrorCode::DatabaseCorrupt) => {
            BackupError::Damaged { path, findings: error.to_string() }
        }
        _ => BackupError::Sql { path, source: error },
    }
}
