//! Questions about many rows of several tables that are asked together.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use crate::fault::Fault;
use crate::sql::{self, Connection, Owned, Question, Row, Session};

/// Questions that are to be asked.
#[derive(Default)]
pub(crate) struct Flight(Vec<Question>);

/// One question about many: the keys that it is about, each once.
pub(crate) struct Asked<K> {
    keys: Vec<K>,
    place: usize,
}

/// What was answered.
pub(crate) struct Answers(Vec<Vec<tokio_postgres::Row>>);

impl Flight {
    /// A question about each of these keys, which is given these values for it.
    pub(crate) fn ask<K: Clone + Eq + Hash>(
        &mut self,
        sql: &'static str,
        keys: impl IntoIterator<Item = K>,
        given: impl Fn(&K) -> Vec<Owned>,
    ) -> Asked<K> {
        let mut seen = HashSet::new();
        let keys: Vec<K> = keys.into_iter().filter(|key| seen.insert(key.clone())).collect();
        self.0.push((sql, keys.iter().map(given).collect()));
        Asked { keys, place: self.0.len() - 1 }
    }

    /// Asks all of them in one flight.
    pub(crate) fn answers(&self, session: &Session) -> Result<Answers, Fault> {
        Ok(Answers(session.ask(&self.0)?))
    }
}

impl<K: Clone> Asked<K> {
    /// What was asked about.
    pub(crate) fn keys(&self) -> impl Iterator<Item = K> {
        self.keys.iter().cloned()
    }

    /// Each row of the answer, with the key that it is for.
    pub(crate) fn rows<T>(
        &self,
        answers: &Answers,
        read: impl Fn(&Row<'_>) -> sql::Result<T>,
    ) -> Result<Vec<(K, T)>, Fault> {
        let rows = answers.0.get(self.place).into_iter().flatten();
        let keyed = rows.map(|row| {
            let found = Row::Postgres(row);
            // A question that is about nothing in particular has one key, and no column that says it.
            let number = match row.columns().last() {
                Some(last) if last.name() == "n" => found.get::<u32>(row.len() - 1)? as usize,
                Some(_) | None => 1,
            };
            let key = number.checked_sub(1).and_then(|index| self.keys.get(index));
            let key =
                key.cloned().ok_or_else(|| Fault::Broken(format!("nobody asked for {number}")))?;
            Ok((key, read(&found)?))
        });
        keyed.collect()
    }
}

/// What a question finds about each of these keys, which is its one parameter; in their order. Where an
/// answer is waited for, all are asked in one statement.
pub(crate) fn found_of<K: Clone + Eq + Hash, T>(
    connection: &Connection,
    sql: &'static str,
    keys: &[K],
    bytes: impl Fn(&K) -> Vec<u8>,
    read: impl Fn(&Row<'_>) -> sql::Result<T>,
) -> Result<Vec<(K, T)>, Fault> {
    let mut found = Vec::new();
    let Some(session) = connection.as_postgres() else {
        let mut one = connection.prepare_cached(sql)?;
        for key in keys {
            for row in one.query_map([bytes(key)], &read)? {
                found.push((key.clone(), row?));
            }
        }
        return Ok(found);
    };
    let mut flight = Flight::default();
    let given = |key: &K| sql::owned([bytes(key)]);
    let asked = flight.ask(sql, keys.iter().cloned(), given);
    let answers = flight.answers(session)?;
    found = asked.rows(&answers, read)?;
    let places: HashMap<K, usize> = asked.keys().zip(0..).collect();
    found.sort_by_key(|(key, _)| places.get(key).copied());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use tron::{Address, TxId};

    use crate::{cluster, deposit, order, policy, postgres, tx};

    /// What a block of strangers is looked through for.
    const STRANGERS: u64 = 300;

    /// The database may be in another zone, where each answer is a millisecond and more.
    #[test]
    fn on_postgres_many_are_asked_about_without_waiting_for_each() {
        let Some(cluster) = cluster::cluster() else { return };
        let connection = postgres::connection(&cluster.database()).unwrap();
        let txids: Vec<TxId> = (0..STRANGERS).map(|one| TxId::of_raw(&one.to_be_bytes())).collect();
        let address = |one: u64| {
            let mut evm = [0; 20];
            evm[..8].copy_from_slice(&one.to_be_bytes());
            Address::from_evm(evm)
        };
        let addresses: Vec<Address> = (0..STRANGERS).map(address).collect();
        // Statements are prepared at their first use.
        for is_first in [true, false] {
            let counted = |ask: &dyn Fn() -> usize| {
                let before = connection.round_trips();
                connection.begin_read().unwrap();
                assert_eq!(ask(), 0, "nothing of it is ours");
                connection.commit().unwrap();
                let waits = connection.round_trips() - before;
                assert!(is_first || waits <= 3, "{waits} answers were waited for");
            };
            counted(&|| tx::own(&connection, &txids).unwrap().len());
            counted(&|| order::live_receivers(&connection, &addresses).unwrap().len());
            counted(&|| policy::watched(&connection, &addresses).unwrap().len());
            counted(&|| deposit::merchants_of(&connection, &addresses).unwrap().len());
        }
    }
}
