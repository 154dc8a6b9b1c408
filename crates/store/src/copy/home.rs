//! Which shop a database belongs to, and where the shop of a file has gone.
//!
//! The first step of a copy is committed before anything moves: the file gets a word for its shop, and the
//! new database one for itself, with the shop that it is set aside for. The file keeps the word of its
//! shop's new home beside the mark that it has moved, so that no other database will do after that, whatever
//! the same one is called then. A database that is made anew, under the same name, is another.

use super::failed::CopyFailed;
use super::tables::first_taken;
use crate::sql::{Connection, OptionalExtension, Result, params};
use crate::sqlite;

const READ: &str = "SELECT shop, home, place FROM shop_home WHERE id = 1";
const WRITE: &str = "
INSERT INTO shop_home (id, shop, home, place) VALUES (1, ?1, ?2, ?3)
ON CONFLICT (id) DO UPDATE SET shop = excluded.shop, home = excluded.home, place = excluded.place";

/// What a database says of the shop that leaves it, or is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Home {
    /// A word for the shop.
    shop: String,
    /// A word for the database that it moves to; none in one that it has not left.
    home: Option<String>,
    /// What the other database is called.
    place: Option<String>,
}

/// A shop, and the new database that is set aside for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    shop: String,
    home: String,
}

/// Agrees in the open transactions of both that the shop of the old one may move to the new one. If it has
/// left before, only the same new one will do. `from` is what the old one is called.
pub(super) fn agree(
    old: &Connection,
    new: &Connection,
    from: &str,
) -> std::result::Result<Way, CopyFailed> {
    let (ours, theirs) = (read(old)?, read(new)?);
    let taken = first_taken(old, new)?;
    if sqlite::is_moved(old)? {
        return match (ours, theirs) {
            (Some(Home { shop, home: Some(home), .. }), Some(theirs))
                if theirs.home.as_ref() == Some(&home) =>
            {
                if taken.is_some() {
                    Err(CopyFailed::MovedBefore)
                } else {
                    Ok(Way { shop, home })
                }
            }
            (ours, _) => Err(CopyFailed::MovedElsewhere { place: place_of(ours) }),
        };
    }
    if let Some(table) = taken {
        return Err(CopyFailed::NotEmpty(table));
    }
    let shop = match ours {
        Some(ours) => ours.shop,
        None => {
            let shop = new_word(old)?;
            write(old, &Home { shop: shop.clone(), home: None, place: None })?;
            shop
        }
    };
    match theirs {
        Some(Home { shop: other, place, .. }) if other != shop => {
            Err(CopyFailed::SetAside { place: place.unwrap_or_default() })
        }
        Some(Home { home: Some(home), .. }) => Ok(Way { shop, home }),
        Some(Home { home: None, .. }) | None => {
            let home = new_word(old)?;
            let (home_there, place) = (Some(home.clone()), Some(from.to_owned()));
            write(new, &Home { shop: shop.clone(), home: home_there, place })?;
            Ok(Way { shop, home })
        }
    }
}

impl Way {
    /// Says in the open transaction that the shop has left the old database, and where to.
    pub(super) fn leave(&self, old: &Connection, place: &str) -> Result<()> {
        let (home, place) = (Some(self.home.clone()), Some(place.to_owned()));
        write(old, &Home { shop: self.shop.clone(), home, place })?;
        sqlite::set_moved(old, true)
    }

    /// Says in the open transaction that the shop has not left.
    pub(super) fn stay(&self, old: &Connection) -> Result<()> {
        write(old, &Home { shop: self.shop.clone(), home: None, place: None })?;
        sqlite::set_moved(old, false)
    }

    /// Whether this is the new database.
    pub(super) fn leads_to(&self, new: &Connection) -> Result<bool> {
        Ok(read(new)?.is_some_and(|there| there.home.as_ref() == Some(&self.home)))
    }
}

/// Where the shop of a file has gone, in words.
pub(crate) fn place(old: &Connection) -> Result<String> {
    Ok(place_of(read(old)?))
}

fn place_of(left: Option<Home>) -> String {
    left.and_then(|home| home.place).unwrap_or_else(|| "another database".to_owned())
}

fn read(connection: &Connection) -> Result<Option<Home>> {
    connection
        .prepare_cached(READ)?
        .query_row([], |row| Ok(Home { shop: row.get(0)?, home: row.get(1)?, place: row.get(2)? }))
        .optional()
}

fn write(connection: &Connection, home: &Home) -> Result<()> {
    let Home { shop, home, place } = home;
    connection.prepare_cached(WRITE)?.run(params![shop, home, place])?;
    connection.settle()
}

/// A word that nobody else has.
fn new_word(old: &Connection) -> Result<String> {
    old.prepare_cached("SELECT lower(hex(randomblob(16)))")?.query_row([], |row| row.get(0))
}
