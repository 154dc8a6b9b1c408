//! Writes that wait to go as one statement of many rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use tokio_postgres::Statement;

use super::postgres_value::Owned;

/// What becomes of a second row under the same key, which is the first so many values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// There is no key: each row is a new one.
    Apart,
    /// It takes the first one's place.
    Newest(usize),
    /// What follows the key is added to the first one's.
    Sum(usize),
    /// It has to wait until the first one was written, whichever statement that is in.
    InTurn(usize),
}

impl How {
    const fn key(self) -> Option<usize> {
        match self {
            Self::Apart => None,
            Self::Newest(key) | Self::Sum(key) | Self::InTurn(key) => Some(key),
        }
    }
}

/// The rows of one statement.
pub(crate) struct Pile {
    /// Its text, as it is registered.
    pub(crate) sql: &'static str,
    /// It, for one row.
    pub(crate) statement: Statement,
    /// What it is to be given, at least once.
    pub(crate) rows: Vec<Vec<Owned>>,
    by_key: HashMap<Vec<Owned>, usize>,
}

/// Everything that waits, in the order in which it is to be written.
#[derive(Default)]
pub(crate) struct Piles {
    piles: BTreeMap<usize, Pile>,
    in_turn: HashSet<Vec<Owned>>,
}

impl Piles {
    /// Adds a row; gives it back if what waits has to be written first.
    pub(crate) fn add(
        &mut self,
        (place, how): (usize, How),
        (sql, statement): (&'static str, &Statement),
        row: Vec<Owned>,
    ) -> Result<(), Vec<Owned>> {
        let key = how.key().map(|key| row[..key].to_vec());
        if let (How::InTurn(_), Some(key)) = (how, &key)
            && !self.in_turn.insert(key.clone())
        {
            return Err(row);
        }
        let pile = self.piles.entry(place).or_insert_with(|| Pile {
            sql,
            statement: statement.clone(),
            rows: Vec::new(),
            by_key: HashMap::new(),
        });
        let before = key.as_ref().and_then(|key| pile.by_key.get(key)).copied();
        match (before, how) {
            (Some(before), How::Newest(_)) => pile.rows[before] = row,
            (Some(before), How::Sum(key)) => match sums(&pile.rows[before], &row, key) {
                Some(sums) => pile.rows[before] = sums,
                None => return Err(row),
            },
            (Some(_), How::Apart | How::InTurn(_)) | (None, _) => {
                if let Some(key) = key {
                    pile.by_key.insert(key, pile.rows.len());
                }
                pile.rows.push(row);
            }
        }
        Ok(())
    }

    /// Takes all of it.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Pile> + use<> {
        self.in_turn.clear();
        std::mem::take(&mut self.piles).into_values()
    }
}

/// The values after the key, added up; `None` when that is no number, or none that fits.
fn sums(one: &[Owned], other: &[Owned], key: usize) -> Option<Vec<Owned>> {
    let added = one[key..].iter().zip(&other[key..]).map(|pair| match pair {
        (Owned::Integer(one), Owned::Integer(other)) => one.checked_add(*other).map(Owned::Integer),
        _ => None,
    });
    one[..key].iter().cloned().map(Some).chain(added).collect()
}

/// What each parameter is given, row after row.
pub(crate) fn columns(rows: Vec<Vec<Owned>>) -> Vec<Vec<Owned>> {
    let width = rows.first().map_or(0, Vec::len);
    let mut columns: Vec<Vec<Owned>> = (0..width).map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}
