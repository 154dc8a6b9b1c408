//! The writes of works that are done together: which of them go as one statement of many rows, and in
//! which order.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::sql::How;
use crate::{answer, callback, energy_use, key, ledger, leg, order, outbox, pool, tx};

/// In the order in which they are written: what others refer to comes first.
pub(crate) const GATHERED: &[(&str, How)] = &[
    (order::INSERT, How::Apart),
    (leg::INSERT, How::Apart),
    (tx::INSERT, How::Apart),
    (energy_use::INSERT, How::Apart),
    (order::UPDATE, How::Newest(1)),
    (leg::UPDATE, How::Newest(2)),
    (tx::UPDATE, How::Newest(2)),
    (ledger::SET_HEAD, How::Newest(0)),
    (ledger::MOVE_BALANCE, How::Sum(2)),
    (ledger::INSERT_ENTRY, How::Apart),
    (ledger::INSERT_TX, How::Apart),
    (pool::CHANGE, How::Sum(1)),
    (key::ADD_SPEND, How::Sum(2)),
    (answer::INSERT_REPLAY, How::Apart),
    (answer::INSERT_RESEND, How::Apart),
    (callback::INSERT, How::Apart),
    (outbox::WANT, How::InTurn(2)),
    (outbox::PUT_BACK, How::InTurn(2)),
    (outbox::DROP, How::InTurn(2)),
    (order::SET_LIVE, How::Newest(1)),
];

/// Where in that order a statement is, and what becomes of a second row under the same key.
pub(crate) fn how(sql: &'static str) -> Option<(usize, How)> {
    static PLACES: LazyLock<HashMap<&str, (usize, How)>> = LazyLock::new(|| {
        GATHERED.iter().enumerate().map(|(place, (sql, how))| (*sql, (place, *how))).collect()
    });
    PLACES.get(sql).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cluster, fault, postgres};

    #[test]
    fn every_gathered_statement_prepares_about_many_rows() {
        let Some(cluster) = cluster::cluster() else { return };
        let connection = postgres::connection(&cluster.database()).unwrap();
        let session = connection.as_postgres().unwrap();
        for (sql, _) in GATHERED {
            let prepared = session.about_many(sql);
            prepared.unwrap_or_else(|error| panic!("{}\n{sql}", fault::store_error(error.into())));
        }
    }

    #[test]
    fn no_statement_has_two_places() {
        assert!(
            GATHERED
                .iter()
                .enumerate()
                .all(|(place, (sql, gathered))| { how(sql) == Some((place, *gathered)) })
        );
    }
}
