//! Questions about many rows of several tables that are asked together.

use std::collections::HashSet;
use std::hash::Hash;

use crate::fault::Fault;
use crate::sql::{self, Owned, Question, Row, Session};

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
