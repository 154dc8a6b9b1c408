//! The store in a PostgreSQL database, which several servers may share.
//!
//! Each thread owns one connection, as with SQLite. Commits of all servers take turns
//! (`postgres_dialect::TAKE_TURN`), so that a work sees what a work of any of them wrote before it: what
//! was decided on SQLite is decided in the same way here.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::doors::SqlStore;
use crate::engine::Engine;
use crate::migrate::migrate;
use crate::open::{OpenError, Options};
use crate::postgres_dialect;
use crate::sql::{Connection, Error, Patience, Result, Session};
use crate::threads::{Line, Threads};

/// Longest wait for a connection, in milliseconds.
const CONNECT_MAX_MS: u64 = 3_000;
/// How soon a peer that has vanished without a word is given up.
const VANISHED_MAX: Duration = Duration::from_secs(10);
/// Lets a transaction wait while a large table is read from another database; who works all the time may not.
const MAY_IDLE: &str = "SET idle_in_transaction_session_timeout = 0";

/// Where a database is, and what opens it.
pub struct PostgresUrl<'a> {
    /// `postgres://USER@HOST:PORT/DATABASE`, or `host=HOST user=USER dbname=DATABASE`.
    pub url: &'a str,
    /// The password, unless the URL has it or none is needed.
    pub password: Option<String>,
    /// Certificates of the authorities that may vouch for the server, as PEM; else those that this machine
    /// trusts.
    pub authorities: Option<Vec<u8>>,
}

impl<'a> From<&'a str> for PostgresUrl<'a> {
    fn from(url: &'a str) -> Self {
        Self { url, password: None, authorities: None }
    }
}

impl SqlStore {
    /// Connects to a database, brings its schema up to date, and starts the threads.
    ///
    /// Shape: `options.readers` connections and one more.
    /// Errors: [`OpenError`].
    pub fn connect(
        url: &PostgresUrl<'_>,
        options: Options,
    ) -> std::result::Result<Self, OpenError> {
        let target = Target::new(url, options)?;
        // Connections wait for themselves, which a thread that runs other tasks must not do.
        let (writer, readers) = std::thread::scope(|scope| {
            let opened = scope.spawn(|| target.open(options.readers.max(1)));
            opened.join().expect("opening a database does not panic")
        })?;
        let tally = writer.tally();
        let writer = Threads::writer(writer, options.batch_max.max(1), Line::of(options))
            .map_err(OpenError::Thread)?;
        let readers = Threads::readers(readers, Line::of(options)).map_err(OpenError::Thread)?;
        Ok(Self::threaded(writer, readers, tally))
    }
}

/// Which database, and how to get there.
#[derive(Clone)]
struct Target {
    patience: Patience,
    config: Config,
    tls: MakeRustlsConnect,
    /// Server and database, without anything secret.
    name: String,
}

impl Target {
    fn new(url: &PostgresUrl<'_>, options: Options) -> std::result::Result<Self, OpenError> {
        let mut config: Config =
            known_mode(url.url).parse().map_err(|error: tokio_postgres::Error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                OpenError::Url(cause.unwrap_or_else(|| error.to_string()))
            })?;
        if config.get_application_name().is_none() {
            config.application_name("sunsweep");
        }
        if let Some(password) = &url.password {
            config.password(password);
        }
        config
            .connect_timeout(Duration::from_millis(CONNECT_MAX_MS))
            .tcp_user_timeout(VANISHED_MAX)
            .keepalives_idle(VANISHED_MAX / 2)
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(2);
        let tls = match &url.authorities {
            Some(pem) => tls_trusting(pem)?,
            None => tls()?,
        };
        let name = name_of(&config);
        let patience = Patience {
            usual: Duration::from_millis(options.answer_max_ms),
            long: Duration::from_millis(options.long_answer_max_ms),
        };
        Ok(Self { patience, config, tls: MakeRustlsConnect::new(tls), name })
    }

    /// The connection that writes, on an up-to-date schema, and those that read.
    fn open(&self, readers: usize) -> std::result::Result<(Engine, Vec<Engine>), OpenError> {
        let writing = self.writing_connection()?;
        let cannot = |source| OpenError::Database { database: self.name.clone(), source };
        let reading = (0..readers)
            .map(|_| Ok(self.engine(self.reading_connection()?, Self::reading_connection)))
            .collect::<Result<_>>()
            .map_err(cannot)?;
        writing.batch(postgres_dialect::SEARCH_ONLY).map_err(cannot)?;
        Ok((self.engine(writing, Self::searching_connection), reading))
    }

    fn writing_connection(&self) -> std::result::Result<Connection, OpenError> {
        let database = || self.name.clone();
        let connection = self
            .connection()
            .map_err(|source| OpenError::Database { database: database(), source })?;
        // A migration may go through all there is.
        connection.set_patience(true);
        migrate(&connection)
            .map_err(|source| OpenError::Migrate { database: database(), source })?;
        connection.set_patience(false);
        Ok(connection)
    }

    fn engine(&self, connection: Connection, again: fn(&Self) -> Result<Connection>) -> Engine {
        let target = self.clone();
        Engine::new(connection, Some(Box::new(move || again(&target))))
    }

    /// One that reads, whose statements end there when they are given up here.
    fn reading_connection(&self) -> Result<Connection> {
        let connection = self.connection()?;
        connection.as_postgres().map_or(Ok(()), Session::limit)?;
        Ok(connection)
    }

    /// One that writes what belongs to the daily work.
    fn searching_connection(&self) -> Result<Connection> {
        let connection = self.connection()?;
        connection.batch(postgres_dialect::SEARCH_ONLY)?;
        Ok(connection)
    }

    fn connection(&self) -> Result<Connection> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|_| Error::Gone)?;
        let connected = runtime.block_on(async {
            let limit = Duration::from_millis(2 * CONNECT_MAX_MS).min(self.patience.usual);
            tokio::time::timeout(limit, self.config.connect(self.tls.clone())).await
        });
        let (client, connection) = connected.map_err(|_| Error::Silent)??;
        // Its end shows at the client.
        runtime.spawn(async move { drop(connection.await) });
        let session = Session::new(runtime, client, self.patience);
        session.batch(postgres_dialect::SET_UP)?;
        Ok(Connection::Postgres(Box::new(session)))
    }
}

/// Who asks for TLS gets the certificate and the name checked, so that two of libpq's words mean one thing.
fn known_mode(url: &str) -> String {
    url.replace("sslmode=verify-full", "sslmode=require")
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// TLS that trusts these authorities and nobody else.
fn tls_trusting(pem: &[u8]) -> std::result::Result<rustls::ClientConfig, OpenError> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| OpenError::Authorities(error.to_string()))?;
        roots.add(certificate).map_err(OpenError::Tls)?;
    }
    if roots.is_empty() {
        return Err(OpenError::Authorities("it holds no certificate".to_owned()));
    }
    let builder = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(OpenError::Tls)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// TLS that trusts whom this machine trusts. One that trusts nobody can still do without TLS.
fn tls() -> std::result::Result<rustls::ClientConfig, OpenError> {
    let provider = provider();
    let builder = || {
        rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(OpenError::Tls)
    };
    let trusting = builder()?.with_platform_verifier().map(|builder| builder.with_no_client_auth());
    trusting.or_else(|error| {
        tracing::warn!("this machine trusts no certificates, so no database's either: {error}");
        let nobody = rustls::RootCertStore::empty();
        Ok(builder()?.with_root_certificates(nobody).with_no_client_auth())
    })
}

fn name_of(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let name = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{name} on {host}")
}

/// One connection that may write, to a database that is brought up to date, for moving a whole shop.
pub(crate) fn migrated_connection(
    url: &PostgresUrl<'_>,
) -> std::result::Result<Connection, OpenError> {
    let target = Target::new(url, Options::default())?;
    let connection = target.writing_connection()?;
    connection.set_patience(true);
    connection
        .batch(MAY_IDLE)
        .map_err(|source| OpenError::Database { database: target.name, source })?;
    Ok(connection)
}

/// What a database is called: server and name, without anything secret.
pub(crate) fn place(url: &PostgresUrl<'_>) -> std::result::Result<String, OpenError> {
    Ok(Target::new(url, Options::default())?.name)
}

/// One connection to a database whose schema is up to date.
#[cfg(test)]
pub(crate) fn connection(url: &str) -> Result<Connection> {
    let target = Target::new(&url.into(), Options::default());
    target.expect("the URL means something").connection()
}

#[cfg(test)]
mod tests {
    use app::ports::StoreError;

    use super::*;
    use crate::cluster::{cluster, name_of};

    #[test]
    fn on_postgres_a_read_that_is_given_up_does_not_go_on() {
        let Some(cluster) = cluster() else { return };
        let url = cluster.database();
        let options = Options { answer_max_ms: 300, long_answer_max_ms: 400, ..Options::default() };
        let store = SqlStore::connect(&url.as_str().into(), options).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sleep = |connection: &Connection| Ok(connection.batch("SELECT pg_sleep(60)")?);
        for _ in 0..3 {
            for is_long in [false, true] {
                let read = async {
                    if is_long { store.read_all(sleep).await } else { store.read(sleep).await }
                };
                let Err(StoreError::Unavailable(why)) = runtime.block_on(read) else { panic!() };
                assert!(why.contains("statement timeout"), "{why}");
            }
        }
        let active = format!(
            "SELECT COUNT(*) FROM pg_stat_activity \
             WHERE datname = '{}' AND state = 'active' AND query LIKE '%pg_sleep(60)'",
            name_of(&url)
        );
        assert_eq!(cluster.try_ask("postgres", &active).unwrap().trim(), "0");
    }
}
