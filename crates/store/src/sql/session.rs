//! A PostgreSQL connection that one thread owns and waits on.
//!
//! What a thread does not wait for is sent at once and answered later: a write whose count nobody asks
//! for costs no round trip. Its failure shows at the next statement that is waited for, or at
//! [`Session::settle`]. While it [gathers](Session::gather), such writes wait for their like, and go as one
//! statement of many rows before anything else is asked.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::pile::{Pile, Piles, columns};
use super::postgres_value::Owned;
use super::{Error, Result, Value, many};
use crate::known::Known;
use crate::{dialect, gathered, postgres_dialect};

/// A statement that was sent and not answered.
type Sent = Pin<Box<dyn Future<Output = std::result::Result<u64, tokio_postgres::Error>> + Send>>;

/// A question about one, and what it is to be given for each of many.
pub(crate) type Question = (&'static str, Vec<Vec<Owned>>);

/// Transactions that may write between which rows are counted.
const COUNTED_AFTER: RangeInclusive<u64> = 16..=16_384;

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
    /// Whether the server is told how long a statement may take.
    is_limited: Cell<bool>,
    statements: RefCell<HashMap<&'static str, Statement>>,
    /// The same about many rows, by the texts of those about one.
    of_many: RefCell<HashMap<&'static str, Statement>>,
    sent: RefCell<Vec<Sent>>,
    /// What never left: a value that its column cannot hold.
    refused: RefCell<Option<tokio_postgres::Error>>,
    piles: RefCell<Piles>,
    is_gathering: Cell<bool>,
    /// Writes so far.
    writes: Cell<u64>,
    /// How often an answer was waited for so far.
    round_trips: Cell<u64>,
    /// Transactions so far that may write.
    write_transactions: Cell<u64>,
    known: RefCell<Option<Known>>,
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
            is_limited: Cell::new(false),
            statements: RefCell::default(),
            of_many: RefCell::default(),
            sent: RefCell::default(),
            refused: RefCell::default(),
            piles: RefCell::default(),
            is_gathering: Cell::new(false),
            writes: Cell::new(0),
            round_trips: Cell::new(0),
            write_transactions: Cell::new(0),
            known: RefCell::default(),
            is_in_transaction: Cell::new(false),
            is_broken: Cell::new(false),
        }
    }

    /// Whether what is asked from now on may take long.
    pub(crate) fn set_patience(&self, is_long: bool) {
        let answer_max = if is_long { self.patience.long } else { self.patience.usual };
        if self.answer_max.replace(answer_max) != answer_max && self.is_limited.get() {
            // A connection that has ended says so again at the next question.
            drop(self.limit());
        }
    }

    /// From now on the server ends a statement that takes too long: what is only given up here would go on
    /// there. It does so a little earlier, so that the connection is kept.
    pub(crate) fn limit(&self) -> Result<()> {
        self.is_limited.set(true);
        let limit_ms = self.answer_max.get().as_millis() * 9 / 10;
        self.batch(&format!("SET statement_timeout = {}", limit_ms.max(1)))
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
        // It changes nothing, so that what is gathered may go on waiting.
        self.wait_in_line(async { client.prepare(sql).await })
    }

    /// Runs a statement and waits for the number of rows that it changed.
    pub(crate) fn execute(&self, statement: &Statement, values: &[Value<'_>]) -> Result<u64> {
        self.writes.set(self.writes.get() + 1);
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

    /// Asks each of these questions about many, all in one flight; see [`many::many_questions`]. One that
    /// takes no parameters is asked as it is, and one about nothing is not asked.
    pub(crate) fn ask(&self, questions: &[Question]) -> Result<Vec<Vec<Row>>> {
        let mut asked = Vec::new();
        for (sql, given) in questions {
            let statement = match given.first() {
                None => None,
                Some(first) if first.is_empty() => Some(self.prepare(sql)?),
                Some(_) => Some(self.about_many(sql)?),
            };
            asked.push((statement, columns(given.clone())));
        }
        let client = &self.client;
        self.wait(async {
            let mut flight: Vec<_> = asked
                .iter()
                .map(|(statement, columns)| {
                    let given: Vec<_> =
                        columns.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
                    Box::pin(async move {
                        match statement {
                            Some(statement) => client.query(statement, &given).await,
                            None => Ok(Vec::new()),
                        }
                    })
                })
                .collect();
            let mut answers: Vec<Option<_>> = flight.iter().map(|_| None).collect();
            // Each is written at its first poll.
            std::future::poll_fn(|context| {
                for (one, answer) in flight.iter_mut().zip(&mut answers) {
                    if answer.is_none() {
                        *answer = match one.as_mut().poll(context) {
                            Poll::Ready(answer) => Some(answer),
                            Poll::Pending => None,
                        };
                    }
                }
                let is_done = answers.iter().all(Option::is_some);
                if is_done { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            answers.into_iter().flatten().collect()
        })
    }

    /// Whether writes that nobody waits for wait for their like from now on.
    pub(crate) fn gather(&self, is_gathering: bool) {
        self.is_gathering.set(is_gathering);
    }

    /// What was read ahead in this transaction.
    pub(crate) const fn known(&self) -> &RefCell<Option<Known>> {
        &self.known
    }

    /// How often something was written so far, or was gathered to be.
    pub(crate) const fn writes(&self) -> u64 {
        self.writes.get()
    }

    /// How often an answer of the database was waited for so far.
    pub(crate) const fn round_trips(&self) -> u64 {
        self.round_trips.get()
    }

    /// Writes without waiting: at once, or together with its like.
    pub(crate) fn run(
        &self,
        (sql, statement): (&'static str, &Statement),
        values: &[Value<'_>],
    ) -> Result<()> {
        let row: Vec<Owned> = values.iter().map(|value| Owned::of(*value)).collect();
        let how = gathered::how(sql).filter(|_| self.is_gathering.get());
        let Some(how) = how else {
            self.send_gathered()?;
            self.send(statement.clone(), row);
            return Ok(());
        };
        self.writes.set(self.writes.get() + 1);
        let refused = self.piles.borrow_mut().add(how, (sql, statement), row);
        let Err(row) = refused else { return Ok(()) };
        self.send_gathered()?;
        let added = self.piles.borrow_mut().add(how, (sql, statement), row);
        added.expect("nothing waits that could be in the way");
        Ok(())
    }

    /// Sends what was gathered.
    fn send_gathered(&self) -> Result<()> {
        let piles: Vec<Pile> = self.piles.borrow_mut().take().collect();
        for Pile { sql, statement, mut rows, .. } in piles {
            match rows.pop() {
                Some(row) if rows.is_empty() => self.send(statement, row),
                Some(row) => {
                    rows.push(row);
                    self.send(self.about_many(sql)?, columns(rows));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// The statement about many that does or asks what this one does for one.
    pub(crate) fn about_many(&self, sql: &'static str) -> Result<Statement> {
        if let Some(statement) = self.of_many.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let single = self.prepare(sql)?;
        let text = match many::many_rows(sql, single.params()) {
            Some(text) => text,
            None => many::many_questions(sql, single.params()),
        };
        let statement = self.prepare_text(&text)?;
        self.of_many.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    /// Sends a statement without waiting for its answer.
    pub(crate) fn send<T>(&self, statement: Statement, values: Vec<T>)
    where
        T: ToSql + Send + Sync + 'static,
    {
        self.writes.set(self.writes.get() + 1);
        let client = self.client.clone();
        let mut sent: Sent =
            Box::pin(async move { client.execute_raw(&statement, values.iter()).await });
        // The first poll writes the request; requests are answered in the order in which they are written.
        let mut later = Context::from_waker(Waker::noop());
        match sent.as_mut().poll(&mut later) {
            Poll::Pending => self.sent.borrow_mut().push(sent),
            Poll::Ready(Ok(_)) => {}
            // Nothing that comes after it may go, a commit least of all.
            Poll::Ready(Err(error)) => {
                self.refused.borrow_mut().get_or_insert(error);
            }
        }
    }

    /// Waits for everything that was sent.
    pub(crate) fn settle(&self) -> Result<()> {
        if self.is_gathering.get() {
            return Ok(());
        }
        let is_settled = self.sent.borrow().is_empty() && self.refused.borrow().is_none();
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
        self.forget();
        let begin = self.prepare(word)?;
        self.is_in_transaction.set(true);
        self.send(begin, Vec::<Owned>::new());
        Ok(())
    }

    /// Opens a transaction that may write, and asks for its turn without waiting: the first answer that is waited
    /// for comes when it has it.
    pub(crate) fn begin_write(&self) -> Result<()> {
        self.count_rows()?;
        self.begin(postgres_dialect::BEGIN_WRITE)?;
        self.send(self.prepare(postgres_dialect::TAKE_TURN)?, Vec::<Owned>::new());
        Ok(())
    }

    /// Before a transaction that may write: has the rows of a small shop counted each time there were twice
    /// as many of them. A server that does not know the words has its own way.
    fn count_rows(&self) -> Result<()> {
        let writes = self.write_transactions.get() + 1;
        self.write_transactions.set(writes);
        if !COUNTED_AFTER.contains(&writes) || !writes.is_power_of_two() {
            return Ok(());
        }
        match self.batch(postgres_dialect::COUNT_ROWS) {
            Err(Error::Postgres(refused)) if refused.as_db_error().is_some() => Ok(()),
            counted => counted,
        }
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
        self.forget();
        self.batch("ROLLBACK")?;
        self.is_in_transaction.set(false);
        Ok(())
    }

    /// What was written and read belongs to nobody any more.
    fn forget(&self) {
        self.sent.borrow_mut().clear();
        self.refused.borrow_mut().take();
        self.piles.borrow_mut().take().for_each(drop);
        self.known.borrow_mut().take();
        self.is_gathering.set(false);
    }

    /// Undoes what one work wrote, whatever became of what was sent for it.
    pub(crate) fn rollback_to_savepoint(&self) -> Result<()> {
        self.forget();
        self.batch("ROLLBACK TO SAVEPOINT work")
    }

    /// Waits for what was gathered and sent, in its order, and then for this.
    fn wait<T>(
        &self,
        own: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        self.send_gathered()?;
        self.wait_in_line(own)
    }

    /// Waits for what was sent, in its order, and then for this.
    fn wait_in_line<T>(
        &self,
        own: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        if self.is_broken.get() {
            return Err(Error::Gone);
        }
        if let Some(error) = self.refused.take() {
            return Err(Error::Postgres(error));
        }
        self.round_trips.set(self.round_trips.get() + 1);
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
