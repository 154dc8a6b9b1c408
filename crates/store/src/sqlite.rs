//! The store in a SQLite file: how it is opened, and what only SQLite has.

use std::path::Path;
use std::time::Duration;

use app::ports::StoreError;
use rusqlite::OpenFlags;

use crate::copy;
use crate::doors::SqlStore;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::migrate::migrate;
use crate::open::{OpenError, Options};
use crate::sql::{self, Connection};
use crate::sqlite_dialect;
use crate::threads::{Line, Threads};

impl SqlStore {
    /// Opens a file, making it when it is missing, and starts the threads.
    ///
    /// Errors: [`OpenError`].
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let writer = writing_engine(path, options)?;
        let readers = (0..options.readers.max(1))
            .map(|_| reading_engine(path, options))
            .collect::<Result<_, _>>()?;
        let tally = writer.tally();
        let writer = Threads::writer(writer, options.batch_max.max(1), Line::of(options))
            .map_err(OpenError::Thread)?;
        let readers = Threads::readers(readers, Line::of(options)).map_err(OpenError::Thread)?;
        Ok(Self::threaded(writer, readers, tally))
    }

    /// A store in memory without threads: every call is done when it returns. For tests and
    /// simulations, which need the same order of events each time.
    ///
    /// Errors: [`OpenError`].
    pub fn inline_in_memory() -> Result<Self, OpenError> {
        let path = Path::new(":memory:");
        let open = rusqlite::Connection::open_in_memory();
        let connection = open.map_err(|error| cannot_open(path, error))?;
        let connection = ready(connection, path, Options::default())?;
        Ok(Self::inline(Engine::new(connection, None)))
    }

    /// As [`Self::inline_in_memory`], in a file: what was committed outlives the store.
    ///
    /// Errors: [`OpenError`].
    pub fn inline_at(path: &Path) -> Result<Self, OpenError> {
        Ok(Self::inline(writing_engine(path, Options::default())?))
    }

    /// Bounds the database file, in pages of 4096 bytes; the works that would exceed it fail as
    /// unavailable, and later ones go through after it was raised.
    ///
    /// Errors: [`StoreError`].
    pub async fn set_pages_max(&self, pages: u32) -> Result<(), StoreError> {
        self.write(move |connection| {
            let read = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            let update = |sqlite: &rusqlite::Connection| {
                sqlite.pragma_update_and_check(None, "max_page_count", pages, read)
            };
            update(only_sqlite(connection)?).map_err(sql::Error::from)?;
            Ok(())
        })
        .await
    }
}

fn only_sqlite(connection: &Connection) -> Result<&rusqlite::Connection, Fault> {
    let broken = || Fault::Broken("only SQLite can do this".to_owned());
    connection.as_sqlite().ok_or_else(broken)
}

fn cannot_open(path: &Path, source: rusqlite::Error) -> OpenError {
    cannot_use(path, source.into())
}

fn cannot_use(path: &Path, source: sql::Error) -> OpenError {
    OpenError::Database { database: path.display().to_string(), source }
}

/// A connection that may write, to a shop whose schema is up to date.
pub(crate) fn writing_connection(path: &Path, options: Options) -> Result<Connection, OpenError> {
    let connection = leaving_connection(path, options)?;
    match is_moved(&connection) {
        Ok(false) => Ok(connection),
        Ok(true) => {
            let place = copy::place(&connection).map_err(|source| cannot_use(path, source))?;
            Err(OpenError::Moved { database: path.display().to_string(), place })
        }
        Err(source) => Err(cannot_use(path, source)),
    }
}

/// The same to a shop that leaves, or has left.
pub(crate) fn leaving_connection(path: &Path, options: Options) -> Result<Connection, OpenError> {
    let open = rusqlite::Connection::open(path).map_err(|error| cannot_open(path, error))?;
    ready(open, path, options)
}

fn writing_engine(path: &Path, options: Options) -> Result<Engine, OpenError> {
    let connection = writing_connection(path, options)?;
    let (path, watched) = (path.to_owned(), path.to_owned());
    let reconnect = Box::new(move || {
        let connection = rusqlite::Connection::open(&path)?;
        set_up(&connection, options)?;
        Ok(Connection::Sqlite(connection))
    });
    let engine = Engine::new(connection, Some(reconnect));
    // A file that was moved away or replaced can be written to as long as it is open, and whoever opens
    // the path afterwards finds nothing of that.
    let opened = identity(&watched);
    Ok(engine.only_while(Box::new(move |connection| {
        let unavailable = |why: &str| Err(StoreError::Unavailable(why.to_owned()));
        if opened.is_some() && identity(&watched) != opened {
            return unavailable("the database file is gone or another");
        }
        match is_moved(connection) {
            Ok(false) => Ok(()),
            Ok(true) => unavailable("the shop was moved to another database"),
            Err(error) => Err(error.unavailable()),
        }
    })))
}

/// What `user_version` of a file says when its shop was moved to another database: "move" in ASCII. A
/// file whose shop is in it has 0, as every new one.
const MOVED: i64 = 0x6d6f_7665;

/// Whether the shop of this file is in another database now.
pub(crate) fn is_moved(connection: &Connection) -> sql::Result<bool> {
    let version: i64 =
        connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    Ok(version == MOVED)
}

/// Says in the open transaction whether the shop is in another database: whoever has the file open writes
/// nothing more then, and nobody opens it again as a shop.
pub(crate) fn set_moved(connection: &Connection, is_moved: bool) -> sql::Result<()> {
    connection.batch(&format!("PRAGMA user_version = {}", if is_moved { MOVED } else { 0 }))
}

/// Which file a path leads to; `None` where there is none, or the system does not say.
fn identity(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let file = std::fs::metadata(path).ok()?;
        Some((file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _unknown = path;
        None
    }
}

fn ready(
    connection: rusqlite::Connection,
    path: &Path,
    options: Options,
) -> Result<Connection, OpenError> {
    set_up(&connection, options).map_err(|error| cannot_open(path, error))?;
    let connection = Connection::Sqlite(connection);
    migrate(&connection)
        .map_err(|source| OpenError::Migrate { database: path.display().to_string(), source })?;
    Ok(connection)
}

fn set_up(connection: &rusqlite::Connection, options: Options) -> rusqlite::Result<()> {
    let busy_timeout = Duration::from_millis(options.busy_timeout_ms);
    sqlite_dialect::prepare_writer(connection, options.writer_cache_kib, busy_timeout)
}

fn reading_engine(path: &Path, options: Options) -> Result<Engine, OpenError> {
    let path = path.to_owned();
    let connect = {
        let path = path.clone();
        move || -> rusqlite::Result<Connection> {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = rusqlite::Connection::open_with_flags(&path, flags)?;
            let busy_timeout = Duration::from_millis(options.busy_timeout_ms);
            sqlite_dialect::prepare_reader(&connection, options.reader_cache_kib, busy_timeout)?;
            Ok(Connection::Sqlite(connection))
        }
    };
    let connection = connect().map_err(|error| cannot_open(&path, error))?;
    let reconnect = move || Ok(connect()?);
    Ok(Engine::new(connection, Some(Box::new(reconnect))))
}
