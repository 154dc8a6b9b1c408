//! The registry: every statement is a named constant that a test prepares.

/// Defines the statements of one noun and lists them for the registry.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(pub(crate) const $name: &str = $sql;)*

        /// Every statement of this file, by name.
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// Every statement of the room.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        crate::admin::STATEMENTS,
        crate::admin_token::STATEMENTS,
        crate::answer::STATEMENTS,
        crate::batch::STATEMENTS,
        crate::batch_list::STATEMENTS,
        crate::callback::STATEMENTS,
        crate::callback_list::STATEMENTS,
        crate::deposit::STATEMENTS,
        crate::energy_use::STATEMENTS,
        crate::figures::STATEMENTS,
        crate::key::STATEMENTS,
        crate::key_use::STATEMENTS,
        crate::ledger::STATEMENTS,
        crate::leg::STATEMENTS,
        crate::merchant::STATEMENTS,
        crate::merchant_statement::STATEMENTS,
        crate::order::STATEMENTS,
        crate::order_list::STATEMENTS,
        crate::outbox::STATEMENTS,
        crate::person::STATEMENTS,
        crate::policy::STATEMENTS,
        crate::policy_list::STATEMENTS,
        crate::pool::STATEMENTS,
        crate::price::STATEMENTS,
        crate::transfer::STATEMENTS,
        crate::tx::STATEMENTS,
        crate::tx_known::STATEMENTS,
        crate::watch::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .chain(crate::audit::statements())
    .copied()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::sql::Connection;
    use crate::{cluster, fault, migrate, postgres, sqlite_dialect};

    fn memory() -> Connection {
        let connection = Connection::Sqlite(rusqlite::Connection::open_in_memory().unwrap());
        migrate::migrate(&connection).unwrap();
        connection
    }

    #[test]
    fn every_statement_prepares() {
        let connection = memory();
        let connection = connection.as_sqlite().unwrap();
        let mut count = 0;
        for (name, sql) in super::all() {
            connection.prepare(sql).unwrap_or_else(|error| panic!("{name}: {error}\n{sql}"));
            count += 1;
        }
        assert!(count > 40, "only {count} statements are registered");
        assert!(
            count < sqlite_dialect::STATEMENTS_CACHED,
            "{count} statements do not fit the cache"
        );
    }

    #[test]
    fn every_statement_prepares_on_postgres() {
        let Some(cluster) = cluster::cluster() else { return };
        let connection = postgres::connection(&cluster.database()).unwrap();
        for (name, sql) in super::all() {
            let prepared = connection.prepare_cached(sql).map(drop);
            prepared.unwrap_or_else(|error| {
                panic!("{name}: {}\n{sql}", fault::store_error(error.into()))
            });
        }
    }

    /// Orders that are over stay on their address for ever.
    #[test]
    fn live_orders_on_an_address_are_found_without_the_others() {
        let connection = memory();
        let connection = connection.as_sqlite().unwrap();
        sqlite_dialect::prepare_reader(connection, 1_024, Duration::ZERO).unwrap();
        let about_live = super::all()
            .filter(|(_, sql)| sql.contains("receiver = ") && sql.contains("is_live = 1"));
        let mut count = 0;
        for (name, sql) in about_live {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            plan.raw_bind_parameter(1, 1).unwrap();
            let (mut steps, mut all) = (plan.raw_query(), String::new());
            while let Some(step) = steps.next().unwrap() {
                all += &step.get::<_, String>(3).unwrap();
            }
            assert!(all.contains("orders_live (receiver=? AND is_live=?)"), "{name}: {all}");
            count += 1;
        }
        assert!(count >= 5, "only {count} statements are about live orders");
    }

    /// The statements that read a whole table, and which small one it is; the outbox holds only what is
    /// open.
    const SCANS: &[(&str, &str)] = &[
        ("ALL", "wallet"),
        ("SIGNERS", "wallet"),
        ("ALL_TOKENS", "admin_token"),
        ("OF_REFERENCE_ANYWHERE", "merchant"),
        ("ON_ADDRESS", "merchant"),
        ("QUEUES", "outbox"),
        ("LIVE", "orders USING INDEX orders_live"),
        ("LIVE", "live"),
        ("LENT_BY_STATE", "orders USING INDEX orders_live"),
        ("DUE_BACK", "orders USING INDEX orders_live"),
        // The rows of a span of time, which the inner statement has searched for.
        ("READY", "placed"),
        ("READY_OF_MERCHANT", "placed"),
        ("EVERYBODY", "person USING INDEX person_name"),
        ("FREE_ALL", "outbox"),
        // No more than may be claimed.
        ("CLAIM", "due"),
        ("LENT", "orders USING COVERING INDEX orders_live"),
        ("USED_SINCE", "orders USING INDEX orders_live"),
        ("OPEN", "chain_tx USING INDEX chain_tx_open"),
        ("NUDGE_WATCHED", "policy USING INDEX policy_watched"),
        ("OPEN", "transfer USING INDEX transfer_open"),
        // Of an order. A table with triggers gets code that looks for rows which waited for the new one;
        // it is skipped unless a foreign key is violated at that moment, which none of ours ever is.
        ("INSERT", "policy"),
        ("INSERT", "ledger_tx"),
        ("OUTLAYS", "transfer USING INDEX transfer_open"),
        ("OPEN_ACTIVATION", "transfer USING INDEX transfer_open"),
        ("ADDRESSES", "deposit_address"),
        ("NEWEST", "deposit USING INDEX deposit_by_block"),
    ];

    #[test]
    fn no_statement_of_the_daily_work_scans_a_table_that_grows() {
        let connection = memory();
        let connection = connection.as_sqlite().unwrap();
        sqlite_dialect::prepare_reader(connection, 1_024, Duration::ZERO).unwrap();
        let audit: Vec<&str> = crate::audit::statements().map(|(_, sql)| *sql).collect();
        for (name, sql) in super::all().filter(|(_, sql)| !audit.contains(sql)) {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            for number in 1..=plan.parameter_count() {
                plan.raw_bind_parameter(number, 1).unwrap();
            }
            let mut steps = plan.raw_query();
            while let Some(step) = steps.next().unwrap() {
                let step: String = step.get(3).unwrap();
                let is_known = SCANS.iter().any(|(known, table)| {
                    *known == name && step.strip_prefix("SCAN ") == Some(table)
                });
                // The rows of a subquery are those that it has searched for.
                let is_table = step.starts_with("SCAN") && !step.starts_with("SCAN (");
                assert!(!is_table || is_known, "{name}: {step}");
            }
        }
    }

    /// What is passed over because a parameter says so may be all there is: how many are looked through is
    /// bounded at both ends.
    #[test]
    fn what_is_looked_through_for_a_list_has_two_ends() {
        let connection = memory();
        let connection = connection.as_sqlite().unwrap();
        sqlite_dialect::prepare_reader(connection, 1_024, Duration::ZERO).unwrap();
        let lists = [crate::order_list::STATEMENTS, crate::callback_list::STATEMENTS].concat();
        let passing = lists.into_iter().filter(|(_, sql)| sql.contains("OR ?"));
        let mut count = 0;
        for (name, sql) in passing {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let (mut steps, mut all) = (plan.raw_query(), String::new());
            while let Some(step) = steps.next().unwrap() {
                all += &step.get::<_, String>(3).unwrap();
            }
            let is_bounded = ["id>? AND id<?)", "order_id>? AND order_id<?)"]
                .iter()
                .any(|bounds| all.contains(bounds));
            assert!(is_bounded || all.contains("orders_live"), "{name}: {all}");
            count += 1;
        }
        assert!(count >= 10, "only {count} statements of lists pass something over");
    }
}
