//! What is PostgreSQL's own: the words that open a transaction, and what its errors mean for us.
//!
//! Nothing here needs PostgreSQL itself: an engine that speaks its protocol and knows row locks, deferred
//! foreign keys and triggers will do.

use app::ports::StoreError;
use tokio_postgres::Error;

/// Opens a transaction that may write. Each statement sees what was committed before it, so that all of
/// them see what was committed before the turn was taken.
pub(crate) const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// Opens a transaction that sees one state of the database.
pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Waits for the turn to write, which lasts until the end of the transaction.
pub(crate) const TAKE_TURN: &str = "SELECT turns FROM schema_lock WHERE id = 1 FOR UPDATE";

/// What sets up a connection: whoever holds the turn and says nothing more loses it, be it frozen, cut off
/// or dead; and nobody waits for it for ever.
/// Nor does the server go on talking to who has vanished without a word, if it knows how.
pub(crate) const SET_UP: &str = "
SET idle_in_transaction_session_timeout = '5s';
SET lock_timeout = '8s';
SELECT set_config(name, '10s', false) FROM pg_settings WHERE name = 'tcp_user_timeout'";

/// What a connection that writes wants besides, where the server knows it: every statement of the daily
/// work finds its rows by an index. A plan that was made while a table was nearly empty, and kept, would
/// read all of it later; so would the plans of triggers and foreign keys. What was read is not kept for the
/// next row either: that is cheaper than a search only while there is hardly anything. And no plan is compiled:
/// what is left of a forbidden way counts as so costly that it would be, each time it is used.
pub(crate) const SEARCH_ONLY: &str = "
SELECT set_config(name, 'off', false) FROM pg_settings
WHERE name IN ('enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material', 'jit')";

/// Has the server count the rows of what grows with each order, in a shop whose orders take less than 1 MiB,
/// some thousands: orders wait for it, so it must be a matter of milliseconds. Plans that were made while there
/// were hardly any rows are made again then. It would look by itself within minutes, which is long for a shop
/// that begins with thousands of orders.
pub(crate) const COUNT_ROWS: &str = "
DO $$ BEGIN
  IF pg_relation_size('orders') < 1048576 THEN
    ANALYZE orders, leg, chain_tx, ledger_tx, ledger_entry, outbox, callback, replay, resend;
  END IF;
END $$";

/// Asks for the locks of a step of the schema. Who waits for one has everybody else wait behind it, and holds
/// the turn to write: it is asked for briefly, and again.
pub(crate) const ASK_BRIEFLY: &str = "SET LOCAL lock_timeout = '300ms'";

/// Whether a lock was not to be had in time (55P03).
pub(crate) fn is_held_up(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == "55P03")
}

/// Whether the transaction was only in the way of another one: it could not be put in an order with it
/// (40001), or each waited for the other (40P01).
pub(crate) fn is_worth_repeating(error: &Error) -> bool {
    error.code().is_some_and(|code| matches!(code.code(), "40001" | "40P01"))
}

/// What an error means to the caller.
///
/// Source: PostgreSQL's error codes, appendix A of its manual.
pub(crate) fn store_error(error: &Error) -> StoreError {
    let Some(refusal) = error.as_db_error() else {
        let text = said(error);
        // A value that its column cannot hold never left; everything else is the connection's.
        let is_ours = text.contains("serializing") || text.contains("encoding");
        return if is_ours { StoreError::Broken(text) } else { StoreError::Unavailable(text) };
    };
    let text = match refusal.constraint() {
        Some(constraint) => format!("{} ({constraint})", refusal.message()),
        None => refusal.message().to_owned(),
    };
    match refusal.code().code() {
        "23505" => StoreError::Conflict(text),
        code => match &code[..2] {
            // A value, a constraint, a statement or a trigger: what was to be written is wrong.
            "21" | "22" | "23" | "42" | "44" | "0A" | "P0" => StoreError::Broken(text),
            // Everything else is the server's: it stops, is full, read-only, or has no room.
            _ => StoreError::Unavailable(text),
        },
    }
}

/// An error with its cause, which its own words leave out.
pub(crate) fn said(error: &Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(refusal), _) => refusal.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
