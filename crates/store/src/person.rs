//! People who use the console, and their sessions.

use app::person_rows::{Credentials, Invitation, Person, PersonKey, Session, SessionChange};
use domain::{Access, MerchantId, PersonId, UnixMillis};

use crate::code::Code;
use crate::column;
use crate::fault::Fault;
use crate::sql::{self, Connection, OptionalExtension, Row, params};

/// The columns of a person, as [`read`] expects them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, merchant_id, rank, password_hash, sealed_totp, totp_step, \
             invitation_hash, invitation_until_ms, wrong_tries, wait_until_ms, created_ms, \
             disabled_ms FROM person ",
            $rest
        )
    };
}

crate::statement::statements! {
    BY_ID = select!("WHERE id = ?1");
    BY_NAME = select!("WHERE name = ?1");
    BY_INVITATION = select!("WHERE invitation_hash = ?1");
    EVERYBODY = select!("WHERE merchant_id = ?1 OR ?1 IS NULL ORDER BY name");
    // One writer at a time: the next number is free.
    NEXT_ID = "SELECT COALESCE(MAX(id), 0) + 1 FROM person";
    PUT = "
INSERT INTO person (id, name, merchant_id, rank, password_hash, sealed_totp, totp_step,
  invitation_hash, invitation_until_ms, wrong_tries, wait_until_ms, created_ms, disabled_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash,
  sealed_totp = excluded.sealed_totp, totp_step = excluded.totp_step,
  invitation_hash = excluded.invitation_hash,
  invitation_until_ms = excluded.invitation_until_ms, wrong_tries = excluded.wrong_tries,
  wait_until_ms = excluded.wait_until_ms, disabled_ms = excluded.disabled_ms";
    SESSION = "
SELECT token_hash, person_id, began_ms, seen_ms FROM session WHERE token_hash = ?1";
    BEGIN = "INSERT INTO session (token_hash, person_id, began_ms, seen_ms) VALUES (?1, ?2, ?3, ?4)";
    END = "DELETE FROM session WHERE token_hash = ?1";
    END_ALL = "DELETE FROM session WHERE person_id = ?1";
    SEE = "UPDATE session SET seen_ms = ?2 WHERE token_hash = ?1 AND seen_ms < ?2";
    PRUNE_IDLE = "DELETE FROM session WHERE seen_ms < ?1";
    PRUNE_OLD = "DELETE FROM session WHERE began_ms < ?1";
}

fn read(row: &Row<'_>) -> sql::Result<Person> {
    let password_hash: Option<String> = row.get(4)?;
    let sealed_totp: Option<Vec<u8>> = row.get(5)?;
    let totp_step = row.get(6)?;
    let credentials = password_hash
        .zip(sealed_totp)
        .map(|(password_hash, sealed_totp)| Credentials { password_hash, sealed_totp, totp_step });
    let token_hash: Option<[u8; 32]> = row.get(7)?;
    let until = column::maybe_millis(row, 8)?;
    let invitation = token_hash.zip(until);
    Ok(Person {
        id: PersonId(row.get(0)?),
        name: row.get(1)?,
        access: Access {
            merchant: row.get::<Option<i64>>(2)?.map(MerchantId),
            rank: column::code(row, 3)?,
        },
        credentials,
        invitation: invitation.map(|(token_hash, until)| Invitation { token_hash, until }),
        wrong_tries: row.get(9)?,
        wait_until: column::maybe_millis(row, 10)?,
        created: column::millis(row, 11)?,
        disabled: column::maybe_millis(row, 12)?,
    })
}

/// A person, shut out ones too.
pub(crate) fn by_key(connection: &Connection, key: &PersonKey) -> Result<Option<Person>, Fault> {
    let found = match key {
        PersonKey::Id(id) => connection.prepare_cached(BY_ID)?.query_row([id.0], read),
        PersonKey::Name(name) => connection.prepare_cached(BY_NAME)?.query_row([name], read),
        PersonKey::Invitation(hash) => {
            connection.prepare_cached(BY_INVITATION)?.query_row([hash], read)
        }
    };
    Ok(found.optional()?)
}

/// Every person, by name; of one merchant if one is named.
pub(crate) fn all(
    connection: &Connection,
    merchant: Option<MerchantId>,
) -> Result<Vec<Person>, Fault> {
    let mut people = connection.prepare_cached(EVERYBODY)?;
    let merchant = merchant.map(|merchant| merchant.0);
    Ok(people.query_map([merchant], read)?.collect::<Result<_, _>>()?)
}

/// The number that a new person gets.
pub(crate) fn next_id(connection: &Connection) -> Result<PersonId, Fault> {
    Ok(PersonId(connection.prepare_cached(NEXT_ID)?.query_row([], |row| row.get(0))?))
}

/// Adds a person, or writes what changed of one; its name and its merchant never do.
pub(crate) fn put(connection: &Connection, person: &Person) -> Result<(), Fault> {
    let credentials = person.credentials.as_ref();
    connection.prepare_cached(PUT)?.execute(params![
        person.id.0,
        person.name,
        person.access.merchant.map(|merchant| merchant.0),
        person.access.rank.number(),
        credentials.map(|known| &known.password_hash),
        credentials.map(|known| &known.sealed_totp),
        credentials.map_or(0, |known| known.totp_step),
        person.invitation.map(|invitation| invitation.token_hash),
        person.invitation.map(|invitation| invitation.until.0),
        person.wrong_tries,
        person.wait_until.map(|until| until.0),
        person.created.0,
        person.disabled.map(|at| at.0),
    ])?;
    Ok(())
}

/// A session with its person.
pub(crate) fn session(
    connection: &Connection,
    token_hash: [u8; 32],
) -> Result<Option<(Session, Person)>, Fault> {
    let mut session = connection.prepare_cached(SESSION)?;
    let found = session.query_row([token_hash], |row| {
        Ok(Session {
            token_hash: row.get(0)?,
            person: PersonId(row.get(1)?),
            began: column::millis(row, 2)?,
            seen: column::millis(row, 3)?,
        })
    });
    let Some(session) = found.optional()? else { return Ok(None) };
    let person = by_key(connection, &PersonKey::Id(session.person))?;
    Ok(person.map(|person| (session, person)))
}

/// Begins or ends sessions.
pub(crate) fn change_session(connection: &Connection, change: SessionChange) -> Result<(), Fault> {
    match change {
        SessionChange::Begin(session) => connection.prepare_cached(BEGIN)?.execute(params![
            session.token_hash,
            session.person.0,
            session.began.0,
            session.seen.0,
        ])?,
        SessionChange::End(hash) => connection.prepare_cached(END)?.execute([hash])?,
        SessionChange::EndAll(person) => connection.prepare_cached(END_ALL)?.execute([person.0])?,
    };
    Ok(())
}

/// Notes that something was asked for in a session.
pub(crate) fn see(
    connection: &Connection,
    token_hash: [u8; 32],
    now: UnixMillis,
) -> Result<(), Fault> {
    connection.prepare_cached(SEE)?.execute(params![token_hash, now.0])?;
    Ok(())
}

/// Forgets sessions that are over.
pub(crate) fn prune(
    connection: &Connection,
    seen_before: UnixMillis,
    began_before: UnixMillis,
) -> Result<usize, Fault> {
    let idle = connection.prepare_cached(PRUNE_IDLE)?.execute([seen_before.0])?;
    Ok(idle + connection.prepare_cached(PRUNE_OLD)?.execute([began_before.0])?)
}
