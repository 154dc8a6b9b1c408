//! A PostgreSQL connection that one thread owns and waits on.
//!
//! What a thread does not wait for is sent at once and answered later: a write whose count nobody asks
//! for costs no round trip. Its failure shows at the next statement that is waited for, or at
//! [`Session::settle`].

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::postgres_value::Owned;
use super::{Error, Result, Value};
use crate::dialect;

/// A statement that was sent and not answered.
type Sent = Pin<Box<dyn Future<Output = std::result::Result<u64, tokio_postgres::Error>> + Send>>;

/// Longest wait for an answer.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// To what is asked of it all the time.
    pub(crate) usual: Duration,
    /// To what reads all there is.
    pub(crate) long: Duration,
}

/// A PostgreSQL connection that one thread owns and waits on.
pub(crate) struct Session {
    runtime: Runtime,
    client: Arc<Client>,
    patience: Patience,
    answer_max: Cell<Duration>,
    statements: RefCell<HashMap<&'static str, Statement>>,
    sent: RefCell<Vec<Sent>>,
    is_in_transaction: Cell<bool>,
    is_broken: Cell<bool>,
}

impl Session {
    /// A session on a client whose connection the runtime drives.
    pub(crate) fn new(runtime: Runtime, client: Client, patience: Patience) -> Self {
        Self {
            runtime,
            client: Arc::new(client),
            patience,
            answer_max: Cell::new(patience.usual),
            statements: RefCell::default(),
            sent: RefCell::default(),
            is_in_transaction: Cell::new(false),
            is_broken: Cell::new(false),
        }
    }

    /// Whether what is asked from now on may take long.
    pub(crate) fn set_patience(&self, is_long: bool) {
        self.answer_max.set(if is_long { self.patience.long } else { self.patience.usual });
    }

    /// Whether it can be used for another transaction.
    pub(crate) fn is_at_rest(&self) -> bool {
        !self.is_in_transaction.get() && !self.is_broken.get()
    }

    /// A statement, prepared once.
    pub(crate) fn prepare(&self, sql: &'static str) -> Result<Statement> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.prepare_text(&dialect::for_postgres(sql))?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    /// A statement that is not kept, in PostgreSQL's own words.
    pub(crate) fn prepare_text(&self, sql: &str) -> Result<Statement> {
        let client = &self.client;
        self.wait(async { client.prepare(sql).await })
    }

    /// Runs a statement and waits for the number of rows that it changed.
    pub(crate) fn execute(&self, statement: &Statement, values: &[Value<'_>]) -> Result<u64> {
        let client = &self.client;
        self.wait(async { client.execute_raw(statement, values).await })
    }

    /// Runs a query and waits for its rows.
    pub(crate) fn query(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>> {
        let client = &self.client;
        let all: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.wait(async { client.query(statement, &all).await })
    }

    /// Sends a statement without waiting for its answer.
    pub(crate) fn send(&self, statement: Statement, values: &[Value<'_>]) {
        let values: Vec<Owned> = values.iter().map(|value| Owned::of(*value)).collect();
        let client = self.client.clone();
        let mut sent: Sent =
            Box::pin(async move { client.execute_raw(&statement, values.iter()).await });
        // The first poll writes the request; requests are answered in the order in which they are written.
        let mut later = Context::from_waker(Waker::noop());
        match sent.as_mut().poll(&mut later) {
            Poll::Pending => self.sent.borrow_mut().push(sent),
            Poll::Ready(answer) => {
                self.sent.borrow_mut().push(Box::pin(std::future::ready(answer)));
            }
        }
    }

    /// Waits for everything that was sent.
    pub(crate) fn settle(&self) -> Result<()> {
        let is_settled = self.sent.borrow().is_empty();
        if is_settled { Ok(()) } else { self.wait(std::future::ready(Ok(()))) }
    }

    /// Runs statements that are not kept prepared, as those of a migration.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        let client = &self.client;
        self.wait(async { client.batch_execute(sql).await })
    }

    /// Opens a transaction: what was sent before it belongs to nobody any more.
    pub(crate) fn begin(&self, word: &'static str) -> Result<()> {
        if self.is_broken.get() {
            return Err(Error::Gone);
        }
        self.sent.borrow_mut().clear();
        let begin = self.prepare(word)?;
        self.is_in_transaction.set(true);
        self.send(begin, &[]);
        Ok(())
    }

    /// Ends a transaction and waits for it.
    pub(crate) fn end(&self, word: &'static str) -> Result<()> {
        let end = self.prepare(word)?;
        self.execute(&end, &[])?;
        self.is_in_transaction.set(false);
        Ok(())
    }

    /// Undoes a transaction, whatever became of what was sent in it.
    pub(crate) fn rollback(&self) -> Result<()> {
        self.sent.borrow_mut().clear();
        self.batch("ROLLBACK")?;
        self.is_in_transaction.set(false);
        Ok(())
    }

    /// Undoes what one work wrote, whatever became of what was sent for it.
    pub(crate) fn rollback_to_savepoint(&self) -> Result<()> {
        self.sent.borrow_mut().clear();
        self.batch("ROLLBACK TO SAVEPOINT work")
    }

    /// Waits for what was sent, in its order, and then for this.
    fn wait<T>(
        &self,
        own: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        if self.is_broken.get() {
            return Err(Error::Gone);
        }
        let sent = self.sent.take();
        let answer = self.runtime.block_on(async {
            tokio::time::timeout(self.answer_max.get(), async {
                let mut own = pin!(own);
                // Written before the wait, so that all of it takes one round trip.
                let early = std::future::poll_fn(|context| {
                    Poll::Ready(match own.as_mut().poll(context) {
                        Poll::Ready(answer) => Some(answer),
                        Poll::Pending => None,
                    })
                })
                .await;
                for one in sent {
                    one.await?;
                }
                match early {
                    Some(answer) => answer,
                    None => own.await,
                }
            })
            .await
        });
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if error.as_db_error().is_none() || error.is_closed() || self.client.is_closed() {
                    self.is_broken.set(true);
                }
                Err(Error::Postgres(error))
            }
            Err(_) => {
                self.is_broken.set(true);
                Err(Error::Silent)
            }
        }
    }
}
