//! What a copy leaves behind wherever it is cut short, and what the next one makes of it.

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::cluster::{Cluster, cluster, name_of};
use crate::doors::SqlStore;
use crate::open::OpenError;

/// A file with a shop.
struct Shop {
    path: PathBuf,
    _directory: TempDir,
}

impl Shop {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sunsweep.sqlite");
        drop(SqlStore::inline_at(&path).unwrap());
        let merchant = "INSERT INTO merchant (id, name, created_ms) VALUES (1, 'Shop', 0)";
        sqlite::leaving_connection(&path, Options::default()).unwrap().batch(merchant).unwrap();
        Self { path, _directory: directory }
    }

    fn copy(&self, url: &str, purpose: Purpose) -> Result<Vec<CopiedTable>, CopyFailed> {
        copy(&self.path, &url.into(), purpose)
    }

    /// A copy whose power fails before the new database commits; the file has said that the shop has left.
    fn cut_short(&self, url: &str) -> Way {
        let (url, path) = (url.into(), &self.path);
        let copier = Copier::new(path, &url).unwrap();
        copier.set_aside().unwrap();
        copier.leave().unwrap().0
    }

    /// Settles a commit that went unanswered.
    fn settle(&self, url: &str, way: &Way) -> Result<(), CopyFailed> {
        let url = url.into();
        Copier::new(&self.path, &url).unwrap().settle(way, Error::Gone)
    }

    fn is_closed(&self) -> bool {
        match SqlStore::inline_at(&self.path) {
            Ok(_) => false,
            Err(OpenError::Moved { .. }) => true,
            Err(other) => panic!("{other}"),
        }
    }
}

fn merchants(cluster: &Cluster, url: &str) -> String {
    cluster.try_ask(name_of(url), "SELECT COUNT(*) FROM merchant").unwrap().trim().to_owned()
}

#[test]
fn on_postgres_a_copy_that_was_cut_short_ends_where_it_began() {
    let Some(cluster) = cluster() else { return };
    let (url, other, shop) = (cluster.database(), cluster.database(), Shop::new());
    shop.cut_short(&url);
    assert!(shop.is_closed());
    for purpose in [Purpose::Rehearsal, Purpose::Move] {
        let elsewhere = shop.copy(&other, purpose).unwrap_err();
        let CopyFailed::MovedElsewhere { place } = &elsewhere else { panic!("{elsewhere}") };
        assert!(place.contains(name_of(&url)), "{place}");
    }
    assert_eq!(merchants(cluster, &other), "0", "there are not two shops");
    let renamed = url.replace(name_of(&url), &format!("{}_renamed", name_of(&url)));
    let rename = format!("ALTER DATABASE {} RENAME TO {}", name_of(&url), name_of(&renamed));
    cluster.try_ask("postgres", &rename).unwrap();
    shop.copy(&renamed, Purpose::Move).unwrap();
    assert_eq!(merchants(cluster, &renamed), "1");
    for purpose in [Purpose::Rehearsal, Purpose::Move] {
        let again = shop.copy(&renamed, purpose).unwrap_err();
        assert!(matches!(again, CopyFailed::MovedBefore), "{again}");
        let elsewhere = shop.copy(&other, purpose).unwrap_err();
        assert!(matches!(elsewhere, CopyFailed::MovedElsewhere { .. }), "{elsewhere}");
    }
}

#[test]
fn on_postgres_a_database_that_was_made_anew_is_another() {
    let Some(cluster) = cluster() else { return };
    let (url, shop) = (cluster.database(), Shop::new());
    shop.cut_short(&url);
    let name = name_of(&url);
    cluster.try_ask("postgres", &format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    cluster.try_ask("postgres", &format!("CREATE DATABASE {name}")).unwrap();
    let refused = shop.copy(&url, Purpose::Move).unwrap_err();
    assert!(matches!(refused, CopyFailed::MovedElsewhere { .. }), "{refused}");
}

#[test]
fn on_postgres_a_shop_that_has_not_left_may_go_anywhere() {
    let Some(cluster) = cluster() else { return };
    let (url, other, shop) = (cluster.database(), cluster.database(), Shop::new());
    shop.copy(&url, Purpose::Rehearsal).unwrap();
    Copier::new(&shop.path, &url.as_str().into()).unwrap().set_aside().unwrap();
    assert!(!shop.is_closed());
    let foreign = Shop::new();
    let refused = foreign.copy(&url, Purpose::Move).unwrap_err();
    let CopyFailed::SetAside { place } = &refused else { panic!("{refused}") };
    assert_eq!(*place, shop.path.display().to_string());
    assert!(!foreign.is_closed());
    shop.copy(&other, Purpose::Move).unwrap();
    let refused = shop.copy(&url, Purpose::Move).unwrap_err();
    assert!(matches!(refused, CopyFailed::MovedElsewhere { .. }), "{refused}");
}

#[test]
fn on_postgres_what_sqlite_has_counted_is_not_moved() {
    let Some(cluster) = cluster() else { return };
    let (url, shop) = (cluster.database(), Shop::new());
    sqlite::leaving_connection(&shop.path, Options::default()).unwrap().batch("ANALYZE").unwrap();
    let copied = shop.copy(&url, Purpose::Move).unwrap();
    assert!(copied.iter().all(|table| !table.name.starts_with("sqlite_")), "{copied:?}");
    assert_eq!(merchants(cluster, &url), "1");
}

#[test]
fn on_postgres_a_rehearsal_leaves_nothing_behind() {
    let Some(cluster) = cluster() else { return };
    let (url, shop) = (cluster.database(), Shop::new());
    shop.copy(&url, Purpose::Rehearsal).unwrap();
    Shop::new().copy(&url, Purpose::Move).unwrap();
    assert!(!shop.is_closed());
}

#[test]
fn on_postgres_a_shop_that_did_not_arrive_is_where_it_was() {
    let Some(cluster) = cluster() else { return };
    let (url, other, shop) = (cluster.database(), cluster.database(), Shop::new());
    let way = shop.cut_short(&url);
    let failed = shop.settle(&url, &way);
    assert!(matches!(failed, Err(CopyFailed::Sql(Error::Gone))), "{failed:?}");
    assert!(!shop.is_closed());
    shop.copy(&other, Purpose::Move).unwrap();
}

#[test]
fn on_postgres_a_shop_that_arrived_unanswered_has_moved() {
    let Some(cluster) = cluster() else { return };
    let (url, shop) = (cluster.database(), Shop::new());
    let way = shop.cut_short(&url);
    shop.copy(&url, Purpose::Move).unwrap();
    shop.settle(&url, &way).unwrap();
    assert!(shop.is_closed());
}

/// What is said when nobody knows where the shop is.
fn is_in_doubt(failed: Result<(), CopyFailed>, place: &str) {
    let Err(failed) = failed else { panic!("it is not in doubt") };
    assert!(matches!(failed, CopyFailed::InDoubt { .. }), "{failed:?}");
    let text = failed.to_string();
    assert!(text.contains("run this again") && text.contains(place), "{text}");
}

#[test]
fn on_postgres_a_shop_whose_way_is_in_doubt_works_nowhere() {
    let Some(cluster) = cluster() else { return };
    let (url, shop) = (cluster.database(), Shop::new());
    let way = shop.cut_short(&url);
    let (name, ask) = (name_of(&url), |sql: &str| cluster.try_ask("postgres", sql).unwrap());
    let target = url.as_str().into();
    let copier = Copier::new(&shop.path, &target).unwrap();
    // It cannot be reached.
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname =";
    ask(&format!("{end} '{name}'"));
    ask(&format!("ALTER DATABASE {name} RENAME TO {name}_away"));
    is_in_doubt(copier.settle(&way, Error::Gone), name);
    // Another one has its name.
    ask(&format!("CREATE DATABASE {name}"));
    is_in_doubt(copier.settle(&way, Error::Gone), name);
    assert!(shop.is_closed());
}

#[test]
fn on_postgres_a_database_that_fails_while_it_is_asked_leaves_doubt() {
    let Some(cluster) = cluster() else { return };
    let shop = Shop::new();
    for table in ["shop_home", "merchant"] {
        let url = cluster.database();
        let way = shop.cut_short(&url);
        let target = url.as_str().into();
        let copier = Copier::new(&shop.path, &target).unwrap();
        // From here on it answers until it is asked for this table.
        let away = format!("ALTER TABLE {table} RENAME TO away");
        cluster.try_ask(name_of(&url), &away).unwrap();
        is_in_doubt(copier.settle(&way, Error::Gone), name_of(&url));
        assert!(shop.is_closed());
        cluster.try_ask(name_of(&url), &format!("ALTER TABLE away RENAME TO {table}")).unwrap();
        drop(shop.settle(&url, &way));
        assert!(!shop.is_closed());
    }
}

#[test]
fn on_postgres_a_file_that_cannot_be_opened_again_says_so() {
    let Some(cluster) = cluster() else { return };
    let (url, shop) = (cluster.database(), Shop::new());
    let way = shop.cut_short(&url);
    let target = url.as_str().into();
    let copier = Copier::new(&shop.path, &target).unwrap();
    copier.old.batch("PRAGMA busy_timeout = 0").unwrap();
    let busy = sqlite::leaving_connection(&shop.path, Options::default()).unwrap();
    busy.begin_write().unwrap();
    let failed = copier.settle(&way, Error::Gone);
    assert!(matches!(failed, Err(CopyFailed::Closed { .. })), "{failed:?}");
    busy.rollback().unwrap();
    shop.copy(&url, Purpose::Move).unwrap();
    assert_eq!(merchants(cluster, &url), "1");
}

#[test]
fn on_postgres_a_file_that_was_left_says_where_to() {
    let Some(cluster) = cluster() else { return };
    let (url, shop) = (cluster.database(), Shop::new());
    shop.copy(&url, Purpose::Move).unwrap();
    let refused = SqlStore::inline_at(&shop.path).err().unwrap().to_string();
    assert!(refused.contains(name_of(&url)), "{refused}");
}

#[test]
fn on_postgres_the_new_database_waits_while_the_old_one_is_read() {
    let Some(cluster) = cluster() else { return };
    let new = postgres::migrated_connection(&cluster.database().as_str().into()).unwrap();
    let setting = "SELECT current_setting('idle_in_transaction_session_timeout')";
    let allowed: String =
        new.prepare_cached(setting).unwrap().query_row([], |row| row.get(0)).unwrap();
    assert_eq!(allowed, "0");
}
