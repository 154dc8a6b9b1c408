//! What is PostgreSQL's own: several servers on one database, lost connections, its schema.

use std::sync::Arc;

use app::commit_counts::OneByOne;
use app::ports::{Store, StoreError};
use app::records::Records;
use app::rows::{Changes, Needs, OutboxKind, Rows};
use app::work::commit;
use domain::ledger::facts::merchant_credited;
use futures::future::join_all;
use rusqlite::Connection;
use store::{CopyFailed, OpenError, Options, PostgresUrl, Purpose, SqlStore};
use tron::Sun;

use crate::cluster::{Cluster, cluster, cluster_with_tls, name_of};
use crate::support::{NOW, base, deliver, include, order_id, place};

fn connect(url: &str) -> Arc<SqlStore> {
    Arc::new(SqlStore::connect(&url.into(), Options::default()).unwrap())
}

#[test]
fn servers_on_one_database_decide_as_one() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    crate::block_on(async {
        let stores = [connect(&url), connect(&url), connect(&url)];
        let base = base(&*stores[0]).await;
        // Every order is placed on every server at once: each is accepted once and charged once.
        let tasks: Vec<_> = (0..48)
            .flat_map(|number| stores.clone().map(|store| (number, store)))
            .map(|(number, store)| {
                tokio::spawn(async move { place(&*store, base, number).await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let audit = stores[1].audit().await.unwrap();
        assert_eq!(audit.differences, Vec::<String>::new());
        assert_eq!(audit.orders, 48);
        let mut claimed = Vec::new();
        for store in stores.iter().cycle().take(6) {
            let until = NOW.after_secs(30);
            let leases = store.claim(OutboxKind::Order, "one", NOW, until, 10).await.unwrap();
            claimed.extend(leases.iter().map(app::rows::Lease::order));
        }
        claimed.sort();
        let all: Vec<_> = (0..48).map(order_id).collect();
        assert_eq!(claimed, all, "each row is claimed by one server");
    });
}

#[test]
fn works_that_are_done_one_by_one_are_counted() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    crate::block_on(async {
        let store = connect(&url);
        let base = base(&*store).await;
        place(&*store, base, 0).await.unwrap();
        let before = store.commit_counts();
        assert_eq!(before.one_by_one, [0; OneByOne::ALL.len()]);
        let fact = merchant_credited([6; 16], base.merchant, Sun::new(1), "first", NOW);
        let post = || {
            let changes = Changes { ledger: vec![fact.clone()], ..Changes::default() };
            commit(&*store, Needs::default(), move |_| Ok::<_, ()>((changes.clone(), ())))
        };
        post().await.unwrap().unwrap();
        let again = post().await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        let panics = |_: &Rows| -> Result<(Changes, ()), ()> { panic!("on purpose") };
        let broken = commit(&*store, Needs::default(), panics).await;
        assert!(matches!(broken, Err(StoreError::Broken(_))), "{broken:?}");
        let counts = store.commit_counts();
        let of = |why: OneByOne| counts.one_by_one[why.index()];
        assert_eq!((of(OneByOne::Refused), of(OneByOne::Broken)), (1, 1));
        assert_eq!(of(OneByOne::LeaseLost), 0);
        assert_eq!((counts.commits - before.commits, counts.works - before.works), (3, 3));
        assert_eq!((counts.repeated, counts.failed), (0, 0));
    });
}

#[test]
fn a_commit_about_orders_waits_for_two_answers() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    crate::block_on(async {
        let store = connect(&url);
        let base = base(&*store).await;
        // Statements are prepared at their first use.
        let first = place(&*store, base, 0).await.unwrap();
        include(&*store, base, first, 7).await;
        let waits = || store.commit_counts().round_trips;
        let before = waits();
        let second = place(&*store, base, 1).await.unwrap();
        assert_eq!(waits() - before, 2, "one for the turn and all questions, one for the commit");
        let before = waits();
        include(&*store, base, second, 8).await;
        assert_eq!(waits() - before, 2 * 2, "it is signed and included");
    });
}

#[test]
fn a_lost_connection_is_made_again() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    crate::block_on(async {
        let store = connect(&url);
        let base = base(&*store).await;
        for number in 0..3 {
            place(&*store, base, number).await.unwrap();
            cut(cluster, &url);
        }
        for number in 0..3 {
            assert!(store.whole(order_id(number)).await.unwrap().is_some());
            cut(cluster, &url);
        }
        let audit = store.audit().await.unwrap();
        assert_eq!((audit.orders, audit.differences), (3, Vec::new()));
    });
}

/// Ends every connection to the database.
fn cut(cluster: &Cluster, url: &str) {
    let sql = format!(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'",
        name_of(url)
    );
    cluster.try_ask("postgres", &sql).unwrap();
}

#[test]
fn a_database_that_is_gone_is_unavailable_and_comes_back() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let name = name_of(&url);
    let allow = |connections: i32| {
        let sql = format!("ALTER DATABASE {name} CONNECTION LIMIT {connections}");
        cluster.try_ask("postgres", &sql).unwrap();
    };
    crate::block_on(async {
        // A user without special rights, whom the limit stops.
        let role = format!(
            "CREATE ROLE {name} LOGIN; ALTER DATABASE {name} OWNER TO {name}; \
            GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}"
        );
        cluster.try_ask(name, &role).unwrap();
        let store = connect(&url.replace("user=sunsweep", &format!("user={name}")));
        let base = base(&*store).await;
        place(&*store, base, 0).await.unwrap();
        allow(0);
        cut(cluster, &url);
        for _ in 0..2 {
            let gone = place(&*store, base, 1).await;
            assert!(matches!(gone, Err(StoreError::Unavailable(_))), "{gone:?}");
            let gone = store.watched().await;
            assert!(matches!(gone, Err(StoreError::Unavailable(_))), "{gone:?}");
        }
        allow(-1);
        place(&*store, base, 1).await.unwrap();
        assert_eq!(store.audit().await.unwrap().orders, 2);
    });
}

#[test]
fn a_shop_moves_with_everything_it_has() {
    let Some(cluster) = cluster() else { return };
    let (url, directory) = (cluster.database(), tempfile::tempdir().unwrap());
    let path = crate::path_in(&directory);
    let copy = |purpose| store::copy(&path, &url.as_str().into(), purpose);
    crate::block_on(async {
        let old = SqlStore::open(&path, Options::default()).unwrap();
        let base = base(&old).await;
        for number in 0..20 {
            let order = place(&old, base, number).await.unwrap();
            if number % 2 == 0 {
                deliver(&old, base, order, 100).await;
            }
        }
        let rehearsed = copy(Purpose::Rehearsal).unwrap();
        place(&old, base, 20).await.unwrap();
        let merchants = old.merchants().await.unwrap();
        let copied = copy(Purpose::Move).unwrap();
        // Nobody goes on with the old one, neither who has it open nor who opens it.
        let refused = place(&old, base, 21).await.unwrap_err();
        let why = StoreError::Unavailable("the shop was moved to another database".to_owned());
        assert_eq!(refused, why);
        drop(old);
        let opened = SqlStore::open(&path, Options::default()).err();
        assert!(matches!(opened, Some(OpenError::Moved { .. })), "{opened:?}");
        let orders = copied.iter().find(|table| table.name == "orders").unwrap();
        assert_eq!(orders.rows, 21);
        assert_eq!(rehearsed.len(), copied.len());
        let new = connect(&url);
        assert_eq!(new.merchants().await.unwrap(), merchants);
        for number in 0..21 {
            let again = place(&*new, base, number).await.unwrap();
            assert_eq!(again, order_id(number), "replays are known");
        }
        place(&*new, base, 21).await.unwrap();
        let audit = new.audit().await.unwrap();
        assert_eq!((audit.orders, audit.differences), (22, Vec::new()));
        let second = copy(Purpose::Move).unwrap_err();
        assert!(matches!(second, CopyFailed::MovedBefore), "{second}");
        let other = tempfile::tempdir().unwrap();
        let other = crate::path_in(&other);
        let foreign = store::copy(&other, &url.as_str().into(), Purpose::Move).unwrap_err();
        assert!(matches!(foreign, CopyFailed::NotEmpty(_)), "{foreign}");
    });
}

/// Orders that are placed one by one, so that plans are kept from when there were hardly any.
const FIRST_ORDERS: u64 = 12;
/// Orders that are placed at once after them, again and again.
const AT_ONCE: u64 = 50;

/// Index entries and rows that a shop reads to take and deliver so many orders, whose rows were counted when
/// there was one.
async fn rows_read_for(cluster: &Cluster, orders: u64) -> u64 {
    let url = cluster.database();
    let ask = |sql: &str| cluster.try_ask(name_of(&url), sql).unwrap();
    let store = connect(&url);
    let base = base(&*store).await;
    place(&*store, base, 0).await.unwrap();
    ask("ANALYZE");
    for number in 1..FIRST_ORDERS {
        place(&*store, base, number).await.unwrap();
    }
    for first in (FIRST_ORDERS..orders).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let numbers = first..orders.min(first + AT_ONCE);
        let placed = join_all(numbers.map(|number| place(&*store, base, number))).await;
        let delivered = placed.into_iter().map(|order| deliver(&*store, base, order.unwrap(), 100));
        join_all(delivered).await;
    }
    // What a connection has counted is told at the latest when it ends.
    cut(cluster, &url);
    let read = ask("SELECT SUM(seq_tup_read) + (SELECT SUM(idx_tup_read) FROM \
                    pg_stat_user_indexes) FROM pg_stat_user_tables");
    read.trim().parse().unwrap()
}

#[test]
fn an_order_reads_no_more_rows_for_those_before_it() {
    let Some(cluster) = cluster() else { return };
    crate::block_on(async {
        let few = rows_read_for(cluster, 100).await;
        let many = rows_read_for(cluster, 400).await;
        assert!(many <= few * 5, "{few} rows were read for 100 orders, {many} for 400");
    });
}

#[test]
fn two_first_starts_make_one_schema() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.empty_database();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| drop(connect(&url)));
        }
    });
    let steps = cluster.try_ask(name_of(&url), "SELECT COUNT(*) FROM schema_migration").unwrap();
    assert_ne!(steps.trim(), "0");
}

#[test]
fn a_newer_schema_is_used_as_far_as_it_says() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let newer = |works_with: i64| {
        let sql = format!(
            "DELETE FROM schema_migration WHERE number = 9999; \
             INSERT INTO schema_migration VALUES (9999, 'of the future', '', {works_with})"
        );
        cluster.try_ask(name_of(&url), &sql).unwrap();
    };
    newer(1);
    crate::block_on(async { base(&*connect(&url)).await });
    newer(9_999);
    let refused = SqlStore::connect(&url.as_str().into(), Options::default()).err().unwrap();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("use the newer one"), "{why}");
}

#[test]
fn both_schemas_have_the_same_tables_columns_and_indexes() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let ask = |sql: &str| -> Vec<String> {
        let answer = cluster.try_ask(name_of(&url), sql).unwrap();
        let mut lines: Vec<_> = answer.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let directory = tempfile::tempdir().unwrap();
    let path = crate::path_in(&directory);
    drop(SqlStore::inline_at(&path).unwrap());
    let sqlite = Connection::open(&path).unwrap();
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = sqlite.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        let mut lines = rows.collect::<Result<Vec<_>, _>>().unwrap();
        lines.sort();
        lines
    };
    let columns = ask(
        "SELECT table_name || ' ' || column_name || ' ' || CASE data_type WHEN 'bigint' \
           THEN 'INTEGER' WHEN 'bytea' THEN 'BLOB' WHEN 'text' THEN 'TEXT' ELSE data_type END || ' ' \
           || CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END \
         FROM information_schema.columns WHERE table_schema = 'public' \
           AND table_name <> 'schema_migration'",
    );
    let expected = rows(
        "SELECT tables.name || ' ' || columns.name || ' ' || columns.type || ' ' \
           || columns.\"notnull\" \
         FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns \
         WHERE tables.type = 'table' AND tables.name <> 'schema_migration'",
    );
    assert_eq!(columns, expected);
    let indexes = ask("SELECT indexname FROM pg_indexes WHERE schemaname = 'public' \
           AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'");
    let expected = rows("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL");
    assert_eq!(indexes, expected);
}

#[test]
fn the_schema_refuses_what_would_break_money() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let ask = |sql: &str| cluster.try_ask(name_of(&url), sql);
    let refused = |sql: &str, by: &str| {
        let text = ask(sql).unwrap_err();
        assert!(text.contains(by), "{text} should name {by}");
    };
    ask("INSERT INTO ledger_account (kind, merchant_id) VALUES (1, 1), (2, 1)").unwrap();
    let id = "decode(repeat('01', 16), 'hex')";
    let entry = |number: i64, kind: i64, amount: i64| {
        let merchant = i64::from(kind < 3);
        format!(
            "INSERT INTO ledger_entry VALUES ({id}, 1, {number}, {kind}, {merchant}, {amount}, 0, {number}, 0);"
        )
    };
    let header = format!("INSERT INTO ledger_tx VALUES ({id}, 1, NULL, 'why', 0, NULL);");
    let all = |entries: &[String]| format!("BEGIN; {} {header} COMMIT;", entries.concat());
    for amounts in [&[-5, 4][..], &[5, 5], &[], &[0], &[-5, 5, 1]] {
        let entries: Vec<_> =
            (1..).zip(amounts).map(|(number, amount)| entry(number, 4, *amount)).collect();
        refused(&all(&entries), "ledger_tx_unbalanced");
    }
    refused(&entry(1, 4, -5), "foreign key");
    ask(&all(&[entry(1, 4, -5), entry(2, 1, 5)])).unwrap();
    refused(&header, "ledger_tx_pkey");
    refused(&entry(3, 4, 0), "ledger_tx_exists");
    for sql in [
        "UPDATE ledger_entry SET amount = 6 WHERE amount = 5",
        "UPDATE ledger_tx SET reason = 'another'",
        "DELETE FROM ledger_entry",
        "DELETE FROM ledger_tx",
        "TRUNCATE ledger_entry, ledger_tx",
    ] {
        refused(sql, "ledger_is_final");
    }
    for (kind, is_allowed) in [(1, false), (2, false), (3, false), (4, true)] {
        let sql = format!("UPDATE ledger_account SET balance = -1 WHERE kind = {kind}");
        assert_eq!(ask(&sql).is_ok(), is_allowed, "kind {kind}");
    }
    refused("INSERT INTO ledger_account VALUES (1, 0, 0)", "ledger_account_has_its_owner");
    let wallet = "INSERT INTO wallet (address, signer, role, permission_id, energy_reserved)
        VALUES (decode(repeat('00', 21), 'hex'), decode(repeat('00', 21), 'hex'), 0, 2, -1)";
    refused(wallet, "wallet_energy_reserved_not_negative");
}

#[test]
fn an_encrypted_connection_wants_to_know_whose_it_is() {
    let Some((cluster, port, certificate)) = cluster_with_tls() else { return };
    let words = cluster.database();
    let name = name_of(&words);
    let connect = |host: &str, mode: &str, authorities: Option<&[u8]>| {
        let who = format!("sslmode={mode}&application_name={mode}");
        let url = format!("postgres://sunsweep@{host}:{port}/{name}?{who}");
        let url =
            PostgresUrl { url: &url, password: None, authorities: authorities.map(<[u8]>::to_vec) };
        SqlStore::connect(&url, Options::default())
    };
    let encrypted = |mode: &str| {
        let sql = format!(
            "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
             WHERE ssl AND application_name = '{mode}'"
        );
        cluster.try_ask("postgres", &sql).unwrap().trim().parse::<usize>().unwrap()
    };
    let connections = Options::default().readers + 1;
    let trusted = Some(certificate.as_slice());
    for mode in ["require", "verify-full", "prefer"] {
        let store = connect("localhost", mode, trusted).unwrap();
        assert_eq!(encrypted(mode), connections, "{mode}");
        crate::block_on(async { assert!(store.merchants().await.unwrap().is_empty()) });
    }
    for (host, authorities, why) in
        [("localhost", None, "InvalidCertificate"), ("127.0.0.1", trusted, "NotValidForName")]
    {
        let refused = connect(host, "verify-full", authorities).err().expect(why);
        assert!(format!("{refused:?}").contains(why), "{refused:?}");
    }
    let refused = connect("localhost", "require", Some(b"no certificate")).err().unwrap();
    assert!(refused.to_string().contains("no certificate"), "{refused}");
    let unknown = connect("localhost", "verify-ca", trusted).err().unwrap();
    assert!(unknown.to_string().contains("sslmode"), "{unknown}");
    let plain = connect("127.0.0.1", "disable", None).unwrap();
    assert_eq!(encrypted("disable"), 0);
    drop(plain);
}
