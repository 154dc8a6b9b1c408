//! What a store is opened with, and why it may not open.

use crate::migrate::MigrateError;
use crate::sql::Error;

/// The limits of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Most works in one commit.
    pub batch_max: usize,
    /// Most works that may wait, and most reads that may; more are refused as busy.
    pub queue_max: usize,
    /// Threads that read.
    pub readers: usize,
    /// Memory for pages of the connection that writes, in KiB.
    pub writer_cache_kib: u32,
    /// Memory for pages of each connection that reads, in KiB.
    pub reader_cache_kib: u32,
    /// How long to wait for another process that has the file locked, in milliseconds.
    pub busy_timeout_ms: u64,
    /// Longest wait of a job for its turn, in milliseconds; after it the job is refused and was not begun.
    pub queue_wait_max_ms: u64,
    /// Longest wait for PostgreSQL's answer to a statement, in milliseconds: longer than a turn to write is
    /// waited for.
    pub answer_max_ms: u64,
    /// The same for statements that read all there is, as the audit's do.
    pub long_answer_max_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_max: 256,
            queue_max: 4_096,
            readers: 2,
            writer_cache_kib: 64 * 1_024,
            reader_cache_kib: 16 * 1_024,
            busy_timeout_ms: 5_000,
            queue_wait_max_ms: 5_000,
            answer_max_ms: 10_000,
            long_answer_max_ms: 300_000,
        }
    }
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database could not be reached, opened or set up.
    #[error("the database {database} could not be opened")]
    Database {
        /// Which file, or which server and database.
        database: String,
        /// Why.
        source: Error,
    },
    /// Its schema could not be brought up to date.
    #[error("the database {database} could not be used")]
    Migrate {
        /// Which file, or which server and database.
        database: String,
        /// Why.
        source: MigrateError,
    },
    /// Its shop was copied to another database, which has taken its place.
    #[error(
        "the shop of {database} was moved to {place}: use that one's URL; orders that are open would be \
         filled twice here"
    )]
    Moved {
        /// Which file.
        database: String,
        /// Server and database of the new one.
        place: String,
    },
    /// The URL of a database says nothing.
    #[error("the database's URL means nothing: {0}")]
    Url(String),
    /// The certificates of the authorities cannot be read.
    #[error("the authorities' certificates cannot be used: {0}")]
    Authorities(String),
    /// Certificates cannot be checked here.
    #[error("TLS cannot be used")]
    Tls(#[source] rustls::Error),
    /// A thread could not be started.
    #[error("the store's threads could not be started")]
    Thread(#[source] std::io::Error),
}
